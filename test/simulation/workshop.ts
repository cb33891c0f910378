/**
 * The workshop of a simulated world: no files, no folders, but processes that live until someone ends them, and
 * outlive a gateway that goes down. Remembers every call that was started and every check that was made.
 */
import type { ToolCall, Worker, Workshop } from '../../src/core/ports.ts';
import type { Job, Jobs } from './jobs.ts';
import type { Script, ToolPlan } from './script.ts';

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
  /** How many transactions there had been. */
  readonly at: number;
}

/** Commands that were run to see whether work is done. */
export interface Check {
  readonly session: string;
  readonly attempt: number;
  readonly commands: readonly string[];
  /** How many transactions there had been when it began, and when it came to its end by itself. */
  readonly began: number;
  ended?: number;
  holds?: boolean;
}

export interface WorkshopWorld {
  /** All there ever were. */
  readonly processes: Process[];
  readonly started: Started[];
  readonly checks: Check[];
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

const noWorktree = { ok: false, why: 'none', message: 'It has none.', files: [] } as const;

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

  /** Runs until it is given up, or comes out as planned. */
  function running(
    worker: Worker,
    call: ToolCall,
    { signal, onAlive }: { signal: AbortSignal; onAlive: () => void },
    planned: () => ToolPlan,
  ): Promise<ToolPlan> {
    if (signal.aborted) return Promise.reject(signal.reason);
    note(() => `${worker.path || 'main'} starts ${call.name} ${call.id}`);
    if (call.name === 'bash') {
      const { session, attempt } = worker;
      const withstands = script().stubborn(worker);
      world.processes.push({ session, attempt, call: call.id, born: world.now(), withstands });
    }
    const endOwn = (): string[] => killProcesses(world, (one) => one.call === call.id);
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        jobs.remove(underway);
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
      const underway: Job = {
        what: `${call.name} ${call.id} of ${worker.path || 'main'}`,
        progress: onAlive,
        finish() {
          signal.removeEventListener('abort', abort);
          jobs.remove(underway);
          endOwn();
          const plan = planned();
          note(() => `${call.id} ${plan.ok ? 'succeeds' : 'fails'}`);
          resolve(plan);
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      jobs.add(underway);
    });
  }

  let checked = 0;

  return {
    run(worker, call, how) {
      if (!how.signal.aborted) world.started.push({ worker, call, life, at: world.now() });
      return running(worker, call, how, () => script().run(worker, call));
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

    async verify(worker, commands, how) {
      const { session, attempt } = worker;
      const check: Check = { session, attempt, commands, began: world.now() };
      world.checks.push(check);
      checked += 1;
      for (const [at, command] of commands.entries()) {
        const call = { id: `check-${life}-${checked}-${at}`, name: 'bash', input: { command } };
        const { ok, text } = await running(worker, call, how, () => script().check(worker, command));
        if (!ok) {
          Object.assign(check, { ended: world.now(), holds: false });
          return { ok, command, text };
        }
      }
      Object.assign(check, { ended: world.now(), holds: true });
      return { ok: true };
    },

    worktrees: {
      list: async () => [],
      diff: async () => noWorktree,
      land: async () => noWorktree,
      remove: async () => noWorktree,
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
