import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pauseAfter } from '../../src/runtime/calls.ts';

const failure = { kind: 'again', why: 'overloaded', message: '' } as const;
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the pause before a model call is tried again', () => {
  test('is never shorter than the API asks for, and at most a tenth or a second longer', () => {
    fc.assert(
      fc.property(
        fc.nat(3_600_000),
        fc.integer({ min: 1, max: 100 }),
        random,
        (retryAfterMs, attempt, drawn) => {
          const pause = pauseAfter({ ...failure, retryAfterMs }, attempt, drawn);
          expect(pause).toBeGreaterThanOrEqual(retryAfterMs);
          expect(pause).toBeLessThanOrEqual(retryAfterMs + Math.min(1_000, retryAfterMs / 10));
        },
      ),
    );
  });

  test('doubles from half a second to a minute, drawn from its upper half', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), random, (attempt, drawn) => {
        const longest = Math.min(60_000, 500 * 2 ** (attempt - 1));
        const pause = pauseAfter(failure, attempt, drawn);
        expect(pause).toBeGreaterThanOrEqual(longest / 2);
        expect(pause).toBeLessThanOrEqual(longest);
      }),
    );
  });
});
