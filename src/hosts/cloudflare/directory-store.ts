/**
 * What the directory's object knows: which chats there are and whose, the named tokens, and which sessions must hear
 * when a token is revoked. Holds no log and no token, only digests; who may ask, others decide.
 */

import { type DoneRequest, type Kept, repeatedAnswer, type TokenRequest } from '../../http/token-keeper.ts';
import { type KeptToken, keptTokenSchema, mustBeFree, noSuchToken } from '../../http/token-rules.ts';
import { wholeNumber } from '../../runtime/store-rules.ts';
import { directorySteps } from './directory-schema.ts';
import { corrupt, integer, text } from './rows.ts';
import { applySteps, bringUpToDate } from './schema.ts';
import type { Sql, SqlRow } from './sql.ts';
import { withStoreErrors } from './sql-failure.ts';

export interface ShelvedChat {
  readonly id: string;
  readonly owner: string;
  readonly createdAt: number;
  readonly archived: boolean;
}

export interface DirectoryStore {
  /** Enters a chat, or changes what is known of it; what is known already writes nothing. */
  shelve(chat: ShelvedChat): void;
  unshelve(id: string): void;
  owner(id: string): string | undefined;
  /** As `Store.chats`: newest first, those of one moment by their arrival; behind the chat `before`, exclusive. */
  page(query: {
    readonly before?: string;
    readonly limit: number;
    readonly owner?: string;
    /** `any`: both those that are and those that are not. */
    readonly archived?: boolean | 'any';
  }): ShelvedChat[];

  readonly tokens: {
    /** Keeps a new token, once for a request. Throws `TokenRefusal` in words that say what would be right. */
    add(token: KeptToken, request?: TokenRequest): Kept;
    /** All that were ever made, oldest first. */
    list(): KeptToken[];
    /** One that was revoked stays revoked since then. Throws `TokenRefusal` when there is none of this name. */
    revoke(name: string, now: number, request?: TokenRequest): Kept;
    /** The revoked ones, too: see `revokedAt`. */
    byDigest(digest: string): KeptToken | undefined;
  };

  /** The session hears when the token of this digest is revoked. */
  watch(digest: string, session: string): void;
  unwatch(digest: string, session: string): void;
  watchers(digest: string): string[];
}

/**
 * Opens the directory, which is made if it isn't there. Its calls throw `StoreError`.
 *
 * @throws SchemaError when a later release wrote it
 */
export function openDirectoryStore(database: Sql): DirectoryStore {
  const sql = withStoreErrors(database);
  if (!bringUpToDate(sql, directorySteps)) sql.transaction(() => applySteps(sql, directorySteps));

  function tokenWhere(column: 'name' | 'digest', value: string): KeptToken | undefined {
    const [row] = sql.all(`SELECT * FROM tokens WHERE ${column} = ?`, value);
    return row === undefined ? undefined : keptToken(row);
  }

  /** Does it, unless it was done for this very request before; in one transaction with that it was. */
  function once(request: TokenRequest | undefined, change: () => KeptToken): Kept {
    const [row] = request ? sql.all('SELECT * FROM requests WHERE id = ?', request.id) : [];
    if (request && row) return repeatedAnswer(doneRequest(row), request, (name) => tokenWhere('name', name));
    let token: KeptToken | undefined;
    sql.transaction(() => {
      token = change();
      if (!request) return;
      const { id, hash, salt = null } = request;
      sql.run('INSERT INTO requests (id, hash, salt, token) VALUES (?, ?, ?, ?)', id, hash, salt, token.name);
    });
    if (token === undefined) throw new Error('a change was not made');
    return { token, repeated: false };
  }

  return {
    shelve({ id, owner, createdAt, archived }) {
      sql.run(
        `INSERT INTO chats (id, owner, created_at, archived) VALUES (?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE
         SET owner = excluded.owner, created_at = excluded.created_at, archived = excluded.archived
         WHERE (owner, created_at, archived) IS NOT (excluded.owner, excluded.created_at, excluded.archived)`,
        id,
        owner,
        createdAt,
        archived ? 1 : 0,
      );
    },

    unshelve(id) {
      sql.run('DELETE FROM chats WHERE id = ?', id);
    },

    owner(id) {
      const [row] = sql.all('SELECT owner FROM chats WHERE id = ?', id);
      return row === undefined ? undefined : text(row, 'owner');
    },

    page({ before, limit, owner, archived = false }) {
      const count = wholeNumber(limit, 'limit');
      const [border] =
        before === undefined
          ? [{ created_at: Number.MAX_SAFE_INTEGER, no: Number.MAX_SAFE_INTEGER }]
          : sql.all('SELECT created_at, no FROM chats WHERE id = ?', before);
      if (border === undefined) return [];
      // Each by its index: so no more rows are read than are asked for.
      const rows = (archived === 'any' ? [false, true] : [archived]).flatMap((one) =>
        sql.all(
          `SELECT no, id, owner, created_at, archived FROM chats
           WHERE ${owner === undefined ? '' : 'owner = ? AND '}archived = ? AND (created_at, no) < (?, ?)
           ORDER BY created_at DESC, no DESC LIMIT ?`,
          ...(owner === undefined ? [] : [owner]),
          one ? 1 : 0,
          integer(border, 'created_at'),
          integer(border, 'no'),
          count,
        ),
      );
      return rows.sort(newestFirst).slice(0, count).map(shelvedChat);
    },

    tokens: {
      add: (token, request) =>
        once(request, () => {
          mustBeFree(tokenWhere('name', token.name));
          sql.run(
            'INSERT INTO tokens (name, digest, scopes, owner, created_at) VALUES (?, ?, ?, ?, ?)',
            token.name,
            token.digest,
            JSON.stringify(token.scopes),
            token.owner,
            token.createdAt,
          );
          return token;
        }),

      list: () => sql.all('SELECT * FROM tokens ORDER BY no').map(keptToken),

      revoke: (name, now, request) =>
        once(request, () => {
          const found = tokenWhere('name', name);
          if (found === undefined) throw noSuchToken(name, 'GET /v1/tokens lists those there are.');
          if (found.revokedAt !== undefined) return found;
          sql.run('UPDATE tokens SET revoked_at = ? WHERE name = ?', now, name);
          return { ...found, revokedAt: now };
        }),

      byDigest: (digest) => tokenWhere('digest', digest),
    },

    watch(digest, session) {
      sql.run('INSERT OR IGNORE INTO watchers (digest, session) VALUES (?, ?)', digest, session);
    },

    unwatch(digest, session) {
      sql.run('DELETE FROM watchers WHERE digest = ? AND session = ?', digest, session);
    },

    watchers: (digest) =>
      sql
        .all('SELECT session FROM watchers WHERE digest = ? ORDER BY session', digest)
        .map((row) => text(row, 'session')),
  };
}

function newestFirst(a: SqlRow, b: SqlRow): number {
  return integer(b, 'created_at') - integer(a, 'created_at') || integer(b, 'no') - integer(a, 'no');
}

function shelvedChat(row: SqlRow): ShelvedChat {
  return {
    id: text(row, 'id'),
    owner: text(row, 'owner'),
    createdAt: integer(row, 'created_at'),
    archived: integer(row, 'archived') === 1,
  };
}

function doneRequest(row: SqlRow): DoneRequest {
  return {
    id: text(row, 'id'),
    hash: text(row, 'hash'),
    ...(row.salt === null ? {} : { salt: text(row, 'salt') }),
    token: text(row, 'token'),
  };
}

function keptToken(row: SqlRow): KeptToken {
  const read = keptTokenSchema.safeParse({
    name: row.name,
    digest: row.digest,
    scopes: jsonOf(text(row, 'scopes')),
    owner: row.owner,
    createdAt: row.created_at,
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at }),
  });
  if (read.success) return read.data;
  throw corrupt(`A named token is not what it should be (${read.error.issues[0]?.path.join('.') ?? ''})`);
}

function jsonOf(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch {
    return undefined;
  }
}
