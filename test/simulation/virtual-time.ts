/**
 * Time that passes only when a schedule says so: one monotonic time for the whole world, a wall clock beside it
 * that may jump, and the timers and later turns of one gateway's life.
 */
import type { Clock } from '../../src/core/ports.ts';

/** Of the world: outlives every gateway in it. Milliseconds. */
export interface Time {
  monotonic: number;
  /** What the wall clock shows more than the monotonic one. */
  ahead: number;
}

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly ms: number;
  readonly fire: () => void;
}

export interface LifeClock {
  readonly clock: Clock;
  /** Runs the oldest thing that waits for a later turn of the event loop. */
  runSoon(): void;
  readonly soon: number;
  /** The timer that is due first. */
  next(): { readonly due: number; readonly ms: number } | undefined;
  /** Moves the time to the first timer and fires it. */
  fireNext(): void;
  /** Nothing of this life happens any more. */
  end(): void;
}

export function lifeClock(time: Time): LifeClock {
  let timers: Timer[] = [];
  let later: (() => void)[] = [];
  let order = 0;
  let ended = false;

  function first(): Timer | undefined {
    let best: Timer | undefined;
    for (const timer of timers) {
      if (!best || timer.due < best.due || (timer.due === best.due && timer.order < best.order)) best = timer;
    }
    return best;
  }

  return {
    clock: {
      now: () => time.monotonic + time.ahead,
      monotonic: () => time.monotonic,
      after(ms, fire) {
        if (ended) return () => {};
        order += 1;
        const timer = { due: time.monotonic + Math.max(0, ms), order, ms, fire };
        timers.push(timer);
        return () => {
          timers = timers.filter((one) => one !== timer);
        };
      },
      soon(fire) {
        if (!ended) later.push(fire);
      },
    },
    runSoon() {
      later.shift()?.();
    },
    get soon() {
      return later.length;
    },
    next: first,
    fireNext() {
      const timer = first();
      if (!timer) return;
      timers = timers.filter((one) => one !== timer);
      time.monotonic = Math.max(time.monotonic, timer.due);
      timer.fire();
    },
    end() {
      ended = true;
      timers = [];
      later = [];
    },
  };
}

/** The time of one object among others in the same life: its timers go with it. */
export function objectClock(clock: Clock): { readonly clock: Clock; end(): void } {
  let ended = false;
  const once = (fire: () => void) => () => {
    if (!ended) fire();
  };
  return {
    clock: {
      ...clock,
      after: (ms, fire) => (ended ? () => {} : clock.after(ms, once(fire))),
      soon: (fire) => clock.soon(once(fire)),
    },
    end() {
      ended = true;
    },
  };
}

/** Lets every promise that is settled have its say, and what follows from that, too. */
export function quiet(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
