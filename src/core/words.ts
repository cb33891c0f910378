/**
 * What a text is found by: its words, folded so that case, accents and forms of letters don't matter, and what is
 * asked for in the same words. The one meaning of "is found" on every host, with an index or without. Stores nothing.
 */

/** A word as it is compared, and where it stands in its text (UTF-16 units, `to` exclusive). */
export interface Word {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** Words that must follow each other; in the last one of a query the last word may go on. */
export type Phrase = readonly string[];

/** All of these are to be found in one text. Never empty, and none of them is. */
export interface Query {
  readonly phrases: readonly Phrase[];
}

/** Where something that was asked for stands in a text: from, to (exclusive). */
export type Mark = readonly [from: number, to: number];

/** Of a longer word, such as a line of base64, only the beginning counts. */
const LONGEST = 64;

const run = /[\p{L}\p{N}\p{M}\p{Extended_Pictographic}\p{Regional_Indicator}]+/gu;
const ascii = /^[\0-\x7f]*$/;
/** Marks that are left out: accents, points and harakat, what chooses the look of an emoji. Others make the letter. */
const accents =
  /[\u0300-\u036f]|[\u0591-\u05c7]|[\u064b-\u065f\u0670]|[\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]|[\ufe00-\ufe0f\ufe20-\ufe2f]/g;
const mark = /^\p{M}$/u;
const letters = /^[\p{L}\p{N}]+$/u;
/** Written without spaces, or a whole word by itself: each sign stands alone, so any part of a text is found. */
const alone =
  /^[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}\p{Extended_Pictographic}\p{Regional_Indicator}]$/u;
/** Letters that no normal form takes apart, as they are typed without them. */
const typed: Readonly<Record<string, string>> = { ø: 'o', ł: 'l', đ: 'd', ħ: 'h', æ: 'ae', œ: 'oe', þ: 'th' };

/** What a sign comes to: of each letter, whether it stands alone, or belongs to the letter before it. */
type Part = readonly [text: string, kind: 'letter' | 'alone' | 'mark' | 'end'];

/** By code point: there are only so many. */
const known = new Map<string, readonly Part[]>();

/** One code point as it is compared; nothing for an accent. */
function fold(sign: string): readonly Part[] {
  const before = known.get(sign);
  if (before) return before;
  const plain = sign.normalize('NFKD').replace(accents, '').toUpperCase().toLowerCase().normalize('NFC');
  const parts = [...plain].map((one) => partOf(typed[one] ?? one));
  known.set(sign, parts);
  return parts;
}

function partOf(one: string): Part {
  if (mark.test(one)) return [one, 'mark'];
  if (alone.test(one)) return [one, 'alone'];
  return [one, letters.test(one) ? 'letter' : 'end'];
}

/** The words of a text, in their order. */
export function wordsIn(text: string): Word[] {
  const words: Word[] = [];
  for (const { 0: found, index } of text.matchAll(run)) {
    if (ascii.test(found)) {
      words.push({ text: found.slice(0, LONGEST).toLowerCase(), from: index, to: index + found.length });
    } else {
      addSigns(words, found, index);
    }
  }
  return words;
}

function addSigns(words: Word[], signs: string, start: number): void {
  let text = '';
  let open: 'letter' | 'alone' | 'marked' | undefined;
  let from = start;
  let to = start;
  const close = (): void => {
    if (open) words.push({ text: cut(open === 'marked' ? text.normalize('NFC') : text), from, to });
    open = undefined;
  };
  let end = start;
  for (const sign of signs) {
    const begin = end;
    end += sign.length;
    const parts = fold(sign);
    // An accent changes nothing but where its letter ends.
    if (parts.length === 0 && open) to = end;
    for (const [one, kind] of parts) {
      if (kind === 'mark') {
        // One that stands first belongs to nothing.
        if (!open) continue;
        open = open === 'letter' ? open : 'marked';
        text += one;
        to = end;
        continue;
      }
      if (kind !== 'letter' || open !== 'letter') close();
      if (kind === 'end') continue;
      if (!open) {
        open = kind;
        text = '';
        from = begin;
      }
      text += one;
      to = end;
    }
  }
  close();
}

function cut(word: string): string {
  return word.length <= LONGEST ? word : word.slice(0, LONGEST).toWellFormed();
}

/** What is asked for. Undefined: there is no word in it. Nothing in it is an operator. */
export function readQuery(asked: string): Query | undefined {
  const phrases = asked
    .split(/\s+/u)
    .map((chunk) => wordsIn(chunk).map((word) => word.text))
    .filter((phrase) => phrase.length > 0);
  return phrases.length === 0 ? undefined : { phrases };
}

/** Where a text holds what is asked for, in order and apart from each other; undefined: it doesn't hold all of it. */
export function marksIn(text: string, { phrases }: Query): readonly Mark[] | undefined {
  const words = wordsIn(text);
  const found: Mark[] = [];
  for (const [at, phrase] of phrases.entries()) {
    const before = found.length;
    const open = at === phrases.length - 1;
    for (let first = 0; first + phrase.length <= words.length; first += 1) {
      if (!stands(words, first, phrase, open)) continue;
      const from = words[first]?.from ?? 0;
      const to = words[first + phrase.length - 1]?.to ?? from;
      found.push([from, to]);
    }
    if (found.length === before) return undefined;
  }
  return merged(found);
}

function stands(words: readonly Word[], first: number, phrase: Phrase, open: boolean): boolean {
  return phrase.every((wanted, at) => {
    const word = words[first + at]?.text;
    if (word === undefined) return false;
    return open && at === phrase.length - 1 ? word.startsWith(wanted) : word === wanted;
  });
}

function merged(marks: Mark[]): readonly Mark[] {
  const apart: Mark[] = [];
  for (const [from, to] of marks.sort(([a], [b]) => a - b)) {
    const last = apart.at(-1);
    if (last && from <= last[1]) apart[apart.length - 1] = [last[0], Math.max(last[1], to)];
    else apart.push([from, to]);
  }
  return apart;
}
