/**
 * The pattern of a rule for `bash`: words that a command's words are compared with, one by one. Owns that comparison
 * and its doubts; never takes a command apart.
 */
import { literal, nameOf, type Word, type Words } from './parts.ts';

export interface CommandPattern {
  /** Whether it is certain that the command is what an allow rule means, under the very name that stands there. */
  allows(words: Words): boolean;
  /** Whether the command is what a deny or ask rule means, by whatever path and whatever its words become. */
  catches(words: Words): 'yes' | 'maybe' | 'no';
}

/** @param text words with blanks between them; `*` in a word: any characters; as the last word: any more words */
export function commandPattern(text: string): CommandPattern {
  const all = text.split(/\s+/).filter((word) => word !== '');
  const open = all.at(-1) === '*';
  const pattern: Pattern = { words: open ? all.slice(0, -1) : all, open };
  const lower: Pattern = {
    ...pattern,
    words: pattern.words.map((word, at) => (at === 0 ? plain(word) : word)),
  };
  return {
    allows: (words) => fits(pattern, words, false),
    catches(words) {
      const [name, ...rest] = words;
      if (name.is === 'dynamic') return fits(lower, words, true) ? 'maybe' : 'no';
      const names = new Set([plain(name.text), nameOf(name.text)]);
      const spellings = [...names].map((one): Words => [literal(one), ...rest]);
      if (spellings.some((one) => fits(lower, one, false))) return 'yes';
      return spellings.some((one) => fits(lower, one, true)) ? 'maybe' : 'no';
    },
  };
}

interface Pattern {
  readonly words: readonly string[];
  readonly open: boolean;
}

/** A name of a program as it is compared where any spelling counts: `./x` is `x`, and capitals are small. */
function plain(name: string): string {
  return name
    .replace(/^(?:\.\/+)+/, '')
    .replace(/\/+(?:\.\/+)*/g, '/')
    .toLowerCase();
}

/** @param perhaps whether words that aren't known may become what the pattern wants */
function fits(pattern: Pattern, words: readonly Word[], perhaps: boolean): boolean {
  const end = pattern.words.length;
  // How many of the pattern's words may be behind us; several when a word may become several.
  let reached: ReadonlySet<number> = new Set([0]);
  for (const word of words) {
    const next = new Set<number>();
    for (const at of reached) {
      if (at === end && pattern.open) next.add(end);
      if (word.is === 'dynamic' && word.many) {
        for (let further = at; perhaps && further <= end; further += 1) next.add(further);
      } else if (at < end && wordFits(pattern.words[at] ?? '', word, perhaps)) {
        next.add(at + 1);
      }
    }
    reached = next;
    if (reached.size === 0) return false;
  }
  return reached.has(end);
}

function wordFits(pattern: string, word: Word, perhaps: boolean): boolean {
  if (word.is === 'dynamic') return perhaps || pattern === '*';
  return wildcard(pattern, word.text);
}

/** `*` stands for any characters. Linear but for a small factor, whatever the pattern. */
function wildcard(pattern: string, text: string): boolean {
  const [first = '', ...others] = pattern.split('*');
  if (!text.startsWith(first)) return false;
  const last = others.pop();
  if (last === undefined) return text === first;
  let at = first.length;
  for (const piece of others) {
    const found = text.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
