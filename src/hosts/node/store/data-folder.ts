/**
 * Owns the data folder itself: makes it, sees to it that one process at a time has it, and tells a second
 * one who that is. Knows nothing of what is stored in it.
 */
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { DataFolderError, dataFolderError } from './data-folder-error.ts';
import { sqliteFailure } from './sqlite-failure.ts';

interface DataFolder {
  /** Absolute. */
  readonly path: string;
  /** Lets the next process have it. Safe to repeat. */
  release(): void;
}

const ownerSchema = z.object({ pid: z.number(), startedAt: z.string(), hostname: z.string() });

/**
 * Makes the folder (mode 0700, an existing one keeps its mode) and takes possession of it, until `release` or
 * the death of the process, however it dies.
 *
 * @param options.waitMs how long to wait for an owner that is about to leave
 * @throws DataFolderError
 */
export function takeDataFolder(folder: string, options: { waitMs: number; now: () => number }): DataFolder {
  const path = resolve(folder);
  try {
    makeFolder(path);
    const lock = takeLock(path, options.waitMs);
    const ownerFile = join(path, 'owner.json');
    try {
      const owner = {
        pid: process.pid,
        startedAt: new Date(options.now()).toISOString(),
        hostname: hostname(),
      };
      writeFileSync(`${ownerFile}.new`, `${JSON.stringify(owner)}\n`, { mode: 0o600 });
      renameSync(`${ownerFile}.new`, ownerFile);
    } catch (error) {
      lock.close();
      throw error;
    }
    return {
      path,
      release() {
        if (!lock.isOpen) return;
        rmSync(ownerFile, { force: true });
        lock.close();
      },
    };
  } catch (error) {
    throw dataFolderError(path, error);
  }
}

/** Makes a new name in `folder` survive a loss of power. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Makes what a file holds survive a loss of power. Not for one that SQLite has open in this process. */
export function syncFile(file: string): void {
  const handle = openSync(file, 'r+');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Makes the folder, mode 0700, and those above it; one that is there keeps its mode. */
export function makeFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (first !== undefined) {
    const top = dirname(first);
    for (let made = path; made !== top; ) {
      made = dirname(made);
      syncFolder(made);
    }
  }
  if (!statSync(path).isDirectory()) {
    throw new DataFolderError(
      'not_a_folder',
      `The data folder ${path} is not a folder. Set TIDINGS_DATA to one.`,
    );
  }
  // Asked beforehand, since SQLite only says "unable to open database file" to all of these.
  accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
}

/**
 * The lock is an open exclusive transaction on a database of its own: the system drops it with the process, and
 * the main database stays free for others to read. The file must never be opened by other means in this process,
 * because closing any descriptor of a file drops all POSIX locks that the process has on it.
 */
function takeLock(path: string, waitMs: number): DatabaseSync {
  const file = join(path, 'lock.db');
  createIfAbsent(file);
  const lock = new DatabaseSync(file, { timeout: waitMs });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    const failure = sqliteFailure(error);
    if (failure?.kind === 'busy') throw new DataFolderError('locked', heldBy(path), error);
    if (failure?.kind === 'corrupt') {
      throw new DataFolderError(
        'foreign',
        `${file} should be the empty lock of a data folder and is something else. If no gateway uses the folder, remove that file; or set TIDINGS_DATA to another folder.`,
        error,
      );
    }
    throw error;
  }
}

/** Creating it here, not in SQLite, brings the system's own reason when that fails. */
function createIfAbsent(file: string): void {
  try {
    writeFileSync(file, '', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

function heldBy(path: string): string {
  let who = 'another process, which has not said its number yet';
  try {
    const owner = ownerSchema.parse(JSON.parse(readFileSync(join(path, 'owner.json'), 'utf8')));
    who = `process ${owner.pid} on ${owner.hostname} since ${owner.startedAt}`;
  } catch {
    // The lock decides; the file only lends it words.
  }
  return `The data folder ${path} is in use by ${who}. Stop that process first, or set TIDINGS_DATA to another folder.`;
}
