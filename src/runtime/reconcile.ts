/**
 * Keeps what runs equal to what is wanted: starts what is wanted and not running, aborts what runs and is no
 * longer wanted. Knows effects by their keys only.
 */
import type { Effect } from '../core/wants.ts';

/** An effect under way. `done` never rejects; after `abort` it resolves when all of it has ended. */
export interface Running {
  readonly done: Promise<void>;
  readonly abort: () => void;
}

export interface Reconciler {
  reconcile(wanted: readonly Effect[]): void;
  readonly idle: boolean;
  /** Resolves when all that was aborted so far has ended. */
  ended(): Promise<void>;
  /** Aborts all that runs and starts nothing more; `ended` tells when it has. */
  drop(): void;
  close(): Promise<void>;
}

/** @param again asks for another reconcile: an effect ended, and its command may have changed nothing. */
export function makeReconciler(start: (effect: Effect) => Running, again: () => void): Reconciler {
  const running = new Map<string, Running>();
  const ending = new Set<Promise<void>>();
  let closed = false;

  function end(key: string, one: Running): void {
    running.delete(key);
    ending.add(one.done);
    void one.done.then(() => ending.delete(one.done));
    one.abort();
  }

  function drop(): void {
    closed = true;
    for (const [key, one] of [...running]) end(key, one);
  }

  function reconcile(wanted: readonly Effect[]): void {
    if (closed) return;
    const keys = new Set(wanted.map((effect) => effect.key));
    for (const [key, one] of running) if (!keys.has(key)) end(key, one);
    for (const effect of wanted) {
      if (running.has(effect.key)) continue;
      const one = start(effect);
      running.set(effect.key, one);
      void one.done.then(() => {
        if (running.get(effect.key) !== one) return;
        running.delete(effect.key);
        again();
      });
    }
  }

  return {
    reconcile,
    get idle() {
      return running.size === 0 && ending.size === 0;
    },
    async ended() {
      await Promise.all(ending);
    },
    drop,
    async close() {
      drop();
      await Promise.all(ending);
    },
  };
}
