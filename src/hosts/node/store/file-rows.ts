/**
 * The files that people sent along, as rows of the store's own database: one backup, one deletion. Owns the statements.
 * The bytes of a file are a row of their own: what is known of it is read and changed without touching them.
 */
import type { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { type Files, keptFileSchema, LOOSE_MS } from '../../../core/files.ts';
import { idOf, integer, type Row } from './rows.ts';

/** What the store has for its parts. */
export interface FileRowPorts {
  /** A session's number; undefined: there is none of this name. */
  readonly numberOf: (session: string) => number | undefined;
  readonly read: <T>(query: () => T) => T;
  readonly write: (job: () => void) => void;
}

/** Of a host with folders: the store knows where there each file lies, so that it is found there again. */
export interface PlacedFiles extends Files {
  /** The chat's files that have a place, and which. */
  placed(chat: string): { readonly id: string; readonly place: string }[];
  /** From now on this is the file's place. */
  place(chat: string, id: string, place: string): void;
}

/** Beside what is known of every file. */
const placedSchema = z.object({ id: z.string(), place: z.string() });

export function fileRows(db: DatabaseSync, { numberOf, read, write }: FileRowPorts): PlacedFiles {
  const add = db.prepare(`
    INSERT INTO files (session, id, request, facts, at, loose) VALUES (?, ?, ?, ?, ?, 1)
    ON CONFLICT (session, id) DO UPDATE SET at = excluded.at, request = coalesce(request, excluded.request)
  `);
  const setData = db.prepare('INSERT OR REPLACE INTO file_data (session, id, sum, data) VALUES (?, ?, ?, ?)');
  const byRequest = db.prepare('SELECT id FROM files WHERE session = ? AND request = ?');
  const late = 'loose = 1 AND at < ?';
  const expired = [
    `DELETE FROM file_data WHERE (session, id) IN (SELECT session, id FROM files WHERE ${late})`,
    `DELETE FROM files WHERE ${late}`,
  ].map((sql) => db.prepare(sql));
  const factsOf = db.prepare('SELECT facts FROM files WHERE session = ? AND id = ?');
  const dataOf = db.prepare('SELECT data, sum FROM file_data WHERE session = ? AND id = ?');
  const keep = db.prepare('UPDATE files SET loose = 0 WHERE session = ? AND id = ? AND loose = 1');
  const placed = db.prepare("SELECT facts FROM files WHERE session = ? AND facts ->> '$.place' IS NOT NULL");
  const setPlace = db.prepare(
    "UPDATE files SET facts = json_set(facts, '$.place', ?) WHERE session = ? AND id = ?",
  );
  const loose = db.prepare('SELECT count(*) AS n FROM files WHERE loose = 1 AND session = ?');

  /** Undefined also for bytes that aren't what was stored: a file that is damaged is gone. */
  function whole(chat: string, id: string): Buffer<ArrayBuffer> | undefined {
    const no = numberOf(chat);
    const row: Row | undefined = no === undefined ? undefined : read(() => dataOf.get(no, id));
    const data = row?.data;
    if (!(data instanceof Uint8Array) || !(data.buffer instanceof ArrayBuffer)) return undefined;
    if (crc32(data) !== row?.sum) return undefined;
    return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  }

  return {
    put(chat, file, bytes, at, request) {
      const no = numberOf(chat);
      if (no === undefined) return false;
      write(() => {
        // Of all chats: one that nobody speaks to any more would keep them for ever.
        for (const statement of expired) statement.run(at - LOOSE_MS);
        add.run(no, file.id, request ?? null, JSON.stringify(file), at);
        // Bytes that are whole are not written anew; damaged ones are mended by whoever has them still.
        if (!whole(chat, file.id)) setData.run(no, file.id, crc32(bytes), bytes);
      });
      return true;
    },
    brought(chat, request) {
      const no = numberOf(chat);
      const row = no === undefined ? undefined : read(() => byRequest.get(no, request));
      return row && idOf(row);
    },
    facts(chat, id) {
      const no = numberOf(chat);
      const row = no === undefined ? undefined : read(() => factsOf.get(no, id));
      return row && keptFileSchema.parse(JSON.parse(String(row.facts)));
    },
    bytes: whole,
    base64: (chat, id) => whole(chat, id)?.toString('base64'),
    keep(chat, ids) {
      const no = numberOf(chat);
      if (no === undefined || ids.length === 0) return;
      write(() => {
        for (const id of ids) keep.run(no, id);
      });
    },
    placed(chat) {
      const no = numberOf(chat);
      const rows = no === undefined ? [] : read(() => placed.all(no));
      return rows.map((row) => placedSchema.parse(JSON.parse(String(row.facts))));
    },
    place(chat, id, place) {
      const no = numberOf(chat);
      if (no !== undefined) write(() => void setPlace.run(place, no, id));
    },
    loose(chat) {
      const no = numberOf(chat);
      return no === undefined ? 0 : read(() => integer(loose.get(no) ?? {}, 'n'));
    },
  };
}
