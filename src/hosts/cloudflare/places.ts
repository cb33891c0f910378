/**
 * Owns who may go next when all places are taken: the kinds in the order in which they are named, within a kind who
 * has waited longest. Knows nothing of what is done at a place.
 */

export interface Places<Kind extends string> {
  /** Resolves with the function that gives the place back; rejects with the signal's reason if that aborts. */
  enter(kind: Kind, signal?: AbortSignal | null): Promise<() => void>;
  readonly taken: number;
  /** The most that were ever taken at once. */
  readonly peak: number;
  readonly waiting: number;
}

/** @param kinds what each kind may take of all places, the one that goes first first */
export function makePlaces<Kind extends string>(
  all: number,
  kinds: Readonly<Record<Kind, number>>,
): Places<Kind> {
  const lines = Object.entries<number>(kinds).map(([kind, most]) => ({
    kind,
    most,
    taken: 0,
    waiting: new Set<() => void>(),
  }));
  let taken = 0;
  let peak = 0;

  function next(): void {
    for (const line of lines) {
      for (const start of line.waiting) {
        if (taken >= all || line.taken >= line.most) break;
        line.waiting.delete(start);
        line.taken += 1;
        taken += 1;
        peak = Math.max(peak, taken);
        start();
      }
    }
  }

  return {
    get taken() {
      return taken;
    },
    get peak() {
      return peak;
    },
    get waiting() {
      return lines.reduce((sum, { waiting }) => sum + waiting.size, 0);
    },
    enter(kind, signal) {
      const line = lines.find((one) => one.kind === kind);
      if (line === undefined) return Promise.reject(new Error(`There are no places for ${kind}.`));
      if (signal?.aborted) return Promise.reject(signal.reason);
      return new Promise((resolve, reject) => {
        let given = false;
        const leave = (): void => {
          if (given) return;
          given = true;
          line.taken -= 1;
          taken -= 1;
          next();
        };
        const start = (): void => {
          signal?.removeEventListener('abort', giveUp);
          resolve(leave);
        };
        const giveUp = (): void => {
          line.waiting.delete(start);
          reject(signal?.reason);
        };
        signal?.addEventListener('abort', giveUp, { once: true });
        line.waiting.add(start);
        next();
      });
    },
  };
}
