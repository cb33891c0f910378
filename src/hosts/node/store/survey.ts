/**
 * Looks a database over that no gateway holds, such as a backup: whether it is ours, whole, and of a version that
 * this release can read, and what it holds. Never writes to it.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { EVENT_VERSION } from '../../../core/events.ts';
import { applicationId } from './database-file.ts';
import { checksum, migrations } from './migrations.ts';
import { integer, type Row, sumOf } from './rows.ts';
import { sqliteFailure } from './sqlite-failure.ts';

/** The database can't serve as a backup; `message` completes "The backup … ". */
export class UnfitError extends Error {
  override readonly name = 'UnfitError';
}

export interface Survey {
  readonly chats: number;
  readonly subagents: number;
  readonly events: number;
  /** Milliseconds since the epoch of its latest event; undefined if it has none. */
  readonly latest?: number;
  readonly bytes: number;
}

/**
 * Looks over all of the file: its header, SQLite's own check, the schema, and every event against its checksum.
 *
 * @param file a database without a write-ahead log, which nothing writes to
 * @throws UnfitError
 */
export function survey(file: string): Survey {
  checkHeader(file);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { readOnly: true });
    const fault = db.prepare('PRAGMA integrity_check(1)').get()?.integrity_check;
    if (fault !== 'ok') throw damaged(String(fault));
    checkSchema(db);
    return { ...count(db), bytes: statSync(file).size };
  } catch (error) {
    const failure = sqliteFailure(error);
    throw failure ? damaged(failure.words) : error;
  } finally {
    db?.close();
  }
}

/** @throws UnfitError when the file is no database of ours, before SQLite opens it */
export function checkHeader(file: string): void {
  const header = Buffer.alloc(100);
  const handle = openSync(file, 'r');
  let read = 0;
  try {
    read = readSync(handle, header, 0, header.length, 0);
  } finally {
    closeSync(handle);
  }
  if (header.toString('latin1', 0, 16) !== 'SQLite format 3\0') {
    throw new UnfitError(
      read === 0 ? 'is empty' : 'does not begin as an SQLite database, so it is not a backup of a gateway',
    );
  }
  if (header.readUInt32BE(68) !== applicationId) {
    throw new UnfitError('is a database of another program');
  }
}

function checkSchema(db: DatabaseSync): void {
  const known = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'").get();
  const applied = known
    ? db.prepare('SELECT number, name, checksum FROM migrations ORDER BY number').all()
    : [];
  if (applied.length === 0) throw new UnfitError('holds no store of a gateway');
  if (applied.length > migrations.length) {
    throw newer(`its schema is number ${applied.length}, this version knows ${migrations.length}`);
  }
  for (const [index, step] of migrations.slice(0, applied.length).entries()) {
    if (applied[index]?.number !== step.number || applied[index].checksum !== checksum(step)) {
      throw new UnfitError(
        `was made by a build whose schema differs from this one's at step ${step.number} ("${step.name}")`,
      );
    }
  }
}

function count(db: DatabaseSync): Omit<Survey, 'bytes'> {
  let chats = 0;
  let subagents = 0;
  const expected = new Map<number, number>();
  for (const row of db.prepare('SELECT no, kind, seq FROM sessions').iterate()) {
    if (row.kind === 'main') chats += 1;
    else subagents += 1;
    expected.set(integer(row, 'no'), integer(row, 'seq'));
  }
  let events = 0;
  let latest: number | undefined;
  let session = 0;
  let seq = 0;
  const endOfLog = (): void => {
    if (session !== 0 && expected.get(session) !== seq)
      throw damaged(`the log of session ${session} has lost its end`);
    expected.delete(session);
  };
  for (const row of db.prepare('SELECT session, seq, at, event, sum FROM events ORDER BY key').iterate()) {
    const of = integer(row, 'session');
    if (of !== session) {
      endOfLog();
      session = of;
      seq = 0;
    }
    seq += 1;
    const at = checkEvent(row, session, seq);
    events += 1;
    latest = Math.max(latest ?? at, at);
  }
  endOfLog();
  const lost = [...expected].find(([, last]) => last > 0);
  if (lost) throw damaged(`the log of session ${lost[0]} is missing`);
  return { chats, subagents, events, ...(latest === undefined ? {} : { latest }) };
}

/** @returns its time */
function checkEvent(row: Row, session: number, expected: number): number {
  const seq = integer(row, 'seq');
  const at = integer(row, 'at');
  const { event } = row;
  if (seq !== expected || typeof event !== 'string' || sumOf(event, seq, at) !== row.sum) {
    throw damaged(`event ${expected} of session ${session} is not what was committed`);
  }
  const version = Number(/^\{"v":(\d+)/.exec(event)?.[1]);
  if (version > EVENT_VERSION) {
    throw newer(`its events are of version ${version}, this version reads up to ${EVENT_VERSION}`);
  }
  return at;
}

function damaged(what: string): UnfitError {
  return new UnfitError(`is damaged: ${what}`);
}

function newer(what: string): UnfitError {
  return new UnfitError(
    `was written by a newer version of the gateway (${what}): use that version or a later one`,
  );
}
