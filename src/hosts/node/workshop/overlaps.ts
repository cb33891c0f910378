/**
 * Owns which worktrees of a repository change the same files: told before the second of them lands, not by its
 * conflict. Looks at the worktrees of all chats.
 */
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Worktree } from '../../../core/ports.ts';
import type { Folders } from './folders.ts';
import type { Git } from './git.ts';
import { loadRecord, type WorktreeRecord } from './record.ts';
import { type Facts, factsOf } from './worktree-facts.ts';

export interface Standing {
  readonly record: WorktreeRecord;
  readonly facts: Facts | undefined;
}

/** Worktrees that are looked at at the same time. */
const atOnce = 4;

/** How every worktree of the repository `common` stands. */
export async function standingsOf(
  setting: { readonly folders: Folders; readonly gitOf: (session: string) => Git },
  common: string,
): Promise<Standing[]> {
  const folder = dirname(setting.folders.record('any'));
  const records: WorktreeRecord[] = [];
  for (const name of (await readdir(folder).catch((): string[] => [])).sort()) {
    if (!name.endsWith('.json')) continue;
    // One that can't be read is somebody else's trouble.
    const record = await loadRecord(join(folder, name)).catch(() => undefined);
    if (record?.state === 'made' && record.common === common) records.push(record);
  }
  const standings: Standing[] = [];
  for (let from = 0; from < records.length; from += atOnce) {
    const some = records.slice(from, from + atOnce).map(async (record) => ({
      record,
      facts: await factsOf(setting.gitOf(record.session), record).catch(() => undefined),
    }));
    standings.push(...(await Promise.all(some)));
  }
  return standings;
}

/** The worktrees of others that change some of `files` and have not landed that. */
export function overlapsOf(
  session: string,
  files: readonly string[],
  standings: readonly Standing[],
): Worktree['overlaps'] {
  return standings.flatMap(({ record, facts }) => {
    if (record.session === session || !facts) return [];
    const theirs = new Set(facts.unlanded.files);
    const same = files.filter((name) => theirs.has(name));
    return same.length === 0 ? [] : [{ branch: record.branch, files: same }];
  });
}
