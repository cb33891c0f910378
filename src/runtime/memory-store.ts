/**
 * A store in plain memory: the semantics and errors of the durable ones, for simulations and tests.
 * Keeps nothing beyond the process.
 */
import type {
  Commit,
  EndedAt,
  LogRow,
  RequestKey,
  SessionId,
  SessionRow,
  Snapshot,
  Store,
} from '../core/ports.ts';
import type { Finder, Found, Saying } from '../core/sayings.ts';
import { marksIn } from '../core/words.ts';
import { memoryFiles } from './memory-files.ts';
import { checkCommit, repeatedKey, wholeNumber } from './store-rules.ts';

interface Entry {
  readonly row: Omit<SessionRow, 'seq' | 'wants' | 'archived' | 'endedAt'>;
  /** Place in the order of creation; breaks ties of `createdAt`. */
  readonly order: number;
  readonly log: LogRow[];
  readonly keys: Map<string, RequestKey>;
  wants: boolean;
  archived: boolean;
  endedAt: number | null;
  snapshot: Snapshot | undefined;
  /** With the place of each in the order of all. */
  sayings: (Saying & { readonly order: number })[];
}

/** An empty store. A host that "crashes" in a simulation is simply a new runtime on the same store. */
export function memoryStore(): Store & Finder {
  const sessions = new Map<SessionId, Entry>();
  let created = 0;
  let said = 0;

  function rowOf(entry: Entry): SessionRow {
    const { row, log, wants, archived, endedAt } = entry;
    return { ...row, seq: log.length, wants, archived, endedAt };
  }

  /** Throws for the first commit that may not be written, before any of them is. */
  function checkBatch(batch: readonly Commit[]): void {
    const lasts = new Map<SessionId, number>();
    const keys = new Set<string>();
    for (const commit of batch) {
      const entry = sessions.get(commit.session);
      const last = lasts.get(commit.session) ?? entry?.log.length;
      lasts.set(commit.session, checkCommit(commit, last));
      if (commit.key === undefined) continue;
      const name = JSON.stringify([commit.session, commit.key.id]);
      if (keys.has(name) || entry?.keys.has(commit.key.id)) throw repeatedKey(commit.session, commit.key.id);
      keys.add(name);
    }
  }

  function write(commit: Commit): void {
    if (commit.create !== undefined) {
      const { chat, parent, kind, owner, createdAt } = commit.create;
      created += 1;
      sessions.set(commit.session, {
        row: { id: commit.session, chat, parent, kind, owner, createdAt },
        order: created,
        log: [],
        keys: new Map(),
        wants: false,
        archived: false,
        endedAt: null,
        snapshot: undefined,
        sayings: [],
      });
    }
    const entry = sessions.get(commit.session);
    if (entry === undefined) throw new Error(`session ${commit.session} was checked and is not there`);
    for (const { seq, at, event } of commit.events) entry.log.push({ seq, at, event });
    entry.wants = commit.wants;
    if (commit.archived !== undefined) entry.archived = commit.archived;
    if (commit.endedAt !== undefined) entry.endedAt = commit.endedAt;
    if (commit.key !== undefined) entry.keys.set(commit.key.id, { ...commit.key });
    if (commit.snapshot !== undefined && commit.snapshot.seq >= (entry.snapshot?.seq ?? 0)) {
      entry.snapshot = { ...commit.snapshot };
    }
    for (const saying of commit.sayings ?? []) {
      if (saying.seq === 0) entry.sayings = entry.sayings.filter(({ seq }) => seq !== 0);
      said += 1;
      if (saying.text.trim() !== '') entry.sayings.push({ ...saying, order: said });
    }
  }

  function newestFirst(a: Entry, b: Entry): number {
    return b.row.createdAt - a.row.createdAt || b.order - a.order;
  }

  const files = memoryFiles((chat) => sessions.has(chat));

  return {
    files,

    commit(batch) {
      checkBatch(batch);
      for (const commit of batch) write(commit);
    },

    events(session, after, limit) {
      const from = wholeNumber(after, 'after');
      const count = wholeNumber(limit, 'limit');
      return (sessions.get(session)?.log ?? []).slice(from, from + count);
    },

    session(id) {
      const entry = sessions.get(id);
      return entry === undefined ? undefined : rowOf(entry);
    },

    snapshot(session) {
      return sessions.get(session)?.snapshot;
    },

    key(session, id) {
      return sessions.get(session)?.keys.get(id);
    },

    wanting() {
      const wanted = [...sessions.values()].filter((entry) => entry.wants);
      wanted.sort((a, b) => {
        if (a.row.kind !== b.row.kind) return a.row.kind === 'main' ? -1 : 1;
        return newestFirst(b, a);
      });
      return wanted.map((entry) => entry.row.id);
    },

    sessions(chat) {
      return [...sessions.values()]
        .filter((entry) => entry.row.chat === chat)
        .sort((a, b) => a.order - b.order)
        .map(rowOf);
    },

    ended({ before, after, limit }) {
      const count = wholeNumber(limit, 'limit');
      const inOrder = (a: EndedAt, b: EndedAt): number =>
        a.endedAt - b.endedAt || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
      return [...sessions.values()]
        .flatMap((entry) => (entry.endedAt === null ? [] : [{ ...rowOf(entry), endedAt: entry.endedAt }]))
        .filter((row) => row.endedAt < before && (after === undefined || inOrder(row, after) > 0))
        .sort(inOrder)
        .slice(0, count);
    },

    remove(gone) {
      for (const id of gone) {
        sessions.delete(id);
        files.drop(id);
      }
    },

    search({ query, owner, before, limit }) {
      const count = wholeNumber(limit, 'limit');
      const border =
        before && sessions.get(before.session)?.sayings.find(({ seq }) => seq === before.seq)?.order;
      if (before && border === undefined) return [];
      return [...sessions.values()]
        .filter(({ row }) => owner === undefined || row.owner === owner)
        .flatMap(({ row, sayings }) => sayings.map((one) => ({ ...one, session: row.id })))
        .filter((one) => (border === undefined || one.order < border) && marksIn(one.text, query))
        .sort((a, b) => b.order - a.order)
        .slice(0, count)
        .map(({ session, seq, at }): Found => ({ session, seq, at }));
    },

    chats({ before, limit, owner, archived = false }) {
      const count = wholeNumber(limit, 'limit');
      const border = before === undefined ? undefined : sessions.get(before);
      if (before !== undefined && border === undefined) return [];
      return [...sessions.values()]
        .filter((entry) => entry.row.kind === 'main' && (owner === undefined || entry.row.owner === owner))
        .filter((entry) => entry.archived === archived)
        .filter((entry) => border === undefined || newestFirst(border, entry) < 0)
        .sort(newestFirst)
        .slice(0, count)
        .map(rowOf);
    },
  };
}
