/** Owns what the workshop's tests share: a data folder, real repositories, and looks at real processes. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { Json, ToolOutcome, Worker } from '../../src/core/ports.ts';
import {
  makeWorkshop,
  type NodeWorkshop,
  type WorkshopSetting,
} from '../../src/hosts/node/workshop/workshop.ts';

/** Runs when the current test is over, the latest first. */
export function afterTest(clean: () => unknown): void {
  onTestFinished(async () => void (await clean()));
}

/** A folder of its own, gone after the test. */
export function freshFolder(parent = tmpdir()): string {
  const folder = realpathSync(mkdtempSync(join(parent, 'tidings-test-')));
  afterTest(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

export interface Bench {
  readonly data: string;
  readonly workshop: NodeWorkshop;
  worker(more?: Partial<Worker>): Worker;
  /** Calls a tool as the worker, the main session's scratch one unless another is given. */
  call(
    name: string,
    input: { readonly [key: string]: Json },
    options?: { worker?: Worker; signal?: AbortSignal; limitMs?: number; id?: string },
  ): Promise<ToolOutcome>;
  bash(command: string, worker?: Worker): Promise<ToolOutcome>;
}

export function bench(setting: Partial<WorkshopSetting> = {}): Bench {
  const data = setting.dataFolder ?? join(freshFolder(), 'data');
  const workshop = makeWorkshop({
    dataFolder: data,
    dataFolderId: `test-${Math.random().toString(36).slice(2)}`,
    repositories: {},
    processes: 16,
    ...setting,
  });
  afterTest(() => workshop.sweepAll());
  const main: Worker = { session: 'chat_1', chat: 'chat_1', attempt: 1, path: '' };
  const call: Bench['call'] = (name, input, options = {}) =>
    workshop.run(
      options.worker ?? main,
      { id: options.id ?? 'call_1', name, input },
      {
        signal: options.signal ?? new AbortController().signal,
        onAlive: () => undefined,
        ...(options.limitMs === undefined ? {} : { limitMs: options.limitMs }),
      },
    );
  return {
    data: realpathSync(data),
    workshop,
    worker: (more = {}) => ({ session: 'sub_1', chat: 'chat_1', attempt: 1, path: 'fix', ...more }),
    call,
    bash: (command, worker) => call('bash', { command }, worker === undefined ? {} : { worker }),
  };
}

const person = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  PATH: process.env.PATH ?? '',
};

/** Git as a person runs it. */
export function git(cwd: string, ...args: string[]): string {
  return execFileSync('git', args, {
    cwd,
    env: person,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).replace(/\n$/, '');
}

/** A repository on the branch `main` with one commit. */
export function repository(files: Record<string, string> = { 'README.md': '# Thing\n' }): string {
  const folder = join(freshFolder(), 'repo');
  mkdirSync(folder);
  git(folder, 'init', '-q', '-b', 'main');
  commit(folder, files, 'first');
  return folder;
}

export function commit(folder: string, files: Record<string, string>, message: string): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  git(folder, 'add', '-A');
  git(folder, 'commit', '-q', '-m', message);
  return git(folder, 'rev-parse', 'HEAD');
}

/** How many live processes run exactly this command line; `sleep 4711.5` with odd numbers makes it unique. */
export function alive(commandLine: string): number {
  let count = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() === commandLine)
        count += 1;
    } catch {
      // It ended while we looked.
    }
  }
  return count;
}

/** Waits until something holds, for half a minute at most. */
export async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1_500 && !holds(); tries += 1) await sleep(20);
  if (!holds()) throw new Error(`never came to hold: ${holds}`);
}

let odd = 0;
/** A `sleep` that nothing else on this machine runs. */
export function oddSleep(): string {
  odd += 1;
  return `sleep ${3000 + (process.pid % 100000)}.${odd}${Math.floor(Math.random() * 1e6)}`;
}

let namespaces: boolean | undefined;
/** Whether this system lets us make PID namespaces, asked without any code of the workshop. */
export function namespacesWork(): boolean {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-current-user'];
  namespaces ??=
    spawnSync('unshare', [...user, '--pid', '--fork', '--mount-proc', 'true'], { stdio: 'ignore' }).status ===
    0;
  return namespaces;
}

/** Says that a test did nothing for want of something; in CI that is a failure. */
export function notRun(what: string): void {
  if (process.env.CI !== undefined) throw new Error(`needs ${what}`);
  console.log(`NOT RUN: needs ${what}`);
}
