/**
 * Time in a Worker, as the runtime knows it. Its timers live as long as the object is in memory; what must not be
 * missed is wanted by a session's state, and the object's alarm sees to that.
 */
import type { Clock } from '../../core/ports.ts';

/** The longest timer that is armed at once; a longer one is armed again. */
const LONGEST_MS = 2 ** 31 - 1;

export const workerClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fire) {
    let timer: ReturnType<typeof setTimeout>;
    const arm = (left: number): void => {
      timer = setTimeout(
        () => (left > LONGEST_MS ? arm(left - LONGEST_MS) : fire()),
        Math.min(left, LONGEST_MS),
      );
    };
    arm(ms);
    return () => clearTimeout(timer);
  },
  soon: (fire) => void setTimeout(fire, 0),
};
