/**
 * What the simulator bills for an answer: tokens as it counted them, at list prices of its own. Kept apart from the
 * gateway's own catalogue on purpose: one checks the other. An answer that was begun is billed whole, whoever left.
 */
import type { InputUsage } from './prompt-cache.ts';

export interface Bill {
  readonly model: string;
  readonly input: InputUsage;
  /** Tokens of the answer as it was made. */
  readonly output: number;
  readonly usd: number;
  /** Whether all of the answer went out: otherwise the client knows only what it began with. */
  whole: boolean;
}

/** US dollars for a million tokens of prompt and answer. */
const list: readonly (readonly [pattern: RegExp, input: number, output: number])[] = [
  [/^claude-(fable|mythos)/, 10, 50],
  [/^claude-opus-5-5/, 4, 20],
  [/^claude-opus/, 5, 25],
  [/^claude-sonnet-5/, 2, 10],
  [/^claude-sonnet/, 3, 15],
  [/^claude-haiku-5/, 0.1, 0.5],
  [/^claude-haiku/, 1, 5],
];
/** Shares of the prompt's price. */
const shares = { read: 0.1, write5m: 1.25, write1h: 2 } as const;
/** Haiku 5.5 costs more where the prompt is long; so do reads of Fable and Mythos 5.1 cost less. */
const longHaiku = { tokens: 100_000, times: 5 } as const;
const cheapReads = 0.025;

export function billOf(model: string, input: InputUsage, output: number): Bill {
  const [, perInput, perOutput] = list.find(([pattern]) => pattern.test(model)) ?? [undefined, 0, 0];
  const prompt = input.input + input.read + input.write5m + input.write1h;
  const isLong = /^claude-haiku-5/.test(model) && prompt > longHaiku.tokens;
  const read = /^claude-(fable|mythos)-5-1/.test(model) ? cheapReads : shares.read;
  const units =
    input.input + input.read * read + input.write5m * shares.write5m + input.write1h * shares.write1h;
  const usd = ((units * perInput + output * perOutput) * (isLong ? longHaiku.times : 1)) / 1_000_000;
  return { model, input, output, usd, whole: false };
}

/** All tokens of a bill. */
export function tokensOf({ input, output }: Bill): number {
  return input.input + input.read + input.write5m + input.write1h + output;
}
