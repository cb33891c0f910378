/**
 * What every store must do, whatever it is made of: a suite that each host runs on its own.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Commit, LogRow, SessionId, Store } from '../../src/core/ports.ts';
import { fileConformance } from './file-conformance.ts';
import { storeAgreesWithModel } from './model.ts';
import { kindOfFailure, type OpenedStore } from './opened-store.ts';

const main = (owner = 'ann', createdAt = 1_000): NonNullable<Commit['create']> => ({
  chat: 'filled in by `begin`',
  parent: null,
  kind: 'main',
  owner,
  createdAt,
});

/** A commit that starts a main session's log with one event. */
function begin(
  session: SessionId,
  more: Partial<Commit> & { owner?: string; createdAt?: number } = {},
): Commit {
  const { owner, createdAt, ...rest } = more;
  return {
    session,
    create: { ...main(owner, createdAt), chat: session },
    events: rows(1, 1),
    wants: false,
    ...rest,
  };
}

function beginSubagent(session: SessionId, chat: SessionId, createdAt: number, wants: boolean): Commit {
  const create = { chat, parent: chat, kind: 'subagent', owner: 'ann', createdAt } as const;
  return { session, create, events: rows(1, 1), wants };
}

/** Events with the sequence numbers `first` to `last`. */
function rows(first: number, last: number): LogRow[] {
  return Array.from({ length: last - first + 1 }, (_, index) => row(first + index));
}

function row(seq: number): LogRow {
  return {
    seq,
    at: 1_700_000_000_000 + seq,
    event: JSON.stringify({ type: 'noted', text: `número ${seq} ✓` }),
  };
}

/** Registers the suite under `name`; `open` brings an empty store each time. */
export function storeConformance(name: string, open: () => Promise<OpenedStore>): void {
  fileConformance(name, open);
  describe(name, () => {
    let opened: OpenedStore;
    let store: Store;

    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(async () => {
      await opened.close();
    });
    async function reopen(): Promise<void> {
      opened = await opened.reopen();
      store = opened.store;
    }

    describe('a log', () => {
      test('gives back what was committed, byte for byte and in order', () => {
        store.commit([begin('s', { events: rows(1, 3) })]);
        store.commit([{ session: 's', events: rows(4, 5), wants: false }]);
        expect(store.events('s', 0, 100)).toEqual(rows(1, 5));
      });

      test('is read from any place and up to any length', () => {
        store.commit([begin('s', { events: rows(1, 10) })]);
        expect(store.events('s', 4, 3)).toEqual(rows(5, 7));
        expect(store.events('s', 8, 100)).toEqual(rows(9, 10));
        expect(store.events('s', 0, Number.POSITIVE_INFINITY)).toEqual(rows(1, 10));
        expect(store.events('s', 10, 5)).toEqual([]);
        expect(store.events('s', 99, 5)).toEqual([]);
        expect(store.events('s', 0, 0)).toEqual([]);
        expect(store.events('s', 0, -1)).toEqual([]);
        expect(store.events('nobody', 0, 5)).toEqual([]);
      });

      test('is not read by a position that is none', () => {
        expect(() => store.events('s', Number.NaN, 5)).toThrow(RangeError);
        expect(() => store.events('s', 0, 1.5)).toThrow(RangeError);
        expect(() => store.chats({ limit: Number.NaN })).toThrow(RangeError);
      });

      test('refuses a gap, a repetition and a start other than 1, and stays as it was', () => {
        store.commit([begin('s', { events: rows(1, 3) })]);
        for (const events of [
          rows(5, 5),
          rows(3, 4),
          rows(1, 1),
          [row(4), row(6)],
          [row(5), row(4)],
          [row(4.5)],
        ]) {
          expect(kindOfFailure(() => store.commit([{ session: 's', events, wants: true }]))).toBe('conflict');
        }
        expect(kindOfFailure(() => store.commit([begin('t', { events: rows(2, 2) })]))).toBe('conflict');
        expect(store.events('s', 0, 100)).toEqual(rows(1, 3));
        expect(store.session('s')).toMatchObject({ seq: 3, wants: false });
        expect(store.session('t')).toBeUndefined();
      });

      test('of many events and long ones is kept whole', () => {
        const long = { seq: 1, at: 1, event: JSON.stringify('≠x'.repeat(200_000)) };
        store.commit([begin('s', { events: [long, ...rows(2, 5_000)] })]);
        expect(store.events('s', 0, 1)).toEqual([long]);
        expect(store.events('s', 1, 10_000)).toEqual(rows(2, 5_000));
      });
    });

    describe('a session', () => {
      test('is known as it was created, with the end of its log', () => {
        store.commit([begin('boss', { owner: 'bea', createdAt: 42, events: rows(1, 2), wants: true })]);
        store.commit([beginSubagent('pawn', 'boss', 43, false)]);
        expect(store.session('boss')).toEqual({
          id: 'boss',
          chat: 'boss',
          parent: null,
          kind: 'main',
          owner: 'bea',
          createdAt: 42,
          seq: 2,
          wants: true,
          archived: false,
          endedAt: null,
        });
        expect(store.session('pawn')).toMatchObject({
          chat: 'boss',
          parent: 'boss',
          kind: 'subagent',
          seq: 1,
        });
        expect(store.session('nobody')).toBeUndefined();
      });

      test('is created once', () => {
        store.commit([begin('s')]);
        expect(kindOfFailure(() => store.commit([begin('s', { owner: 'eve', events: rows(2, 2) })]))).toBe(
          'conflict',
        );
        expect(kindOfFailure(() => store.commit([begin('t'), begin('t', { events: rows(2, 2) })]))).toBe(
          'conflict',
        );
        expect(store.session('s')).toMatchObject({ owner: 'ann', seq: 1 });
        expect(store.session('t')).toBeUndefined();
      });

      test('that was never created takes no commit', () => {
        expect(kindOfFailure(() => store.commit([{ session: 's', events: rows(1, 1), wants: false }]))).toBe(
          'conflict',
        );
        expect(store.session('s')).toBeUndefined();
      });
    });

    describe('a batch', () => {
      test('is written whole, for all of its sessions', () => {
        store.commit([begin('a'), begin('b', { events: rows(1, 2) })]);
        store.commit([
          { session: 'a', events: rows(2, 3), wants: true },
          { session: 'b', events: rows(3, 3), wants: false },
          beginSubagent('c', 'a', 5, true),
        ]);
        expect(['a', 'b', 'c'].map((id) => store.session(id)?.seq)).toEqual([3, 3, 1]);
      });

      test('may hold several commits of one session, in their order', () => {
        store.commit([
          begin('s', { wants: true }),
          { session: 's', events: rows(2, 3), wants: true },
          { session: 's', events: rows(4, 4), wants: false },
        ]);
        expect(store.events('s', 0, 10)).toEqual(rows(1, 4));
        expect(store.session('s')).toMatchObject({ seq: 4, wants: false });
      });

      test('leaves no trace at all when its last commit is refused', () => {
        const first = { id: 'first', hash: 'h', answer: '1' };
        store.commit([begin('a', { key: first, snapshot: { seq: 1, version: 1, state: 'old' } })]);
        const failing: Commit[] = [
          {
            session: 'a',
            events: rows(2, 2),
            wants: true,
            key: { id: 'second', hash: 'h', answer: '2' },
            snapshot: { seq: 2, version: 1, state: 'new' },
          },
          begin('b'),
          { session: 'nobody', events: rows(1, 1), wants: false },
        ];
        expect(kindOfFailure(() => store.commit(failing))).toBe('conflict');
        expect(store.events('a', 0, 10)).toEqual(rows(1, 1));
        expect(store.session('a')).toMatchObject({ seq: 1, wants: false });
        expect(store.key('a', 'second')).toBeUndefined();
        expect(store.snapshot('a')).toEqual({ seq: 1, version: 1, state: 'old' });
        expect(store.session('b')).toBeUndefined();
        expect(store.wanting()).toEqual([]);
      });

      test('after one that was refused is written as if nothing had happened', () => {
        store.commit([begin('a')]);
        expect(kindOfFailure(() => store.commit([{ session: 'a', events: rows(9, 9), wants: false }]))).toBe(
          'conflict',
        );
        store.commit([{ session: 'a', events: rows(2, 2), wants: false }]);
        expect(store.events('a', 0, 10)).toEqual(rows(1, 2));
      });

      test('that is empty, and a commit without events, change nothing but what they say', () => {
        store.commit([]);
        store.commit([begin('a')]);
        store.commit([{ session: 'a', events: [], wants: true }]);
        expect(store.session('a')).toMatchObject({ seq: 1, wants: true });
      });
    });

    describe('a request', () => {
      const key = { id: 'req:1', hash: 'abc', answer: '{"message":"m1"}' };

      test('is found by its id, in its own session only', () => {
        store.commit([begin('a', { key }), begin('b')]);
        expect(store.key('a', 'req:1')).toEqual(key);
        expect(store.key('b', 'req:1')).toBeUndefined();
        expect(store.key('a', 'req:2')).toBeUndefined();
        expect(store.key('nobody', 'req:1')).toBeUndefined();
        store.commit([{ session: 'b', events: [], wants: false, key: { ...key, hash: 'def' } }]);
        expect(store.key('b', 'req:1')?.hash).toBe('def');
      });

      test('is answered once: the same id again is refused, with everything that came with it', () => {
        store.commit([begin('a', { key })]);
        const again: Commit = {
          session: 'a',
          events: rows(2, 2),
          wants: true,
          key: { ...key, answer: '"other"' },
        };
        expect(kindOfFailure(() => store.commit([again]))).toBe('conflict');
        expect(store.key('a', 'req:1')).toEqual(key);
        expect(store.session('a')).toMatchObject({ seq: 1, wants: false });

        const twice = { id: 'req:2', hash: 'h', answer: '2' };
        const batch: Commit[] = [
          { session: 'a', events: rows(2, 2), wants: false, key: twice },
          { session: 'a', events: rows(3, 3), wants: false, key: twice },
        ];
        expect(kindOfFailure(() => store.commit(batch))).toBe('conflict');
        expect(store.key('a', 'req:2')).toBeUndefined();
      });
    });

    describe('a snapshot', () => {
      test('replaces the one before it, and an older one does not come back', () => {
        expect(store.snapshot('a')).toBeUndefined();
        store.commit([begin('a', { events: rows(1, 5), snapshot: { seq: 3, version: 1, state: 'three' } })]);
        expect(store.snapshot('a')).toEqual({ seq: 3, version: 1, state: 'three' });
        store.commit([
          { session: 'a', events: [], wants: false, snapshot: { seq: 5, version: 1, state: 'five' } },
        ]);
        store.commit([
          { session: 'a', events: [], wants: false, snapshot: { seq: 4, version: 1, state: 'four' } },
        ]);
        expect(store.snapshot('a')).toEqual({ seq: 5, version: 1, state: 'five' });
        store.commit([
          { session: 'a', events: [], wants: false, snapshot: { seq: 5, version: 2, state: '5 anew' } },
        ]);
        expect(store.snapshot('a')).toEqual({ seq: 5, version: 2, state: '5 anew' });
        expect(store.snapshot('nobody')).toBeUndefined();
      });

      test('can stand in the commit of the event that it covers, and never beyond the log', () => {
        store.commit([begin('a')]);
        const ahead: Commit = {
          session: 'a',
          events: rows(2, 2),
          wants: false,
          snapshot: { seq: 3, version: 1, state: 's' },
        };
        expect(kindOfFailure(() => store.commit([ahead]))).toBe('conflict');
        expect(store.session('a')?.seq).toBe(1);
        store.commit([
          { session: 'a', events: rows(2, 2), wants: false, snapshot: { seq: 2, version: 1, state: 's' } },
        ]);
        expect(store.snapshot('a')?.seq).toBe(2);
      });
    });

    describe('the sessions that want something', () => {
      test('come main sessions first, then oldest first, and leave when they want nothing', () => {
        store.commit([
          begin('young', { createdAt: 900, wants: true }),
          begin('old', { createdAt: 100, wants: true }),
        ]);
        store.commit([begin('resting', { createdAt: 50 })]);
        store.commit([
          beginSubagent('older pawn', 'old', 110, true),
          beginSubagent('old pawn', 'old', 120, true),
        ]);
        store.commit([beginSubagent('twin pawn', 'old', 110, true)]);
        expect(store.wanting()).toEqual(['old', 'young', 'older pawn', 'twin pawn', 'old pawn']);
        store.commit([
          { session: 'old', events: rows(2, 2), wants: false },
          { session: 'resting', events: rows(2, 2), wants: true },
        ]);
        expect(store.wanting()).toEqual(['resting', 'young', 'older pawn', 'twin pawn', 'old pawn']);
      });
    });

    describe('sessions that go', () => {
      test('leave nothing, and the others as they were', () => {
        const key = { id: 'r1', hash: 'abc', answer: '{}' };
        const snapshot = { seq: 1, version: 1, state: 'one' };
        store.commit([
          begin('a', { events: rows(1, 3), wants: true, key, snapshot }),
          begin('b', { events: rows(1, 2), wants: true, key, snapshot }),
        ]);
        store.commit([beginSubagent('pawn', 'a', 1_001, true), beginSubagent('other', 'b', 1_002, false)]);
        store.remove(['pawn', 'a', 'nobody']);
        for (const id of ['a', 'pawn']) {
          expect(store.session(id)).toBeUndefined();
          expect(store.events(id, 0, 10)).toEqual([]);
          expect(store.snapshot(id)).toBeUndefined();
          expect(store.key(id, 'r1')).toBeUndefined();
        }
        expect(store.sessions('a')).toEqual([]);
        expect(store.wanting()).toEqual(['b']);
        expect(store.chats({ limit: 9 }).map(({ id }) => id)).toEqual(['b']);
        expect(store.events('b', 0, 10)).toEqual(rows(1, 2));
        expect(store.snapshot('b')).toEqual(snapshot);
        expect(store.key('b', 'r1')).toEqual(key);
        expect(store.sessions('b').map(({ id }) => id)).toEqual(['b', 'other']);
        store.remove(['a']);
        store.remove([]);
      });

      test('stay gone after a restart, and make room for new ones of the same name', async () => {
        store.commit([begin('a', { events: rows(1, 5) })]);
        store.remove(['a']);
        await reopen();
        expect(store.session('a')).toBeUndefined();
        store.commit([begin('a', { owner: 'bea' })]);
        expect(store.events('a', 0, 10)).toEqual(rows(1, 1));
        expect(store.session('a')).toMatchObject({ owner: 'bea', seq: 1 });
        expect(store.key('a', 'r1')).toBeUndefined();
      });
    });

    describe('ended subagents', () => {
      test('are found longest ago first, page by page, until they are resumed', () => {
        const ended = (id: string, endedAt: number) => ({ ...beginSubagent(id, 'a', 1, false), endedAt });
        store.commit([begin('a'), ended('c', 20), ended('b', 20), ended('d', 10), ended('e', 30)]);
        store.commit([beginSubagent('alive', 'a', 1, true)]);
        const found = (query: Parameters<Store['ended']>[0]) => store.ended(query).map(({ id }) => id);
        expect(found({ before: 31, limit: 9 })).toEqual(['d', 'b', 'c', 'e']);
        expect(found({ before: 30, limit: 9 })).toEqual(['d', 'b', 'c']);
        expect(found({ before: 30, limit: 1 })).toEqual(['d']);
        // The place that a page goes on from may be one that is gone.
        store.remove(['b']);
        expect(found({ before: 30, after: { endedAt: 20, id: 'b' }, limit: 9 })).toEqual(['c']);
        store.commit([{ session: 'c', events: rows(2, 2), wants: true, endedAt: null }]);
        store.commit([{ session: 'd', events: rows(2, 2), wants: true }]);
        expect(found({ before: 30, limit: 9 })).toEqual(['d']);
      });
    });

    describe('chats', () => {
      test('that are archived are listed by themselves, and come back', () => {
        store.commit([
          begin('a', { createdAt: 10 }),
          begin('b', { createdAt: 20 }),
          begin('c', { createdAt: 30 }),
        ]);
        store.commit([{ session: 'b', events: rows(2, 2), wants: false, archived: true }]);
        store.commit([{ session: 'b', events: rows(3, 3), wants: false }]);
        expect(ids({ limit: 9 })).toEqual(['c', 'a']);
        expect(ids({ limit: 9, before: 'b' })).toEqual(['a']);
        expect(ids({ limit: 9, archived: true })).toEqual(['b']);
        expect(ids({ limit: 9, archived: true, owner: 'bea' })).toEqual([]);
        expect(store.session('b')).toMatchObject({ archived: true });
        store.commit([{ session: 'b', events: rows(4, 4), wants: false, archived: false }]);
        expect(ids({ limit: 9 })).toEqual(['c', 'b', 'a']);
      });

      const ids = (query: Parameters<Store['chats']>[0]) => store.chats(query).map((chat) => chat.id);

      test('are listed newest first, those of one moment by the order of their birth, subagents never', () => {
        store.commit([
          begin('b', { createdAt: 20 }),
          begin('z', { createdAt: 10 }),
          begin('c', { createdAt: 20 }),
        ]);
        store.commit([beginSubagent('pawn', 'z', 30, false), begin('a', { createdAt: 20 })]);
        expect(ids({ limit: 10 })).toEqual(['a', 'c', 'b', 'z']);
        expect(ids({ limit: 2 })).toEqual(['a', 'c']);
        expect(ids({ limit: 0 })).toEqual([]);
        expect(store.chats({ limit: 1 })).toEqual([store.session('a')]);
      });

      test('are paged without a gap or a repetition, by owner too', () => {
        const born = Array.from({ length: 23 }, (_, n) => ({
          id: `chat ${n}`,
          owner: n % 3 === 0 ? 'bea' : 'ann',
        }));
        // Every other moment has two births.
        store.commit(
          born.map(({ id, owner }, n) => begin(id, { owner, createdAt: 100 + Math.floor(n / 2) })),
        );
        for (const owner of [undefined, 'ann', 'bea', 'nobody']) {
          const seen: string[] = [];
          for (let page = ids({ limit: 4, ...of(owner) }); page.length > 0; ) {
            seen.push(...page);
            page = ids({ limit: 4, before: seen.at(-1) ?? '', ...of(owner) });
          }
          const mine = born.filter((chat) => owner === undefined || chat.owner === owner);
          expect(seen).toEqual(mine.map((chat) => chat.id).reverse());
        }
      });

      test('before a session that does not exist are none', () => {
        store.commit([begin('a')]);
        expect(ids({ limit: 10, before: 'nobody' })).toEqual([]);
      });
    });

    test('what was committed is there after reopening, and the log goes on', async () => {
      const key = { id: 'r', hash: 'h', answer: '{}' };
      store.commit([
        begin('a', {
          events: rows(1, 4),
          key,
          snapshot: { seq: 2, version: 7, state: '{"n":2}' },
          wants: true,
        }),
      ]);
      store.commit([beginSubagent('b', 'a', 2_000, true)]);
      await reopen();
      expect(store.events('a', 0, 100)).toEqual(rows(1, 4));
      expect(store.session('a')).toMatchObject({ chat: 'a', owner: 'ann', seq: 4, wants: true });
      expect(store.key('a', 'r')).toEqual(key);
      expect(store.snapshot('a')).toEqual({ seq: 2, version: 7, state: '{"n":2}' });
      expect(store.wanting()).toEqual(['a', 'b']);
      store.commit([{ session: 'a', events: rows(5, 5), wants: false }]);
      await reopen();
      expect(store.events('a', 3, 100)).toEqual(rows(4, 5));
      expect(store.wanting()).toEqual(['b']);
    });

    test('any sequence of commits, good and bad, leaves what a plain array would hold', async () => {
      await storeAgreesWithModel(open);
    });
  });
}

function of(owner: string | undefined): { owner?: string } {
  return owner === undefined ? {} : { owner };
}
