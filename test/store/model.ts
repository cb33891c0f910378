/**
 * The store as a plain array of sessions, and the property that a store can't be told from it.
 * The model shares no code with any store.
 */
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { expect } from 'vitest';
import type { Commit, LogRow, RequestKey, SessionRow, Snapshot, Store } from '../../src/core/ports.ts';
import { kindOfFailure, type OpenedStore } from './opened-store.ts';

interface ModelSession {
  row: SessionRow;
  log: LogRow[];
  keys: RequestKey[];
  snapshot: Snapshot | undefined;
}

/** What a commit is to be, before the model's state gives it its numbers. */
interface Intent {
  session: string;
  create: boolean;
  kind: 'main' | 'subagent';
  owner: string;
  createdAt: number;
  texts: string[];
  /** 0 continues the log; anything else is a mistake. */
  slip: number;
  wants: boolean;
  key: string | undefined;
  archived: boolean | undefined;
  endedAt: number | null | undefined;
  /** How far before the end of the log; negative is a mistake. */
  snapshot: number | undefined;
}

const ids = ['a', 'b', 'c', 'd', 'e'];
const mostly = <T>(usual: T, other: fc.Arbitrary<T>) =>
  fc.oneof({ arbitrary: fc.constant(usual), weight: 12 }, { arbitrary: other, weight: 1 });

const intent: fc.Arbitrary<Intent> = fc.record({
  session: fc.constantFrom(...ids),
  // True only when it fits, mostly; see `commitOf`.
  create: mostly(false, fc.constant(true)),
  kind: fc.constantFrom('main', 'subagent'),
  owner: fc.constantFrom('ann', 'bea'),
  createdAt: fc.integer({ min: 1, max: 3 }),
  texts: fc.array(fc.string({ unit: 'binary', maxLength: 12 }), { maxLength: 4 }),
  slip: mostly(0, fc.integer({ min: -2, max: 2 })),
  wants: fc.boolean(),
  archived: fc.option(fc.boolean(), { nil: undefined, freq: 1 }),
  endedAt: fc.constantFrom(undefined, undefined, null, 1, 2, 3),
  key: fc.option(fc.string({ minLength: 1, maxLength: 1 }), { nil: undefined, freq: 1 }),
  snapshot: fc.option(mostly(0, fc.integer({ min: -1, max: 3 })), { nil: undefined, freq: 1 }),
});

type Step = { do: 'commit'; batch: Intent[] } | { do: 'remove'; sessions: string[] } | { do: 'reopen' };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    arbitrary: fc.record({ do: fc.constant('commit'), batch: fc.array(intent, { maxLength: 5 }) }),
    weight: 8,
  },
  {
    arbitrary: fc.record({ do: fc.constant('remove'), sessions: fc.subarray(ids, { maxLength: 2 }) }),
    weight: 1,
  },
  { arbitrary: fc.record({ do: fc.constant('reopen') }), weight: 1 },
);

/** Runs random commits, good and bad, on a store and on the model, and compares all that can be read. */
export async function storeAgreesWithModel(open: () => Promise<OpenedStore>): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      let opened = await open();
      let model: ModelSession[] = [];
      try {
        for (const one of steps) {
          if (one.do === 'reopen') {
            opened = await opened.reopen();
          } else if (one.do === 'remove') {
            opened.store.remove(one.sessions);
            model = model.filter((session) => !one.sessions.includes(session.row.id));
          } else {
            const { batch, after } = plan(model, one.batch);
            expect(kindOfFailure(() => opened.store.commit(batch))).toBe(
              after === undefined ? 'conflict' : 'none',
            );
            model = after ?? model;
          }
          expectSame(opened.store, model);
        }
      } finally {
        await opened.close();
      }
    }),
    { numRuns: 100 },
  );
}

/** The batch that the intents mean in this state, and the state after it: undefined if it must be refused. */
function plan(
  model: ModelSession[],
  intents: Intent[],
): { batch: Commit[]; after: ModelSession[] | undefined } {
  const sessions = structuredClone(model);
  const batch: Commit[] = [];
  let refused = false;
  for (const wish of intents) {
    const found = sessions.find((session) => session.row.id === wish.session);
    const commit = commitOf(wish, found);
    batch.push(commit);
    refused ||= !apply(sessions, found, commit);
  }
  return { batch, after: refused ? undefined : sessions };
}

function commitOf(wish: Intent, found: ModelSession | undefined): Commit {
  // `wish.create` turns what fits into what doesn't.
  const create = (found === undefined) !== wish.create;
  const first = (found?.log.length ?? 0) + 1 + wish.slip;
  const last = (found?.log.length ?? 0) + wish.texts.length;
  return {
    session: wish.session,
    ...(create
      ? {
          create: {
            chat: wish.kind === 'main' ? wish.session : 'a',
            parent: wish.kind === 'main' ? null : 'a',
            kind: wish.kind,
            owner: wish.owner,
            createdAt: wish.createdAt,
          },
        }
      : {}),
    events: wish.texts.map((text, n) => ({
      seq: first + n,
      at: wish.createdAt * 1_000 + n,
      event: JSON.stringify(text),
    })),
    wants: wish.wants,
    ...(wish.archived === undefined ? {} : { archived: wish.archived }),
    ...(wish.endedAt === undefined ? {} : { endedAt: wish.endedAt }),
    ...(wish.key === undefined ? {} : { key: { id: wish.key, hash: `hash ${wish.owner}`, answer: '{}' } }),
    ...(wish.snapshot === undefined
      ? {}
      : {
          snapshot: {
            seq: last - wish.snapshot,
            version: wish.createdAt,
            state: `state ${wish.texts.length}`,
          },
        }),
  };
}

/** Changes `sessions`; false if the commit must be refused. */
function apply(sessions: ModelSession[], found: ModelSession | undefined, commit: Commit): boolean {
  if ((commit.create === undefined) === (found === undefined)) return false;
  let session = found;
  if (commit.create !== undefined) {
    session = {
      row: {
        id: commit.session,
        ...commit.create,
        seq: 0,
        wants: false,
        archived: false,
        endedAt: null,
      },
      log: [],
      keys: [],
      snapshot: undefined,
    };
    sessions.push(session);
  }
  if (session === undefined) return false;
  session.log.push(...commit.events);
  if (session.log.some((row, index) => row.seq !== index + 1)) return false;
  session.row = {
    ...session.row,
    seq: session.log.length,
    wants: commit.wants,
    archived: commit.archived ?? session.row.archived,
    endedAt: commit.endedAt === undefined ? session.row.endedAt : commit.endedAt,
  };
  const { key, snapshot } = commit;
  if (key !== undefined) {
    if (session.keys.some((other) => other.id === key.id)) return false;
    session.keys.push(key);
  }
  if (snapshot !== undefined) {
    if (snapshot.seq < 0 || snapshot.seq > session.log.length) return false;
    if (session.snapshot === undefined || snapshot.seq >= session.snapshot.seq) session.snapshot = snapshot;
  }
  return true;
}

function expectSame(store: Store, model: ModelSession[]): void {
  for (const id of ids) {
    const session = model.find((other) => other.row.id === id);
    const log = session?.log ?? [];
    expect(store.session(id)).toEqual(session?.row);
    expect(store.snapshot(id)).toEqual(session?.snapshot);
    expect(store.events(id, 0, 1_000)).toEqual(log);
    for (const after of [1, 3]) {
      expect(isDeepStrictEqual(store.events(id, after, 2), log.slice(after, after + 2))).toBe(true);
    }
    for (const key of session?.keys ?? []) expect(store.key(id, key.id)).toEqual(key);
  }
  // Stable sorts: equal moments keep the order of the array, which is that of birth.
  const oldestFirst = [...model].sort((x, y) => x.row.createdAt - y.row.createdAt);
  const newestFirst = [...model].reverse().sort((x, y) => y.row.createdAt - x.row.createdAt);
  const wanting = oldestFirst.filter((session) => session.row.wants);
  expect(store.wanting()).toEqual([
    ...wanting.filter((session) => session.row.kind === 'main').map((session) => session.row.id),
    ...wanting.filter((session) => session.row.kind === 'subagent').map((session) => session.row.id),
  ]);
  for (const archived of [false, true]) {
    const chats = newestFirst
      .map((session) => session.row)
      .filter((row) => row.kind === 'main' && row.archived === archived);
    const asked = archived ? { archived } : {};
    expect(store.chats({ limit: 100, ...asked })).toEqual(chats);
    expect(store.chats({ limit: 2, owner: 'ann', ...asked })).toEqual(
      chats.filter((row) => row.owner === 'ann').slice(0, 2),
    );
    for (const [index, chat] of chats.entries()) {
      expect(store.chats({ limit: 2, before: chat.id, ...asked })).toEqual(chats.slice(index + 1, index + 3));
    }
  }
  const born = model.map((session) => session.row);
  for (const chat of ids) expect(store.sessions(chat)).toEqual(born.filter((row) => row.chat === chat));
  const ended = born
    .flatMap((row) => (row.endedAt === null ? [] : [{ ...row, endedAt: row.endedAt }]))
    .sort((x, y) => x.endedAt - y.endedAt || (x.id < y.id ? -1 : 1));
  expect(store.ended({ before: 3, limit: 100 })).toEqual(ended.filter((row) => row.endedAt < 3));
  for (const [index, { endedAt, id }] of ended.entries()) {
    expect(store.ended({ before: 9, after: { endedAt, id }, limit: 2 })).toEqual(
      ended.slice(index + 1, index + 3),
    );
  }
}
