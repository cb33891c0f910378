/** The tables of a session's object, and their names. Each row that is written is billed, and so is its index's. */
import type { SchemaStep } from './schema.ts';

/**
 * An event's key is its place in the log (upper bits) and the part of its text (lower 12): one row of a table
 * without another index, and the parts of a text lie together. `parts` is how many there are, so that one that is
 * missing shows. `seq` and `part` are there for people who look.
 */
export const sessionSteps: readonly SchemaStep[] = [
  {
    number: 1,
    name: 'a session and its log',
    sql: `
CREATE TABLE session (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  id TEXT NOT NULL,
  chat TEXT NOT NULL,
  parent TEXT,
  kind TEXT NOT NULL CHECK (kind IN ('main', 'subagent')),
  owner TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  wants INTEGER NOT NULL CHECK (wants IN (0, 1)),
  archived INTEGER NOT NULL CHECK (archived IN (0, 1)),
  ended_at INTEGER
) STRICT;

CREATE TABLE events (
  key INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  parts INTEGER NOT NULL,
  text TEXT NOT NULL,
  seq INTEGER GENERATED ALWAYS AS (key >> 12) VIRTUAL,
  part INTEGER GENERATED ALWAYS AS (key & 4095) VIRTUAL
) STRICT;

CREATE TABLE snapshot (
  part INTEGER PRIMARY KEY,
  parts INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  version INTEGER NOT NULL,
  text TEXT NOT NULL
) STRICT;

CREATE TABLE requests (
  id TEXT NOT NULL,
  part INTEGER NOT NULL,
  parts INTEGER NOT NULL,
  hash TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (id, part)
) STRICT, WITHOUT ROWID;

CREATE TABLE notes (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tickets (
  digest TEXT NOT NULL PRIMARY KEY,
  caller TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`,
  },
  {
    number: 2,
    name: 'files that people send along',
    sql: `
CREATE TABLE files (
  id TEXT NOT NULL PRIMARY KEY,
  request TEXT,
  facts TEXT NOT NULL,
  at INTEGER NOT NULL,
  loose INTEGER NOT NULL CHECK (loose IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE file_parts (
  id TEXT NOT NULL,
  part INTEGER NOT NULL,
  parts INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (id, part)
) STRICT, WITHOUT ROWID;
`,
  },
];

/** All of them, the record of the schema included: what goes when the session goes. */
export const sessionTables = [
  'session',
  'events',
  'snapshot',
  'requests',
  'notes',
  'tickets',
  'files',
  'file_parts',
  'schema',
] as const;
