/**
 * The database's schema as a numbered, append-only list of steps, and what brings a database up to date.
 * A step that was released is never edited: a change is a new step at the end.
 */
import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { DataFolderError } from './data-folder-error.ts';
import { addWordFunctions } from './word-index.ts';

export interface Migration {
  /** From 1, without a gap. */
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

/**
 * An event's key is its session's number (upper 32 bits) and its place in the log (lower 32): rows of a log lie
 * together, and a row of some KB fits its page, which in a WITHOUT ROWID table it would not. `session` and
 * `seq` are there for people with a shell. There are no foreign keys: the one function that writes has read the
 * session's row in the same transaction.
 */
export const migrations: readonly Migration[] = [
  {
    number: 1,
    name: 'sessions and their logs',
    sql: `
CREATE TABLE sessions (
  no INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  chat TEXT NOT NULL,
  parent TEXT,
  kind TEXT NOT NULL CHECK (kind IN ('main', 'subagent')),
  owner TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  wants INTEGER NOT NULL CHECK (wants IN (0, 1))
) STRICT;
CREATE INDEX sessions_wanting ON sessions (kind, created_at) WHERE wants = 1;
CREATE INDEX sessions_main ON sessions (created_at) WHERE kind = 'main';
CREATE INDEX sessions_main_of_owner ON sessions (owner, created_at) WHERE kind = 'main';

CREATE TABLE events (
  key INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  event TEXT NOT NULL,
  sum INTEGER NOT NULL,
  session INTEGER GENERATED ALWAYS AS (key >> 32) VIRTUAL,
  seq INTEGER GENERATED ALWAYS AS (key & 4294967295) VIRTUAL
) STRICT;

CREATE TABLE snapshots (
  session INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  sum INTEGER NOT NULL
) STRICT;

CREATE TABLE requests (
  session INTEGER NOT NULL,
  id TEXT NOT NULL,
  hash TEXT NOT NULL,
  answer TEXT NOT NULL,
  sum INTEGER NOT NULL,
  PRIMARY KEY (session, id)
) STRICT, WITHOUT ROWID;
`,
  },
  {
    number: 2,
    name: 'archived chats, ended subagents, the sessions of a chat',
    sql: `
ALTER TABLE sessions ADD COLUMN archived INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1));
ALTER TABLE sessions ADD COLUMN ended_at INTEGER;
DROP INDEX sessions_main;
DROP INDEX sessions_main_of_owner;
CREATE INDEX sessions_main ON sessions (archived, created_at) WHERE kind = 'main';
CREATE INDEX sessions_main_of_owner ON sessions (owner, archived, created_at) WHERE kind = 'main';
CREATE INDEX sessions_of_chat ON sessions (chat);
CREATE INDEX sessions_ended ON sessions (ended_at, id) WHERE ended_at IS NOT NULL;
-- Not all of these have ended, and those that have, ended a little earlier: who asks looks at the log.
UPDATE sessions SET ended_at = (SELECT at FROM events WHERE key = ((sessions.no << 32) | sessions.seq))
WHERE kind = 'subagent' AND wants = 0;
`,
  },
  {
    number: 3,
    name: 'what was said in chats, to be searched',
    // `said`, `titled` and `words_of` are functions of this gateway: see word-index.ts. Tokens of the index are what
    // stands between blanks, as `words_of` has put them there.
    sql: `
CREATE TABLE sayings (
  id INTEGER PRIMARY KEY,
  key INTEGER NOT NULL UNIQUE,
  at INTEGER NOT NULL
) STRICT;
CREATE VIRTUAL TABLE words USING fts5(
  owner, said, content = '', contentless_delete = 1,
  tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Co'"
);
CREATE TEMP TABLE told AS
WITH main AS (
  SELECT no, key, at, event, substr(event, 1, 80) AS start
  FROM sessions JOIN events ON key > (no << 32) AND key < ((no + 1) << 32) WHERE kind = 'main'
), titles AS (
  SELECT no, max(key) AS source FROM main
  WHERE (instr(start, '"type":"session.created"') OR instr(start, '"type":"chat.changed"')) AND titled(event) IS NOT NULL
  GROUP BY no
)
SELECT key, at, key AS source FROM main
WHERE (instr(start, '"type":"mail.accepted"') OR instr(start, '"type":"step.answered"')) AND said(event) <> ''
UNION ALL
SELECT no << 32, at, source FROM titles JOIN events ON key = source WHERE trim(titled(event)) <> ''
ORDER BY at, source;
INSERT INTO sayings (id, key, at) SELECT rowid, key, at FROM told ORDER BY rowid;
INSERT INTO words (rowid, owner, said)
SELECT told.rowid, lower(hex(owner)), words_of(coalesce(said(event), titled(event)))
FROM told JOIN events ON events.key = source JOIN sessions ON no = source >> 32 ORDER BY told.rowid;
DROP TABLE told;
`,
  },
  {
    number: 4,
    name: 'files that people send along',
    sql: `
CREATE TABLE files (
  session INTEGER NOT NULL,
  id TEXT NOT NULL,
  request TEXT,
  facts TEXT NOT NULL,
  at INTEGER NOT NULL,
  loose INTEGER NOT NULL CHECK (loose IN (0, 1)),
  PRIMARY KEY (session, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX files_loose ON files (at) WHERE loose = 1;
CREATE TABLE file_data (
  session INTEGER NOT NULL,
  id TEXT NOT NULL,
  sum INTEGER NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (session, id)
) STRICT, WITHOUT ROWID;
`,
  },
];

/** Shows whether a step still says what was once applied. */
export function checksum(migration: Migration): string {
  return createHash('sha256').update(migration.sql).digest('hex');
}

/**
 * Applies the steps that are missing, each in a transaction of its own with its record.
 *
 * @param folder the data folder's path, for the words of errors
 * @throws DataFolderError `newer` or `foreign`, before anything is changed; what SQLite throws goes through
 */
export function migrate(
  db: DatabaseSync,
  steps: readonly Migration[],
  folder: string,
  now: () => number,
): void {
  db.exec(
    'CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT',
  );
  const applied = db.prepare('SELECT number, name, checksum FROM migrations ORDER BY number').all();
  const last = applied.at(-1)?.number ?? 0;
  if (typeof last !== 'number' || last > steps.length) {
    throw new DataFolderError(
      'newer',
      `The data folder ${folder} was written by a newer version of the gateway (its schema is number ${last}, this version knows ${steps.length}). Start that version or a later one, or set TIDINGS_DATA to another folder.`,
    );
  }
  addWordFunctions(db);
  const record = db.prepare(
    'INSERT INTO migrations (number, name, checksum, applied_at) VALUES (?, ?, ?, ?)',
  );
  for (const [index, step] of steps.entries()) {
    if (step.number !== index + 1) throw new Error(`migration ${step.number} stands at place ${index + 1}`);
    const was = applied[index];
    if (was === undefined) {
      db.exec('BEGIN IMMEDIATE');
      try {
        db.exec(step.sql);
        record.run(step.number, step.name, checksum(step), now());
        db.exec('COMMIT');
      } catch (error) {
        if (db.isTransaction) db.exec('ROLLBACK');
        throw error;
      }
    } else if (was.number !== step.number || was.checksum !== checksum(step)) {
      throw new DataFolderError(
        'foreign',
        `The data folder ${folder} was made by a build whose schema differs from this one's at step ${step.number} ("${step.name}"). Start the build that made it, or set TIDINGS_DATA to another folder.`,
      );
    }
  }
}
