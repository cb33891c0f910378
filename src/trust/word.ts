/**
 * From a word of the syntax tree to the word that a program is given, as far as that is certain. Owns the doubts: a
 * word is literal only if every shell makes the same of it. Never looks at what an expansion inside would run.
 */
import type { Word as SyntaxWord, WordPart } from 'unbash';
import type { Word } from './parts.ts';

/** Only escapes that mean one ASCII character wherever they are read; not the NUL, which would end the word. */
const plainAnsiC =
  /^\$'(?:[^\\'\P{ASCII}]|\\[abeEfnrtv\\'"?]|\\x(?!00)[0-7][0-9a-fA-F]|\\(?!000)[01][0-7]{2}|\\u(?!0000)00[0-7][0-9a-fA-F])*'$/u;

/** Signs that don't show, or that some systems take for blanks and others for letters. */
const odd = /[\p{Cc}\p{Cf}\p{Z}]/u;

/** How a word stands between being known and being open. */
interface Draft {
  text: string;
  /** What stands outside of quotes, as it was written; a NUL for each piece that is quoted or expands. */
  bare: string;
  start: string | undefined;
  many: boolean;
}

/** What a word becomes. */
export function wordOf(syntax: SyntaxWord): Word {
  const draft: Draft = { text: '', bare: '', start: undefined, many: false };
  if (syntax.parts === undefined) {
    draft.text = syntax.value;
    draft.bare = syntax.text;
  } else {
    for (const part of syntax.parts) take(draft, part);
  }
  doubt(draft);
  return draft.start === undefined
    ? { is: 'literal', text: draft.text }
    : { is: 'dynamic', shown: syntax.text, start: draft.start, many: draft.many };
}

function open(draft: Draft, many: boolean): void {
  draft.start ??= draft.text;
  draft.many ||= many;
}

function take(draft: Draft, part: WordPart): void {
  if (part.type === 'Literal') {
    draft.text += part.value;
    draft.bare += part.text;
    return;
  }
  draft.bare += '\0';
  switch (part.type) {
    case 'SingleQuoted':
      draft.text += part.value;
      break;
    case 'AnsiCQuoted':
      if (plainAnsiC.test(part.text)) draft.text += part.value;
      else open(draft, false);
      break;
    case 'DoubleQuoted':
      for (const child of part.parts) {
        if (child.type === 'Literal') draft.text += child.value;
        // "$@" and "${list[@]}" become as many words as there are.
        else open(draft, child.text.includes('@'));
      }
      break;
    // Somebody else's translation.
    case 'LocaleString':
      open(draft, part.text.includes('@'));
      break;
    case 'ProcessSubstitution':
      open(draft, false);
      break;
    case 'Glob':
    case 'ExtendedGlob':
    case 'BraceExpansion':
    case 'SimpleExpansion':
    case 'ParameterExpansion':
    case 'CommandExpansion':
    case 'ArithmeticExpansion':
      open(draft, true);
      break;
    default: {
      const never: never = part;
      throw new TypeError(`No such part of a word: ${JSON.stringify(never)}`);
    }
  }
}

/** What a shell may still expand although the parser calls it literal. */
function doubt(draft: Draft): void {
  const unquoted = draft.bare.replace(/\\[\s\S]/g, '');
  const expands =
    /[*?`]|\$./s.test(unquoted) ||
    within(unquoted, '[', ']') !== undefined ||
    /,|\.\./.test(within(unquoted, '{', '}') ?? '');
  if (expands || odd.test(unquoted.replaceAll('\0', '')) || /(?:^|[=:])~/.test(unquoted)) {
    // A text that was thought certain so far is not.
    draft.start = '';
    draft.many ||= expands;
  }
}

/** What lies between the first `open` and the last `close`. */
function within(text: string, open: string, close: string): string | undefined {
  const [start, end] = [text.indexOf(open), text.lastIndexOf(close)];
  return start === -1 || end < start ? undefined : text.slice(start + 1, end);
}
