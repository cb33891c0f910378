/**
 * How a program reads the options before its operands, the way of getopt. Owns that reading; what the options mean is
 * the caller's. An option that it doesn't know makes the rest unsure, and it says so instead of guessing.
 */
import type { Word } from './parts.ts';

export interface OptionSpec {
  /** Short options without a value. */
  readonly flags: string;
  /** Short options with a value, attached or as the next word. */
  readonly valued?: string;
  /** Short options with a value only if it is attached. */
  readonly attached?: string;
  /** Long options; `maybe` takes a value only behind `=`. */
  readonly long?: Readonly<Record<string, 'none' | 'value' | 'maybe'>>;
}

export interface Option {
  /** Its letter, or its long name in full. */
  readonly name: string;
  readonly value?: Word;
}

export interface Options {
  readonly given: readonly Option[];
  /** From the first operand on. */
  readonly rest: readonly Word[];
}

/** The options at the beginning of `args`; undefined if it can't be told which they are. */
export function optionsOf(args: readonly Word[], spec: OptionSpec): Options | undefined {
  const given: Option[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at];
    if (word?.is !== 'literal') return undefined;
    const { text } = word;
    if (text === '--') return { given, rest: args.slice(at + 1) };
    if (text === '-' || !text.startsWith('-')) return { given, rest: args.slice(at) };
    const option = text.startsWith('--') ? long(text.slice(2), spec) : short(text.slice(1), spec);
    if (option === undefined) return undefined;
    given.push(...option.given);
    if (option.wants === undefined) continue;
    at += 1;
    const value = args[at];
    if (value === undefined || (value.is === 'dynamic' && value.many)) return undefined;
    given.push({ name: option.wants, value });
  }
  return { given, rest: [] };
}

/** What one word says; `wants`: the option whose value is the next word. */
type Read = { readonly given: readonly Option[]; readonly wants?: string };

function short(letters: string, spec: OptionSpec): Read | undefined {
  const given: Option[] = [];
  for (const [at, letter] of [...letters].entries()) {
    const value = letters.slice(at + 1);
    if (spec.flags.includes(letter)) {
      given.push({ name: letter });
    } else if (spec.valued?.includes(letter)) {
      if (value === '') return { given, wants: letter };
      return { given: [...given, { name: letter, value: { is: 'literal', text: value } }] };
    } else if (spec.attached?.includes(letter)) {
      return { given: [...given, { name: letter, value: { is: 'literal', text: value } }] };
    } else {
      return undefined;
    }
  }
  return { given };
}

function long(text: string, spec: OptionSpec): Read | undefined {
  const at = text.indexOf('=');
  const start = at === -1 ? text : text.slice(0, at);
  const value: Word | undefined = at === -1 ? undefined : { is: 'literal', text: text.slice(at + 1) };
  const known = Object.entries(spec.long ?? {});
  // Any beginning will do as long as it is the beginning of one only.
  const meant = known.filter(([name]) => name === start);
  const [only, second] = meant.length > 0 ? meant : known.filter(([name]) => name.startsWith(start));
  if (only === undefined || second !== undefined) return undefined;
  const [name, takes] = only;
  switch (takes) {
    case 'none':
      return value === undefined ? { given: [{ name }] } : undefined;
    case 'maybe':
      return { given: [value === undefined ? { name } : { name, value }] };
    case 'value':
      return value === undefined ? { given: [], wants: name } : { given: [{ name, value }] };
    default: {
      const never: never = takes;
      throw new TypeError(`No such kind of option: ${JSON.stringify(never)}`);
    }
  }
}
