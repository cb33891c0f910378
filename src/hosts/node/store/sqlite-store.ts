/**
 * The store of the Node host: logs in one SQLite database in a data folder that this process owns.
 * Never reads what an event says and never changes one; a log is removed whole or not at all.
 */
import { DatabaseSync } from 'node:sqlite';
import type { Commit, Store } from '../../../core/ports.ts';
import type { Finder } from '../../../core/sayings.ts';
import { checkCommit, repeatedKey, StoreError, wholeNumber } from '../../../runtime/store-rules.ts';
import { takeDataFolder } from './data-folder.ts';
import { DataFolderError, dataFolderError } from './data-folder-error.ts';
import { prepareDatabase } from './database-file.ts';
import { fileRows, type PlacedFiles } from './file-rows.ts';
import { type Migration, migrate, migrations } from './migrations.ts';
import {
  corrupt,
  idOf,
  integer,
  logRow,
  type Row,
  requestRow,
  sessionRow,
  snapshotRow,
  sumOf,
  text,
} from './rows.ts';
import { sqliteFailure } from './sqlite-failure.ts';
import { wordIndex } from './word-index.ts';

export interface StoreOptions {
  /** How long the start waits for another owner of the folder to leave. Default 1,000. */
  readonly lockWaitMs?: number;
  /** How long a commit waits, blocking, while another program writes to the database. Default 2,000. */
  readonly busyWaitMs?: number;
  /** The database may hold this many pages of 4 KiB; a commit beyond is `full`. Default: what the disk holds. */
  readonly maxPages?: number;
  /** After a crash the database is looked over wholly if it isn't larger than this. Default 32 MiB: some 30 ms. */
  readonly fullCheckBytes?: number;
  /** Wall clock, milliseconds since the epoch. */
  readonly now?: () => number;
  /** The schema's steps, all of them. Default: those of this version. */
  readonly migrations?: readonly Migration[];
}

export interface SqliteStore extends Store, Finder {
  /** Absolute path of the data folder. */
  readonly folder: string;
  readonly files: PlacedFiles;
  /** Puts the database in order and lets the folder go. Safe to repeat; any other call after it throws. */
  close(): void;
}

/**
 * Opens the store in `folder`, which is made if it isn't there, and brings its schema up to date.
 * Calls of the store throw `StoreError`.
 *
 * @throws DataFolderError
 */
export function openStore(folder: string, options: StoreOptions = {}): SqliteStore {
  const now = options.now ?? Date.now;
  const owned = takeDataFolder(folder, { waitMs: options.lockWaitMs ?? 1_000, now });
  let db: DatabaseSync | undefined;
  try {
    const file = prepareDatabase(owned.path, options.fullCheckBytes ?? 32 * 1024 * 1024);
    db = new DatabaseSync(file, { timeout: options.busyWaitMs ?? 2_000 });
    configure(db, owned.path, options.maxPages);
    migrate(db, options.migrations ?? migrations, owned.path, now);
    return storeOn(db, owned);
  } catch (error) {
    db?.close();
    owned.release();
    throw dataFolderError(owned.path, error);
  }
}

/**
 * FULL: a commit returns when its pages are on the disk. The log is moved into the database less often than by
 * default (16 MB instead of 4), which spares rewriting the pages that every commit touches.
 */
function configure(db: DatabaseSync, folder: string, maxPages: number | undefined): void {
  const mode = db.prepare('PRAGMA journal_mode = WAL').get()?.journal_mode;
  if (mode !== 'wal') {
    throw new DataFolderError(
      'io',
      `The data folder ${folder} is on a file system on which SQLite can't keep a write-ahead log (it offers "${String(mode)}"). Set TIDINGS_DATA to a folder on a local disk.`,
    );
  }
  db.exec(`
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 4000;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -8000;
    PRAGMA temp_store = MEMORY;
  `);
  if (maxPages !== undefined) db.exec(`PRAGMA max_page_count = ${wholeNumber(maxPages, 'maxPages')}`);
}

function storeOn(db: DatabaseSync, owned: { path: string; release(): void }): SqliteStore {
  const begin = db.prepare('BEGIN IMMEDIATE');
  const end = db.prepare('COMMIT');
  const undo = db.prepare('ROLLBACK');
  const head = db.prepare('SELECT no, seq, owner FROM sessions WHERE id = ?');
  const addSession = db.prepare(
    'INSERT INTO sessions (id, chat, parent, kind, owner, created_at, seq, wants) VALUES (?, ?, ?, ?, ?, ?, 0, 0)',
  );
  const setHead = db.prepare('UPDATE sessions SET seq = ?, wants = ? WHERE no = ?');
  const setArchived = db.prepare('UPDATE sessions SET archived = ? WHERE no = ?');
  const setEnded = db.prepare('UPDATE sessions SET ended_at = ? WHERE no = ?');
  const addEvent = db.prepare('INSERT INTO events (key, at, event, sum) VALUES ((? << 32) | ?, ?, ?, ?)');
  const addRequest = db.prepare(
    'INSERT INTO requests (session, id, hash, answer, sum) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const setSnapshot = db.prepare(`
    INSERT INTO snapshots (session, seq, version, state, sum) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (session) DO UPDATE
    SET seq = excluded.seq, version = excluded.version, state = excluded.state, sum = excluded.sum
    WHERE excluded.seq >= seq
  `);
  const someEvents = db.prepare(
    'SELECT seq, at, event, sum FROM events WHERE key > ((? << 32) | ?) AND key <= ((? << 32) | ?) ORDER BY key',
  );
  const columns = 'id, chat, parent, kind, owner, created_at, seq, wants, archived, ended_at';
  const oneSession = db.prepare(`SELECT ${columns} FROM sessions WHERE id = ?`);
  const position = db.prepare('SELECT created_at, no FROM sessions WHERE id = ?');
  const mainSessions = db.prepare(`
    SELECT ${columns} FROM sessions WHERE kind = 'main' AND archived = ? AND (created_at, no) < (?, ?)
    ORDER BY created_at DESC, no DESC LIMIT ?
  `);
  const mainSessionsOf = db.prepare(`
    SELECT ${columns} FROM sessions WHERE kind = 'main' AND owner = ? AND archived = ? AND (created_at, no) < (?, ?)
    ORDER BY created_at DESC, no DESC LIMIT ?
  `);
  const sessionsOf = db.prepare(`SELECT ${columns} FROM sessions WHERE chat = ? ORDER BY no`);
  const endedSessions = db.prepare(`
    SELECT ${columns} FROM sessions
    WHERE ended_at IS NOT NULL AND ended_at < ? AND (ended_at, id) > (?, ?)
    ORDER BY ended_at, id LIMIT ?
  `);
  const removals = [
    'DELETE FROM events WHERE key > (? << 32) AND key < ((? + 1) << 32)',
    'DELETE FROM snapshots WHERE session IN (?, ?)',
    'DELETE FROM requests WHERE session IN (?, ?)',
    'DELETE FROM file_data WHERE session IN (?, ?)',
    'DELETE FROM files WHERE session IN (?, ?)',
    'DELETE FROM sessions WHERE no IN (?, ?)',
  ].map((sql) => db.prepare(sql));
  const wanted = db.prepare('SELECT id FROM sessions WHERE wants = 1 ORDER BY kind, created_at, no');
  const oneSnapshot = db.prepare(
    'SELECT seq, version, state, sum FROM snapshots WHERE session = (SELECT no FROM sessions WHERE id = ?)',
  );
  const oneRequest = db.prepare(
    'SELECT hash, answer, sum FROM requests WHERE session = (SELECT no FROM sessions WHERE id = ?) AND id = ?',
  );

  const index = wordIndex(db);

  function write(commit: Commit): void {
    const { session, create, key, snapshot, sayings } = commit;
    const known = head.get(session);
    const seq = checkCommit(commit, known === undefined ? undefined : integer(known, 'seq'));
    const no =
      create === undefined
        ? integer(known ?? {}, 'no')
        : addSession.run(session, create.chat, create.parent, create.kind, create.owner, create.createdAt)
            .lastInsertRowid;
    for (const event of commit.events) {
      addEvent.run(no, event.seq, event.at, event.event, sumOf(event.event, event.seq, event.at));
    }
    setHead.run(seq, commit.wants ? 1 : 0, no);
    if (commit.archived !== undefined) setArchived.run(commit.archived ? 1 : 0, no);
    if (commit.endedAt !== undefined) setEnded.run(commit.endedAt, no);
    if (key !== undefined) {
      const added = addRequest.run(no, key.id, key.hash, key.answer, sumOf(key.hash + key.answer));
      if (added.changes !== 1) throw repeatedKey(session, key.id);
    }
    if (snapshot !== undefined) {
      const sum = sumOf(snapshot.state, snapshot.seq, snapshot.version);
      setSnapshot.run(no, snapshot.seq, snapshot.version, snapshot.state, sum);
    }
    if (sayings !== undefined) index.add(no, create?.owner ?? text(known ?? {}, 'owner'), sayings);
  }

  function transaction(job: () => void, outcome: string): void {
    try {
      begin.run();
      job();
      end.run();
    } catch (error) {
      // SQLite has already undone it after some errors, such as a full disk.
      if (db.isTransaction) undo.run();
      throw storeError(error, outcome);
    }
  }

  return {
    folder: owned.path,

    commit(batch) {
      if (batch.length === 0) return;
      transaction(() => {
        for (const commit of batch) write(commit);
      }, 'Nothing of the commit was written');
    },

    remove(sessions) {
      if (sessions.length === 0) return;
      transaction(() => {
        for (const session of sessions) {
          const known = head.get(session);
          if (known === undefined) continue;
          const no = integer(known, 'no');
          index.remove(no);
          for (const removal of removals) removal.run(no, no);
        }
      }, 'Nothing was removed');
    },

    events(session, after, limit) {
      const from = wholeNumber(after, 'after');
      const count = wholeNumber(limit, 'limit');
      return read(() => {
        const known = head.get(session);
        if (known === undefined) return [];
        const no = integer(known, 'no');
        const last = Math.min(from + count, integer(known, 'seq'));
        if (last <= from) return [];
        const rows = someEvents.all(no, from, no, last);
        if (rows.length < last - from)
          throw corrupt(`Session ${session} has lost events between ${from} and ${last}`);
        return rows.map((row, index) => logRow(row, session, from + index + 1));
      });
    },

    session(id) {
      return read(() => optional(oneSession.get(id), sessionRow));
    },

    snapshot(session) {
      return read(() => optional(oneSnapshot.get(session), (row) => snapshotRow(row, session)));
    },

    key(session, id) {
      return read(() => optional(oneRequest.get(session, id), (row) => requestRow(row, session, id)));
    },

    wanting() {
      return read(() => wanted.all().map(idOf));
    },

    sessions(chat) {
      return read(() => sessionsOf.all(chat).map(sessionRow));
    },

    ended({ before, after, limit }) {
      const count = wholeNumber(limit, 'limit');
      return read(() =>
        endedSessions
          .all(before, after?.endedAt ?? Number.MIN_SAFE_INTEGER, after?.id ?? '', count)
          .map((row) => ({ ...sessionRow(row), endedAt: integer(row, 'ended_at') })),
      );
    },

    chats({ before, limit, owner, archived = false }) {
      const count = wholeNumber(limit, 'limit');
      return read(() => {
        const border = before === undefined ? undefined : position.get(before);
        if (before !== undefined && border === undefined) return [];
        const at = border === undefined ? Number.MAX_SAFE_INTEGER : integer(border, 'created_at');
        const no = border === undefined ? Number.MAX_SAFE_INTEGER : integer(border, 'no');
        const shelf = archived ? 1 : 0;
        const rows =
          owner === undefined
            ? mainSessions.all(shelf, at, no, count)
            : mainSessionsOf.all(owner, shelf, at, no, count);
        return rows.map(sessionRow);
      });
    },

    files: fileRows(db, {
      numberOf(session) {
        const known = read(() => head.get(session));
        return known === undefined ? undefined : integer(known, 'no');
      },
      read,
      write: (job) => transaction(job, 'Nothing of the file was written'),
    }),

    search: (query) => read(() => index.search(query)),

    close() {
      if (db.isOpen) db.close();
      owned.release();
    },
  };
}

function optional<T>(row: Row | undefined, parse: (row: Row) => T): T | undefined {
  return row === undefined ? undefined : parse(row);
}

function read<T>(query: () => T): T {
  try {
    return query();
  } catch (error) {
    throw storeError(error, 'Nothing was read');
  }
}

/** Errors that aren't SQLite's (a value of a wrong type, a closed store) are a programmer's and stay as they are. */
function storeError(error: unknown, outcome: string): unknown {
  const failure = sqliteFailure(error);
  if (failure === undefined) return error;
  const kind =
    failure.kind === 'read_only' || failure.kind === 'cannot_open' || failure.kind === 'other'
      ? 'io'
      : failure.kind;
  return new StoreError(kind, `${outcome}: ${failure.words}.`, error);
}
