/**
 * An object's one alarm, which serves all that it must not miss: whoever needs to be looked at by some time says so,
 * and the earliest time counts. Owns when the alarm is set; what is looked at then is decided elsewhere.
 *
 * What a session wants runs in memory, its timers too. The alarm is the promise that somebody looks whether it still
 * does: it is set in the transaction that makes a session want anything, and again at each look while it does. So an
 * object that was evicted, reset or deployed over in the middle of a step is back within one such span, and while a
 * call is under way these looks are what keeps the object in memory.
 */

interface AlarmStorage {
  setAlarm(at: number): Promise<void>;
}

export interface Alarm {
  /** Somebody looks within `ms` from now. In the middle of a transaction it becomes a part of it. */
  within(ms: number): void;
  /** It went off: from here on nobody looks unless asked to. */
  wentOff(): void;
}

/** An alarm that should have gone off so long ago is taken to be lost. */
const LOST_MS = 5_000;

/** @param failed told when it could not be set: the platform resets the object then */
export function makeAlarm(
  storage: AlarmStorage,
  { now, failed }: { readonly now: () => number; readonly failed: (error: unknown) => void },
): Alarm {
  /** When it goes off, as far as this instance of the object set it. */
  let at: number | undefined;
  return {
    within(ms) {
      const latest = now() + ms;
      if (at !== undefined && at <= latest && at > now() - LOST_MS) return;
      at = latest;
      storage.setAlarm(latest).catch(failed);
    },
    wentOff() {
      at = undefined;
    },
  };
}
