/**
 * Owns who may run a process next when all places are taken: main sessions first, then the chat with the
 * fewest at work, then who has waited longest. Never starts or ends a process.
 */

export interface ProcessQueue {
  /** Resolves with the function that gives the place back; rejects with the signal's reason if that aborts. */
  enter(who: { readonly chat: string; readonly first: boolean }, signal: AbortSignal): Promise<() => void>;
  readonly running: number;
  readonly waiting: number;
}

interface Waiter {
  readonly chat: string;
  readonly first: boolean;
  readonly start: () => void;
}

export function makeProcessQueue(places: number): ProcessQueue {
  const running = new Map<string, number>();
  const waiting: Waiter[] = [];
  let taken = 0;

  const atWork = (chat: string): number => running.get(chat) ?? 0;

  function take(chat: string): () => void {
    taken += 1;
    running.set(chat, atWork(chat) + 1);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      taken -= 1;
      if (atWork(chat) === 1) running.delete(chat);
      else running.set(chat, atWork(chat) - 1);
      next();
    };
  }

  function next(): void {
    if (taken >= places) return;
    const [head, ...rest] = waiting;
    if (head === undefined) return;
    let best = head;
    for (const waiter of rest) {
      if (waiter.first === best.first ? atWork(waiter.chat) < atWork(best.chat) : waiter.first) best = waiter;
    }
    waiting.splice(waiting.indexOf(best), 1);
    best.start();
  }

  return {
    get running() {
      return taken;
    },
    get waiting() {
      return waiting.length;
    },
    enter(who, signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      if (taken < places) return Promise.resolve(take(who.chat));
      return new Promise((resolve, reject) => {
        const waiter: Waiter = {
          ...who,
          start() {
            signal.removeEventListener('abort', leave);
            resolve(take(who.chat));
          },
        };
        function leave(): void {
          waiting.splice(waiting.indexOf(waiter), 1);
          reject(signal.reason);
        }
        waiting.push(waiter);
        signal.addEventListener('abort', leave, { once: true });
      });
    },
  };
}
