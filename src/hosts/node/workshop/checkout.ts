/**
 * Owns a branch's place in a working tree of its repository: where it is checked out, what stands there in the way
 * of a new commit, and how that commit's files get there. Whatever fails leaves the files as they were.
 */
import { existsSync } from 'node:fs';
import { lstat, readdir, readFile, realpath, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { WorktreeRefusal } from '../../../core/ports.ts';
import type { Git } from './git.ts';

export interface Checkout {
  readonly folder: string;
  readonly gitFolder: string;
}

/** Where `ref` is checked out, of all working trees of the repository `common`; throws if git can't say. */
export async function checkoutsOf(git: Git, common: string, ref: string): Promise<Checkout[]> {
  const list = await git(['worktree', 'list', '--porcelain', '-z'], { cwd: common });
  if (list.code !== 0) throw new Error(list.error);
  const found: Checkout[] = [];
  for (const entry of list.text.split('\0\0')) {
    const lines = entry.split('\0');
    const folder = lines[0]?.replace(/^worktree /, '') ?? '';
    if (!lines.includes(`branch ${ref}`) || !existsSync(folder)) continue;
    // A folder around it must not be taken for it, if its own pointer to git is gone.
    const asked = await git(['rev-parse', '--absolute-git-dir', '--git-common-dir'], {
      cwd: folder,
      env: { GIT_CEILING_DIRECTORIES: dirname(folder) },
    });
    const [gitFolder = '', shared = ''] = asked.text.split('\n');
    if (asked.code !== 0 || (await realpath(resolve(folder, shared))) !== common) continue;
    found.push({ folder, gitFolder });
  }
  return found;
}

/** What is half done to `ref` in some working tree of the repository, and where. */
export async function underWay(
  common: string,
  ref: string,
  checkout: Checkout | undefined,
): Promise<{ readonly what: string; readonly folder: string } | undefined> {
  const marks = {
    MERGE_HEAD: 'a merge',
    CHERRY_PICK_HEAD: 'a cherry-pick',
    REVERT_HEAD: 'a revert',
    sequencer: 'a cherry-pick or revert',
    'rebase-merge': 'a rebase',
    'rebase-apply': 'a rebase or am',
    BISECT_LOG: 'a bisect',
  };
  for (const [mark, what] of Object.entries(marks)) {
    if (checkout && existsSync(join(checkout.gitFolder, mark))) return { what, folder: checkout.folder };
  }
  // A branch that is rebased or bisected is checked out nowhere meanwhile.
  const linked = await readdir(join(common, 'worktrees')).catch((): string[] => []);
  for (const gitFolder of [common, ...linked.map((name) => join(common, 'worktrees', name))]) {
    const read = async (name: string): Promise<string> =>
      (await readFile(join(gitFolder, name), 'utf8').catch(() => '')).trim();
    const rebased = [await read('rebase-merge/head-name'), await read('rebase-apply/head-name')];
    const bisected = `refs/heads/${await read('BISECT_START')}`;
    const what = rebased.includes(ref) ? 'a rebase' : bisected === ref ? 'a bisect' : undefined;
    if (what) return { what, folder: dirname((await read('gitdir')) || gitFolder) };
  }
  return undefined;
}

/** Tracked files there that are not as in the commit that is checked out; throws if git can't say. */
export async function changedIn(git: Git, { folder }: Checkout): Promise<string[]> {
  const status = await git(
    ['status', '--porcelain', '-z', '--untracked-files=no', '--no-renames', '--ignore-submodules=dirty'],
    { cwd: folder },
  );
  if (status.code !== 0) throw new Error(status.error);
  return status.text.split('\0').flatMap((line) => (line === '' ? [] : [line.slice(3)]));
}

/** What a new commit does to the files of the one before. Names hold one character a byte: they need not be UTF-8. */
export interface Change {
  readonly from: string;
  readonly to: string;
  readonly added: readonly string[];
  /** Changed or removed. */
  readonly others: readonly string[];
}

export async function changeBetween(git: Git, cwd: string, from: string, to: string): Promise<Change> {
  const listed = await git(['diff-tree', '-r', '-z', '--no-renames', '--name-status', from, to], { cwd });
  if (listed.code !== 0) throw new Error(listed.error);
  const added: string[] = [];
  const others: string[] = [];
  const fields = listed.out.toString('latin1').split('\0');
  for (let at = 0; at + 1 < fields.length; at += 2) {
    (fields[at] === 'A' ? added : others).push(fields[at + 1] ?? '');
  }
  return { from, to, added, others };
}

/** Files there that git doesn't track, ignored ones among them, in whose place the commit has one of its own. */
export async function inTheWay({ folder }: Checkout, { added, others }: Change): Promise<string[]> {
  const tracked = new Set(others);
  const found = new Set<string>();
  for (const name of added) {
    for (const part of pathsTo(name)) {
      const stats = await lstat(inside(folder, part)).catch(() => undefined);
      if (!stats) break;
      if (part === name ? !stats.isDirectory() : !stats.isDirectory() && !tracked.has(part)) found.add(part);
    }
  }
  return [...found].map(readable);
}

/** A name of a change as people and models read it. */
export function readable(name: string): string {
  return Buffer.from(name, 'latin1').toString('utf8');
}

/** Puts the files and the index there from one commit to the other; undefined, or why that could not be. */
export async function bringTo(
  git: Git,
  checkout: Checkout,
  change: Change,
): Promise<Pick<WorktreeRefusal, 'why' | 'message'> | undefined> {
  const cwd = checkout.folder;
  const folders = await foldersToMake(checkout, change);
  await git(['update-index', '-q', '--refresh'], { cwd });
  const moved = await git(['read-tree', '-m', '-u', '--no-recurse-submodules', change.from, change.to], {
    cwd,
  });
  if (moved.code === 0) return undefined;
  // Before it touches anything git sees whether it may.
  const refused =
    /would (be overwritten|lose untracked)|Cannot merge|index\.lock': File exists|overlaps with/i;
  if (refused.test(moved.error)) return { why: 'dirty', message: moved.error };
  await putBack(git, checkout, change, folders);
  return { why: 'failed', message: moved.error };
}

/** After git stopped half way: the index is still the old one. */
async function putBack(
  git: Git,
  { folder }: Checkout,
  change: Change,
  made: readonly string[],
): Promise<void> {
  for (const name of change.added) {
    const stats = await lstat(inside(folder, name)).catch(() => undefined);
    if (stats && !stats.isDirectory()) await rm(inside(folder, name), { force: true });
  }
  for (const name of made.toReversed()) await rmdir(inside(folder, name)).catch(() => undefined);
  const input = Buffer.from(change.others.map((name) => `${name}\0`).join(''), 'latin1');
  await git(['checkout-index', '--force', '--quiet', '-z', '--stdin'], { cwd: folder, input });
}

/** Folders that the change needs and that are not there, the outer ones first. */
async function foldersToMake({ folder }: Checkout, { added }: Change): Promise<string[]> {
  const needed = new Set(added.flatMap((name) => pathsTo(name).slice(0, -1)));
  const missing: string[] = [];
  for (const name of needed) {
    if (!(await lstat(inside(folder, name)).catch(() => undefined))) missing.push(name);
  }
  return missing;
}

function inside(folder: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]);
}

/** `a`, `a/b`, `a/b/c` for `a/b/c`. */
function pathsTo(name: string): string[] {
  const parts = name.split('/');
  return parts.map((_, at) => parts.slice(0, at + 1).join('/'));
}
