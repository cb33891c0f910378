/** Whether and how text is styled. Owns the looks that there are; decides nothing about what gets which. */
import { styleText } from 'node:util';

const looks = {
  plain: [],
  bold: ['bold'],
  dim: ['dim'],
  code: ['cyan'],
  heading: ['bold', 'underline'],
  person: ['cyan', 'bold'],
  good: ['green'],
  bad: ['red'],
  warning: ['yellow'],
  asking: ['yellow', 'bold'],
} as const satisfies Record<string, readonly Parameters<typeof styleText>[0][]>;

export type Look = keyof typeof looks;

/** Text with the escapes of its look, or as it is. */
export type Ink = (look: Look, text: string) => string;

const plainInk: Ink = (_, text) => text;
const styledInk: Ink = (look, text) =>
  look === 'plain' || text === '' ? text : styleText([...looks[look]], text, { validateStream: false });

type Environment = Readonly<Record<string, string | undefined>>;

/** None for what is no terminal, for a dumb one, and where NO_COLOR asks for none. */
export function inkFor(out: { readonly isTTY?: boolean }, env: Environment): Ink {
  const coloured = out.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
  return coloured ? styledInk : plainInk;
}

/** Whether ink leaves text as it is: then marks that a style would replace must stay. */
export function isPlain(ink: Ink): boolean {
  return ink === plainInk;
}
