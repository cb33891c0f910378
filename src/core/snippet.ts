/**
 * The part of a text in which something was found, as plain text on one line with the places to be marked. Owns its
 * length; makes no markup.
 */
import type { Mark } from './words.ts';

export interface Snippet {
  readonly text: string;
  readonly marks: readonly Mark[];
}

/** Characters (UTF-16 units) of a snippet, and of those what stands before the first mark. */
const LENGTH = 160;
const BEFORE = 40;
/** How far an end moves so that no word is cut. */
const SLACK = 20;
/** Characters that no line can show, and marks that turn its direction. */
const unseen = /[\s\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;
const allUnseen = new RegExp(unseen.source, 'gu');

/** @param marks in order and apart from each other, as `marksIn` finds them */
export function snippetOf(whole: string, marks: readonly Mark[]): Snippet {
  // One for one, so that the places stay what they are.
  const text = whole.replace(allUnseen, ' ').toWellFormed();
  const first = marks[0]?.[0] ?? 0;
  const from =
    text.length <= LENGTH ? 0 : startNear(text, Math.min(first - BEFORE, text.length - LENGTH), first);
  const to = from + LENGTH >= text.length ? text.length : endNear(text, from + LENGTH, marks[0]?.[1] ?? 0);
  const before = from > 0 ? '…' : '';
  const shift = before.length - from;
  return {
    text: `${before}${text.slice(from, to)}${to < text.length ? '…' : ''}`,
    marks: marks
      .filter((one) => one[0] >= from && one[0] < to)
      .map((one) => [one[0] + shift, Math.min(one[1], to) + shift]),
  };
}

/** The start of a word at `near` or a little later, not behind `first`. */
function startNear(text: string, near: number, first: number): number {
  if (near <= 0) return 0;
  const blank = text.indexOf(' ', near - 1);
  return blank >= 0 && blank < Math.min(near + SLACK, first) ? blank + 1 : whole(text, near);
}

/** The end of a word at `near` or a little earlier, not before `last` unless that is too far. */
function endNear(text: string, near: number, last: number): number {
  const blank = text.lastIndexOf(' ', near);
  return blank > near - SLACK && blank >= Math.min(last, near) ? blank : whole(text, near);
}

/** Not between the halves of a surrogate pair. */
function whole(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at;
}
