/**
 * One life of a gateway that keeps each session by itself, as objects in other places: each has its own runtime on its
 * own rows, reaches the others by messages that may be lost, come twice or lose their answer, and may go down alone.
 * What wants anything is looked after by an alarm, as its host would. Nothing outlives it but what was committed.
 */
import type { Store } from '../../src/core/ports.ts';
import type { Listener } from '../../src/runtime/broadcast.ts';
import type { Elsewhere } from '../../src/runtime/elsewhere.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { type Jobs, makeJobs } from './jobs.ts';
import { drawnFrom, type Life, type LifePorts, Lost, runtimeIn } from './life.ts';
import { calm } from './script.ts';
import { lifeClock, objectClock } from './virtual-time.ts';
import { killProcesses } from './workshop.ts';

/** Within this, an object that wants anything is looked after by its alarm. */
const ALARM_MS = 20_000;

interface Kept {
  readonly runtime: Runtime;
  readonly jobs: Jobs;
  /** Rejects when the object goes down: whoever waits for it hears that. */
  readonly down: Promise<never>;
  end(): void;
}

export function beginApart(ports: LifePorts): Life {
  const { n, witness, world, note } = ports;
  const time = lifeClock(ports.time);
  const broken: string[] = [];
  const kept = new Map<string, Kept>();
  const messages = makeJobs();
  const followers = new Map<string, Set<Listener>>();
  const random = drawnFrom(n);
  let up = true;
  let incarnations = 0;
  let evictions = 0;
  killProcesses(world, () => true);

  /** The one row of a session, and what belongs to it. */
  function ownRows(own: string, store: Store): Store {
    const mine = (session: string): boolean => session === own;
    return {
      ...store,
      events: (session, after, limit) => (mine(session) ? store.events(session, after, limit) : []),
      session: (session) => (mine(session) ? store.session(session) : undefined),
      snapshot: (session) => (mine(session) ? store.snapshot(session) : undefined),
      key: (session, id) => (mine(session) ? store.key(session, id) : undefined),
      wanting: () => store.wanting().filter(mine),
      sessions: () => store.sessions(own).filter(({ id }) => mine(id)),
      ended: () => [],
      chats: () => [],
      remove: (sessions) => store.remove(sessions.filter(mine)),
      commit(batch) {
        store.commit(batch);
        if (batch.at(-1)?.wants) alarm(own);
      },
    };
  }

  const armed = new Set<string>();
  function alarm(session: string): void {
    if (armed.has(session)) return;
    armed.add(session);
    time.clock.after(ALARM_MS, () => {
      armed.delete(session);
      if (!up || !witness.store.session(session)?.wants) return;
      object(session);
      alarm(session);
    });
  }

  /** Starts the object of a session, if it isn't in memory. */
  function object(session: string): Kept {
    const there = kept.get(session);
    if (there) return there;
    incarnations += 1;
    const life = n * 1_000 + incarnations;
    const clock = objectClock(time.clock);
    const jobs = makeJobs();
    let alive = true;
    let fall: (error: Error) => void = () => {};
    const down = new Promise<never>((_, reject) => {
      fall = reject;
    });
    down.catch(() => {});
    const one: Kept = {
      get runtime() {
        return runtime;
      },
      jobs,
      down,
      end() {
        if (!alive) return;
        alive = false;
        evictions += 1;
        kept.delete(session);
        clock.end();
        for (const job of jobs.all) jobs.remove(job);
        killProcesses(world, (process) => process.session === session);
        fall(new Lost(`${session} went down`));
        for (const { onEnd } of followers.get(session) ?? []) onEnd?.();
        note(() => `—— the object of ${session.slice(0, 8)} goes down`);
      },
    };
    const { runtime } = runtimeIn(ports, {
      store: ownRows(
        session,
        witness.of(life, () => up && alive),
      ),
      clock: clock.clock,
      jobs,
      life,
      random,
      broken: (line) => {
        if (alive) broken.push(line);
      },
      isUp: () => up && alive,
      lossy: true,
      // Nothing of the commit was acknowledged: the object is reset.
      fatal: () => one.end(),
      elsewhere: elsewhereOf(session),
      evicted: () => random() < 0.7,
    });
    kept.set(session, one);
    for (const listener of followers.get(session) ?? []) runtime.broadcast.follow(session, listener);
    if (witness.store.session(session)?.wants) alarm(session);
    runtime.start();
    return one;
  }

  /** A message on its way to another object: it arrives when the schedule lets it, if it does. */
  function message<T>(from: string, to: string, what: string, ask: (there: Kept) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const lose = (): void => reject(new Lost(`${what} from ${from} to ${to}`));
      const job = {
        what: `${what} for ${to}`,
        finish() {
          messages.remove(job);
          const fate = ports.script() === calm ? 1 : random();
          if (fate < 0.08) return lose();
          const answer = (): Promise<T> => {
            const there = object(to);
            return Promise.race([ask(there), there.down]);
          };
          // Sent again by whoever heard no answer: it comes twice, and the second may overtake nothing.
          if (fate < 0.16) void answer().catch(() => {});
          const heard = answer();
          if (fate < 0.24) {
            void heard.then(lose, lose);
            return;
          }
          heard.then(resolve, reject);
        },
      };
      messages.add(job);
    });
  }

  function elsewhereOf(own: string): Elsewhere {
    return (session) => {
      if (session === own) return undefined;
      return {
        send: (mail) =>
          message(own, session, 'mail', async ({ runtime }) => ({
            outcome: await runtime.send(session, mail),
            last: mail.mails.at(-1)?.n ?? 0,
          })),
        row: async () => witness.store.session(session),
        events: async (after, limit) => witness.store.events(session, after, limit),
        glance: async () => undefined,
        tell: () => {},
        remove: () => message(own, session, 'removal', ({ runtime }) => runtime.remove(session)),
      };
    };
  }

  for (const session of witness.store.wanting()) alarm(session);
  return {
    n,
    broken,
    time,
    failed: false,
    runtime: {
      send(session, command, key) {
        const there = object(session);
        return Promise.race([there.runtime.send(session, command, key), there.down]);
      },
      state: (session) =>
        up && witness.store.session(session) ? object(session).runtime.state(session) : undefined,
      // The platform stops nothing in order: all of it is gone.
      stop: async () => {},
      broadcast: {
        follow(session, listener) {
          const all = followers.get(session) ?? new Set();
          followers.set(session, all.add(listener));
          const unfollow = kept.get(session)?.runtime.broadcast.follow(session, listener);
          return () => {
            all.delete(listener);
            unfollow?.();
          };
        },
      },
    },
    jobs: {
      get all() {
        return [...messages.all, ...[...kept.values()].flatMap(({ jobs }) => jobs.all)];
      },
    },
    get actors() {
      return kept.size;
    },
    get evictions() {
      return evictions;
    },
    evict(below) {
      const all = [...kept.values()];
      all[below(all.length)]?.end();
    },
    forget() {
      for (const [session, { runtime }] of kept) {
        if (runtime.state(session)?.kind === 'main') void runtime.retention.sweepChat(session, 0);
      }
    },
    end() {
      up = false;
      for (const one of [...kept.values()]) one.end();
      time.end();
      for (const job of messages.all) messages.remove(job);
    },
  };
}
