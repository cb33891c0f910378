/**
 * A desk that grants permits, sessions far from it, and a way between them that takes time, loses and repeats
 * messages: all in virtual time. What becomes of each call is written down here.
 */
import type { Clock, TransientKind } from '../../src/core/ports.ts';
import type { Lanes, Priority } from '../../src/runtime/lanes.ts';
import type { PermitMessage } from '../../src/runtime/permit-messages.ts';
import { makePermitDesk } from '../../src/runtime/permits.ts';
import { remoteLanes } from '../../src/runtime/remote-lanes.ts';
import { type LifeClock, lifeClock, quiet } from '../simulation/virtual-time.ts';

/** What the API does with a call: takes it up and answers after `ms`, or fails it then. */
export interface Fate {
  readonly ms: number;
  readonly fails?: TransientKind;
  readonly retryAfterMs?: number;
}

interface Start {
  readonly who: string;
  readonly at: number;
}

/** The same numbers from the same seed, in [0, 1). */
export function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export function permitWorld(
  ceiling: number,
  way: { delay?: () => number; lost?: () => boolean; repeated?: () => boolean } = {},
) {
  const { delay = () => 5, lost = () => false, repeated = () => false } = way;
  const time = { monotonic: 0, ahead: 0 };
  const clocks = new Set<LifeClock>();
  const newClock = (): LifeClock => {
    const clock = lifeClock(time);
    clocks.add(clock);
    return clock;
  };
  const net = newClock().clock;
  /** Of all sessions. */
  const far = newClock().clock;
  const messages: PermitMessage[] = [];
  const starts: Start[] = [];
  const ended: Start[] = [];
  const told: string[] = [];
  const shared: boolean[] = [];
  let inFlight = 0;
  let peak = 0;
  let lives = 0;
  let reachable = true;
  let desk = newDesk();

  function newDesk() {
    const clock = newClock();
    return {
      clock,
      open: new Set<(error: Error) => void>(),
      ...makePermitDesk({ ceiling, clock: clock.clock, random: () => 0 }),
    };
  }

  /** The desk loses all that it knows; whoever waits for an answer hears that it is gone. */
  function restart(): void {
    const { open, clock } = desk;
    clock.end();
    clocks.delete(clock);
    desk = newDesk();
    for (const fail of open) fail(new Error('The object was reset.'));
  }

  function send(message: PermitMessage): Promise<unknown> {
    messages.push(message);
    const text = JSON.stringify(message);
    return new Promise((resolve, reject) => {
      const fail = (): void => reject(new Error('The connection was lost.'));
      net.after(delay(), () => {
        if (!reachable || lost()) return fail();
        const at = desk;
        at.open.add(reject);
        if (repeated())
          net.after(delay() * 100, () => void desk.answer(JSON.parse(text)).catch(() => undefined));
        at.answer(JSON.parse(text)).then((answer) => {
          const copy = JSON.stringify(answer);
          net.after(delay(), () => {
            at.open.delete(reject);
            if (lost()) fail();
            else resolve(JSON.parse(copy));
          });
        }, reject);
      });
    });
  }

  /** One life of a session's object. */
  function session(name: string, chat = name) {
    lives += 1;
    let alive = true;
    const clock: Clock = {
      ...far,
      after: (ms, fire) => far.after(ms, () => alive && fire()),
    };
    const lanes: Lanes = remoteLanes(
      { send: (message) => (alive ? send(message) : new Promise(() => {})) },
      { session: name, life: `life-${lives}`, clock, random: () => 0.5 },
    );

    /** A call that is tried until it is answered, as `calls.ts` does; `next` says what the API does each time. */
    function call(who: string, priority: Priority, next: () => Fate): Promise<void> & { giveUp(): void } {
      const control = new AbortController();
      const sleep = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));
      const ticket = lanes.ticket(priority, chat, ({ why, notBefore }) =>
        told.push(`${who} ${why} ${notBefore ?? ''}`.trim()),
      );
      const run = async (): Promise<void> => {
        for (;;) {
          const place = await ticket.acquire(control.signal);
          if (!alive) return;
          starts.push({ who, at: time.monotonic });
          inFlight += 1;
          peak = Math.max(peak, inFlight);
          const { ms, fails, retryAfterMs } = next();
          await sleep(ms / 2);
          if (!fails) place.accepted();
          await sleep(ms / 2);
          inFlight -= 1;
          if (!fails) {
            ended.push({ who, at: time.monotonic });
            return place.release();
          }
          const failure = { kind: 'again', why: fails, message: '' } as const;
          const all = await place.failed(
            retryAfterMs === undefined ? failure : { ...failure, retryAfterMs },
            retryAfterMs ?? 500,
          );
          shared.push(all);
          place.release();
          if (!all) await sleep(500);
        }
      };
      return Object.assign(
        run().catch((error: unknown) => {
          if (!control.signal.aborted) throw error;
        }),
        { giveUp: () => control.abort() },
      );
    }

    return {
      lanes,
      call,
      /** The object is evicted: nothing of it happens any more, and nobody is told. */
      die() {
        alive = false;
        inFlight -= lanes.inFlight;
      },
      /** Steps of a turn: calls one after the other, with tools between. */
      async turn(who: string, priority: Priority, calls: number, fate: Fate, toolMs = 0): Promise<void> {
        for (let n = 1; n <= calls; n++) {
          await call(`${who}.${n}`, priority, () => fate);
          if (toolMs > 0) await new Promise<void>((resolve) => void clock.after(toolMs, resolve));
        }
      },
    };
  }

  function first(): LifeClock | undefined {
    let best: LifeClock | undefined;
    for (const clock of clocks) {
      const due = clock.next()?.due;
      if (due !== undefined && due < (best?.next()?.due ?? Number.POSITIVE_INFINITY)) best = clock;
    }
    return best;
  }

  async function settle(): Promise<void> {
    await quiet();
    for (;;) {
      const busy = [...clocks].filter(({ soon }) => soon > 0);
      if (busy.length === 0) return;
      for (const clock of busy) clock.runSoon();
      await quiet();
    }
  }

  /** Lets `ms` pass. */
  async function pass(ms: number): Promise<void> {
    const until = time.monotonic + ms;
    await settle();
    for (let clock = first(); clock && (clock.next()?.due ?? 0) <= until; clock = first()) {
      clock.fireNext();
      await settle();
    }
    time.monotonic = until;
  }

  return {
    time,
    messages,
    starts,
    ended,
    told,
    shared,
    session,
    restart,
    pass,
    get desk() {
      return desk;
    },
    get inFlight() {
      return inFlight;
    },
    get peak() {
      return peak;
    },
    set reachable(is: boolean) {
      reachable = is;
    },
    order: () => starts.map(({ who }) => who),
  };
}
