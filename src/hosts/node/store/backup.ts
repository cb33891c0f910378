/**
 * A copy of the store in one file, taken while a gateway may be writing to it: the state after one commit, looked
 * over, and under its name only when it is whole. Never takes the data folder, never writes into it, and never
 * replaces a file.
 */
import {
  closeSync,
  existsSync,
  fchmodSync,
  linkSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { syncFile, syncFolder } from './data-folder.ts';
import { sqliteFailure } from './sqlite-failure.ts';
import { checkHeader, type Survey, survey, UnfitError } from './survey.ts';

/** Nothing was backed up or restored; `message` says why and what to do. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}

export interface BackupOptions {
  /** Told how much of it is copied, from 0 to 1, after each batch of pages. */
  readonly progress?: (share: number) => void;
  /** Gives it up between two batches. */
  readonly signal?: AbortSignal;
}

/** Pages of 4 KiB in one batch: the gateway's disk is never held for longer than these take. */
const PAGES_PER_BATCH = 64;
/** How long it waits for the database while its owner puts it in order at a start or a stop. */
const BUSY_WAIT_MS = 10_000;

/**
 * Backs the store in `folder` up into `file`, mode 0600.
 *
 * @returns what the backup holds
 * @throws BackupError; the reason of an aborted `signal`
 */
export async function backUp(folder: string, file: string, options: BackupOptions = {}): Promise<Survey> {
  const target = targetOf(folder, file);
  const source = join(resolve(folder), 'tidings.db');
  if (!existsSync(source)) {
    throw new BackupError(`There is nothing to back up: ${resolve(folder)} holds no store of a gateway.`);
  }
  const aside = `${target}.${process.pid}.part`;
  let made = false;
  try {
    checkHeader(source);
    const handle = openSync(aside, 'wx', 0o600);
    made = true;
    // Whatever the umask says.
    fchmodSync(handle, 0o600);
    closeSync(handle);
    await copy(source, aside, options);
    singleFile(aside);
    const held = survey(aside);
    syncFile(aside);
    options.signal?.throwIfAborted();
    place(aside, target);
    syncFolder(dirname(target));
    return held;
  } catch (error) {
    throw failureOf(error, target, options.signal);
  } finally {
    if (made) for (const end of ['', '-journal', '-wal', '-shm']) rmSync(`${aside}${end}`, { force: true });
  }
}

/** Where the backup is to lie. @throws BackupError when it can't */
function targetOf(folder: string, file: string): string {
  const path = resolve(file);
  if (existsSync(path)) {
    throw new BackupError(`${path} is there already, and a backup replaces nothing. Name another file.`);
  }
  const parent = dirname(path);
  if (statSync(parent, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new BackupError(`There is no folder ${parent}. Make it, or name a file in another.`);
  }
  const real = realpathSync(parent);
  const data = existsSync(folder) ? realpathSync(folder) : resolve(folder);
  const way = relative(data, real);
  const inside = !isAbsolute(way) && way !== '..' && !way.startsWith(`..${sep}`);
  if (inside) {
    throw new BackupError(
      `${path} lies in the data folder, with which it would be lost. Name a file outside of ${data}.`,
    );
  }
  return join(real, basename(path));
}

/**
 * One read transaction around the whole copy: it holds the state after one commit, however much is committed
 * meanwhile, and keeps SQLite from beginning anew after each commit of the gateway.
 */
async function copy(source: string, aside: string, { progress, signal }: BackupOptions): Promise<void> {
  const db = new DatabaseSync(source, { readOnly: true, timeout: BUSY_WAIT_MS });
  try {
    db.exec('BEGIN; SELECT count(*) FROM sqlite_schema;');
    await backup(db, aside, {
      rate: PAGES_PER_BATCH,
      progress({ totalPages, remainingPages }) {
        signal?.throwIfAborted();
        progress?.(totalPages === 0 ? 1 : 1 - remainingPages / totalPages);
      },
    });
  } finally {
    db.close();
  }
}

/** Without a write-ahead log, so that it can be read where nothing may be written beside it. */
function singleFile(aside: string): void {
  const db = new DatabaseSync(aside);
  try {
    db.exec('PRAGMA journal_mode = DELETE');
  } finally {
    db.close();
  }
}

/** A link never replaces a file; where the file system has none, a look beforehand must do. */
function place(aside: string, target: string): void {
  try {
    linkSync(aside, target);
  } catch (error) {
    if (existsSync(target)) {
      throw new BackupError(`${target} was made by another program meanwhile. Name another file.`);
    }
    if (!(error instanceof Error && 'code' in error)) throw error;
    renameSync(aside, target);
  }
}

function failureOf(error: unknown, target: string, signal: AbortSignal | undefined): unknown {
  if (error instanceof BackupError || signal?.aborted === true) return error;
  if (error instanceof UnfitError) {
    return new BackupError(`There is no backup: the store ${error.message}.`);
  }
  const failure = sqliteFailure(error);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (failure?.kind === 'full' || code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    return new BackupError(
      `There is no room for the backup in ${dirname(target)}, and nothing was left there. Make room, or name a file on another disk.`,
    );
  }
  if (failure?.kind === 'busy') {
    return new BackupError(`The store is held by another program: ${failure.words}. Try again later.`);
  }
  if (failure || code !== undefined) {
    const words = failure?.words ?? (error instanceof Error ? error.message : String(error));
    return new BackupError(`There is no backup: ${words}.`);
  }
  return error;
}
