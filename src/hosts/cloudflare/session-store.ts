/**
 * The store of one session's object: its row, its log, and what its host wants to remember beside them. Holds no
 * other session. Never reads what an event says and never changes one; writes nothing before there is a session.
 */
import type { Commit, RequestKey, SessionRow, Snapshot, Store } from '../../core/ports.ts';
import { checkCommit, repeatedKey, StoreError, wholeNumber } from '../../runtime/store-rules.ts';
import { MOST_PARTS, partsOf } from './chunks.ts';
import { fileRows } from './file-rows.ts';
import { integer, logRows, sessionRow, text, wholeText } from './rows.ts';
import { applySteps, bringUpToDate, type SchemaStep } from './schema.ts';
import { sessionSteps, sessionTables } from './session-schema.ts';
import type { Sql } from './sql.ts';
import { withStoreErrors } from './sql-failure.ts';

export interface SessionStore extends Store {
  /** As `commit`, with another job in the same transaction, after all is written: both or neither. */
  commitWith(batch: readonly Commit[], alongside: () => void): void;
  /** A fact of the host's own by its name. */
  note(name: string): string | undefined;
  /** Undefined takes it away. Only where there is a session, or in the job alongside its first commit. */
  setNote(name: string, value: string | undefined): void;
  /** Keeps who may come in with the ticket of this digest until `expiresAt`; forgets those that have expired. */
  addTicket(digest: string, caller: string, expiresAt: number, now: number): void;
  /** Who comes in with this ticket, which is used up by it; undefined for one that was used, or came too late. */
  takeTicket(digest: string, now: number): string | undefined;
}

/**
 * Opens what is stored; brings an older schema up to date. Calls of the store throw `StoreError`.
 *
 * @throws SchemaError when a later release wrote it
 */
export function openSessionStore(database: Sql, steps: readonly SchemaStep[] = sessionSteps): SessionStore {
  const sql = withStoreErrors(database);
  let there = bringUpToDate(sql, steps);

  function stored(): SessionRow | undefined {
    const [row] = there ? sql.all('SELECT * FROM session') : [];
    return row === undefined ? undefined : sessionRow(row);
  }

  function own(id: string): SessionRow | undefined {
    const row = stored();
    return row?.id === id ? row : undefined;
  }

  /** As `sql.transaction`; what it made of the schema goes back with it. */
  function transaction(job: () => void): void {
    const before = there;
    try {
      sql.transaction(job);
    } catch (error) {
      there = before;
      throw error;
    }
  }

  function write(batch: readonly Commit[]): void {
    const before = stored();
    let row = before;
    for (const commit of batch) row = rowAfter(commit, row);
    if (row === undefined) return;
    if (!there) {
      applySteps(sql, steps);
      there = true;
    }
    let snapshot: Snapshot | undefined;
    for (const commit of batch) {
      for (const { seq, at, event } of commit.events) writeEvent(seq, at, event);
      if (commit.key !== undefined) writeKey(commit.session, commit.key);
      const newer = commit.snapshot !== undefined && commit.snapshot.seq >= (snapshot?.seq ?? 0);
      if (newer) snapshot = commit.snapshot;
    }
    writeRow(row, before);
    if (snapshot !== undefined) writeSnapshot(snapshot);
  }

  function writeEvent(seq: number, at: number, event: string): void {
    const parts = partsOf(event);
    for (const [part, piece] of parts.entries()) {
      const key = seq * MOST_PARTS + part;
      sql.run('INSERT INTO events (key, at, parts, text) VALUES (?, ?, ?, ?)', key, at, parts.length, piece);
    }
  }

  function writeKey(session: string, { id, hash, answer }: RequestKey): void {
    if (sql.all('SELECT 1 FROM requests WHERE id = ? LIMIT 1', id).length > 0) throw repeatedKey(session, id);
    const parts = partsOf(answer);
    for (const [part, piece] of parts.entries()) {
      sql.run(
        'INSERT INTO requests (id, part, parts, hash, text) VALUES (?, ?, ?, ?, ?)',
        id,
        part,
        parts.length,
        hash,
        piece,
      );
    }
  }

  /** Once for all of a batch, and not where nothing of it changed: each time is a row that is billed. */
  function writeRow(row: SessionRow, before: SessionRow | undefined): void {
    if (before === undefined) {
      sql.run(
        `INSERT INTO session (only, id, chat, parent, kind, owner, created_at, seq, wants, archived, ended_at)
         VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        row.id,
        row.chat,
        row.parent,
        row.kind,
        row.owner,
        row.createdAt,
        row.seq,
        row.wants ? 1 : 0,
        row.archived ? 1 : 0,
        row.endedAt,
      );
    } else if (
      row.seq !== before.seq ||
      row.wants !== before.wants ||
      row.archived !== before.archived ||
      row.endedAt !== before.endedAt
    ) {
      sql.run(
        'UPDATE session SET seq = ?, wants = ?, archived = ?, ended_at = ?',
        row.seq,
        row.wants ? 1 : 0,
        row.archived ? 1 : 0,
        row.endedAt,
      );
    }
  }

  function writeSnapshot({ seq, version, state }: Snapshot): void {
    const [old] = sql.all('SELECT seq, parts FROM snapshot WHERE part = 0');
    if (old !== undefined && integer(old, 'seq') > seq) return;
    const parts = partsOf(state);
    for (const [part, piece] of parts.entries()) {
      sql.run(
        'INSERT OR REPLACE INTO snapshot (part, parts, seq, version, text) VALUES (?, ?, ?, ?, ?)',
        part,
        parts.length,
        seq,
        version,
        piece,
      );
    }
    if (old !== undefined && integer(old, 'parts') > parts.length) {
      sql.run('DELETE FROM snapshot WHERE part >= ?', parts.length);
    }
  }

  /** So that nothing is written where nobody lives. */
  function mustBeThere(what: string): void {
    if (!there)
      throw new StoreError('conflict', `There is no session here, so there is no place for ${what}.`);
  }

  const store: SessionStore = {
    commit(batch) {
      if (batch.length > 0) transaction(() => write(batch));
    },

    commitWith(batch, alongside) {
      transaction(() => {
        write(batch);
        alongside();
      });
    },

    events(session, after, limit) {
      const from = wholeNumber(after, 'after');
      const count = wholeNumber(limit, 'limit');
      const last = Math.min(from + count, own(session)?.seq ?? 0);
      if (last <= from) return [];
      const rows = sql.all(
        'SELECT seq, at, part, parts, text FROM events WHERE key >= ? AND key < ? ORDER BY key',
        (from + 1) * MOST_PARTS,
        (last + 1) * MOST_PARTS,
      );
      return logRows(rows, from + 1, last);
    },

    session: own,

    snapshot(session) {
      if (own(session) === undefined) return undefined;
      const rows = sql.all('SELECT part, parts, seq, version, text FROM snapshot ORDER BY part');
      const [first] = rows;
      if (first === undefined) return undefined;
      const state = wholeText(rows, 0, 'The snapshot');
      return { seq: integer(first, 'seq'), version: integer(first, 'version'), state };
    },

    key(session, id) {
      if (own(session) === undefined) return undefined;
      const rows = sql.all('SELECT part, parts, hash, text FROM requests WHERE id = ? ORDER BY part', id);
      const [first] = rows;
      if (first === undefined) return undefined;
      return { id, hash: text(first, 'hash'), answer: wholeText(rows, 0, `The answer to request ${id}`) };
    },

    wanting() {
      const row = stored();
      return row?.wants ? [row.id] : [];
    },

    chats({ before, limit, owner, archived = false }) {
      const count = wholeNumber(limit, 'limit');
      const row = stored();
      // Nothing is older than the only one.
      if (row === undefined || before !== undefined || count === 0) return [];
      const fits = row.kind === 'main' && row.archived === archived && (owner ?? row.owner) === row.owner;
      return fits ? [row] : [];
    },

    sessions(chat) {
      const row = stored();
      return row?.chat === chat ? [row] : [];
    },

    ended({ before, after, limit }) {
      const count = wholeNumber(limit, 'limit');
      const row = stored();
      if (row === undefined || row.endedAt === null || row.endedAt >= before || count === 0) return [];
      const { id, endedAt } = row;
      const behind =
        after === undefined || endedAt > after.endedAt || (endedAt === after.endedAt && id > after.id);
      return behind ? [{ ...row, endedAt }] : [];
    },

    remove(sessions) {
      const row = stored();
      if (row === undefined || !sessions.includes(row.id)) return;
      transaction(() => {
        // Dropping a table is not billed by its rows.
        for (const table of sessionTables) sql.run(`DROP TABLE ${table}`);
        there = false;
      });
    },

    files: fileRows({ ...sql, transaction }, (chat) => there && own(chat) !== undefined),

    note(name) {
      const [row] = there ? sql.all('SELECT value FROM notes WHERE name = ?', name) : [];
      return row === undefined ? undefined : text(row, 'value');
    },

    setNote(name, value) {
      const known = store.note(name);
      if (value === known) return;
      if (value === undefined) {
        sql.run('DELETE FROM notes WHERE name = ?', name);
        return;
      }
      mustBeThere('a note');
      sql.run('INSERT OR REPLACE INTO notes (name, value) VALUES (?, ?)', name, value);
    },

    addTicket(digest, caller, expiresAt, now) {
      mustBeThere('a ticket');
      transaction(() => {
        sql.run('DELETE FROM tickets WHERE expires_at <= ?', now);
        sql.run(
          'INSERT INTO tickets (digest, caller, expires_at) VALUES (?, ?, ?)',
          digest,
          caller,
          expiresAt,
        );
      });
    },

    takeTicket(digest, now) {
      if (!there) return undefined;
      const [ticket] = sql.all('DELETE FROM tickets WHERE digest = ? RETURNING caller, expires_at', digest);
      if (ticket === undefined || integer(ticket, 'expires_at') <= now) return undefined;
      return text(ticket, 'caller');
    },
  };
  return store;
}

/**
 * The session's row after a commit, which is checked against the row before it.
 *
 * @throws StoreError `conflict`
 */
function rowAfter(commit: Commit, row: SessionRow | undefined): SessionRow {
  const { session, create, wants, archived, endedAt } = commit;
  if (row !== undefined && row.id !== session) {
    throw new StoreError(
      'conflict',
      `This object holds session ${row.id}; session ${session} has an object of its own.`,
    );
  }
  const seq = checkCommit(commit, row?.seq);
  const before = row ?? (create && { ...create, id: session, archived: false, endedAt: null });
  if (before === undefined) throw new Error(`session ${session} was checked and is not there`);
  return {
    ...before,
    seq,
    wants,
    archived: archived ?? before.archived,
    endedAt: endedAt === undefined ? before.endedAt : endedAt,
  };
}
