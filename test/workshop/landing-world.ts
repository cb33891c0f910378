/** Owns what the tests of landing share: subagents with worktrees of one repository, and all that a landing may touch. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Worker, WorktreeRefusal } from '../../src/core/ports.ts';
import type { WorkshopSetting } from '../../src/hosts/node/workshop/workshop.ts';
import { bench, freshFolder, git, repository } from './setup.ts';

export const words = { title: 'fix: mend it', body: 'By the subagent fix.' };

/** A subagent at work in its worktree. */
export interface Hand {
  readonly session: string;
  readonly worker: Worker;
  readonly folder: string;
  readonly branch: string;
  /** Writes files there without a commit. */
  write(files: Record<string, string>): void;
  commit(files: Record<string, string>): string;
}

/** A repository `thing` on `main`, and a workshop for it. */
export function world(files?: Record<string, string>, setting: Partial<WorkshopSetting> = {}) {
  const repo = repository(files ?? { 'a.txt': 'one\n', 'b.txt': 'one\n' });
  const it = bench({ repositories: { thing: repo }, ...setting });
  const { workshop } = it;

  async function hand(label: string, spec = 'thing', chat = 'chat_1'): Promise<Hand> {
    const session = `sub_${label}`;
    const worker = it.worker({ session, chat, path: label, repo: spec });
    const opened = await workshop.open(worker, new AbortController().signal);
    if (opened.kind !== 'ready') throw new Error(opened.message);
    const folder = /workspace is (.*?), a git worktree/.exec(opened.note)?.[1] ?? '';
    const write: Hand['write'] = (some) => {
      for (const [name, text] of Object.entries(some)) {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        writeFileSync(join(folder, name), text);
      }
    };
    return {
      session,
      worker,
      folder,
      branch: git(folder, 'rev-parse', '--abbrev-ref', 'HEAD'),
      write,
      commit(some) {
        write(some);
        git(folder, 'add', '-A');
        git(folder, 'commit', '-q', '-m', `work of ${label}`);
        return git(folder, 'rev-parse', 'HEAD');
      },
    };
  }

  /** All that a refused landing or removal must leave as it was. */
  function everything(): unknown {
    const lists = git(repo, 'worktree', 'list', '--porcelain');
    const folders = [...lists.matchAll(/^worktree (.*)$/gm)].flatMap(([, folder = '']) => folder);
    return {
      refs: git(repo, 'for-each-ref'),
      lists,
      log: git(repo, 'reflog', 'show', '--all'),
      trees: folders.filter(existsSync).map((folder) => [
        git(folder, 'status', '--porcelain', '--ignored'),
        readdirSync(folder, { recursive: true })
          .map(String)
          .filter((name) => !/^\.git\//.test(name))
          .sort(),
      ]),
      records: readdirSync(join(it.data, 'workspaces')).map((name) =>
        readFileSync(join(it.data, 'workspaces', name), 'utf8'),
      ),
      partial: readdirSync(join(it.data, 'partial')),
    };
  }

  return {
    ...it,
    repo,
    hand,
    everything,
    worktrees: workshop.worktrees,
    land: (of: Hand) => workshop.worktrees.land(of.session, words),
    show: (revision: string) => git(repo, 'show', revision),
  };
}

/** The refusal that it is, or an error that says what was done instead. */
export function refused(outcome: { readonly ok: true } | WorktreeRefusal): WorktreeRefusal {
  if (outcome.ok) throw new Error(`it was done: ${JSON.stringify(outcome)}`);
  return outcome;
}

export function done<T extends { readonly ok: true }>(outcome: T | WorktreeRefusal): T {
  if (!outcome.ok) throw new Error(`${outcome.why}: ${outcome.message} ${outcome.files.join(', ')}`);
  return outcome;
}

/**
 * An environment whose git is the real one behind a shell script, which sees each call's words as `$*` and runs before
 * it.
 */
export function withGit(script: string): Record<string, string | undefined> {
  const folder = freshFolder();
  const real = process.env.PATH?.split(':')
    .map((path) => join(path, 'git'))
    .find(existsSync);
  const wrapper = join(folder, 'git');
  writeFileSync(wrapper, `#!/bin/sh\ngit='${real}'\n${script}\nexec "$git" "$@"\n`);
  chmodSync(wrapper, 0o755);
  return { ...process.env, PATH: `${folder}:${process.env.PATH}` };
}
