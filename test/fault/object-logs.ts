/**
 * The logs of sessions that are objects, as their databases hold them in the folder of a local runtime that is down,
 * read from copies. Never touches the folder itself.
 */
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { decodeEvent } from '../../src/core/events.ts';
import { openSessionStore } from '../../src/hosts/cloudflare/session-store.ts';
import { nodeSql } from '../cloudflare/node-sql.ts';
import type { StoredLog } from './log-book.ts';

/** All of them; objects in which nothing was stored have none. */
export function readObjectLogs(folder: string): StoredLog[] {
  const objects = join(folder, 'do', 'tidings-SessionObject');
  if (!existsSync(objects)) return [];
  const files = readdirSync(objects).filter((name) => /^[0-9a-f]+\.sqlite$/.test(name));
  const copy = mkdtempSync(join(tmpdir(), 'tidings-objects-'));
  try {
    return files.flatMap((name) => {
      for (const one of [name, `${name}-wal`]) {
        if (existsSync(join(objects, one))) copyFileSync(join(objects, one), join(copy, one));
      }
      return logOf(join(copy, name)) ?? [];
    });
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function logOf(file: string): StoredLog | undefined {
  const database = new DatabaseSync(file);
  try {
    const tables = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'session'").all();
    const id = tables.length > 0 ? database.prepare('SELECT id FROM session').get()?.id : undefined;
    if (typeof id !== 'string') return undefined;
    const store = openSessionStore(nodeSql(database));
    const rows = store.events(id, 0, store.session(id)?.seq ?? 0);
    return { session: id, rows, log: rows.map(decodeEvent) };
  } finally {
    database.close();
  }
}
