/** What a chat is called by its first message: a line that fits into a list. Never changes what was said. */
import { head } from './fence.ts';

const LONGEST = 60;

/** Whatever no list can show on one line: control characters, and marks that turn the direction of the text. */
const unseen = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]+/gu;

/** The first line of a text that says something, without its Markdown marks; undefined if none does. */
export function titleFrom(text: string): string | undefined {
  for (const line of text.split(/[\n\r\u2028\u2029]/)) {
    // The mark that opens a fence may name a language, which says nothing.
    if (/^\s*(?:```|~~~)/.test(line)) continue;
    const words = plain(line);
    if (/[\p{L}\p{N}]/u.test(words)) return shortened(words);
  }
  return undefined;
}

function plain(line: string): string {
  return line
    .slice(0, 1_000)
    .toWellFormed()
    .replace(unseen, ' ')
    .replace(/^\s*(?:(?:[#>]+|[-*+]|\d+[.)]|\[[ xX]\])\s+)+/, '')
    .replace(/^\s*(?:#{1,6}|>+)/, '')
    .replace(/!?\[([^\][]*)\]\([^()\s]*\)/g, '$1')
    .replace(/`+|\*\*|__|~~/g, '')
    .replace(/(^|[^\p{L}\p{N}*])\*([^*\s](?:[^*]*[^*\s])?)\*/gu, '$1$2')
    .replace(/\s+/g, ' ')
    .replace(/\s*#+\s*$/, '')
    .trim();
}

function shortened(words: string): string {
  if (words.length <= LONGEST) return words;
  const cut = head(words, LONGEST - 1);
  const end = cut.lastIndexOf(' ');
  const whole =
    end >= LONGEST / 2 || words[cut.length] === ' '
      ? cut.slice(0, words[cut.length] === ' ' ? undefined : end)
      : cut;
  return `${whole.replace(/[\s,;:–—-]+$/u, '')}…`;
}
