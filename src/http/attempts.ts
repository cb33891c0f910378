/**
 * How often somebody may try to log in with what is wrong: a burst, then one more each second, for each client by
 * itself. Compares nothing.
 */
import type { Clock } from '../core/ports.ts';
import { type Problem, problem } from './problem.ts';

/** Wrong tokens that may come at once, and how long it takes until one more may. */
const BURST = 30;
const REFILL_MS = 1_000;
const MAX_CLIENTS = 1_000;
const EVERYBODY = '';

export interface Attempts {
  /** Why this client may not try for now; undefined: it may. */
  refusal(client: string | undefined): Problem | undefined;
  /** It has tried what was wrong. */
  failed(client: string | undefined): void;
}

export function makeAttempts(clock: Pick<Clock, 'monotonic'>): Attempts {
  const failures = new Map<string, { left: number; at: number }>();

  function tries(client: string): { left: number; at: number } {
    const now = clock.monotonic();
    const known = failures.get(client);
    if (!known) return { left: BURST, at: now };
    const gained = Math.floor((now - known.at) / REFILL_MS);
    return { left: Math.min(BURST, known.left + gained), at: known.at + gained * REFILL_MS };
  }

  return {
    refusal(client = EVERYBODY) {
      if (tries(client).left >= 1) return undefined;
      return problem('too-many-attempts', 'Too many wrong tokens came from here. Wait a little.', {
        headers: { 'retry-after': String(Math.ceil(REFILL_MS / 1_000)) },
      });
    },
    failed(client = EVERYBODY) {
      const { left, at } = tries(client);
      failures.delete(client);
      failures.set(client, { left: left - 1, at });
      for (const oldest of failures.keys()) {
        if (failures.size <= MAX_CLIENTS) return;
        failures.delete(oldest);
      }
    },
  };
}
