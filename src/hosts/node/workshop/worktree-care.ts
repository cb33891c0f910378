/**
 * Owns what can be asked of the worktrees of sessions: to be listed, shown, landed, removed. What can't be done comes
 * back in words. Never asks whether a session still works in one.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Worktree, WorktreeRefusal, Worktrees } from '../../../core/ports.ts';
import type { Folders } from './folders.ts';
import type { Git } from './git.ts';
import { land } from './landing.ts';
import { overlapsOf, type Standing, standingsOf } from './overlaps.ts';
import { dropRecord, loadRecord, saveRecord, type WorktreeRecord } from './record.ts';
import { commitOf } from './repository.ts';
import { diff } from './worktree-diff.ts';
import { factsOf, ownRef } from './worktree-facts.ts';
import { refusal } from './worktree-refusal.ts';
import { takeDown } from './worktree-removal.ts';

export interface CareSetting {
  readonly folders: Folders;
  /** Runs one job at a time for each key. */
  readonly serially: <T>(key: string, job: () => Promise<T>) => Promise<T>;
  readonly gitOf: (session: string) => Git;
}

export function makeWorktrees(setting: CareSetting): Worktrees {
  const { folders, serially, gitOf } = setting;

  async function recordOf(session: string): Promise<WorktreeRecord | undefined> {
    const record = await loadRecord(folders.record(session));
    return record?.state === 'made' ? record : undefined;
  }

  /** Nothing else moves in the repository meanwhile, and the record is what it is then. */
  async function alone<T>(
    session: string,
    what: string,
    job: (record: WorktreeRecord) => Promise<T>,
  ): Promise<T | WorktreeRefusal> {
    try {
      const record = await recordOf(session);
      if (record === undefined) return none;
      return await serially(record.common, async () => {
        const now = await recordOf(session);
        return now === undefined ? none : job(now);
      });
    } catch (error) {
      return refusal('failed', `The worktree could not be ${what}: ${reason(error)}`);
    }
  }

  return {
    async list(sessions) {
      const repositories = new Map<string, Standing[]>();
      const listed: Worktree[] = [];
      for (const session of sessions) {
        const record = await recordOf(session);
        if (record === undefined) continue;
        const standings = repositories.get(record.common) ?? (await standingsOf(setting, record.common));
        repositories.set(record.common, standings);
        const standing = standings.find((one) => one.record.session === session);
        // Gone since the record was read, or nothing is left of it.
        if (!standing || (!existsSync(record.folder) && standing.facts?.tip === undefined)) continue;
        listed.push(worktreeOf(standing, standings));
      }
      return listed;
    },

    async diff(session) {
      try {
        const record = await recordOf(session);
        if (record === undefined) return none;
        return await diff({ git: gitOf(session), partial: folders.partial }, record);
      } catch (error) {
        return refusal('failed', `What the worktree holds could not be shown: ${reason(error)}`);
      }
    },

    land: (session, words) =>
      alone(session, 'landed', async (record) => {
        const save = (next: WorktreeRecord): Promise<void> => saveRecord(folders.record(session), next);
        const outcome = await land({ git: gitOf(session), partial: folders.partial, save }, record, words);
        if (!outcome.ok) return outcome;
        const standings = await standingsOf(setting, record.common);
        const overlaps = overlapsOf(session, outcome.landed.files, standings);
        return { ok: true, landed: { ...outcome.landed, overlaps } };
      }),

    remove: (session, { discard }) =>
      alone(session, 'removed', async (record) => {
        const git = gitOf(session);
        const facts = await factsOf(git, record);
        const { commits, files } = facts?.unlanded ?? { commits: 0, files: [] };
        if (!discard && (facts === undefined || commits + files.length > 0)) {
          return refusal('unlanded', unlandedWords(record, facts && { commits, files }), files);
        }
        if (existsSync(join(record.gitFolder, 'locked'))) {
          const unlock = `git worktree unlock ${record.folder}`;
          return refusal(
            'failed',
            `The worktree is locked against removal. Someone must unlock it: ${unlock}`,
          );
        }
        const there = existsSync(record.common);
        const tip = facts?.tip ?? (there ? await commitOf(git, record.common, ownRef(record)) : undefined);
        await takeDown(git, record, tip);
        await dropRecord(folders.record(session));
        return { ok: true, branch: record.branch, lost: files.length };
      }),
  };
}

const none = refusal('none', 'It has no worktree.');

function worktreeOf({ record, facts }: Standing, standings: readonly Standing[]): Worktree {
  const { session, repository, branch, base, folder } = record;
  const landed =
    facts?.landing && facts.unlanded.commits + facts.unlanded.files.length === 0
      ? { landed: facts.landing.commit }
      : {};
  return {
    session,
    repository,
    branch,
    base,
    folder,
    commits: facts?.commits ?? 0,
    files: facts?.files ?? [],
    uncommitted: facts?.uncommitted.length ?? 0,
    ...landed,
    overlaps: overlapsOf(session, facts?.unlanded.files ?? [], standings),
  };
}

function unlandedWords(
  { branch, base, folder }: WorktreeRecord,
  unlanded: { readonly commits: number; readonly files: readonly string[] } | undefined,
): string {
  const advice = 'Land it first, or remove it with discard: true to lose that for good.';
  if (unlanded === undefined) return `Git cannot tell what ${folder} holds, so it may be work. ${advice}`;
  const { commits, files } = unlanded;
  const counts = `${commits} ${commits === 1 ? 'commit' : 'commits'} and ${files.length} changed ${files.length === 1 ? 'file' : 'files'}`;
  return `${branch} holds ${counts} that ${base} lacks. ${advice}`;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
