/** How late the event loop of this process is: the one thing that every session and reader has to wait for. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from '../../runtime/metrics.ts';

const RESOLUTION_MS = 20;
/** What is told is that of the last whole window, so that two who ask at the same time hear the same. */
const WINDOW_MS = 10_000;
const quantiles = [0.5, 0.99, 1] as const;

/** Measures from now on. Returns the end of it. */
export function watchEventLoop(metrics: Metrics): () => void {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  // Each sample is the time between two looks, so the time that was meant to lie between them is taken off.
  const seconds = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1_000);
  const now = () =>
    quantiles.map((quantile) => [seconds(delays.percentile(quantile * 100)), String(quantile)] as const);
  let last: ReturnType<typeof now> | undefined;
  const timer = setInterval(() => {
    last = now();
    delays.reset();
  }, WINDOW_MS);
  timer.unref();
  metrics.reads({
    name: 'tidings_event_loop_delay_seconds',
    help: 'How late the event loop was in the last ten seconds; quantile 1 is the longest',
    type: 'gauge',
    labels: ['quantile'],
    read: () => last ?? now(),
  });
  return () => {
    clearInterval(timer);
    delays.disable();
  };
}
