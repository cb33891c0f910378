/**
 * The desk that grants permits for model calls to sessions that are objects of their own: the lanes and the gate of
 * `lanes.ts`, asked by messages that may come late, never or twice. Keeps nothing durable and makes no call; what a
 * session is to do is all in the answers to its own messages.
 *
 * A permit is a lease of one place. When nobody waits it is good for several calls one after the other, so that a
 * long turn needs no message before each; when somebody waits, or the API is in trouble, it is good for one, and
 * leases for several are called back: no further call begins on them.
 *
 * A desk that starts anew knows of nothing. Who waits asks again within a moment, and stands in the order of asking
 * again. A call that is under way is counted again with its next renewal; until then, at most RENEW_MS, as many more
 * calls may be in flight as there were leases when the old desk went. The same is true of a call whose holder could not
 * be heard of for LEASE_MS and then is again. That the API had said "not before" is forgotten,
 * as it is by a process that starts anew: the first calls find it out.
 */
import { z } from 'zod';
import type { Clock } from '../core/ports.ts';
import type { Hold } from './gate.ts';
import { type Lanes, makeLanes, type OwnPlace, type OwnTicket } from './lanes.ts';
import {
  type Ask,
  type AskAnswer,
  type Back,
  type Keep,
  type KeepAnswer,
  LEASE_MS,
  OPEN_MS,
  type PermitAnswer,
  permitMessage,
  type Who,
} from './permit-messages.ts';

export interface PermitDesk {
  /** Answers one message, within OPEN_MS. Rejects, in words, what is no message or comes from a life that is over. */
  answer(message: unknown): Promise<PermitAnswer>;
  readonly lanes: Pick<Lanes, 'hold' | 'inFlight' | 'waiting'>;
  /** Everybody who waits is sent away, and nothing more is waited for: no timer is left behind. */
  close(): void;
}

/** Calls that one lease may cover: most turns of a session are shorter, and a message for ten calls is cheap. */
const BATCH_CALLS = 10;
/** For how long calls may begin on it: it is called back when somebody waits, so this only bounds what is lost if that fails. */
const BATCH_MS = 60_000;
/** A lease is renewed so often: twice it may fail before the lease is given back. */
const RENEW_MS = 20_000;
/** Who waits, and lets an ask go unrepeated for so long after it was to be answered, is gone. */
const WAITING_MS = OPEN_MS + 20_000;
/** A place whose turn came between two asks is kept for so long. */
const UNCLAIMED_MS = 10_000;
/** A ticket that has nothing is remembered: for who comes back to its old place, and against repetitions. */
const REMEMBERED_MS = 150_000;

/** What is known of one ticket of a session. */
interface Stand {
  readonly ticket: OwnTicket;
  /** The number of its latest ask. */
  last: number;
  /** All up to this ask was given back, with this answer. */
  closed: number;
  shared: boolean;
  /** Why no call starts, as it was told last. */
  told: Hold | undefined;
  /** Its asks that are open: one, or that and its repetitions. */
  readonly asks: Set<(answer: AskAnswer) => void>;
  /** Takes it out of the queue. Present while it waits. */
  queued: AbortController | undefined;
  place: OwnPlace | undefined;
  /** Present once its holder was told of the place. */
  lease: Lease | undefined;
  stopTimer: () => void;
  readonly forget: () => void;
}

interface Lease {
  readonly n: number;
  readonly eager: boolean;
  /** Whether more calls may begin on it. */
  more: boolean;
  readonly keeps: Set<(answer: KeepAnswer) => void>;
}

interface Holder {
  readonly life: string;
  readonly earlier: ReadonlySet<string>;
  readonly stands: Map<number, Stand>;
}

/**
 * @param desk.random in [0, 1): spreads the tries of several desks
 * @param desk.held told whenever no call starts any more, and why
 */
export function makePermitDesk(desk: {
  readonly ceiling: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly held?: (hold: Hold) => void;
}): PermitDesk {
  const { clock, ceiling } = desk;
  const holders = new Map<string, Holder>();
  /** Those whose leases are good for more calls. */
  const batches = new Set<Stand>();
  const lanes = makeLanes(ceiling, clock, {
    random: desk.random,
    ...(desk.held ? { held: desk.held } : {}),
  });

  /** Leaves a message open until it is settled, at most for as long as one may be. */
  function open<T>(waiting: Set<(answer: T) => void>, otherwise: () => T): Promise<T> {
    return new Promise((resolve) => {
      const settle = (answer: T): void => {
        stop();
        waiting.delete(settle);
        resolve(answer);
      };
      const stop = clock.after(OPEN_MS, () => settle(otherwise()));
      waiting.add(settle);
    });
  }

  // ─────────────────────────────────────────────────────── who is known

  function standOf(who: Who): Stand {
    const stands = lifeOf(who);
    const known = stands.get(who.ticket);
    if (known) return known;
    const stand: Stand = {
      ticket: lanes.ticket(who.priority, who.chat, () => tellWhy(stand)),
      last: 0,
      closed: 0,
      shared: false,
      told: undefined,
      asks: new Set(),
      queued: undefined,
      place: undefined,
      lease: undefined,
      stopTimer: () => {},
      forget() {
        stands.delete(who.ticket);
        if (stands.size === 0 && holders.get(who.session)?.stands === stands) holders.delete(who.session);
      },
    };
    stands.set(who.ticket, stand);
    return stand;
  }

  /** The tickets of this life of a session. An object has one life at a time: a new one ends all of the one before. */
  function lifeOf({ session, life }: Who): Map<number, Stand> {
    const holder = holders.get(session);
    if (holder?.life === life) return holder.stands;
    if (holder?.earlier.has(life)) throw new Error(`This life of ${session} is over: a later one has asked.`);
    const stands = new Map<number, Stand>();
    holders.set(session, { life, earlier: new Set(holder && [...holder.earlier, holder.life]), stands });
    for (const stand of holder?.stands.values() ?? []) {
      drop(stand);
      stand.stopTimer();
    }
    return stands;
  }

  /** It was heard of: from now on it may be silent for so long. */
  function heard(stand: Stand): void {
    const silence = stand.lease
      ? LEASE_MS
      : stand.queued
        ? WAITING_MS
        : stand.place
          ? UNCLAIMED_MS
          : REMEMBERED_MS;
    stand.stopTimer();
    stand.stopTimer = clock.after(silence, () => {
      if (silence === REMEMBERED_MS) return stand.forget();
      drop(stand);
      heard(stand);
    });
  }

  /** It has nothing any more. */
  function drop(stand: Stand): void {
    const { queued, place, lease } = stand;
    stand.queued = undefined;
    stand.place = undefined;
    stand.lease = undefined;
    batches.delete(stand);
    queued?.abort();
    for (const settle of stand.asks) settle({ kind: 'wait' });
    for (const settle of lease?.keeps ?? []) settle({ kind: 'kept', more: false });
    place?.release();
  }

  // ─────────────────────────────────────────────────────── asking

  function ask({ who, n, backs }: Ask): AskAnswer | Promise<AskAnswer> {
    for (const back of backs) takeBack(back);
    const stand = standOf(who);
    // A repetition that comes late: nobody listens any more.
    if (n <= stand.closed || n < stand.last) return { kind: 'wait' };
    // A repetition, because the answer was lost: what it told is told again.
    if (n === stand.last) stand.told = undefined;
    // Who asks anew has nothing.
    else if (stand.lease) drop(stand);
    stand.last = n;
    if (stand.lease) {
      heard(stand);
      return granted(stand.lease);
    }
    const answer = open(stand.asks, () => waits(stand));
    if (stand.place) grant(stand);
    else if (!stand.queued) enter(stand);
    tellWhy(stand);
    heard(stand);
    makeRoom();
    return answer;
  }

  function enter(stand: Stand): void {
    const queued = new AbortController();
    stand.queued = queued;
    stand.ticket.acquire(queued.signal).then(
      (place) => {
        if (stand.queued !== queued) return place.release();
        stand.queued = undefined;
        stand.place = place;
        if (stand.asks.size > 0) grant(stand);
        heard(stand);
        makeRoom();
      },
      () => {},
    );
  }

  function grant(stand: Stand): void {
    const easy = lanes.open && lanes.waiting === 0;
    const lease: Lease = { n: stand.last, eager: !lanes.open, more: easy, keeps: new Set() };
    stand.lease = lease;
    if (easy) batches.add(stand);
    for (const settle of stand.asks) settle(granted(lease));
  }

  function granted({ eager, more }: Lease): AskAnswer {
    return { kind: 'granted', calls: more ? BATCH_CALLS : 1, ms: BATCH_MS, renewMs: RENEW_MS, eager };
  }

  function waits(stand: Stand): AskAnswer {
    stand.told = lanes.hold;
    return { kind: 'wait', ...(lanes.hold ? { hold: lanes.hold } : {}) };
  }

  /** Who waits hears why no call starts, once for each reason. */
  function tellWhy(stand: Stand): void {
    if (!lanes.hold || lanes.hold === stand.told || stand.asks.size === 0) return;
    const answer = waits(stand);
    for (const settle of stand.asks) settle(answer);
  }

  // ─────────────────────────────────────────────────────── leases

  function keep({ who, n, taken }: Keep): KeepAnswer | Promise<KeepAnswer> {
    const stand = standOf(who);
    if (n <= stand.closed || n < stand.last) return { kind: 'kept', more: false };
    if (stand.lease?.n !== n) {
      // This desk doesn't know it, or thought that its holder was gone: the call is under way all the same.
      drop(stand);
      stand.last = n;
      stand.place = stand.ticket.adopt();
      stand.lease = { n, eager: true, more: false, keeps: new Set() };
    }
    const { lease, place } = stand;
    if (taken) place?.accepted();
    heard(stand);
    if (!lease.more) return { kind: 'kept', more: false };
    return open(lease.keeps, () => ({ kind: 'kept', more: lease.more }));
  }

  /** Returns whether all calls wait now, if it failed. */
  function takeBack({ who, n, taken, failed }: Back): boolean {
    const stand = standOf(who);
    if (n <= stand.closed) return n === stand.closed && stand.shared;
    stand.closed = n;
    stand.shared = false;
    const own = stand.lease?.n === n ? stand.place : undefined;
    // What a call met that this desk doesn't know of is as true.
    const place = own ?? (failed ? stand.ticket.adopt() : undefined);
    if (taken) own?.accepted();
    if (failed && place) {
      const { pauseMs, ...failure } = failed;
      stand.shared = place.failed({ kind: 'again', message: '', ...failure }, pauseMs);
    }
    if (stand.last <= n) {
      stand.last = n;
      drop(stand);
    }
    if (place && !own) place.release();
    heard(stand);
    makeRoom();
    return stand.shared;
  }

  /** Somebody waits for a place, or it is to be known soon whether the API takes calls up. */
  function makeRoom(): void {
    if (!lanes.open || (lanes.waiting > 0 && lanes.inFlight >= ceiling)) callBack();
  }

  function callBack(): void {
    for (const { lease } of batches) {
      if (!lease) continue;
      lease.more = false;
      for (const settle of lease.keeps) settle({ kind: 'kept', more: false });
    }
    batches.clear();
  }

  return {
    lanes,
    async answer(message) {
      const { data, error } = permitMessage.safeParse(message);
      if (error) throw new Error(`This is no message about permits. ${z.prettifyError(error)}`);
      switch (data.kind) {
        case 'ask':
          return ask(data);
        case 'keep':
          return keep(data);
        case 'back':
          return { kind: 'back', shared: data.backs.map(takeBack) };
      }
    },
    close() {
      lanes.close();
      for (const { stands } of holders.values()) {
        for (const stand of stands.values()) {
          drop(stand);
          stand.stopTimer();
        }
      }
    },
  };
}
