/**
 * The logs of a data folder as they are stored, read while nobody has it or from a copy, and the check that what
 * was once in a log stays as it was. Never touches the folder itself.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeEvent, type Recorded } from '../../src/core/events.ts';
import type { LogRow } from '../../src/core/ports.ts';
import { openStore } from '../../src/hosts/node/store/sqlite-store.ts';

export interface StoredLog {
  readonly session: string;
  readonly rows: readonly LogRow[];
  readonly log: readonly Recorded[];
}

/** All logs, parents before their children. Of a folder that a gateway may have, only as a copy. */
export function readLogs(data: string): StoredLog[] {
  const copy = mkdtempSync(join(tmpdir(), 'tidings-logs-'));
  try {
    for (const name of ['tidings.db', 'tidings.db-wal']) {
      if (existsSync(join(data, name))) copyFileSync(join(data, name), join(copy, name));
    }
    const store = openStore(copy);
    try {
      const found: StoredLog[] = [];
      const waiting = store.chats({ limit: 10_000 }).map(({ id }) => id);
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        const rows = store.events(id, 0, store.session(id)?.seq ?? 0);
        const log = rows.map(decodeEvent);
        if (log.length > 0) found.push({ session: id, rows, log });
        for (const { event } of log) if (event.type === 'subagent.spawned') waiting.push(event.spec.id);
      }
      return found;
    } finally {
      store.close();
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

export interface LogBook {
  /** Compares with what was there before, and remembers what is there now. */
  compare(logs: readonly StoredLog[]): string[];
}

export function makeLogBook(): LogBook {
  const known = new Map<string, { length: number; hash: string }>();
  return {
    compare(logs) {
      const found: string[] = [];
      const seen = new Set<string>();
      for (const { session, rows } of logs) {
        seen.add(session);
        const before = known.get(session);
        if (before) {
          if (rows.length < before.length) {
            found.push(`the log of ${session} had ${before.length} events and has ${rows.length}`);
          } else if (hashOf(rows.slice(0, before.length)) !== before.hash) {
            found.push(`the first ${before.length} events of ${session} are not what they were`);
          }
        }
        known.set(session, { length: rows.length, hash: hashOf(rows) });
      }
      for (const session of known.keys()) if (!seen.has(session)) found.push(`the log of ${session} is gone`);
      return found;
    },
  };
}

function hashOf(rows: readonly LogRow[]): string {
  const hash = createHash('sha256');
  for (const { seq, at, event } of rows) hash.update(`${seq} ${at} ${event}\n`);
  return hash.digest('hex');
}
