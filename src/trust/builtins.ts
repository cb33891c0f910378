/**
 * What the shell's own commands change besides what they do: the meaning of names, variables, how the shell goes on
 * reading. Never knows programs.
 */
import { type Finding, opaque, quoted, shownWords, texts, unknown, type Word, type Words } from './parts.ts';
import { assignmentWord, filled } from './variables.ts';

/** They bring in text, or set what is run when nobody calls it, or make names mean something else. */
const blind: ReadonlySet<string> = new Set(
  'alias bind compgen complete enable fc hash history mapfile readarray source .'.split(' '),
);

/** What a builtin hides; undefined: the name is none of these. */
export function builtin(name: string, words: Words): readonly Finding[] | undefined {
  const args = words.slice(1);
  if (blind.has(name)) return args.length === 0 ? [] : [unknown(words)];
  switch (name) {
    case 'export':
      return args.flatMap((word) => exported(word, words));
    case 'readonly':
    case 'declare':
    case 'typeset':
    case 'local':
      return args.flatMap((word) => declared(word, words));
    case 'let':
      return args.flatMap((word) => {
        const text =
          word.is === 'literal' ? /^([A-Za-z_]\w*)(?:\+\+|--|[-+*]?=\d+)$/.exec(word.text)?.[1] : undefined;
        return text === undefined
          ? [computed(words)]
          : [...filled(text, true), { is: 'computes' as const, name: text }];
      });
    case 'unset':
    case 'getopts':
    case 'wait':
      return [setting(words), ...args.flatMap((word) => indexed(word, words))];
    case 'jobs':
      // -x runs the rest.
      return texts(args)?.every((text) => !/^-.*x/.test(text)) ? [] : [unknown(words)];
    case 'read': {
      const names = args.filter((word) => word.is === 'dynamic' || !word.text.startsWith('-'));
      return [
        ...names.flatMap((word) => (word.is === 'literal' ? filled(word.text, false) : [unknown(words)])),
        ...args.flatMap((word) => (word.is === 'literal' ? indexed(word, words) : [])),
      ];
    }
    case 'printf': {
      const [first] = args;
      if (first?.is === 'literal' && !first.text.startsWith('-v')) return [];
      return first === undefined ? [] : [setting(words), unknown(words)];
    }
    case 'test':
    case '[':
      // -v looks up an element, and evaluates its index.
      return args.flatMap((word, at) => {
        const before = args[at - 1];
        return before?.is === 'literal' && /^-[vR]$/.test(before.text) ? indexed(word, words) : [];
      });
    case 'set': {
      const known = texts(args);
      // History expansion puts other commands in the place of what stands there.
      const history = known === undefined || known.some((text) => /^-\w*H|^hist/.test(text));
      const strict = known?.every((text) => /^(?:[-+][euxvo]+|pipefail|errexit|nounset|xtrace)$/.test(text));
      return [...(strict ? [] : [setting(words)]), ...(history ? [unknown(words)] : [])];
    }
    case 'shopt':
      return [setting(words)];
    default:
      return undefined;
  }
}

function setting(words: Words): Finding {
  return { is: 'setting', shown: shownWords(words) };
}

function computed(words: Words): Finding {
  return opaque(`${quoted(shownWords(words))} evaluates arithmetic, which may run commands`);
}

/** An argument of `export`, which evaluates nothing. */
function exported(word: Word, words: Words): Finding[] {
  const assignment = assignmentWord(word);
  if (assignment !== undefined) return assignment;
  return [setting(words), ...(word.is === 'dynamic' || word.text.startsWith('-') ? [unknown(words)] : [])];
}

/** An argument of `declare` and its like. */
function declared(word: Word, words: Words): Finding[] {
  if (word.is === 'literal' && word.text.startsWith('-')) {
    // -i evaluates, -n makes a name stand for another one, -f is about functions.
    if (/^-[xrgaApt]+$/.test(word.text)) return [setting(words)];
    return [setting(words), unknown(words)];
  }
  // An index is evaluated, and so is a text in parentheses that is given to a list.
  const known = word.is === 'literal' ? word.text : word.start;
  if (/\[|=\(/.test(known) || (word.is === 'dynamic' && known.endsWith('='))) return [computed(words)];
  const assignment = assignmentWord(word);
  if (assignment !== undefined) return assignment;
  return [setting(words), ...(word.is === 'literal' ? [] : [unknown(words)])];
}

/** An index in the name of a variable is evaluated. */
function indexed(word: Word, words: Words): Finding[] {
  // The number of the process that was started last, or of this one, is a number.
  if (word.is === 'dynamic') return /^\$[!$]$/.test(word.shown) ? [] : [unknown(words)];
  const index = word.text.indexOf('[');
  return index !== -1 && /[$`]/.test(word.text.slice(index)) ? [computed(words)] : [];
}
