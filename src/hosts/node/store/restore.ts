/**
 * A backup put in place as the store of a data folder that has none. Writes aside and looks it over before it
 * gets its name, so that a restore that is cut leaves no store or the whole one. Never replaces a store and never
 * changes the backup.
 */
import { chmodSync, constants, copyFileSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BackupError } from './backup.ts';
import { syncFile, syncFolder, takeDataFolder } from './data-folder.ts';
import { DataFolderError } from './data-folder-error.ts';
import { checkHeader, type Survey, survey, UnfitError } from './survey.ts';

/** The store until it has been looked over. */
const asideName = 'tidings.db.restoring';

/** What a data folder without a store may hold: what a start or a restore leaves that was cut before it had one. */
const mayHold = new Set([
  asideName,
  'lock.db',
  'lock.db-journal',
  'owner.json',
  'owner.json.new',
  'tidings.db.new',
  'tidings.db.new-journal',
]);

/**
 * Makes `folder` the data folder that `file` is a backup of.
 *
 * @returns what it holds
 * @throws BackupError; DataFolderError when the folder can't be taken or written
 */
export function restore(file: string, folder: string): Survey {
  const source = resolve(file);
  const path = resolve(folder);
  checkBackup(source);
  // Before it is taken, so that a folder that is refused is left as it was.
  checkFolder(path);
  const owned = takeDataFolder(path, { waitMs: 0, now: Date.now });
  const aside = join(path, asideName);
  let placed = false;
  try {
    checkFolder(path);
    rmSync(aside, { force: true });
    copyFileSync(source, aside, constants.COPYFILE_EXCL);
    chmodSync(aside, 0o600);
    syncFile(aside);
    const held = survey(aside);
    renameSync(aside, join(path, 'tidings.db'));
    placed = true;
    syncFolder(path);
    return held;
  } catch (error) {
    throw failureOf(error, source, path);
  } finally {
    if (!placed) rmSync(aside, { force: true });
    owned.release();
  }
}

/** @throws BackupError when the file shows at a glance that it is no backup */
function checkBackup(source: string): void {
  const found = statSync(source, { throwIfNoEntry: false });
  if (found === undefined)
    throw new BackupError(`There is no file ${source}. Name one that tidings backup made.`);
  if (!found.isFile()) throw new BackupError(`${source} is not a file. Name one that tidings backup made.`);
  if ((statSync(`${source}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) {
    throw new BackupError(
      `${source} has a write-ahead log beside it: it is a store in use, of which a copy would be a part. Name a file that tidings backup made.`,
    );
  }
  try {
    checkHeader(source);
  } catch (error) {
    throw failureOf(error, source, '');
  }
}

/** @throws BackupError when the folder holds a store, or anything else */
function checkFolder(path: string): void {
  let names: string[];
  try {
    names = readdirSync(path);
  } catch (error) {
    // It is made, or refused in better words, when it is taken.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return;
    throw error;
  }
  const store = names.find((name) => name === 'tidings.db' || name === 'tidings.db-wal');
  if (store !== undefined) {
    throw new BackupError(
      `The data folder ${path} holds a store (${store}), and a restore replaces nothing. Move that folder away, or set TIDINGS_DATA to an empty or a new one.`,
    );
  }
  const other = names.filter((name) => !mayHold.has(name));
  if (other.length > 0) {
    throw new BackupError(
      `The data folder ${path} is not empty (it holds ${other.slice(0, 3).join(', ')}${other.length > 3 ? ' and more' : ''}). Move what is in it away, or set TIDINGS_DATA to an empty or a new folder.`,
    );
  }
}

function failureOf(error: unknown, source: string, path: string): unknown {
  if (error instanceof BackupError || error instanceof DataFolderError) return error;
  if (error instanceof UnfitError) {
    return new BackupError(`The backup ${source} ${error.message}. Nothing was restored.`);
  }
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    return new BackupError(
      `There is no room for the store in ${path}. Nothing was restored. Make room on its disk.`,
    );
  }
  if (code !== undefined) {
    return new BackupError(
      `Nothing was restored: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
  return error;
}
