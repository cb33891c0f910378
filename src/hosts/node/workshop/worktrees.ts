/**
 * Owns how a session comes to its git worktree: makes it on a branch of its own, or finds it again whatever
 * crashed when. Never reuses, moves or removes a branch or a folder that it did not make for this session.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Worker } from '../../../core/ports.ts';
import { type Folders, fileName } from './folders.ts';
import type { Git } from './git.ts';
import { dropRecord, loadRecord, saveRecord, type WorktreeRecord } from './record.ts';
import { commitOf, findBase, inspect, parseRepo, type Repositories, type Repository } from './repository.ts';

export interface WorktreeSetting {
  readonly git: Git;
  readonly folders: Folders;
  readonly repositories: Repositories;
  /** Runs one job at a time for each key. */
  readonly serially: <T>(key: string, job: () => Promise<T>) => Promise<T>;
}

export type Opened =
  | { readonly kind: 'ready'; readonly record: WorktreeRecord; readonly remarks: readonly string[] }
  | { readonly kind: 'failed'; readonly message: string };

/** Makes or finds the worktree for `worker`, who wants `spec`. Rejects with the signal's reason if that aborts. */
export async function openWorktree(
  setting: WorktreeSetting,
  worker: Worker,
  spec: string,
  signal: AbortSignal,
): Promise<Opened> {
  const wanted = parseRepo(setting.repositories, spec);
  if (!wanted.ok) return failed(wanted.message);
  const found = await inspect(setting.git, wanted.value.name, wanted.value.path);
  if (!found.ok) return failed(found.message);
  const file = setting.folders.record(worker.session);
  return setting.serially(found.value.common, async () => {
    signal.throwIfAborted();
    const old = await loadRecord(file);
    if (old?.state === 'made') return again(setting, file, old, signal);
    if (old !== undefined) {
      await undo(setting.git, old);
      await dropRecord(file);
    }
    return make(setting, worker, found.value, wanted.value.base, signal);
  });
}

/**
 * A subagent's branch. Git can't have both `subagent/boss` and `subagent/boss/pawn`, so the levels of a path
 * are joined with `_`, which no label holds.
 */
export function branchOf(path: string): string {
  return `subagent/${path === '' ? 'main' : path.split('/').join('_')}`;
}

async function make(
  setting: WorktreeSetting,
  worker: Worker,
  repository: Repository,
  asked: string | undefined,
  signal: AbortSignal,
): Promise<Opened> {
  const { git, folders } = setting;
  const base = await findBase(git, repository, asked);
  if (!base.ok) return failed(base.message);
  if ((await commitOf(git, repository.top, 'refs/heads/subagent')) !== undefined) {
    return failed(
      `The repository ${repository.name} has a branch named "subagent", beside which git can't have subagent/…. Rename it: git branch -m subagent <other name>.`,
    );
  }
  const file = folders.record(worker.session);
  const wish = branchOf(worker.path);
  for (let number = 1; number <= 1000; number += 1) {
    const branch = number === 1 ? wish : `${wish}-${number}`;
    if (await isTaken(git, repository, branch)) continue;
    const record: WorktreeRecord = {
      version: 1,
      session: worker.session,
      state: 'making',
      repository: repository.name,
      top: repository.top,
      common: repository.common,
      folder: freeFolder(folders.worktrees(worker.chat), fileName(branch.slice('subagent/'.length))),
      gitFolder: '',
      branch,
      base: base.value.name,
      baseCommit: base.value.commit,
    };
    try {
      await saveRecord(file, record);
      const born = await git(
        [
          'update-ref',
          '--create-reflog',
          '-m',
          birth(record),
          `refs/heads/${branch}`,
          record.baseCommit,
          '0'.repeat(record.baseCommit.length),
        ],
        { cwd: repository.top, signal },
      );
      signal.throwIfAborted();
      if (born.code !== 0) {
        await dropRecord(file);
        if (await isTaken(git, repository, branch)) continue;
        return failed(couldNot(`make the branch ${branch}`, repository.name, born.error));
      }
      const made = await checkOut(git, record, signal);
      if (typeof made === 'string') {
        await undo(git, record);
        await dropRecord(file);
        return failed(couldNot(`make a worktree on ${branch}`, repository.name, made));
      }
      await saveRecord(file, made);
      const remarks =
        branch === wish ? [] : [`The branch ${wish} was already there and is not yours; yours is ${branch}.`];
      return { kind: 'ready', record: made, remarks };
    } catch (error) {
      await undo(git, record).catch(() => undefined);
      await dropRecord(file).catch(() => undefined);
      signal.throwIfAborted();
      return failed(couldNot(`make a worktree on ${branch}`, repository.name, String(error)));
    }
  }
  return failed(`The repository ${repository.name} has a thousand branches named ${wish}-…; remove some.`);
}

/** Finds a worktree that was made; what has been taken away from it is put back, nothing is thrown away. */
async function again(
  setting: WorktreeSetting,
  file: string,
  record: WorktreeRecord,
  signal: AbortSignal,
): Promise<Opened> {
  const { git } = setting;
  const remarks: string[] = [];
  if (!existsSync(record.common)) {
    return failed(
      `The workspace belongs to the repository at ${record.common}, which is not there any more.`,
    );
  }
  if (existsSync(record.folder) && existsSync(join(record.gitFolder, 'HEAD'))) {
    const pointer = join(record.folder, '.git');
    if (!existsSync(pointer)) await writeFile(pointer, `gitdir: ${record.gitFolder}\n`);
    return { kind: 'ready', record, remarks };
  }
  if (existsSync(record.folder)) {
    const aside = freeFolder(
      dirname(record.folder),
      `${record.folder.slice(dirname(record.folder).length + 1)}-left`,
    );
    await rename(record.folder, aside);
    remarks.push(`Git had forgotten your worktree; its files as they were are in ${aside}.`);
  }
  await forget(record);
  const branch = await commitOf(git, record.common, `refs/heads/${record.branch}`);
  if (branch === undefined) {
    const born = await git(
      [
        'update-ref',
        '--create-reflog',
        '-m',
        birth(record),
        `refs/heads/${record.branch}`,
        record.baseCommit,
        '',
      ],
      { cwd: record.common, signal },
    );
    signal.throwIfAborted();
    if (born.code !== 0)
      return failed(couldNot(`make the branch ${record.branch} again`, record.repository, born.error));
    remarks.push(`The branch ${record.branch} was gone; it begins anew at ${record.base}.`);
  } else {
    remarks.push(`Your worktree was gone and was made again from the branch ${record.branch}.`);
  }
  const made = await checkOut(git, record, signal);
  signal.throwIfAborted();
  if (typeof made === 'string') {
    await forget(record);
    await rm(record.folder, { recursive: true, force: true });
    return failed(couldNot(`make the worktree on ${record.branch} again`, record.repository, made));
  }
  await saveRecord(file, made);
  return { kind: 'ready', record: made, remarks };
}

/** Makes the worktree of a branch that is there; the finished record, or git's complaint. */
async function checkOut(
  git: Git,
  record: WorktreeRecord,
  signal: AbortSignal,
): Promise<WorktreeRecord | string> {
  await mkdir(dirname(record.folder), { recursive: true });
  const added = await git(['worktree', 'add', '--quiet', '--', record.folder, record.branch], {
    cwd: record.common,
    signal,
  });
  signal.throwIfAborted();
  if (added.code !== 0) return added.error;
  const own = await git(['rev-parse', '--absolute-git-dir'], { cwd: record.folder });
  if (own.code !== 0) return own.error;
  return { ...record, state: 'made', gitFolder: own.text };
}

/** Takes back a worktree in which nobody has worked yet, however much of it there is. */
export async function undo(git: Git, record: WorktreeRecord): Promise<void> {
  if (!existsSync(record.common)) return;
  await forget(record);
  const ref = `refs/heads/${record.branch}`;
  // Only the reflog tells our branch from one that a person gave the same name and commit.
  const log = await git(['log', '--walk-reflogs', '--max-count=1', '--format=%H %gs', ref, '--'], {
    cwd: record.common,
  });
  if (log.text === `${record.baseCommit} ${birth(record)}`) {
    await git(['update-ref', '-d', ref, record.baseCommit], { cwd: record.common });
  }
  await rm(record.folder, { recursive: true, force: true });
}

/** Makes git forget the worktree in this record's folder, and no other. */
export async function forget(record: WorktreeRecord): Promise<void> {
  const all = join(record.common, 'worktrees');
  for (const name of await readdir(all).catch((): string[] => [])) {
    const pointer = await readFile(join(all, name, 'gitdir'), 'utf8').catch(() => '');
    if (pointer.trim() === join(record.folder, '.git')) {
      await rm(join(all, name), { recursive: true, force: true });
    }
  }
}

/** Whether git could not make this branch, because it or one above or below it is there or being made. */
async function isTaken(git: Git, repository: Repository, branch: string): Promise<boolean> {
  const ref = `refs/heads/${branch}`;
  // The pattern finds the branch itself and all that begin with it and a slash.
  const there = await git(['for-each-ref', '--count=1', '--format=%(refname)', ref], { cwd: repository.top });
  return there.text !== '' || existsSync(join(repository.common, `${ref}.lock`));
}

function freeFolder(parent: string, name: string): string {
  for (let number = 1; ; number += 1) {
    const folder = join(parent, number === 1 ? name : `${name}-${number}`);
    if (!existsSync(folder)) return folder;
  }
}

function birth(record: WorktreeRecord): string {
  return `tidings: workspace of ${record.session}`;
}

function couldNot(what: string, repository: string, error: string): string {
  const why = /no space left|disk quota/i.test(error) ? 'the disk is full' : error.slice(-600);
  return `Could not ${what} in the repository ${repository}: ${why}`;
}

function failed(message: string): Opened {
  return { kind: 'failed', message };
}
