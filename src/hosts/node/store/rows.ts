/**
 * Rows of the database as the values they stand for. A column of a wrong type, or a text that differs from what
 * was committed, is an error and never a value.
 */
import type { SQLOutputValue } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { LogRow, RequestKey, SessionRow, Snapshot } from '../../../core/ports.ts';
import { StoreError } from '../../../runtime/store-rules.ts';

export type Row = Readonly<Record<string, SQLOutputValue>>;

/** A checksum of a text and of the two numbers it is stored with: SQLite itself has none for its pages. */
export function sumOf(content: string, a = 0, b = 0): number {
  return crc32(content, (Math.imul(a, 31) ^ b) >>> 0);
}

export function corrupt(what: string): StoreError {
  return new StoreError(
    'corrupt',
    `${what}. The database is damaged: stop the gateway and restore it from a backup.`,
  );
}

export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string')
    throw corrupt(`Column ${column} holds ${typeof value} where a text was stored`);
  return value;
}

export function integer(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number')
    throw corrupt(`Column ${column} holds ${typeof value} where a number was stored`);
  return value;
}

/** Columns `seq, at, event, sum`; `expected` is the place in the log that the row must have. */
export function logRow(row: Row, session: string, expected: number): LogRow {
  const seq = integer(row, 'seq');
  if (seq !== expected) throw corrupt(`Event ${expected} of session ${session} is missing`);
  const at = integer(row, 'at');
  const event = text(row, 'event');
  if (sumOf(event, seq, at) !== row.sum) {
    throw corrupt(`Event ${seq} of session ${session} is not what was committed`);
  }
  return { seq, at, event };
}

/** Columns `id, chat, parent, kind, owner, created_at, seq, wants, archived, ended_at`. */
export function sessionRow(row: Row): SessionRow {
  const kind = row.kind;
  if (kind !== 'main' && kind !== 'subagent') throw corrupt(`A session is of the kind ${String(kind)}`);
  return {
    id: text(row, 'id'),
    chat: text(row, 'chat'),
    parent: row.parent === null ? null : text(row, 'parent'),
    kind,
    owner: text(row, 'owner'),
    createdAt: integer(row, 'created_at'),
    seq: integer(row, 'seq'),
    wants: integer(row, 'wants') === 1,
    archived: integer(row, 'archived') === 1,
    endedAt: row.ended_at === null ? null : integer(row, 'ended_at'),
  };
}

/** Columns `seq, version, state, sum`. */
export function snapshotRow(row: Row, session: string): Snapshot {
  const snapshot = { seq: integer(row, 'seq'), version: integer(row, 'version'), state: text(row, 'state') };
  if (sumOf(snapshot.state, snapshot.seq, snapshot.version) !== row.sum) {
    throw corrupt(`The snapshot of session ${session} is not what was committed`);
  }
  return snapshot;
}

/** Columns `hash, answer, sum`. */
export function requestRow(row: Row, session: string, id: string): RequestKey {
  const key = { id, hash: text(row, 'hash'), answer: text(row, 'answer') };
  if (sumOf(key.hash + key.answer) !== row.sum) {
    throw corrupt(`The answer to request ${id} of session ${session} is not what was committed`);
  }
  return key;
}

/** A session's id alone. */
export function idOf(row: Row): string {
  return text(row, 'id');
}
