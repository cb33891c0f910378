/** What an answer cost. Owns the arithmetic of tokens and prices; the prices themselves stand with the models. */
import type { ModelFacts } from './known-models.ts';
import { usdOfSearches } from './web-search.ts';

/** Tokens of one answer as they are billed; no token is counted twice. */
export interface BilledTokens {
  /** Of the prompt, neither read from the cache nor written to it. */
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  /** Written to the cache for five minutes; for an hour. */
  readonly cacheWrite5m: number;
  readonly cacheWrite1h: number;
  /** Searches of the web that the API made for it. Absent: none. */
  readonly searches?: number;
}

const cacheReadShare = 0.1;
const cacheWrite5mShare = 1.25;
const cacheWrite1hShare = 2;

/** US dollars; those of the tokens are 0 for a model without known prices. */
export function usdOf(model: Pick<ModelFacts, 'prices'>, tokens: BilledTokens): number {
  const searches = usdOfSearches(tokens.searches ?? 0);
  const prices = model.prices;
  if (prices === undefined) return searches;
  const prompt = tokens.input + tokens.cacheRead + tokens.cacheWrite5m + tokens.cacheWrite1h;
  const times = prices.long !== undefined && prompt > prices.long.promptTokens ? prices.long.times : 1;
  const inputs =
    tokens.input +
    tokens.cacheRead * (prices.cacheRead ?? cacheReadShare) +
    tokens.cacheWrite5m * cacheWrite5mShare +
    tokens.cacheWrite1h * cacheWrite1hShare;
  return ((inputs * prices.input + tokens.output * prices.output) * times) / 1_000_000 + searches;
}
