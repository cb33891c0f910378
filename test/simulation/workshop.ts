/**
 * The workshop of a simulated world: no files, no folders, but processes that live until someone ends them, and
 * outlive a gateway that goes down. Remembers every call that was started.
 */
import type { ToolCall, Worker, Workshop } from '../../src/core/ports.ts';
import type { Job, Jobs } from './jobs.ts';
import type { Script } from './script.ts';

export interface Process {
  readonly session: string;
  readonly attempt: number;
  readonly call: string;
  /** How many transactions there had been when it started, and when it ended. */
  readonly born: number;
  died?: number;
  /** How often it still withstands being killed. */
  withstands: number;
}

export interface Started {
  readonly worker: Worker;
  readonly call: ToolCall;
  readonly life: number;
}

export interface WorkshopWorld {
  /** All there ever were. */
  readonly processes: Process[];
  readonly started: Started[];
  /** Transactions so far. */
  readonly now: () => number;
}

/** Kills what matches; what withstands it lives on. */
export function killProcesses(world: WorkshopWorld, matches: (process: Process) => boolean): string[] {
  const left: string[] = [];
  for (const process of world.processes) {
    if (process.died !== undefined || !matches(process)) continue;
    if (process.withstands > 0) {
      process.withstands -= 1;
      left.push(`1 (${process.call})`);
    } else process.died = world.now();
  }
  return left;
}

/** Whether a session's branch holds work that nobody has taken over, once and for all. */
export function holdsWork(session: string): boolean {
  return session.charCodeAt(session.length - 1) % 4 === 0;
}

export function simulatedWorkshop(ports: {
  world: WorkshopWorld;
  jobs: Jobs;
  life: number;
  script: () => Script;
  note: (line: () => string) => void;
}): Workshop {
  const { world, jobs, life, script, note } = ports;

  function job<T>(what: string, come: () => T): Promise<T> {
    return new Promise((resolve) => {
      const one: Job = {
        what,
        finish() {
          jobs.remove(one);
          resolve(come());
        },
      };
      jobs.add(one);
    });
  }

  return {
    run(worker, call, { signal, onAlive }) {
      if (signal.aborted) return Promise.reject(signal.reason);
      world.started.push({ worker, call, life });
      note(() => `${worker.path || 'main'} starts ${call.name} ${call.id}`);
      const starts = call.name === 'bash';
      if (starts) {
        const { session, attempt } = worker;
        const withstands = script().stubborn(worker);
        world.processes.push({ session, attempt, call: call.id, born: world.now(), withstands });
      }
      const endOwn = (): string[] => killProcesses(world, (one) => one.call === call.id);
      return new Promise((resolve, reject) => {
        const abort = (): void => {
          jobs.remove(running);
          const ended = (): void => {
            endOwn();
            note(() => `${call.id} was ended`);
            reject(signal.reason);
          };
          if (!script().slowEnd()) return ended();
          const ending: Job = {
            what: `end of ${call.id}`,
            finish() {
              jobs.remove(ending);
              ended();
            },
          };
          jobs.add(ending);
        };
        const running: Job = {
          what: `${call.name} ${call.id} of ${worker.path || 'main'}`,
          progress: onAlive,
          finish() {
            signal.removeEventListener('abort', abort);
            jobs.remove(running);
            endOwn();
            const plan = script().run(worker, call);
            note(() => `${call.id} ${plan.ok ? 'succeeds' : 'fails'}`);
            resolve(plan);
          },
        };
        signal.addEventListener('abort', abort, { once: true });
        jobs.add(running);
      });
    },

    open(worker, signal) {
      const opening = job(`workspace of ${worker.path}`, () => script().open(worker));
      return Promise.race([
        opening.then((came) =>
          came === 'ready'
            ? { kind: 'ready' as const, note: `Your branch is subagent/${worker.path}.` }
            : { kind: 'failed' as const, message: 'There is no such base.' },
        ),
        new Promise<never>((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        }),
      ]);
    },

    async close(worker) {
      const came = await job(`closing of ${worker.path}`, () => script().close(worker));
      if (came === 'failed') throw new Error('The disk is full.');
      return { branch: `subagent/${worker.path}`, base: 'main', commits: 1, files: 2, wip: false };
    },

    // Half of the branches hold work that nobody has taken over.
    unlanded: async (sessions) =>
      sessions
        .filter((session) => holdsWork(session))
        .map((session) => ({ session, path: '', repository: 'app', branch: '', commits: 1, files: 1 })),

    discard: ({ sessions, whole, unconfirmed }) =>
      job(`removal of ${whole ? 'the chat' : sessions.length}`, () => ({
        kept: [],
        left: killProcesses(world, (one) => unconfirmed.includes(one.session)),
      })),

    outputs: async () => [],
    dropOutput: async () => 0,

    sweep: ({ session, attempt, path }) =>
      job(`sweep of ${path} ${attempt}`, () => ({
        left: killProcesses(world, (one) => one.session === session && one.attempt === attempt),
      })),
  };
}
