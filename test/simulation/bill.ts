/**
 * What the scripted model bills: one token for ten bytes, at prices of its own, and an answer as long as it is
 * drawn. Knows nothing of how the gateway reckons; one checks the other.
 */
import type { Amount } from '../../src/core/amount.ts';
import type { ModelRequest, Usage } from '../../src/core/ports.ts';
import type { ModelPlan } from './script.ts';

const BYTES_PER_TOKEN = 10;
/** US dollars for a million tokens. */
const prices = { input: 2, output: 10, read: 0.2, write5m: 2.5, write1h: 4 };

export interface Bill {
  readonly prompt: number;
  readonly hour: boolean;
  readonly most: number;
  /** The figures with which an answer begins. */
  readonly begun: Usage;
  answered(plan: Extract<ModelPlan, { kind: 'answer' }>, cached: number, length: number): Usage;
}

export function billOf(request: ModelRequest): Bill {
  const text = JSON.stringify([request.system, request.tools, request.messages], (name, value: unknown) =>
    name === 'cache_control' ? undefined : value,
  );
  const prompt = tokensIn(text);
  const hour = JSON.stringify(request.system).includes('"ttl":"1h"');
  const most = request.max_tokens;

  function use(output: number, cached: number): Usage {
    const read = Math.floor(prompt * cached);
    const written = prompt - read;
    const dollars =
      read * prices.read + written * (hour ? prices.write1h : prices.write5m) + output * prices.output;
    return {
      inputTokens: 0,
      outputTokens: output,
      cacheReadTokens: read,
      cacheWriteTokens: written,
      usd: Math.round(dollars * 1_000) / 1e9,
    };
  }

  return {
    prompt,
    hour,
    most,
    begun: use(1, 0),
    answered({ blocks, stop }, cached, length) {
      const least = Math.min(most, tokensIn(JSON.stringify(blocks)) + 20 * blocks.length);
      const output = stop === 'max_tokens' ? most : least + Math.floor((most - least) * length ** 3);
      return use(Math.min(most, output), cached);
    },
  };
}

/** All of the prompt written anew, and as long an answer as may be. */
export function worstOf({ prompt, hour, most }: Bill): Amount {
  const dollars = prompt * (hour ? prices.write1h : prices.write5m) + most * prices.output;
  return { usd: Math.round(dollars * 1_000) / 1e9, tokens: prompt + most };
}

function tokensIn(text: string): number {
  return Math.ceil(new TextEncoder().encode(text).length / BYTES_PER_TOKEN);
}
