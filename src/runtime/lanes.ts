/**
 * Model calls in flight: a ceiling for the process, people's sessions first, then those already at work, then
 * those that start; fair among chats; quiet while the API says "not before". Owns no call itself.
 */
import type { Clock } from '../core/ports.ts';

/** 0: a person waits for it. 1: a subagent at work. 2: a subagent's first request. */
export type Priority = 0 | 1 | 2;

export interface Lanes {
  /** Resolves with the function that gives the place back. Rejects when `signal` aborts before. */
  acquire(priority: Priority, chat: string, signal: AbortSignal): Promise<() => void>;
  /** No call starts for `ms` from now. */
  quiet(ms: number): void;
  readonly inFlight: number;
  readonly waiting: number;
}

/** Subagents' calls that may start in one turn of the event loop: more would hold up people's. */
const STARTS_PER_TURN = 4;

interface Waiting {
  readonly grant: () => void;
}

export function makeLanes(ceiling: number, clock: Clock): Lanes {
  // One queue for each chat at each priority; chats take turns by moving to the end when served.
  const queues: [Map<string, Waiting[]>, Map<string, Waiting[]>, Map<string, Waiting[]>] = [
    new Map(),
    new Map(),
    new Map(),
  ];
  let inFlight = 0;
  let waiting = 0;
  let quietUntil = 0;
  let startsLeft = STARTS_PER_TURN;
  let turnScheduled = false;
  let cancelQuiet: (() => void) | undefined;

  function next(queue: Map<string, Waiting[]>): Waiting | undefined {
    for (const [chat, entries] of queue) {
      const entry = entries.shift();
      queue.delete(chat);
      if (entries.length > 0) queue.set(chat, entries);
      if (entry) return entry;
    }
    return undefined;
  }

  function pump(): void {
    if (clock.monotonic() < quietUntil) return;
    while (inFlight < ceiling) {
      const entry = next(queues[0]) ?? (startsLeft > 0 ? background() : undefined);
      if (!entry) break;
      waiting -= 1;
      entry.grant();
    }
    if (startsLeft === 0 && waiting > 0 && inFlight < ceiling) scheduleTurn();
  }

  function background(): Waiting | undefined {
    const entry = next(queues[1]) ?? next(queues[2]);
    if (entry) {
      startsLeft -= 1;
      scheduleTurn();
    }
    return entry;
  }

  function scheduleTurn(): void {
    if (turnScheduled) return;
    turnScheduled = true;
    clock.soon(() => {
      turnScheduled = false;
      startsLeft = STARTS_PER_TURN;
      pump();
    });
  }

  function release(): () => void {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      inFlight -= 1;
      pump();
    };
  }

  return {
    get inFlight() {
      return inFlight;
    },
    get waiting() {
      return waiting;
    },
    acquire(priority, chat, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const queue = queues[priority];
        const entry: Waiting = {
          grant: () => {
            signal.removeEventListener('abort', leave);
            inFlight += 1;
            resolve(release());
          },
        };
        const leave = (): void => {
          const entries = queue.get(chat)?.filter((one) => one !== entry) ?? [];
          if (entries.length > 0) queue.set(chat, entries);
          else queue.delete(chat);
          waiting -= 1;
          reject(signal.reason);
        };
        signal.addEventListener('abort', leave, { once: true });
        const entries = queue.get(chat);
        if (entries) entries.push(entry);
        else queue.set(chat, [entry]);
        waiting += 1;
        pump();
      });
    },
    quiet(ms) {
      const until = clock.monotonic() + ms;
      if (until <= quietUntil) return;
      quietUntil = until;
      cancelQuiet?.();
      cancelQuiet = clock.after(ms, () => {
        cancelQuiet = undefined;
        pump();
      });
    },
  };
}
