/** What is made of many measured numbers. Owns no unit. */

/** The value below which the share `q` (0 to 1) of the samples lies. Throws when there are none. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
  if (value === undefined) throw new Error('Nothing was measured, so there is no figure.');
  return value;
}

export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined)
    throw new Error('Nothing was measured, so there is no figure.');
  return (lower + upper) / 2;
}

export function worst(samples: readonly number[]): number {
  return quantile(samples, 1);
}

/** Samples of the two sides, taken in turns. */
export interface Pair<T> {
  readonly floor: T[];
  readonly gateway: T[];
}

export function pair<T>(): Pair<T> {
  return { floor: [], gateway: [] };
}
