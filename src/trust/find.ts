/** What a call of `find` runs for each file, and which files it writes. Never knows what it finds. */
import { type Finding, shownWords, unknown, type Word, type Words } from './parts.ts';
import { type Inner, replaced } from './wrappers.ts';

const runs = /^-(?:exec|execdir|ok|okdir)$/;
const writes = /^-(?:fprint|fprint0|fprintf|fls)$/;

/** What a call hides. */
export function findCall(words: Words): readonly Inner[] {
  const args = words.slice(1);
  const found: Inner[] = [];
  // What becomes several words can hold a whole `-exec …`.
  if (args.some((word) => word.is === 'dynamic' && word.many)) found.push(unknown(words));
  let left: readonly Word[] = args;
  for (let [first, ...rest] = left; first !== undefined; [first, ...rest] = left) {
    left = rest;
    if (first.is === 'dynamic') {
      if (rest.some((word) => is(word, /^[;+]$/))) found.push(unknown(words));
    } else if (runs.test(first.text)) {
      const end = rest.findIndex(
        (word, at) => is(word, /^;$/) || (is(word, /^\+$/) && is(rest[at - 1], /^\{\}$/)),
      );
      if (end === -1) return [...found, unknown(words)];
      found.push(...inner(rest.slice(0, end), words));
      left = rest.slice(end + 1);
    } else if (writes.test(first.text)) {
      const [path] = rest;
      found.push(path === undefined ? unknown(words) : { is: 'write', path });
      left = rest.slice(1);
    }
  }
  return found;
}

function is(word: Word | undefined, pattern: RegExp): boolean {
  return word?.is === 'literal' && pattern.test(word.text);
}

/** The command between `-exec` and its end, with the found file in the place of each `{}`. */
function inner(command: readonly Word[], words: Words): Inner[] {
  const [first, ...rest] = command.map((word) => (shownWords([word]).includes('{}') ? replaced(word) : word));
  if (first === undefined) return [];
  const found: Finding[] = [];
  // If a word became `;`, the command would end there and another one begin.
  const splits =
    command.some((word) => word.is === 'dynamic') && command.some((word) => is(word, /^-(?:exec|ok)/));
  if (splits) found.push(unknown(words));
  return [...found, { is: 'inner', words: [first, ...rest] }];
}
