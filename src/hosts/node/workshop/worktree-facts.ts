/**
 * Owns what can be said of a session's worktree: what its work is, how much of it the base has, what would be lost
 * with it. Only looks, and runs nothing that a repository inside the worktree names.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Git } from './git.ts';
import type { Landing, WorktreeRecord } from './record.ts';
import { commitOf } from './repository.ts';

/** A local branch, by its full name. */
export interface BaseBranch {
  readonly ref: string;
  readonly tip: string;
}

export interface Facts {
  /** Of the session's branch. */
  readonly tip: string | undefined;
  /** The branch's tip and what the worktree stands on, each once; none: nothing is left of it. */
  readonly tips: readonly string[];
  /** Absent: it didn't begin from a branch, or the branch is gone. */
  readonly base: BaseBranch | undefined;
  /** Where its work begins: the commit of the base that it was made from, or that it has merged since. */
  readonly start: string;
  /** Commits since then. */
  readonly commits: number;
  /** Files that differ from there, the uncommitted ones among them. */
  readonly files: readonly string[];
  readonly uncommitted: readonly string[];
  /** The latest landing that the base, or what the base went into, holds. */
  readonly landing: Landing | undefined;
  /** What nobody else has. */
  readonly unlanded: { readonly commits: number; readonly files: readonly string[] };
}

/** The facts of a worktree that was made; undefined if something of it can't be told. */
export async function factsOf(git: Git, record: WorktreeRecord): Promise<Facts | undefined> {
  if (!existsSync(record.common)) return undefined;
  const folder = existsSync(record.folder);
  const known = folder && isKnown(record);
  // Git has forgotten the worktree: what in its files is new can't be told.
  if (folder && !known) return undefined;
  const cwd = record.common;
  const [{ tip, base }, head, uncommitted] = await Promise.all([
    branchesOf(git, record),
    known ? commitOf(inWorktree(git, record), cwd, 'HEAD') : undefined,
    known ? uncommittedIn(git, record) : [],
  ]);
  const tips = [...new Set([tip, head])].filter((one) => one !== undefined);
  const landing = await landingOf(git, record, base);
  const start = tip === undefined ? record.baseCommit : await startOf(git, record, tip, base);

  const theirs = base?.tip ?? (await commitOf(git, cwd, record.base)) ?? record.baseCommit;
  const commits = await count(git, cwd, tips, [start]);
  const lacking = [...new Set([theirs, landing?.tip ?? theirs])];
  const ahead = lacking.join() === start ? commits : await count(git, cwd, tips, lacking);
  const files = await changed(git, cwd, start, tips);
  const since = landing?.tip ?? start;
  const left = ahead === 0 ? [] : since === start ? files : await changed(git, cwd, since, tips);
  if ([uncommitted, commits, ahead, files, left].includes(undefined)) return undefined;
  return {
    tip,
    tips,
    base,
    start,
    commits: commits ?? 0,
    files: union(files, uncommitted),
    uncommitted: uncommitted ?? [],
    landing,
    unlanded: { commits: ahead ?? 0, files: union(left, uncommitted) },
  };
}

/** The branch that a worktree began from, if it is one and still there. */
export async function baseBranch(git: Git, record: WorktreeRecord): Promise<BaseBranch | undefined> {
  return (await branchesOf(git, record)).base;
}

async function branchesOf(
  git: Git,
  record: WorktreeRecord,
): Promise<{ readonly tip: string | undefined; readonly base: BaseBranch | undefined }> {
  // Git puts `heads/` before the name of a current branch that a tag has, too.
  const bases = [
    `refs/heads/${record.base}`,
    ...(/^heads\//.test(record.base) ? [`refs/${record.base}`] : []),
  ];
  const wanted = [ownRef(record), ...bases];
  const listed = await git(['for-each-ref', '--format=%(objectname) %(symref) %(refname)', '--', ...wanted], {
    cwd: record.common,
  });
  if (listed.code !== 0) throw new Error(listed.error);
  const tips = new Map<string, string>();
  for (const line of listed.text.split('\n')) {
    const [tip = '', alias, ...name] = line.split(' ');
    // Whoever moves a ref that only stands for another moves the other.
    if (alias === '') tips.set(name.join(' '), tip);
  }
  const ref = bases.find((one) => tips.has(one));
  const baseTip = ref && tips.get(ref);
  return { tip: tips.get(ownRef(record)), base: baseTip ? { ref, tip: baseTip } : undefined };
}

/** Whether git still has the worktree. */
export function isKnown(record: WorktreeRecord): boolean {
  return existsSync(join(record.gitFolder, 'HEAD'));
}

export function ownRef(record: WorktreeRecord): string {
  return `refs/heads/${record.branch}`;
}

/** Git in the session's worktree, whatever its `.git` says. */
export function inWorktree(git: Git, record: WorktreeRecord): Git {
  return (args, options) =>
    git(['--git-dir', record.gitFolder, '--work-tree', record.folder, ...args], options);
}

export async function isWithin(git: Git, cwd: string, inner: string, outer: string): Promise<boolean> {
  return (await git(['merge-base', '--is-ancestor', inner, outer], { cwd })).code === 0;
}

/** Where the work begins, of which a merge of the base into it is no part. */
async function startOf(
  git: Git,
  record: WorktreeRecord,
  tip: string,
  base: BaseBranch | undefined,
): Promise<string> {
  const begun = record.baseCommit;
  if (base === undefined || base.tip === begun || tip === begun) return begun;
  const cwd = record.common;
  const fork = (await git(['merge-base', base.tip, tip], { cwd })).text;
  if (fork === '' || fork === tip || fork === begun) return begun;
  // A commit of the work itself that someone merged into the base is no place where it begins.
  const line = await git(['rev-list', '--first-parent', base.tip, '--not', begun], { cwd });
  return line.text.split('\n').includes(fork) ? fork : begun;
}

async function landingOf(
  git: Git,
  record: WorktreeRecord,
  base: BaseBranch | undefined,
): Promise<Landing | undefined> {
  const cwd = record.common;
  for (const landing of (record.landings ?? []).toReversed()) {
    if (base && (await isWithin(git, cwd, landing.commit, base.tip))) return landing;
    // The base may be gone after it went into another branch; those of subagents come and go.
    const holders = await git(['for-each-ref', '--contains', landing.commit, '--format=%(refname)'], { cwd });
    const lasting = holders.text.split('\n').filter((ref) => !ref.startsWith('refs/heads/subagent/'));
    if (!base && holders.code === 0 && lasting.some((ref) => ref !== '')) return landing;
  }
  return undefined;
}

/**
 * Names of files that are changed and not committed, untracked ones among them; undefined if git can't say. A
 * repository inside the worktree is asked by itself, since git would run what its configuration names as filters.
 */
async function uncommittedIn(git: Git, record: WorktreeRecord): Promise<string[] | undefined> {
  const here = inWorktree(git, record);
  const cwd = record.folder;
  const status = await here(
    ['status', '--porcelain', '-z', '--untracked-files=all', '--no-renames', '--ignore-submodules=dirty'],
    { cwd },
  );
  const staged = await here(['ls-files', '--stage', '-z'], { cwd });
  if (status.code !== 0 || staged.code !== 0) return undefined;
  const names = status.text.split('\0').flatMap((line) => (line === '' ? [] : [line.slice(3)]));
  for (const line of staged.text.split('\0')) {
    const [, name] = /^160000 [^\t]*\t(.*)$/s.exec(line) ?? [];
    if (name === undefined || names.includes(name) || !existsSync(join(cwd, name, '.git'))) continue;
    if (await isChanged(git, join(cwd, name))) names.push(name);
  }
  return names;
}

async function isChanged(git: Git, cwd: string): Promise<boolean> {
  const keys = await git(['config', '--name-only', '-z', '--get-regexp', '^filter\\.'], { cwd });
  const off = keys.text
    .split('\0')
    .filter((key) => key !== '')
    .flatMap((key) => ['-c', /\.required$/.test(key) ? `${key}=false` : `${key}=`]);
  const status = await git([...off, 'status', '--porcelain', '-z', '--ignore-submodules=dirty'], { cwd });
  return status.code !== 0 || status.text !== '';
}

/** How many commits `tips` have that `without` lack; undefined if git can't say. */
async function count(
  git: Git,
  cwd: string,
  tips: readonly string[],
  without: readonly string[],
): Promise<number | undefined> {
  if (tips.every((tip) => without.includes(tip))) return 0;
  const counted = await git(['rev-list', '--count', ...tips, '--not', ...without, '--'], { cwd });
  return counted.code === 0 ? Number(counted.text) : undefined;
}

async function changed(
  git: Git,
  cwd: string,
  from: string,
  tips: readonly string[],
): Promise<string[] | undefined> {
  const names = new Set<string>();
  for (const tip of tips) {
    if (tip === from) continue;
    const listed = await git(['diff-tree', '-r', '-z', '--no-renames', '--name-only', from, tip], { cwd });
    if (listed.code !== 0) return undefined;
    for (const name of listed.text.split('\0')) if (name !== '') names.add(name);
  }
  return [...names];
}

function union(a: readonly string[] | undefined, b: readonly string[] | undefined): string[] {
  return [...new Set([...(a ?? []), ...(b ?? [])])].sort();
}
