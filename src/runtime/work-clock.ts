/**
 * Time at work of one session: it runs while a call or a tool of it is really under way, by the monotonic
 * clock, so neither a laptop's sleep nor waiting for a place, for the API or for a person counts.
 */
import type { Clock } from '../core/ports.ts';

export interface WorkClock {
  /** Something of the session is under way until the returned function is called. */
  busy(): () => void;
  /** Something moved: the idle timer begins anew. */
  touch(): void;
  /** Milliseconds at work that no event has recorded yet. */
  unrecorded(): number;
  /** `ms` of them stand in the log now. */
  recorded(ms: number): void;
  /** Fires when `ms` more of work, from what is recorded, are done. */
  afterWork(ms: number, fire: () => void): () => void;
  /** Fires when work has gone on for `ms` without a touch. */
  afterIdle(ms: number, fire: () => void): () => void;
}

/** Timers look again at least this long after they found the session at rest. */
const RECHECK_MS = 1_000;

export function makeWorkClock(clock: Clock): WorkClock {
  let running = 0;
  let since = 0;
  let done = 0;
  let touchedAt = 0;
  /** Work ever done, for the idle timer, which cares for work since the last touch. */
  let total = 0;

  const open = (): number => (running > 0 ? clock.monotonic() - since : 0);

  function settle(): void {
    const ms = open();
    done += ms;
    total += ms;
    since = clock.monotonic();
  }

  function whenDue(left: () => number, fire: () => void): () => void {
    let cancel = (): void => {};
    const check = (): void => {
      const ms = left();
      if (ms <= 0) return fire();
      cancel = clock.after(running > 0 ? Math.ceil(ms) : Math.max(RECHECK_MS, Math.ceil(ms)), check);
    };
    cancel = clock.after(Math.max(0, Math.ceil(left())), check);
    return () => cancel();
  }

  return {
    busy() {
      settle();
      running += 1;
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        settle();
        running -= 1;
      };
    },
    touch() {
      settle();
      touchedAt = total;
    },
    unrecorded: () => done + open(),
    recorded(ms) {
      settle();
      done -= ms;
    },
    afterWork(ms, fire) {
      // What gets recorded while the timer runs stays done: it is counted from what is recorded now.
      const from = total - done;
      return whenDue(() => ms - (total + open() - from), fire);
    },
    afterIdle(ms, fire) {
      return whenDue(() => ms - (total + open() - touchedAt), fire);
    },
  };
}
