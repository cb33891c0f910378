/** The tables of the directory's object. */
import type { SchemaStep } from './schema.ts';

/** `no` is the order of arrival. A chat's two indexes are for the two lists that are asked for: of all, of an owner. */
export const directorySteps: readonly SchemaStep[] = [
  {
    number: 1,
    name: 'chats, named tokens, who watches a token',
    sql: `
CREATE TABLE chats (
  no INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  owner TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  archived INTEGER NOT NULL CHECK (archived IN (0, 1))
) STRICT;
CREATE INDEX chats_of_all ON chats (archived, created_at);
CREATE INDEX chats_of_owner ON chats (owner, archived, created_at);

CREATE TABLE tokens (
  no INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  digest TEXT NOT NULL UNIQUE,
  scopes TEXT NOT NULL,
  owner TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT;

CREATE TABLE watchers (
  digest TEXT NOT NULL,
  session TEXT NOT NULL,
  PRIMARY KEY (digest, session)
) STRICT, WITHOUT ROWID;
`,
  },
  {
    number: 2,
    name: 'requests about tokens, so that each is done once',
    sql: `
CREATE TABLE requests (
  id TEXT PRIMARY KEY,
  hash TEXT NOT NULL,
  salt TEXT,
  token TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`,
  },
];
