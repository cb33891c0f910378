/**
 * Owns that everything in a worktree which git doesn't ignore gets into its index, whatever stands in the way:
 * a broken index, a file that can't be read, a repository inside the worktree. Never makes a commit.
 */
import { lstatSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Git } from './git.ts';

/** How many names git may refuse before the rest is left: a full disk must not cost a process for each file. */
const patience = 30;

export interface Staged {
  /** What git could not take in; it stays as it is. */
  readonly refused: readonly string[];
  /** The git to go on with in this worktree: one that none of its filters stops. */
  readonly git: Git;
}

/**
 * Stages all changes and all untracked files of the worktree `cwd`; returns the names that git could not take
 * in, which stay as they are. `inTree` speaks to this worktree, `plain` finds a repository by its folder.
 */
export async function stageAll(
  inTree: Git,
  plain: Git,
  cwd: string,
  head: string | undefined,
): Promise<Staged> {
  await mendIndex(inTree, cwd, head);
  const refused = await stage(inTree, plain, cwd);
  if (refused.length === 0) return { refused, git: inTree };
  // A filter whose program is missing or fails stops git at every write of the index, so that nothing at all
  // might be saved: the raw contents are better than none.
  const off = await filtersOff(inTree, cwd);
  const without: Git = (args, options) => inTree([...off, ...args], options);
  if (off.length === 0) return { refused, git: inTree };
  return { refused: await stage(without, plain, cwd), git: without };
}

async function stage(inTree: Git, plain: Git, cwd: string): Promise<string[]> {
  const refused: string[] = [];
  // Not `add --update`: that looks into the repositories inside the worktree, by their own settings, and so would
  // run what a worker wrote there outside of its sandbox.
  const changed = await inTree(['diff-files', '--ignore-submodules=dirty', '-z', '--name-only'], { cwd });
  if (changed.code !== 0) refused.push('what has changed');
  await add(inTree, cwd, [...namesIn(changed.out)], refused);
  const untracked = await untrackedIn(inTree, plain, cwd, '');
  await add(inTree, cwd, untracked, refused);
  if (untracked.length > 0) {
    // A name that git could never check out again it skips without a word of failure.
    const staged = namesIn((await inTree(['ls-files', '-z'], { cwd })).out);
    for (const name of untracked) {
      if (!staged.has(name) && !refused.includes(name) && isThere(cwd, name)) refused.push(name);
    }
  }
  return refused.map(raw);
}

/** Git's own arguments that switch every configured filter off. */
async function filtersOff(git: Git, cwd: string): Promise<string[]> {
  const keys = await git(['config', '--name-only', '-z', '--get-regexp', '^filter\\..*\\.(clean|process)$'], {
    cwd,
  });
  return keys.text
    .split('\0')
    .filter((key) => key !== '')
    .flatMap((key) => ['-c', `${key}=`, '-c', `${key.replace(/[^.]*$/, '')}required=false`]);
}

/** An index that git can't read is made anew from the commit; the files themselves are not touched. */
async function mendIndex(git: Git, cwd: string, head: string | undefined): Promise<void> {
  if ((await git(['ls-files', '--stage', '-z'], { cwd })).code === 0) return;
  const folder = await git(['rev-parse', '--absolute-git-dir'], { cwd });
  if (folder.code === 0) await rm(join(folder.text, 'index'), { force: true });
  if (head !== undefined) await git(['read-tree', head], { cwd });
}

/**
 * Untracked files below `prefix` ('' or ending in a slash), as raw names. Git names a repository inside the
 * worktree only as a folder, since it would keep nothing of it but a commit id: its files are listed one by one.
 */
async function untrackedIn(git: Git, plain: Git, cwd: string, prefix: string): Promise<string[]> {
  const kinds = prefix === '' ? ['--others'] : ['--cached', '--others'];
  const list = await git(['ls-files', '-z', ...kinds, '--exclude-standard'], { cwd: join(cwd, raw(prefix)) });
  const found: string[] = [];
  for (const name of namesIn(list.out)) {
    if (name.endsWith('/')) found.push(...(await untrackedIn(plain, plain, cwd, prefix + name)));
    else found.push(prefix + name);
  }
  return found;
}

/** Adds the names; where git stops at one of them, halves the list until only that one is left out. */
async function add(git: Git, cwd: string, names: readonly string[], refused: string[]): Promise<void> {
  if (names.length === 0) return;
  if (refused.length < patience) {
    const input = Buffer.from(names.map((name) => `${name}\0`).join(''), 'latin1');
    const done = await git(['update-index', '--add', '--remove', '-z', '--stdin'], { cwd, input });
    if (done.code === 0) return;
  }
  if (names.length === 1 || refused.length >= patience) {
    refused.push(...names);
    return;
  }
  const middle = Math.ceil(names.length / 2);
  await add(git, cwd, names.slice(0, middle), refused);
  await add(git, cwd, names.slice(middle), refused);
}

/** Names that end in NUL, one character a byte: a file's name need not be UTF-8. */
function namesIn(list: Buffer): Set<string> {
  return new Set(
    list
      .toString('latin1')
      .split('\0')
      .filter((name) => name !== ''),
  );
}

function isThere(cwd: string, name: string): boolean {
  return (
    lstatSync(Buffer.concat([Buffer.from(`${cwd}/`), Buffer.from(name, 'latin1')]), {
      throwIfNoEntry: false,
    }) !== undefined
  );
}

function raw(name: string): string {
  return Buffer.from(name, 'latin1').toString('utf8');
}
