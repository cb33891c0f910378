/** Lets tests wait for a condition without sleeping: it is looked at again after every change. */

export interface Watch {
  /** Says that something changed. */
  changed(): void;
  until(condition: () => boolean, timeoutMs?: number): Promise<void>;
  /** Rejects everybody who waits. */
  stop(): void;
}

/** `describe` tells, for the message of a timeout, what is going on. */
export function createWatch(describe: () => string): Watch {
  const looks = new Set<() => void>();
  const stops = new Set<() => void>();
  return {
    changed() {
      for (const look of [...looks]) look();
    },
    until(condition, timeoutMs = 30_000) {
      if (condition()) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const finish = (then: () => void) => {
          clearTimeout(timer);
          looks.delete(look);
          stops.delete(stop);
          then();
        };
        const look = () => {
          try {
            if (condition()) finish(resolve);
          } catch (error) {
            finish(() => reject(error));
          }
        };
        const stop = () =>
          finish(() => reject(new Error('The simulator was closed before the condition held.')));
        const timer = setTimeout(
          () =>
            finish(() =>
              reject(new Error(`The condition did not hold within ${timeoutMs} ms. ${describe()}`)),
            ),
          timeoutMs,
        );
        looks.add(look);
        stops.add(stop);
      });
    },
    stop() {
      for (const stop of [...stops]) stop();
    },
  };
}
