/**
 * A world in which one chat lives: gateways that come and go, people who ask, a model and a workshop that follow
 * a script, and a time of its own. Owns what can happen next and makes it happen, one thing at a time, so that
 * the same choices make the same world again.
 */
import { openRequests } from '../../src/core/session.ts';
import { beginApart } from './apart.ts';
import { beginLife, type Life, type Limits, smallLimits } from './life.ts';
import type { Sent } from './model.ts';
import { CHAT, type InputAsked, makePeople, type People } from './people.ts';
import { calm, type Script } from './script.ts';
import { quiet, type Time } from './virtual-time.ts';
import { type Crash, makeWitness, type Witness } from './witness.ts';
import type { Check, Process, Started } from './workshop.ts';

export interface World {
  readonly witness: Witness;
  readonly people: People;
  readonly time: Time;
  /** Every request that left, of all lives. */
  readonly sent: readonly Sent[];
  readonly started: readonly Started[];
  readonly checks: readonly Check[];
  readonly processes: readonly Process[];
  /** Ids of calls that were cut off and must not run. */
  readonly cut: ReadonlySet<string>;
  readonly life: Life;
  readonly lives: number;
  /** What went wrong on the way, in words. */
  readonly faults: string[];
  readonly trace: readonly string[];
  readonly limits: Limits;
  note(line: () => string): void;
  /** Labels, paths and ids of all subagents there ever were. */
  names(): readonly string[];
  /** Subagents whose work is being checked, or which have ended. */
  those(stand: Stand): readonly string[];
  /** Everything that was ever asked, oldest first. */
  requests(): readonly InputAsked[];
  /** What is open as far as the main session knows, its own among it. */
  waiting(): readonly InputAsked[];
  newTask(): string;
  follow(script: Script): void;
  /** Lets one thing happen, and all that follows from it by itself. */
  happen(thing: () => void): Promise<void>;
  /** What is under way ends without a word, and another gateway starts. */
  crash(): Promise<void>;
  /** Asks the gateway to stop; when it has, another one starts. */
  stop(): void;
  /**
   * Lets happen what can, the oldest first, until nothing is left but what is held, or until it is enough. `act`
   * is called before each happening.
   */
  play(options?: {
    hold?: (what: string) => boolean;
    act?: () => void;
    until?: () => boolean;
  }): Promise<void>;
  /**
   * From now on all goes well, until nothing is left to happen; a chat that was parked is resumed, and people answer
   * whatever is asked.
   */
  rest(): Promise<void>;
}

export type Stand = 'checked' | 'ended';

export interface WorldOptions {
  readonly limits?: Partial<Limits>;
  readonly tracing?: boolean;
  readonly script?: Script;
  /** Where to go down, one after the other; each counts from the one before. */
  readonly crashes?: readonly Crash[];
  /** Whether each session is kept by itself, and reached by messages. */
  readonly apart?: boolean;
}

/** Things that may happen until a world must have come to rest. */
const MOST = 4_000;
/** Things that may be asked of the gateway until all questions must have been answered. */
const MOST_ASKINGS = 200;
/** 2026-11-20 23:00 UTC: a day ends within many a schedule. */
const BEGIN = 1_795_215_600_000;

export async function makeWorld(options: WorldOptions = {}): Promise<World> {
  const { tracing = false } = options;
  const limits: Limits = { ...smallLimits, ...options.limits };
  const witness = makeWitness();
  const time: Time = { monotonic: 0, ahead: BEGIN };
  const sent: Sent[] = [];
  const started: Started[] = [];
  const checks: Check[] = [];
  const cut = new Set<string>();
  const processes: Process[] = [];
  let latest = 0;
  const outside = {
    sent,
    started,
    checks,
    cut,
    calls: 0,
    processes,
    now: () => witness.transactions,
    day: () => new Date(latest).toISOString().slice(0, 10),
  };
  const faults: string[] = [];
  const trace: string[] = [];
  const names: string[] = [];
  const stands = new Map<string, Stand>();
  const requests: InputAsked[] = [];
  const crashes = [...(options.crashes ?? [])];
  let script = options.script ?? calm;
  let tasks = 0;
  let lives = 0;
  let evictions = 0;
  let stopped = false;

  const note = (line: () => string): void => {
    if (tracing) trace.push(`${String(Math.round(time.monotonic)).padStart(8)} ${line()}`);
  };
  const people = makePeople(witness, note);

  witness.watch(({ session, events }) => {
    for (const { event, seq, at } of events) {
      if (session === CHAT) latest = Math.max(latest, at);
      note(
        () =>
          `  ${session === CHAT ? 'main' : session.slice(0, 8)} ${seq} ${JSON.stringify(event).slice(0, 240)}`,
      );
      if (event.type === 'verification.started') stands.set(session, 'checked');
      else if (event.type === 'attempt.ended') stands.set(session, 'ended');
      else if (event.type === 'step.requested' || event.type === 'attempt.started') stands.delete(session);
      if (event.type === 'subagent.spawned') names.push(event.spec.label, event.spec.path, event.spec.id);
      if (event.type === 'input.requested') {
        const { id, kind } = event.request;
        requests.push({ session, id, kind });
      }
    }
  });

  function begin(): Life {
    lives += 1;
    stopped = false;
    witness.arm(crashes.shift());
    note(() => `—— gateway ${lives} starts`);
    const life = (options.apart ? beginApart : beginLife)({
      n: lives,
      time,
      witness,
      world: outside,
      script: () => script,
      limits,
      note,
    });
    let last = 0;
    life.runtime.broadcast.follow(CHAT, {
      onEvents(events) {
        for (const { seq } of events) {
          const durable = witness.logs.get(CHAT)?.length ?? 0;
          if (seq > durable) faults.push(`event ${seq} was shown and is not committed`);
          if (last > 0 && seq !== last + 1) faults.push(`the feed jumped from ${last} to ${seq}`);
          last = seq;
        }
      },
      onEphemeral: () => {},
      // Whoever is cut off comes back by itself, and reads what it missed.
      onEnd: () => {
        last = 0;
      },
    });
    return life;
  }

  let life = begin();

  async function next(): Promise<void> {
    for (const line of life.broken) faults.push(line);
    evictions += life.evictions ?? 0;
    life.end();
    await quiet();
    life = begin();
    people.askAgain(life);
    await quiet();
  }

  function waiting(): InputAsked[] {
    const main = life.runtime.state(CHAT);
    if (!main) return [];
    const askers = [{ id: CHAT, requests: openRequests(main) }, ...Object.values(main.tree.cards)];
    return askers.flatMap(({ id: session, requests = [] }) =>
      requests.map(({ id, kind }) => ({ session, id, kind })),
    );
  }

  /** Every other thing is allowed. */
  function answer(asked: InputAsked): void {
    const decision = people.askings.length % 2 === 0 ? 'allow' : 'deny';
    people.answer(asked, asked.kind === 'question' ? {} : { decision });
  }

  /** What is parked is resumed, and given more where that is what it lacks; what it says then may cost more again. */
  async function wakeUp(): Promise<void> {
    for (let times = 0; times < 3 && life.runtime.state(CHAT)?.status === 'parked'; times++) {
      const state = life.runtime.state(CHAT);
      if (state?.reason === 'budget') people.raise((state.budgetUsd ?? limits.chatUsd) + 1_000);
      else people.resume();
      await world.play();
    }
  }

  const world: World = {
    witness,
    people,
    time,
    sent,
    started,
    checks,
    cut,
    faults,
    trace,
    limits,
    processes,
    get life() {
      return life;
    },
    get lives() {
      return lives + evictions + (life.evictions ?? 0);
    },
    note,
    names: () => names,
    those: (stand) => [...stands].flatMap(([session, is]) => (is === stand ? [session] : [])),
    requests: () => requests,
    waiting,
    newTask() {
      tasks += 1;
      return `task-${tasks}: see to it`;
    },
    follow(next) {
      script = next;
    },
    async happen(thing) {
      thing();
      await quiet();
      if (life.failed) {
        note(() => '—— it went down at a commit');
        await next();
      } else if (stopped) {
        note(() => '—— it has stopped');
        await next();
      }
    },
    async crash() {
      note(() => '—— it goes down');
      await next();
    },
    stop() {
      note(() => '—— it is asked to stop');
      const { n } = life;
      void life.runtime.stop().then(() => {
        if (life.n === n) stopped = true;
      });
    },
    async play({ hold = () => false, act = () => {}, until = () => false } = {}) {
      for (let happened = 0; happened < MOST; happened++) {
        act();
        if (until()) return;
        people.askAgain(life);
        const { time: clock, jobs } = life;
        const job = jobs.all.find((one) => !hold(one.what));
        if (clock.soon > 0) await world.happen(() => clock.runSoon());
        else if (job) await world.happen(() => job.finish());
        else if (clock.next()) await world.happen(() => clock.fireNext());
        else if (people.askings.every((one) => one.outcome)) return;
        else await world.happen(() => {});
      }
      const waits = people.askings.filter((one) => !one.outcome).map((one) => one.id);
      const under = life.jobs.all.map((job) => job.what);
      faults.push(
        `it does not come to rest within ${MOST} happenings: ${life.time.soon} later, ${under.join()} under way, next timer ${life.time.next()?.ms}, not answered ${waits.join()}`,
      );
    },
    async rest() {
      script = calm;
      witness.arm(undefined);
      crashes.length = 0;
      await world.play();
      await wakeUp();
      for (let asked = waiting(); asked.length > 0; asked = waiting()) {
        if (people.askings.length > MOST_ASKINGS) {
          faults.push(`${asked.map(({ id }) => id).join()} are answered and still open`);
          break;
        }
        for (const one of asked) answer(one);
        await world.play();
        await wakeUp();
      }
      for (const line of life.broken) faults.push(line);
    },
  };
  people.askAgain(life);
  await quiet();
  return world;
}
