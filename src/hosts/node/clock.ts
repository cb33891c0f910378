/** Time on Node, as the runtime knows it. Owns no timer beyond its firing. */
import type { Clock } from '../../core/ports.ts';

/** The longest timer that Node keeps; a longer one is armed again. */
const LONGEST_MS = 2 ** 31 - 1;

export const nodeClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fire) {
    let timer: NodeJS.Timeout;
    const arm = (left: number): void => {
      timer = setTimeout(
        () => (left > LONGEST_MS ? arm(left - LONGEST_MS) : fire()),
        Math.min(left, LONGEST_MS),
      );
    };
    arm(ms);
    return () => clearTimeout(timer);
  },
  soon: (fire) => void setImmediate(fire),
};
