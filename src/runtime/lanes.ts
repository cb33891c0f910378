/**
 * Model calls in flight: a ceiling for the process, people's sessions first, then those already at work, then
 * those that start; fair among chats; none while the gate is shut. A call that failed comes back to its old place.
 * Owns no call itself.
 */
import type { Clock } from '../core/ports.ts';
import { type Failure, type Hold, makeGate } from './gate.ts';

/** 0: a person waits for it. 1: a subagent at work. 2: a subagent's first request. */
export type Priority = 0 | 1 | 2;

export interface Lanes {
  /**
   * A call's claim to a place, kept until the call is done.
   * @param held told, while it waits, that no call starts and why, and again whenever that changes
   */
  ticket(priority: Priority, chat: string, held: (hold: Hold) => void): Ticket;
  /** Why no call starts now, if none does. */
  readonly hold: Hold | undefined;
  readonly inFlight: number;
  readonly waiting: number;
  /** No call starts any more. */
  close(): void;
}

export interface Ticket {
  /** Resolves when its turn has come. The second time it stands where it stood the first. Rejects when `signal` aborts before. */
  acquire(signal: AbortSignal): Promise<Place>;
}

export interface Place {
  /** Something of the answer arrived. */
  alive(): void;
  /** The API has taken the call up. */
  accepted(): void;
  /** The call failed. Says whether all calls wait now, so that this one needs no pause of its own. */
  failed(failure: Failure, pauseMs: number): boolean | Promise<boolean>;
  /** Gives the place back. Safe to repeat. */
  release(): void;
}

/** Lanes that are owned here, so that everything is known at once. */
export interface OwnLanes extends Lanes {
  /** Whether nothing holds calls up but the ceiling. */
  readonly open: boolean;
  ticket(priority: Priority, chat: string, held: (hold: Hold) => void): OwnTicket;
}

export interface OwnTicket extends Ticket {
  acquire(signal: AbortSignal): Promise<OwnPlace>;
  /** The place of a call that is under way already, whatever the ceiling. */
  adopt(): OwnPlace;
}

export interface OwnPlace extends Place {
  failed(failure: Failure, pauseMs: number): boolean;
}

/** Subagents' calls that may start in one turn of the event loop: more would hold up people's. */
const STARTS_PER_TURN = 4;
/** Calls that are told in one turn of the event loop that they wait. */
const TOLD_PER_TURN = 50;

interface Claim {
  readonly priority: Priority;
  readonly chat: string;
  /** When it first asked; -1 before. */
  order: number;
  /** Its chat's turn in which it was served; it comes back to it. */
  turn: number | undefined;
  /** How often it found out for all that the API still fails: others try before it does again. */
  misses: number;
  /** Present while it waits. */
  grant: (() => void) | undefined;
  readonly held: (hold: Hold) => void;
}

/** The calls of one chat that wait, in the order of asking. Chats take turns: who is served goes to the end. */
interface Line {
  turn: number;
  readonly claims: Claim[];
}
type Lines = Map<string, Line>;

/**
 * @param on.random in [0, 1): spreads the tries of several gateways
 * @param on.held told whenever no call starts any more, and why
 */
export function makeLanes(
  ceiling: number,
  clock: Clock,
  on: { random: () => number; held?: (hold: Hold) => void },
): OwnLanes {
  const queues: readonly [Lines, Lines, Lines] = [new Map(), new Map(), new Map()];
  let inFlight = 0;
  let waiting = 0;
  let asked = 0;
  let turns = 0;
  let startsLeft = STARTS_PER_TURN;
  let turnScheduled = false;
  const gate = makeGate(ceiling, clock, {
    changed: pump,
    shut(hold) {
      on.held?.(hold);
      tellAll(hold);
    },
    random: on.random,
  });

  function enter(claim: Claim): void {
    const queue = queues[claim.priority];
    waiting += 1;
    const line = queue.get(claim.chat);
    if (!line) {
      turns += 1;
      queue.set(claim.chat, { turn: claim.turn ?? turns, claims: [claim] });
      return;
    }
    line.turn = Math.min(line.turn, claim.turn ?? line.turn);
    let at = line.claims.length;
    while (at > 0 && (line.claims[at - 1]?.order ?? 0) > claim.order) at -= 1;
    line.claims.splice(at, 0, claim);
  }

  function leave(claim: Claim): Line | undefined {
    const queue = queues[claim.priority];
    const line = queue.get(claim.chat);
    const at = line?.claims.indexOf(claim) ?? -1;
    if (!line || at < 0) return undefined;
    line.claims.splice(at, 1);
    if (line.claims.length === 0) queue.delete(claim.chat);
    claim.grant = undefined;
    waiting -= 1;
    return line;
  }

  function next(queue: Lines): Claim | undefined {
    let first: Line | undefined;
    for (const line of queue.values()) if (!first || line.turn < first.turn) first = line;
    return first?.claims[0];
  }

  /** Who is to find out: who has done so least often, so that nobody's own trouble keeps the way shut for all. */
  function prober(): Claim | undefined {
    let best: { claim: Claim; turn: number } | undefined;
    for (const queue of queues) {
      // What an earlier queue has to offer wins, and within one queue the earlier turn.
      let here: { claim: Claim; turn: number } | undefined;
      for (const { turn, claims } of queue.values()) {
        for (const claim of claims) {
          const misses = here?.claim.misses ?? Number.POSITIVE_INFINITY;
          if (claim.misses < misses || (here && claim.misses === misses && turn < here.turn))
            here = { claim, turn };
        }
      }
      if (here && (!best || here.claim.misses < best.claim.misses)) best = here;
    }
    return best?.claim;
  }

  function pump(): void {
    while (inFlight < ceiling && gate.room) {
      const claim = gate.probing
        ? prober()
        : (next(queues[0]) ?? (startsLeft > 0 ? (next(queues[1]) ?? next(queues[2])) : undefined));
      if (!claim) break;
      if (claim.priority > 0 && startsLeft > 0) {
        startsLeft -= 1;
        scheduleTurn();
      }
      serve(claim);
    }
    if (startsLeft === 0 && waiting > 0 && inFlight < ceiling) scheduleTurn();
  }

  function serve(claim: Claim): void {
    const { grant } = claim;
    const line = leave(claim);
    if (!line) return;
    claim.turn = line.turn;
    turns += 1;
    line.turn = turns;
    grant?.();
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

  /** Some in each turn of the event loop: a thousand who wait have a thousand things to write down. */
  function tellAll(hold: Hold): void {
    const claims = queues.flatMap((queue) => [...queue.values()].flatMap((line) => line.claims));
    const tell = (from: number): void => {
      for (const claim of claims.slice(from, from + TOLD_PER_TURN)) {
        if (gate.hold === hold && claim.grant) claim.held(hold);
      }
      if (gate.hold === hold && from + TOLD_PER_TURN < claims.length)
        clock.soon(() => tell(from + TOLD_PER_TURN));
    };
    if (claims.length > 0) clock.soon(() => tell(0));
  }

  function placeOf(claim: Claim): OwnPlace {
    const finds = gate.probing;
    const pass = gate.enter(claim);
    inFlight += 1;
    let kept = true;
    return {
      alive: pass.alive,
      accepted: pass.accepted,
      failed(failure, pauseMs) {
        const shared = pass.failed(failure, pauseMs);
        if (shared && finds) claim.misses += 1;
        return shared;
      },
      release() {
        if (!kept) return;
        kept = false;
        inFlight -= 1;
        pass.left();
        pump();
      },
    };
  }

  return {
    close: () => gate.close(),
    get hold() {
      return gate.hold;
    },
    get open() {
      return gate.wide;
    },
    get inFlight() {
      return inFlight;
    },
    get waiting() {
      return waiting;
    },
    ticket(priority, chat, held) {
      const claim: Claim = {
        priority,
        chat,
        order: -1,
        turn: undefined,
        misses: 0,
        grant: undefined,
        held,
      };
      return {
        adopt: () => placeOf(claim),
        acquire: (signal) =>
          new Promise((resolve, reject) => {
            if (signal.aborted) return reject(signal.reason);
            const giveUp = (): void => {
              leave(claim);
              reject(signal.reason);
            };
            if (claim.order < 0) {
              asked += 1;
              claim.order = asked;
            }
            claim.grant = () => {
              signal.removeEventListener('abort', giveUp);
              resolve(placeOf(claim));
            };
            signal.addEventListener('abort', giveUp, { once: true });
            enter(claim);
            pump();
            // While it is shut nobody is served.
            if (gate.hold) held(gate.hold);
          }),
      };
    },
  };
}
