/**
 * How long to wait before something is tried again, and the waiting. Owns the back-off; knows nothing of what is tried.
 * The clock is the global one, so that a test can hold it.
 */

/** @param attempts how many have failed, from 1. Milliseconds: doubling up to `most`, the latter half of it by chance. */
export function backOff(attempts: number, first = 300, most = 15_000): number {
  const whole = Math.min(most, first * 2 ** Math.min(attempts - 1, 20));
  return Math.round(whole * (0.5 + Math.random() / 2));
}

/** Resolves after so long, or as soon as the signal is aborted: then at once. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      globalThis.clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = globalThis.setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}

/** Waits, but no longer than until the network is back or somebody looks. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  const over = new AbortController();
  const end = (): void => over.abort();
  const unreturn = onReturn(end);
  signal?.addEventListener('abort', end);
  await sleep(ms, over.signal);
  signal?.removeEventListener('abort', end);
  unreturn();
}

/**
 * Calls whenever a browser says that waiting may be over: the network is back, or somebody looks at the page again.
 * Elsewhere never. The returned function ends it.
 */
export function onReturn(back: () => void): () => void {
  const { document } = globalThis;
  if (typeof document === 'undefined' || typeof globalThis.addEventListener !== 'function') return () => {};
  const seen = (): void => {
    if (document.visibilityState === 'visible') back();
  };
  globalThis.addEventListener('online', back);
  document.addEventListener('visibilitychange', seen);
  return () => {
    globalThis.removeEventListener('online', back);
    document.removeEventListener('visibilitychange', seen);
  };
}
