/**
 * One store made of many: a database and a `SessionStore` for each session, as the objects of the platform are, so
 * that the suite of all stores can be asked of them. What spans sessions (the order of lists, a batch that is
 * written whole) is this file's own; everything else is theirs.
 */
import type { Commit, SessionRow, Store } from '../../src/core/ports.ts';
import { openSessionStore, type SessionStore } from '../../src/hosts/cloudflare/session-store.ts';
import { meteredSql } from '../../src/hosts/cloudflare/sql.ts';
import { wholeNumber } from '../../src/runtime/store-rules.ts';
import type { OpenedStore } from '../store/opened-store.ts';
import { nodeSql } from './node-sql.ts';

export function openSessionStores(): OpenedStore {
  const databases = new Map<string, ReturnType<typeof nodeSql>>();
  const stores = new Map<string, SessionStore>();

  function at(id: string): SessionStore {
    const known = stores.get(id);
    if (known !== undefined) return known;
    const sql = databases.get(id) ?? nodeSql();
    databases.set(id, sql);
    const store = openSessionStore(meteredSql(sql));
    stores.set(id, store);
    return store;
  }

  /** In the order of creation, to which `commit` sees. */
  function all(): SessionStore[] {
    return [...databases.keys()].map(at);
  }

  /** A share within the transaction of the one before it: the last that is refused undoes all. */
  function writeAll([share, ...rest]: [string, Commit[]][]): void {
    if (share === undefined) return;
    const [id, commits] = share;
    at(id).commitWith(commits, () => writeAll(rest));
  }

  const newestFirst = (a: SessionRow, b: SessionRow): number => b.createdAt - a.createdAt;

  const store: Store = {
    commit(batch) {
      const shares = Object.entries(Object.groupBy(batch, ({ session }) => session));
      for (const { create, session } of batch) {
        if (create === undefined || store.session(session) !== undefined) continue;
        // It is born now, whenever it was first asked for.
        const sql = databases.get(session) ?? nodeSql();
        databases.delete(session);
        databases.set(session, sql);
      }
      writeAll(shares.map(([id, commits = []]) => [id, commits]));
    },
    events: (id, after, limit) => at(id).events(id, after, limit),
    session: (id) => at(id).session(id),
    snapshot: (id) => at(id).snapshot(id),
    key: (id, request) => at(id).key(id, request),
    wanting() {
      const rows = all().flatMap((one) => one.wanting().flatMap((id) => one.session(id) ?? []));
      rows.sort((a, b) => (a.kind === b.kind ? newestFirst(b, a) : a.kind === 'main' ? -1 : 1));
      return rows.map(({ id }) => id);
    },
    sessions: (chat) => all().flatMap((one) => one.sessions(chat)),
    ended: (query) =>
      all()
        .flatMap((one) => one.ended(query))
        .sort((a, b) => a.endedAt - b.endedAt || (a.id < b.id ? -1 : 1))
        .slice(0, query.limit),
    remove(ids) {
      for (const id of ids) at(id).remove(ids);
    },
    files: {
      put: (chat, ...file) => at(chat).files.put(chat, ...file),
      brought: (chat, request) => at(chat).files.brought(chat, request),
      facts: (chat, id) => at(chat).files.facts(chat, id),
      bytes: (chat, id) => at(chat).files.bytes(chat, id),
      base64: (chat, id) => at(chat).files.base64(chat, id),
      keep: (chat, ids) => at(chat).files.keep(chat, ids),
      loose: (chat) => at(chat).files.loose(chat),
    },
    chats({ before, limit, ...which }) {
      const count = wholeNumber(limit, 'limit');
      const born = [...databases.keys()].reverse().flatMap((id) => at(id).session(id) ?? []);
      const order = born.sort(newestFirst).map(({ id }) => id);
      if (before !== undefined && !order.includes(before)) return [];
      return order
        .slice(before === undefined ? 0 : order.indexOf(before) + 1)
        .flatMap((id) => at(id).chats({ limit: 1, ...which }))
        .slice(0, count);
    },
  };

  const opened: OpenedStore = {
    store,
    async reopen() {
      stores.clear();
      return opened;
    },
    async close() {
      for (const { db } of databases.values()) db.close();
    },
  };
  return opened;
}
