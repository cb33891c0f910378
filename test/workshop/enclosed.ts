/**
 * Owns a workshop whose commands run in a real sandbox, for all tests of a file: a home with secrets in it, a data
 * folder, a repository. To be opened and closed by the file.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'vitest';
import type { Json, ToolOutcome, Worker } from '../../src/core/ports.ts';
import type { SandboxSetting } from '../../src/hosts/node/workshop/worker-sandbox.ts';
import {
  makeWorkshop,
  type NodeWorkshop,
  type WorkshopSetting,
} from '../../src/hosts/node/workshop/workshop.ts';
import { commit, git, notRun } from './setup.ts';

export interface Enclosed {
  /** Holds all the others. */
  readonly folder: string;
  readonly home: string;
  readonly data: string;
  readonly repo: string;
  readonly workshop: NodeWorkshop;
  worker(more?: Partial<Worker>): Worker;
  /** Opens the workspace of a worker in the repository, and says where it is. */
  worktree(more?: Partial<Worker>): Promise<{ worker: Worker; folder: string }>;
  call(
    worker: Worker,
    name: string,
    input: { readonly [key: string]: Json },
    signal?: AbortSignal,
  ): Promise<ToolOutcome>;
  bash(command: string, worker?: Worker): Promise<ToolOutcome>;
  /** What a command printed; it must succeed. */
  said(command: string, worker?: Worker): Promise<string>;
  close(): Promise<void>;
}

let worked: boolean | undefined;
/** Whether bubblewrap can make anything here, asked without any code of ours. */
export function sandboxesWork(): boolean {
  worked ??=
    spawnSync('bwrap', ['--unshare-user', '--unshare-pid', '--unshare-net', '--ro-bind', '/', '/', 'true'])
      .status === 0 && spawnSync('socat', ['-V'], { stdio: 'ignore' }).status === 0;
  return worked;
}

/** Describes what holds in a sandbox; where none can be made, says that it was not tried. */
export function describeEnclosed(name: string, body: () => void): void {
  if (sandboxesWork()) describe(name, body);
  else test(name, () => notRun('bubblewrap and socat'));
}

/**
 * @param parent where its folder is made: below /tmp commands don't see the chat's folder as /tmp
 * @param sandbox what differs from a required sandbox that reaches no host
 */
export function enclosed(
  sandbox: Partial<SandboxSetting> = {},
  { parent = '/var/tmp', ...more }: Partial<WorkshopSetting> & { readonly parent?: string } = {},
): Enclosed {
  const folder = realpathSync(mkdtempSync(join(parent, 'tidings-walls-')));
  const [home, data, repo] = [join(folder, 'home'), join(folder, 'data'), join(folder, 'repo')];
  for (const made of [home, repo]) mkdirSync(made);
  git(repo, 'init', '-q', '-b', 'main');
  commit(repo, { 'README.md': '# Thing\n', 'src/a.txt': 'one\n' }, 'first');
  const workshop = makeWorkshop({
    dataFolder: data,
    dataFolderId: `walls-${Math.random().toString(36).slice(2)}`,
    repositories: { app: repo },
    processes: 16,
    needed: [],
    environment: { PATH: process.env.PATH, HOME: home, ANTHROPIC_API_KEY: 'sk-ant-in-the-environment' },
    ...more,
    sandbox: { mode: 'required', hosts: [], write: [], hide: [], ...sandbox },
  });
  let number = 0;
  const worker: Enclosed['worker'] = (rest = {}) => ({
    session: 'sub_1',
    chat: 'chat_1',
    attempt: 1,
    path: 'fix',
    ...rest,
  });
  const call: Enclosed['call'] = (who, name, input, signal = new AbortController().signal) => {
    number += 1;
    return workshop.run(who, { id: `call_${number}`, name, input }, { signal, onAlive: () => undefined });
  };
  const bash: Enclosed['bash'] = (command, who = worker()) => call(who, 'bash', { command });
  return {
    folder,
    home,
    data,
    repo,
    workshop,
    worker,
    async worktree(rest = {}) {
      const who = worker({ repo: 'app', ...rest });
      const opened = await workshop.open(who, new AbortController().signal);
      const found = opened.kind === 'ready' ? /^Your workspace is (\S+),/.exec(opened.note)?.[1] : undefined;
      if (found === undefined) throw new Error(JSON.stringify(opened));
      return { worker: who, folder: found };
    },
    call,
    bash,
    async said(command, who) {
      const { ok, text } = await bash(command, who);
      if (!ok) throw new Error(`${command}\n${text}`);
      return text;
    },
    async close() {
      await workshop.sweepAll();
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** Writes files by their paths below a folder. */
export function fill(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}
