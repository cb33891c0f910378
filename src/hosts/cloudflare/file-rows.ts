/**
 * The files that people sent along, in the object of the chat: what is known of each in one row, its bytes as base64 in
 * parts that fit into rows. So a request is put together without making it anew. Owns the statements.
 */
import { type Files, keptFileSchema, LOOSE_MS } from '../../core/files.ts';
import { fromBase64, toBase64 } from '../../runtime/base64.ts';
import { partsOf } from './chunks.ts';
import { integer, text } from './rows.ts';
import type { Sql } from './sql.ts';

/** @param there whether this is the chat that is kept here */
export function fileRows(sql: Sql, there: (chat: string) => boolean): Files {
  function base64(chat: string, id: string): string | undefined {
    if (!there(chat)) return undefined;
    const rows = sql.all('SELECT parts, text FROM file_parts WHERE id = ? ORDER BY part', id);
    const [first] = rows;
    if (first === undefined || rows.length !== integer(first, 'parts')) return undefined;
    return rows.map((row) => text(row, 'text')).join('');
  }

  function dropLoose(before: number): void {
    const late = 'SELECT id FROM files WHERE loose = 1 AND at < ?';
    if (sql.all(`${late} LIMIT 1`, before).length === 0) return;
    sql.run(`DELETE FROM file_parts WHERE id IN (${late})`, before);
    sql.run('DELETE FROM files WHERE loose = 1 AND at < ?', before);
  }

  return {
    put(chat, file, bytes, at, request) {
      if (!there(chat)) return false;
      sql.transaction(() => {
        dropLoose(at - LOOSE_MS);
        sql.run(
          `INSERT INTO files (id, request, facts, at, loose) VALUES (?, ?, ?, ?, 1)
           ON CONFLICT (id) DO UPDATE SET at = excluded.at, request = coalesce(request, excluded.request)`,
          file.id,
          request ?? null,
          JSON.stringify(file),
          at,
        );
        // Bytes that are whole are not written anew; damaged ones are mended by whoever has them still.
        if (base64(chat, file.id) !== undefined) return;
        sql.run('DELETE FROM file_parts WHERE id = ?', file.id);
        const parts = partsOf(toBase64(bytes));
        for (const [part, piece] of parts.entries()) {
          sql.run(
            'INSERT INTO file_parts (id, part, parts, text) VALUES (?, ?, ?, ?)',
            file.id,
            part,
            parts.length,
            piece,
          );
        }
      });
      return true;
    },
    brought(chat, request) {
      const [row] = there(chat) ? sql.all('SELECT id FROM files WHERE request = ?', request) : [];
      return row && text(row, 'id');
    },
    facts(chat, id) {
      const [row] = there(chat) ? sql.all('SELECT facts FROM files WHERE id = ?', id) : [];
      return row && keptFileSchema.parse(JSON.parse(text(row, 'facts')));
    },
    bytes(chat, id) {
      const whole = base64(chat, id);
      return whole === undefined ? undefined : fromBase64(whole);
    },
    base64,
    keep(chat, ids) {
      if (!there(chat)) return;
      sql.transaction(() => {
        for (const id of ids) sql.run('UPDATE files SET loose = 0 WHERE id = ? AND loose = 1', id);
      });
    },
    loose(chat) {
      const [row] = there(chat) ? sql.all('SELECT count(*) AS n FROM files WHERE loose = 1') : [];
      return row === undefined ? 0 : integer(row, 'n');
    },
  };
}
