/**
 * Owns work that must not hold up the gateway: it runs in a thread of its own, which is ended when its time is
 * over or nobody wants it any more, whatever it is in the middle of. Knows nothing of the work.
 */
import { Worker } from 'node:worker_threads';

export type ThreadEnd =
  | { readonly kind: 'done' }
  | { readonly kind: 'timed_out' }
  /** It threw, or took too much memory. */
  | { readonly kind: 'failed'; readonly message: string };

/** Megabytes that the thread's own heap may have: what runs away must not take the gateway along. */
const heapMb = 512;

/**
 * Runs the module at `file` with `input` as its `workerData`, and hands on what it posts.
 * @throws the signal's reason when that aborts; by then the thread has ended
 */
export async function inThread(
  file: URL,
  input: unknown,
  options: {
    readonly signal: AbortSignal;
    readonly limitMs: number;
    readonly onMessage: (message: unknown) => void;
  },
): Promise<ThreadEnd> {
  const { signal } = options;
  signal.throwIfAborted();
  const worker = new Worker(file, {
    workerData: input,
    // It needs neither keys nor settings.
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: heapMb },
  });
  worker.on('message', options.onMessage);
  const end = await new Promise<ThreadEnd | 'aborted'>((resolve) => {
    const timer = setTimeout(() => settle({ kind: 'timed_out' }), options.limitMs);
    const abort = (): void => settle('aborted');
    function settle(result: ThreadEnd | 'aborted'): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      resolve(result);
    }
    signal.addEventListener('abort', abort, { once: true });
    worker.once('error', (error) =>
      settle({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
    );
    worker.once('exit', () => settle({ kind: 'done' }));
  });
  await worker.terminate();
  if (end === 'aborted') throw signal.reason;
  return end;
}

/** A module beside the one with this URL, as source or as it was built. */
export function moduleBeside(url: string, name: string): URL {
  return new URL(`./${name}${url.endsWith('.ts') ? '.ts' : '.js'}`, url);
}
