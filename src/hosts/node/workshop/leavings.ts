/**
 * Owns what becomes of the folders of sessions that go: they are removed, but for work that nobody else has, which
 * stays where it is with its branch. Never judges a chat or a session, and never removes what it can't judge.
 */
import { existsSync } from 'node:fs';
import { readdir, rmdir } from 'node:fs/promises';
import type { KeptWork, Workshop } from '../../../core/ports.ts';
import { type Folders, idOf } from './folders.ts';
import type { Git } from './git.ts';
import { dropOutput } from './kept-output.ts';
import { dropRecord, loadRecord, type WorktreeRecord } from './record.ts';
import { type Facts, factsOf } from './worktree-facts.ts';
import { removeFolder, takeDown } from './worktree-removal.ts';
import { undo } from './worktrees.ts';

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
        const facts = await factsOf(git, record);
        const kept = keptOf(record, facts);
        // Without the record nobody comes to it again: another session of this name gets a worktree of its own.
        if (kept) {
          await dropRecord(file);
          return kept;
        }
        await takeDown(git, record, facts?.tip);
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
        const facts = await serially(record.common, () => factsOf(gitOf(session), record));
        const kept = keptOf(record, facts);
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

    dropOutput(chat, before) {
      return dropOutput(folders.output(chat), folders.partial, before);
    },
  };
}

/**
 * The work in a session's worktree and on its branch that its base doesn't have; undefined if there is none. What
 * can't be judged counts as work.
 */
function keptOf(record: WorktreeRecord, facts: Facts | undefined): KeptWork | undefined {
  const { session, repository, branch } = record;
  const folder = existsSync(record.folder);
  const kept = { session, path: folder ? record.folder : record.top, repository, branch };
  if (facts === undefined)
    return folder || existsSync(record.common) ? { ...kept, commits: 0, files: 0 } : undefined;
  const { commits, files } = facts.unlanded;
  return commits + files.length === 0 ? undefined : { ...kept, commits, files: files.length };
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
