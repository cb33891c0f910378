/**
 * Where a simulated schedule takes its decisions from: a seed, or a tape of numbers that fast-check can shrink.
 * Never draws from anything else, so that the same source makes the same schedule again.
 */

export interface Choices {
  /** A whole number from 0 to `n - 1`. 0 is always the plainest choice. */
  below(n: number): number;
  /** No more numbers: from now on it is always 0. */
  readonly exhausted: boolean;
}

/** The numbers of `tape`, one for each decision; 0 behind its end. */
export function fromTape(tape: readonly number[]): Choices {
  let at = 0;
  return {
    below(n) {
      if (n <= 1) return 0;
      const drawn = tape[at] ?? 0;
      at += 1;
      return drawn % n;
    },
    get exhausted() {
      return at >= tape.length;
    },
  };
}

/** A tape of `length` numbers that follow from `seed`. */
export function tapeOf(seed: number, length: number): number[] {
  let state = seed >>> 0;
  return Array.from({ length }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  });
}

export function pick<T>(choices: Choices, list: readonly [T, ...T[]]): T {
  return list[choices.below(list.length)] ?? list[0];
}

/** One of the weighted things; the first is the plainest. */
export function weighted<T>(choices: Choices, list: readonly (readonly [number, T])[]): T {
  const total = list.reduce((sum, [weight]) => sum + weight, 0);
  let left = choices.below(total);
  for (const [weight, thing] of list) {
    if (left < weight) return thing;
    left -= weight;
  }
  throw new Error('nothing to choose from');
}

/** True `percent` times in a hundred; the plain choice is false. */
export function chance(choices: Choices, percent: number): boolean {
  return choices.below(100) >= 100 - percent;
}
