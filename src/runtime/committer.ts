/**
 * Group commit: everything that waits, of all sessions, is one transaction in each turn of the event loop.
 * Owns when commits happen, never what is in them.
 */
import type { Clock, Commit, Store } from '../core/ports.ts';

export interface Committer {
  /** `done` is called after the transaction that holds `commit`, in the order of adding. */
  add(commit: Commit, done: () => void): void;
  /** Commits what waits, now. */
  flush(): void;
  /** Whether a transaction failed: nothing is committed any more, and the process is about to end. */
  readonly broken: boolean;
  /** How many transactions there were, and how many commits they held. */
  readonly counted: { readonly transactions: number; readonly commits: number };
}

/**
 * @param fatal called when a transaction failed: nothing in it was acknowledged, and nothing more is
 * @param wrote told how many milliseconds a transaction took
 */
export function makeCommitter(
  store: Store,
  clock: Clock,
  fatal: (error: unknown) => void,
  wrote: (ms: number) => void = () => {},
): Committer {
  let waiting: { commit: Commit; done: () => void }[] = [];
  let scheduled = false;
  let broken = false;
  const counted = { transactions: 0, commits: 0 };

  function flush(): void {
    scheduled = false;
    if (waiting.length === 0 || broken) return;
    const batch = waiting;
    waiting = [];
    const began = clock.monotonic();
    try {
      store.commit(batch.map(({ commit }) => commit));
    } catch (error) {
      broken = true;
      fatal(error);
      return;
    }
    wrote(clock.monotonic() - began);
    counted.transactions += 1;
    counted.commits += batch.length;
    for (const { done } of batch) done();
  }

  return {
    counted,
    get broken() {
      return broken;
    },
    flush,
    add(commit, done) {
      waiting.push({ commit, done });
      if (scheduled) return;
      scheduled = true;
      clock.soon(flush);
    },
  };
}
