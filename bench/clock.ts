/** The one clock of a run: the machine's monotonic one, so that times taken in different processes compare. */

/** Milliseconds; the same instant gives the same number in every process of this machine. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** What turns this process's `performance.now()` into `now()`. */
export function performanceOffset(): number {
  return now() - performance.now();
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
