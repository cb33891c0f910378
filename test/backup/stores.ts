/** Stores for the tests of backup and restore: data folders with a history in them, and backups of these. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { backUp } from '../../src/hosts/node/store/backup.ts';
import { openStore } from '../../src/hosts/node/store/sqlite-store.ts';
import { batch, batchesIn } from '../store/chronicle.ts';
import { temporaryFolder } from '../store/folders.ts';

/** A data folder that holds that many batches. */
export function folderWith(batches: number): string {
  const folder = join(temporaryFolder(), 'data');
  const store = openStore(folder);
  for (let n = 1; n <= batches; n += 1) store.commit(batch(n));
  store.close();
  return folder;
}

export async function backupWith(batches: number): Promise<string> {
  const file = join(temporaryFolder(), 'backup.db');
  await backUp(folderWith(batches), file);
  return file;
}

/** How many batches a data folder holds; a half one fails the test. */
export function batchesOf(folder: string): number {
  const store = openStore(folder);
  try {
    return batchesIn(store);
  } finally {
    store.close();
  }
}

/** Runs `cut-process.ts` before each of its changes in turn, until it makes them all. @returns how many it made */
export function cutEverywhere(
  part: 'backup' | 'restore',
  place: (cut: number) => { folder: string; file: string },
  after: (cut: number, place: { folder: string; file: string }) => void,
): number {
  const program = join(import.meta.dirname, 'cut-process.ts');
  for (let cut = 0; cut < 100; cut += 1) {
    const at = place(cut);
    const ran = spawnSync(process.execPath, [program, part, at.folder, at.file, String(cut)], {
      encoding: 'utf8',
    });
    if (ran.signal === null && ran.status !== 0) throw new Error(ran.stderr);
    after(cut, at);
    if (ran.signal === null) return cut;
  }
  throw new Error('it never ended by itself');
}
