/**
 * Amounts of money and tokens, and the caps set on them. Owns their shapes and their arithmetic; knows nothing of
 * sessions. US dollars are kept to nine digits behind the point, so that sums neither drift nor depend on their order.
 */
import { z } from 'zod';
import { plural } from './plural.ts';
import type { Usage } from './ports.ts';

export const amountSchema = z.object({ usd: z.number(), tokens: z.number() });
/** What was spent, is set aside or is free. Tokens are all that the API counts: input, output, cache read and written. */
export type Amount = z.infer<typeof amountSchema>;

export const capSchema = z.object({ usd: z.number(), tokens: z.number().optional() });
/** The most that may be spent; without `tokens` there is no cap on these. */
export type Cap = z.infer<typeof capSchema>;

export const nothing: Amount = { usd: 0, tokens: 0 };

const DIGITS = 1e9;

/** The nearest sum of money that an amount can hold. */
export function exact(usd: number): number {
  return Math.round(usd * DIGITS) / DIGITS;
}

/** The same, never less than what was given: what something may cost is rounded up. */
export function atMost(usd: number): number {
  // What is whole but for the last bits of a float is whole.
  return Math.ceil(usd * DIGITS - 1e-3) / DIGITS;
}

export function plus(a: Amount, b: Amount): Amount {
  return { usd: exact(a.usd + b.usd), tokens: a.tokens + b.tokens };
}

export function minus(a: Amount, b: Amount): Amount {
  return { usd: exact(a.usd - b.usd), tokens: a.tokens - b.tokens };
}

/** No part of it below nothing. */
export function floored(a: Amount): Amount {
  return { usd: Math.max(0, a.usd), tokens: Math.max(0, a.tokens) };
}

export function covers(a: Amount, b: Amount): boolean {
  return a.usd >= b.usd && a.tokens >= b.tokens;
}

/** A cap as an amount: infinitely many tokens where none are named. */
export function amountUpTo(cap: Cap): Amount {
  return { usd: cap.usd, tokens: cap.tokens ?? Number.POSITIVE_INFINITY };
}

export function capOf({ usd, tokens }: Amount): Cap {
  return Number.isFinite(tokens) ? { usd, tokens } : { usd };
}

/** What a use of the model came to. */
export function amountOf(usage: Usage): Amount {
  return { usd: exact(usage.usd), tokens: tokensOf(usage) };
}

function tokensOf(usage: Usage): number {
  return usage.inputTokens + usage.outputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
}

/** Money as people read it: cents, and more digits only where cents would say nothing. */
export function dollars(usd: number): string {
  const digits = usd > 0 && usd < 0.01 ? 4 : 2;
  return `$${usd.toFixed(digits)}`;
}

/** An amount in words, with tokens only where these are capped. */
export function inWords(amount: Amount, withTokens: boolean): string {
  return withTokens
    ? `${dollars(amount.usd)} and ${plural(Math.max(0, Math.floor(amount.tokens)), 'token')}`
    : dollars(amount.usd);
}
