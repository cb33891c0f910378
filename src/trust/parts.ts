/**
 * What a shell command comes down to once it is taken apart: the words and the parts that rules are matched with.
 * Owns these shapes and how they are shown; never takes a command apart and never judges one.
 */
import { head } from '../core/fence.ts';

/** One word of a command after quote removal, as far as it is known before the command runs. */
export type Word =
  | { readonly is: 'literal'; readonly text: string }
  | {
      readonly is: 'dynamic';
      /** As it stands in the command. */
      readonly shown: string;
      /** What it begins with, whatever the rest becomes. */
      readonly start: string;
      /** Whether it may become no word or several. */
      readonly many: boolean;
    };

/** The name of a program and its arguments. */
export type Words = readonly [Word, ...Word[]];

/** One thing that a command may do, and that the rules must speak of. */
export type Part =
  | {
      readonly is: 'command';
      readonly words: Words;
      /** It only hands on to a part of its own, and changes nothing of what that does: it needs no rule. */
      readonly passes: boolean;
    }
  | { readonly is: 'write'; readonly path: Word }
  /** It changes what later names mean, or reads from who knows where: no rule can allow it. */
  | { readonly is: 'setting'; readonly shown: string }
  /** Nobody can tell what it runs before it runs. */
  | { readonly is: 'opaque'; readonly because: string };

/** How the shell reads a text: as bash, or as a plain POSIX shell, for which some of bash's forms mean other things. */
export type Dialect = 'bash' | 'sh';

/** What comes to a command's standard input: a text that is known, or anything. */
export type Stdin = { readonly text: string } | undefined;

/** What taking something apart brings to light. Commands and scripts may hide more, and are taken apart in turn. */
export type Finding =
  | Exclude<Part, { is: 'command' }>
  | {
      readonly is: 'command';
      readonly words: Words;
      readonly stdin: Stdin;
      readonly dialect: Dialect;
    }
  | { readonly is: 'script'; readonly text: string; readonly dialect: Dialect }
  /** A function of that name: from here on the name means something else. */
  | { readonly is: 'defines'; readonly name: string }
  /** Arithmetic that evaluates what a variable holds. */
  | { readonly is: 'computes'; readonly name: string }
  /** A variable is given a text that may be no number. */
  | { readonly is: 'holds'; readonly name: string };

export function literal(text: string): Word {
  return { is: 'literal', text };
}

export function opaque(because: string): Finding {
  return { is: 'opaque', because };
}

/** For whatever hands a text or words to something that runs them, in a way that does not show. */
export function unknown(words: readonly Word[]): Finding {
  return opaque(`what ${quoted(shownWords(words))} runs can't be told before it runs`);
}

/** The texts of words that are all known. */
export function texts(words: readonly Word[]): string[] | undefined {
  const known: string[] = [];
  for (const word of words) {
    if (word.is === 'dynamic') return undefined;
    known.push(word.text);
  }
  return known;
}

/** The program's name without its folder; some systems don't tell small and capital letters apart. */
export function nameOf(program: string): string {
  return program.slice(program.lastIndexOf('/') + 1).toLowerCase();
}

/** Words as one would type them, for people to read. */
export function shownWords(words: readonly Word[]): string {
  return words.map(shownWord).join(' ');
}

function shownWord(word: Word): string {
  if (word.is === 'dynamic') return word.shown;
  return /^(?:[\w@%+=:,./-]+|\{\}|\[|\])$/.test(word.text)
    ? word.text
    : `'${word.text.replaceAll("'", "'\\''")}'`;
}

/** A piece of a command in the middle of a sentence: short, on one line, with nothing that doesn't show. */
export function quoted(text: string): string {
  const visible = head(text, 200)
    .replaceAll('\n', '\\n')
    .replace(
      /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu,
      (sign) => `\\u{${sign.codePointAt(0)?.toString(16)}}`,
    );
  return `\`${visible}${text.length > 200 ? '…' : ''}\``;
}
