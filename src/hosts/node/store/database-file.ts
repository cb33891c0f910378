/**
 * The database as a file: makes an empty one that is ours, and looks an existing one over before it is opened
 * for writing, so that a damaged one is refused as it was found. Never writes to one that exists.
 */
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { syncFolder } from './data-folder.ts';
import { DataFolderError, damaged } from './data-folder-error.ts';

/** "Tdng", in the header of every database of ours. */
export const applicationId = 0x54646e67;
const magic = 'SQLite format 3\0';

/**
 * Makes the database if there is none; otherwise refuses one that isn't ours or is damaged. A database that was
 * closed properly costs the reading of its header, which tells how long the file must be; one whose owner was
 * killed still has its write-ahead log and is looked over: wholly up to `fullCheckBytes` (a MB takes about a
 * millisecond) or on suspicion, else for pages that are in neither of the two files.
 *
 * @returns the path of the database
 * @throws DataFolderError `foreign` or `corrupt`; what the file system and SQLite throw goes through
 */
export function prepareDatabase(folder: string, fullCheckBytes: number): string {
  const file = join(folder, 'tidings.db');
  const log = `${file}-wal`;
  const logBytes = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  if (!existsSync(file)) {
    if (logBytes > 0) throw damaged(folder, 'tidings.db-wal is there, and tidings.db is missing');
    create(folder, file);
    return file;
  }
  const expected = checkHeader(folder, file);
  if (logBytes > 0) {
    checkAfterCrash(folder, file, log, fullCheckBytes);
  } else if (statSync(file).size < expected) {
    throw damaged(folder, `tidings.db is cut short: it has ${statSync(file).size} of ${expected} bytes`);
  }
  return file;
}

/** Under another name first: so a file of length 0 can only be a damaged one. */
function create(folder: string, file: string): void {
  const fresh = `${file}.new`;
  rmSync(fresh, { force: true });
  rmSync(`${fresh}-journal`, { force: true });
  writeFileSync(fresh, '', { flag: 'wx', mode: 0o600 });
  const db = new DatabaseSync(fresh);
  try {
    db.exec(`PRAGMA page_size = 4096; PRAGMA application_id = ${applicationId}`);
  } finally {
    db.close();
  }
  renameSync(fresh, file);
  syncFolder(folder);
}

/** @returns how many bytes the file must have, if it was closed properly */
function checkHeader(folder: string, file: string): number {
  const header = Buffer.alloc(100);
  const handle = openSync(file, 'r');
  try {
    readSync(handle, header, 0, header.length, 0);
  } finally {
    closeSync(handle);
  }
  if (header.toString('latin1', 0, magic.length) !== magic) {
    throw damaged(folder, 'tidings.db does not begin as an SQLite database');
  }
  if (header.readUInt32BE(68) !== applicationId) {
    throw new DataFolderError(
      'foreign',
      `${file} is a database of another program. Set TIDINGS_DATA to a folder of the gateway's own.`,
    );
  }
  return header.readUInt16BE(16) * header.readUInt32BE(28);
}

/** Through a connection that only reads: closing one that writes would move the log into a damaged database. */
function checkAfterCrash(folder: string, file: string, log: string, fullCheckBytes: number): void {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const suspicious = pageIsMissing(db, file, log);
    if (!suspicious && statSync(file).size > fullCheckBytes) return;
    const verdict = db.prepare('PRAGMA quick_check(1)').get()?.quick_check;
    if (verdict !== 'ok') throw damaged(folder, `SQLite finds fault with tidings.db: ${verdict}`);
  } finally {
    db.close();
  }
}

/**
 * Whether a page of the database is neither in its file nor in the log. SQLite takes the number of pages from
 * the log, and would read such a page of a file that was cut short as zeros.
 */
function pageIsMissing(db: DatabaseSync, file: string, log: string): boolean {
  const pages = pragma(db, 'page_count');
  const pageSize = pragma(db, 'page_size');
  const inFile = Math.floor(statSync(file).size / pageSize);
  if (inFile >= pages) return false;
  const frames = readFileSync(log);
  const salts = frames.subarray(16, 24);
  const inLog = new Set<number>();
  for (let at = 32; at + 24 + pageSize <= frames.length; at += 24 + pageSize) {
    // Frames of another salt are left over from before the log was begun anew.
    if (frames.subarray(at + 8, at + 16).equals(salts)) inLog.add(frames.readUInt32BE(at));
  }
  for (let page = inFile + 1; page <= pages; page += 1) {
    if (!inLog.has(page)) return true;
  }
  return false;
}

function pragma(db: DatabaseSync, name: 'page_count' | 'page_size'): number {
  const value = db.prepare(`PRAGMA ${name}`).get()?.[name];
  if (typeof value !== 'number') throw new Error(`SQLite's ${name} is ${String(value)}, not a number`);
  return value;
}
