/**
 * Owns what becomes of the folders of sessions that go: they are removed, but for work that nobody else has, which
 * stays where it is with its branch. Never judges a chat or a session, and never removes what it can't judge.
 */
import { existsSync } from 'node:fs';
import { chmod, lstat, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeptWork, Workshop } from '../../../core/ports.ts';
import { type Folders, idOf } from './folders.ts';
import type { Git } from './git.ts';
import { dropRecord, loadRecord, type WorktreeRecord } from './record.ts';
import { commitOf } from './repository.ts';
import { forget, undo } from './worktrees.ts';

type Leavings = Pick<Workshop, 'unlanded' | 'discard' | 'outputs' | 'dropOutput'>;

export function makeLeavings(setting: {
  readonly folders: Folders;
  readonly serially: <T>(key: string, job: () => Promise<T>) => Promise<T>;
  readonly gitOf: (session: string) => Git;
  /** Ends a session's processes; what still lives. */
  readonly sweep: (session: string) => Promise<string[]>;
}): Leavings {
  const { folders, serially, gitOf, sweep } = setting;

  /** The session's worktree is taken down, or named because its work would be lost. */
  async function discardWorktree(session: string): Promise<KeptWork | undefined> {
    const file = folders.record(session);
    const record = await loadRecord(file);
    if (record === undefined) return undefined;
    const git = gitOf(session);
    return serially(record.common, async () => {
      if (record.state === 'making') await undo(git, record);
      else {
        const kept = await unlandedOf(git, record);
        // Without the record nobody comes to it again: another session of this name gets a worktree of its own.
        if (kept) {
          await dropRecord(file);
          return kept;
        }
        await takeDown(git, record);
      }
      await dropRecord(file);
      return undefined;
    });
  }

  return {
    async unlanded(sessions) {
      const found: KeptWork[] = [];
      for (const session of sessions) {
        const record = await loadRecord(folders.record(session));
        if (record?.state !== 'made') continue;
        const kept = await serially(record.common, () => unlandedOf(gitOf(session), record));
        if (kept) found.push(kept);
      }
      return found;
    },

    async discard({ chat, sessions, whole, unconfirmed }) {
      const left: string[] = [];
      for (const session of unconfirmed) left.push(...(await sweep(session)));
      const kept: KeptWork[] = [];
      for (const session of sessions) {
        const work = await discardWorktree(session);
        if (work) kept.push(work);
        await removeFolder(folders.scratch(session));
      }
      if (whole) {
        await removeFolder(folders.tmp(chat));
        // Only if nothing was kept in it.
        await rmdir(folders.worktrees(chat)).catch(() => undefined);
      }
      return { kept, left };
    },

    async outputs() {
      const chats: string[] = [];
      for (const name of await namesIn(folders.tmps)) {
        const chat = idOf(name);
        if (existsSync(folders.output(chat))) chats.push(chat);
      }
      return chats;
    },

    async dropOutput(chat, before) {
      const folder = folders.output(chat);
      let dropped = 0;
      for (const name of await namesIn(folder)) {
        // A model may have put something of its own there: only what the tools name like this is theirs.
        if (!/^bash-.*\.txt$/.test(name)) continue;
        const file = join(folder, name);
        const stats = await lstat(file).catch(() => undefined);
        if (!stats?.isFile() || stats.mtimeMs >= before) continue;
        await rm(file, { force: true });
        dropped += 1;
      }
      return dropped;
    },
  };
}

/**
 * The work in a session's worktree and on its branch that its base doesn't have; undefined if there is none. What
 * can't be judged counts as work.
 */
async function unlandedOf(git: Git, record: WorktreeRecord): Promise<KeptWork | undefined> {
  const folder = existsSync(record.folder);
  const kept = {
    session: record.session,
    path: folder ? record.folder : record.top,
    repository: record.repository,
    branch: record.branch,
  };
  const unknown = folder ? { ...kept, commits: 0, files: 0 } : undefined;
  if (!existsSync(record.common)) return unknown;
  const cwd = record.common;
  const worktree = folder && existsSync(join(record.gitFolder, 'HEAD'));
  // Git has forgotten the worktree: what in its files is new can't be told.
  if (folder && !worktree) return unknown;

  const here = ['--git-dir', record.gitFolder, '--work-tree', record.folder];
  const ref = `refs/heads/${record.branch}`;
  const branch = await commitOf(git, cwd, ref);
  const head = worktree
    ? await git([...here, 'rev-parse', '--verify', '--quiet', 'HEAD'], { cwd })
    : undefined;
  const tips = [
    ...new Set([branch, head?.code === 0 ? head.text : undefined].filter((one) => one !== undefined)),
  ];
  const base =
    (await commitOf(git, cwd, `refs/heads/${record.base}`)) ??
    (await commitOf(git, cwd, record.base)) ??
    record.baseCommit;
  const ahead =
    tips.length === 0 ? undefined : await git(['rev-list', '--count', ...tips, '--not', base], { cwd });
  const status = worktree
    ? await git([...here, 'status', '--porcelain', '-z', '--untracked-files=normal', '--no-renames'], {
        cwd: record.folder,
      })
    : undefined;
  const commits = ahead === undefined ? 0 : Number(ahead.text);
  const failed = (ahead?.code ?? 0) !== 0 || (status?.code ?? 0) !== 0;
  const dirty = (status?.text ?? '').split('\0').flatMap((line) => (line === '' ? [] : [line.slice(3)]));
  if (!failed && commits === 0 && dirty.length === 0) return undefined;

  const files = new Set(dirty);
  for (const tip of tips) {
    const names = await git(
      ['diff-tree', '-r', '-z', '--no-renames', '--name-only', record.baseCommit, tip],
      {
        cwd,
      },
    );
    for (const name of names.text.split('\0')) if (name !== '') files.add(name);
  }
  return { ...kept, commits: Number.isNaN(commits) ? 0 : commits, files: files.size };
}

/** Removes a worktree and its branch, of which nothing would be lost. */
async function takeDown(git: Git, record: WorktreeRecord): Promise<void> {
  await forget(record);
  await removeFolder(record.folder);
  if (!existsSync(record.common)) return;
  const ref = `refs/heads/${record.branch}`;
  const tip = await commitOf(git, record.common, ref);
  // Only as it was looked at: a branch that moved meanwhile stays.
  if (tip !== undefined) await git(['update-ref', '-d', ref, tip], { cwd: record.common });
}

async function removeFolder(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch {
    // Folders that were made read-only, as some package caches are, let nothing go.
    await openUp(folder);
    await rm(folder, { recursive: true, force: true });
  }
}

async function openUp(folder: string): Promise<void> {
  await chmod(folder, 0o700).catch(() => undefined);
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory()) await openUp(join(folder, entry.name));
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
