/**
 * A session's side of the lanes that a desk elsewhere owns (`permits.ts`): tickets and places as `calls.ts` knows
 * them, over messages that may be lost. Asks for as long as a call is wanted, keeps what it was granted alive, and
 * gives it back; a call under way is never broken off because the desk can't be reached. Decides nothing about whose
 * turn it is.
 */
import type { z } from 'zod';
import type { Clock } from '../core/ports.ts';
import { sleep } from './effects.ts';
import { type Failure, type Hold, takenUp } from './gate.ts';
import type { Lanes, Place, Priority, Ticket } from './lanes.ts';
import {
  askAnswer,
  type Back,
  backAnswer,
  keepAnswer,
  LEASE_MS,
  OPEN_MS,
  type PermitMessage,
  type Who,
} from './permit-messages.ts';

/** The way to the desk. What it answers is read with the schemas of `permit-messages.ts`. */
export interface PermitPort {
  /** Resolves with the desk's answer, which may take OPEN_MS; rejects when the message or the answer was lost. */
  send(message: PermitMessage): Promise<unknown>;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
/** A message that has no answer by then was lost. */
const PATIENCE_MS = OPEN_MS + 10_000;
/** A desk that sends away at once who is to wait is not asked in a frenzy. */
const EARLY_MS = 1_000;
/** A lease on which more calls may begin is kept for so long between two: tools that take longer hold no place. */
const IDLE_MS = 3_000;
/** So long a failed call waits to hear whether all calls wait; then it takes its own pause. */
const SHARED_PATIENCE_MS = 5_000;

/** A ticket as the desk knows it. A call that goes on with another's lease goes on with its ticket. */
interface Stand {
  readonly who: Who;
  /** The number of its latest ask. */
  n: number;
  owner: object;
}

interface Lease {
  readonly stand: Stand;
  readonly n: number;
  readonly until: number;
  readonly renewMs: number;
  readonly eager: boolean;
  callsLeft: number;
  taken: boolean;
  /** Whether more calls may begin on it, for all that is known here. */
  more: boolean;
  /** Aborts when it is given back. */
  readonly over: AbortController;
}

/** What the desk has not yet confirmed to have back. */
interface Owed {
  readonly back: Back;
  readonly since: number;
  readonly done: AbortController;
}

/**
 * @param own.life names this life of the session's object, and no other one
 * @param own.random in [0, 1): spreads the tries of several sessions
 */
export function remoteLanes(
  desk: PermitPort,
  own: {
    readonly session: string;
    readonly life: string;
    readonly clock: Clock;
    readonly random: () => number;
  },
): Lanes {
  const { clock, session, life } = own;
  const owed = new Set<Owed>();
  const leases = new Set<Lease>();
  const closing = new AbortController();
  /** A lease on which no call is under way, kept for the next one. */
  let spare: { readonly lease: Lease; readonly stopTimer: () => void } | undefined;
  let tickets = 0;
  let inFlight = 0;
  let waiting = 0;
  let hold: Hold | undefined;

  // ─────────────────────────────────────────────────────── messages

  /** Undefined when the message or its answer was lost, or the answer is none. Rejects when `signal` aborts. */
  function once<T>(
    message: PermitMessage,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const end = (answer: T | undefined): void => {
        stop();
        signal.removeEventListener('abort', leave);
        resolve(answer);
      };
      const leave = (): void => {
        stop();
        reject(signal.reason);
      };
      const stop = clock.after(PATIENCE_MS, () => end(undefined));
      if (signal.aborted) return leave();
      signal.addEventListener('abort', leave, { once: true });
      const sent = async (): Promise<unknown> => desk.send(message);
      sent().then(
        (answer) => end(schema.safeParse(answer).data),
        () => end(undefined),
      );
    });
  }

  /** Sends a message until it is answered. Rejects when `signal` aborts, or it was lost after the lanes were closed. */
  async function insist<T>(make: () => PermitMessage, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    for (let failures = 0; ; failures++) {
      const answer = await once(make(), schema, signal);
      if (answer !== undefined) return answer;
      closing.signal.throwIfAborted();
      await sleep(clock, backOff(failures), signal);
    }
  }

  function backOff(failures: number): number {
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 10));
    return (longest * (1 + own.random())) / 2;
  }

  // ─────────────────────────────────────────────────────── asking

  /** Asks until it is granted. A lease that lies idle goes back with the first ask: it is not what this one needs. */
  async function ask(stand: Stand, held: (hold: Hold) => void, signal: AbortSignal): Promise<Lease> {
    const idle = spare && owe(endSpare(spare));
    let known: Hold | undefined;
    try {
      for (;;) {
        closing.signal.throwIfAborted();
        stand.n += 1;
        const asked = clock.monotonic();
        const carried = [...owed];
        const answer = await insist(
          () => ({ kind: 'ask', who: stand.who, n: stand.n, backs: carried.map(asItIs) }),
          askAnswer,
          signal,
        );
        if (idle) settled(idle);
        if (answer.kind === 'granted') {
          hold = undefined;
          return leased(stand, answer);
        }
        hold = answer.hold;
        const news = hold && (hold.why !== known?.why || hold.notBefore !== known?.notBefore);
        known = hold;
        if (hold && news) held(hold);
        else if (clock.monotonic() - asked < EARLY_MS) await sleep(clock, EARLY_MS, signal);
      }
    } catch (error) {
      // It may wait there, or have been granted what it no longer wants.
      void handIn(owe({ who: stand.who, n: stand.n, taken: false }));
      if (idle && owed.has(idle)) void handIn(idle);
      throw error;
    }
  }

  function leased(
    stand: Stand,
    { calls, ms, renewMs, eager }: Extract<z.infer<typeof askAnswer>, { kind: 'granted' }>,
  ): Lease {
    const lease: Lease = {
      stand,
      n: stand.n,
      until: clock.monotonic() + ms,
      renewMs,
      eager,
      callsLeft: calls,
      taken: false,
      more: calls > 1,
      over: new AbortController(),
    };
    leases.add(lease);
    keepAlive(lease).catch(() => {});
    return lease;
  }

  /** The idle lease, if it is good for one more call of this kind. */
  function reuse(priority: Priority, chat: string): Lease | undefined {
    if (!spare) return undefined;
    const { lease, stopTimer } = spare;
    const { who } = lease.stand;
    if (who.priority !== priority || who.chat !== chat) return undefined;
    if (lease.callsLeft === 0 || clock.monotonic() >= lease.until) return undefined;
    stopTimer();
    spare = undefined;
    return lease;
  }

  // ─────────────────────────────────────────────────────── a lease's life

  /** Renews it until it is given back. While more calls may begin on it, hears at once when none may any more. */
  async function keepAlive(lease: Lease): Promise<void> {
    const { signal } = lease.over;
    for (let failures = 0; ; ) {
      if (!lease.more) await sleep(clock, failures > 0 ? backOff(failures) : lease.renewMs, signal);
      const asked = clock.monotonic();
      const answer = await once(keepOf(lease), keepAnswer, signal);
      failures = answer ? 0 : failures + 1;
      // Who doesn't hear from the desk can't know that nobody waits.
      if (!answer?.more) calledBack(lease);
      else if (clock.monotonic() - asked < EARLY_MS) await sleep(clock, EARLY_MS, signal);
    }
  }

  function keepOf({ stand, n, taken }: Lease): PermitMessage {
    return { kind: 'keep', who: stand.who, n, taken };
  }

  function calledBack(lease: Lease): void {
    lease.more = false;
    if (spare?.lease === lease) void handIn(owe(endSpare(spare)));
  }

  /** Between two calls. */
  function rest(lease: Lease): void {
    if (!lease.more || spare || closing.signal.aborted) return void handIn(owe(end(lease)));
    const stopTimer = clock.after(IDLE_MS, () => {
      if (spare?.lease === lease) void handIn(owe(endSpare(spare)));
    });
    spare = { lease, stopTimer };
  }

  function endSpare({ lease, stopTimer }: NonNullable<typeof spare>): Back {
    stopTimer();
    spare = undefined;
    return end(lease);
  }

  function end(lease: Lease): Back {
    leases.delete(lease);
    lease.over.abort();
    return { who: lease.stand.who, n: lease.n, taken: lease.taken };
  }

  // ─────────────────────────────────────────────────────── giving back

  function owe(back: Back): Owed {
    const one = { back, since: clock.monotonic(), done: new AbortController() };
    owed.add(one);
    return one;
  }

  function settled(one: Owed): void {
    owed.delete(one);
    one.done.abort();
  }

  /** A failure's pause has begun when it failed, however often it must be told. */
  function asItIs({ back, since }: Owed): Back {
    if (!back.failed) return back;
    const pauseMs = Math.max(0, back.failed.pauseMs - (clock.monotonic() - since));
    return { ...back, failed: { ...back.failed, pauseMs } };
  }

  /** Gives back until the desk confirms it, or has given up the lease by itself. Returns whether all calls wait. */
  async function handIn(one: Owed): Promise<boolean> {
    const stop = clock.after(LEASE_MS, () => settled(one));
    try {
      const answer = await insist(
        () => ({ kind: 'back', backs: [asItIs(one)] }),
        backAnswer,
        one.done.signal,
      );
      return answer.shared[0] ?? false;
    } catch {
      return false;
    } finally {
      stop();
      settled(one);
    }
  }

  /** Hands a failure in, and waits for what the desk says to it as long as there is any sense in it. */
  async function told(one: Owed, signal: AbortSignal): Promise<boolean> {
    const enough = new AbortController();
    const leave = (): void => enough.abort();
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    try {
      return await Promise.race([
        handIn(one),
        sleep(clock, SHARED_PATIENCE_MS, enough.signal).then(
          () => false,
          () => false,
        ),
      ]);
    } finally {
      leave();
      signal.removeEventListener('abort', leave);
    }
  }

  function placeOn(lease: Lease, signal: AbortSignal): Place {
    let kept = true;
    inFlight += 1;
    lease.callsLeft -= 1;
    const hearing = takenUp(clock, () => {
      if (!kept || lease.over.signal.aborted) return;
      lease.taken = true;
      if (lease.eager) insist(() => keepOf(lease), keepAnswer, lease.over.signal).catch(() => {});
    });
    return {
      ...hearing,
      async failed({ why, retryAfterMs }: Failure, pauseMs) {
        if (!kept || lease.over.signal.aborted) return false;
        const failed = { why, pauseMs, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
        return await told(owe({ ...end(lease), failed }), signal);
      },
      release() {
        if (!kept) return;
        kept = false;
        inFlight -= 1;
        if (!lease.over.signal.aborted) rest(lease);
      },
    };
  }

  return {
    get hold() {
      return hold;
    },
    get inFlight() {
      return inFlight;
    },
    get waiting() {
      return waiting;
    },
    close() {
      closing.abort();
      for (const lease of leases) void handIn(owe(end(lease)));
      spare?.stopTimer();
      spare = undefined;
    },
    ticket(priority, chat, held): Ticket {
      const owner = {};
      let stand: Stand | undefined;
      return {
        async acquire(signal) {
          signal.throwIfAborted();
          let lease = reuse(priority, chat);
          if (!lease) {
            if (stand?.owner !== owner) {
              tickets += 1;
              stand = { who: { session, life, ticket: tickets, chat, priority }, n: 0, owner };
            }
            waiting += 1;
            lease = await ask(stand, held, signal).finally(() => {
              waiting -= 1;
            });
          }
          stand = lease.stand;
          stand.owner = owner;
          return placeOn(lease, signal);
        },
      };
    },
  };
}
