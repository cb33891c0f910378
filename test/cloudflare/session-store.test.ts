import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Commit, LogRow } from '../../src/core/ports.ts';
import { SchemaError } from '../../src/hosts/cloudflare/schema.ts';
import { sessionSteps } from '../../src/hosts/cloudflare/session-schema.ts';
import { openSessionStore, type SessionStore } from '../../src/hosts/cloudflare/session-store.ts';
import { type MeteredSql, meteredSql } from '../../src/hosts/cloudflare/sql.ts';
import { storeConformance } from '../store/conformance.ts';
import { kindOfFailure } from '../store/opened-store.ts';
import { type NodeSql, nodeSql } from './node-sql.ts';
import { openSessionStores } from './session-stores.ts';

storeConformance('the store of the objects, one for each session', async () => openSessionStores());

interface Opened {
  readonly node: NodeSql;
  readonly sql: MeteredSql;
  readonly store: SessionStore;
}

function open(node: NodeSql = nodeSql()): Opened {
  const sql = meteredSql(node);
  return { node, sql, store: openSessionStore(sql) };
}

const first: Commit = {
  session: 'a',
  create: { chat: 'a', parent: null, kind: 'main', owner: 'ann', createdAt: 1 },
  events: [{ seq: 1, at: 1, event: '"one"' }],
  wants: true,
};

function rows(from: number, to: number, event = '"…"'): LogRow[] {
  return Array.from({ length: to - from + 1 }, (_, n) => ({ seq: from + n, at: 7, event }));
}

const tables = (node: NodeSql): unknown[] => node.db.prepare('SELECT name FROM sqlite_master').all();

/** Rows that `act` writes. */
function written({ sql }: Opened, act: () => void): number {
  const before = sql.figures().rowsWritten;
  act();
  return sql.figures().rowsWritten - before;
}

/** Some 5 MB of letters of one to four bytes, quotes and controls among them. */
const large = JSON.stringify('"Añ≠🜚\n\ud800\\'.repeat(250_000));

describe('what is larger than a row', () => {
  test('comes back byte for byte: an event, a snapshot and an answer of 5 MB', () => {
    const opened = open();
    const { sql, node } = opened;
    expect(Buffer.byteLength(large)).toBeGreaterThan(5_000_000);
    const key = { id: 'r', hash: 'h', answer: large };
    const snapshot = { seq: 2, version: 1, state: large };
    const events = [...rows(2, 2, large), ...rows(3, 3)];
    opened.store.commit([first]);
    opened.store.commit([{ session: 'a', events, wants: false, key, snapshot }]);
    const { store } = open(node);
    expect(store.events('a', 0, 9)).toEqual([...first.events, ...events]);
    expect(store.events('a', 1, 1)).toEqual(events.slice(0, 1));
    expect(store.events('a', 2, 9)).toEqual(events.slice(1));
    expect(store.snapshot('a')).toEqual(snapshot);
    expect(store.key('a', 'r')).toEqual(key);
    const { largestValue, largestRow, mostParameters } = sql.figures();
    expect(largestValue).toBeGreaterThan(900_000);
    expect(largestRow).toBeLessThan(2_000_000);
    expect(mostParameters).toBeLessThanOrEqual(100);
  });

  test('leaves no part behind when a smaller snapshot replaces it', () => {
    const { store, node } = open();
    store.commit([{ ...first, snapshot: { seq: 1, version: 1, state: large } }]);
    const small = { seq: 1, version: 2, state: '{}' };
    store.commit([{ session: 'a', events: [], wants: true, snapshot: small }]);
    expect(store.snapshot('a')).toEqual(small);
    expect(node.db.prepare('SELECT part FROM snapshot').all()).toHaveLength(1);
  });

  test('is damaged when a part of it is lost, and is never served', () => {
    const { store, node } = open();
    const snapshot = { seq: 1, version: 1, state: large };
    store.commit([
      { ...first, events: rows(1, 1, large), snapshot, key: { id: 'r', hash: 'h', answer: large } },
    ]);
    for (const table of ['events', 'snapshot', 'requests'])
      node.db.exec(`DELETE FROM ${table} WHERE part = 2`);
    expect(kindOfFailure(() => store.events('a', 0, 9))).toBe('corrupt');
    expect(kindOfFailure(() => store.snapshot('a'))).toBe('corrupt');
    expect(kindOfFailure(() => store.key('a', 'r'))).toBe('corrupt');
    node.db.exec('DELETE FROM events');
    expect(kindOfFailure(() => store.events('a', 0, 9))).toBe('corrupt');
  });
});

describe('a file', () => {
  test('of which a part is lost is not there, and is whole once it is put again', () => {
    const { store, node } = open();
    store.commit([first]);
    const bytes = new Uint8Array(3_000_000).fill(7);
    const file = { id: 'f', name: 'a.pdf', mediaType: 'application/pdf', bytes: bytes.length } as const;
    store.files.put('a', file, bytes, 1);
    node.db.exec('DELETE FROM file_parts WHERE part = 1');
    expect(store.files.bytes('a', 'f')).toBeUndefined();
    store.files.put('a', file, bytes, 2);
    expect(Buffer.from(store.files.bytes('a', 'f') ?? []).equals(bytes)).toBe(true);
  });
});

describe('an object that is only looked at', () => {
  test('stays empty, whatever is asked of it or refused by it', () => {
    const { store, sql, node } = open();
    expect(store.events('a', 0, 9)).toEqual([]);
    expect(store.session('a')).toBeUndefined();
    expect(store.snapshot('a')).toBeUndefined();
    expect(store.key('a', 'r')).toBeUndefined();
    expect(store.wanting()).toEqual([]);
    expect(store.chats({ limit: 9 })).toEqual([]);
    expect(store.sessions('a')).toEqual([]);
    expect(store.ended({ before: 9, limit: 9 })).toEqual([]);
    expect(store.note('n')).toBeUndefined();
    expect(store.takeTicket('d', 1)).toBeUndefined();
    store.remove(['a']);
    store.setNote('n', undefined);
    store.commit([]);
    expect(kindOfFailure(() => store.commit([{ session: 'a', events: rows(1, 1), wants: true }]))).toBe(
      'conflict',
    );
    expect(kindOfFailure(() => store.setNote('n', 'v'))).toBe('conflict');
    expect(kindOfFailure(() => store.addTicket('d', '{}', 9, 1))).toBe('conflict');
    expect(kindOfFailure(() => store.commit([first, { ...first, events: rows(2, 2) }]))).toBe('conflict');
    expect(store.session('a')).toBeUndefined();
    expect(sql.figures().rowsWritten).toBe(0);
    expect(tables(node)).toEqual([]);
  });

  test('writes nothing by being read when it holds a session either', () => {
    const node = nodeSql();
    open(node).store.commit([first]);
    const again = open(node);
    const rowsWritten = written(again, () => {
      expect(again.store.events('a', 0, 9)).toEqual(first.events);
      expect(again.store.session('b')).toBeUndefined();
      expect(again.store.wanting()).toEqual(['a']);
      expect(again.store.takeTicket('none', 1)).toBeUndefined();
    });
    expect(rowsWritten).toBe(0);
  });
});

describe('a commit', () => {
  test('writes a row for each event and one for the session, and what came with it', () => {
    const opened = open();
    const { store } = opened;
    // The others are the records of the schema's steps.
    expect(written(opened, () => store.commit([first]))).toBe(2 + sessionSteps.length);
    const commit = (more: Partial<Commit>): number =>
      written(opened, () => store.commit([{ session: 'a', events: [], wants: true, ...more }]));
    expect(commit({ events: rows(2, 6) })).toBe(6);
    expect(commit({ key: { id: 'r', hash: 'h', answer: '{}' } })).toBe(1);
    expect(commit({ snapshot: { seq: 6, version: 1, state: '{}' } })).toBe(1);
    expect(commit({})).toBe(0);
    expect(commit({ archived: true })).toBe(1);
    const both = written(opened, () =>
      store.commit([
        { session: 'a', events: rows(7, 7), wants: false },
        { session: 'a', events: rows(8, 9), wants: true },
      ]),
    );
    expect(both).toBe(4);
  });

  test('of another session is refused: it has an object of its own', () => {
    const { store } = open();
    store.commit([first]);
    const other = { ...first, session: 'b' };
    expect(() => store.commit([other])).toThrow(
      'This object holds session a; session b has an object of its own.',
    );
    expect(kindOfFailure(() => store.commit([{ session: 'b', events: [], wants: true }]))).toBe('conflict');
    expect(store.session('b')).toBeUndefined();
    expect(store.events('b', 0, 9)).toEqual([]);
  });

  test('and the job alongside it are written both or neither', () => {
    const { store, node } = open();
    const failing = (): void => {
      store.setNote('alarm', 'set');
      throw new Error('no alarm');
    };
    expect(() => store.commitWith([first], failing)).toThrow('no alarm');
    expect(store.session('a')).toBeUndefined();
    expect(tables(node)).toEqual([]);
    store.commitWith([first], () => store.setNote('alarm', 'set'));
    expect(store.session('a')).toMatchObject({ seq: 1 });
    expect(store.note('alarm')).toBe('set');
    const refused: Commit[] = [{ session: 'a', events: rows(9, 9), wants: false }];
    expect(kindOfFailure(() => store.commitWith(refused, () => store.setNote('alarm', 'late')))).toBe(
      'conflict',
    );
    expect(() => store.commitWith([{ session: 'a', events: rows(2, 2), wants: false }], failing)).toThrow(
      'no alarm',
    );
    expect(store.note('alarm')).toBe('set');
    expect(store.session('a')).toMatchObject({ seq: 1, wants: true });
    store.commitWith([], () => store.setNote('alarm', undefined));
    expect(store.note('alarm')).toBeUndefined();
  });

  test('for which there is no room is refused in words, leaves no trace, and is written when there is', () => {
    const { store, node } = open();
    store.commit([first]);
    const room = (pages: number): void => node.db.exec(`PRAGMA max_page_count = ${pages}`);
    const size = node.db.prepare('PRAGMA page_count').get()?.page_count;
    room(Number(size) + 3);
    const commit: Commit = {
      session: 'a',
      events: [...rows(2, 3), ...rows(4, 4, large)],
      wants: false,
      key: { id: 'r', hash: 'h', answer: '{}' },
    };
    expect(kindOfFailure(() => store.commit([commit]))).toBe('full');
    expect(() => store.commit([commit])).toThrow(
      'Nothing was written: database or disk is full: SQLITE_FULL.',
    );
    expect(store.events('a', 0, 9)).toEqual(first.events);
    expect(store.session('a')).toMatchObject({ seq: 1, wants: true });
    expect(store.key('a', 'r')).toBeUndefined();
    room(1_000_000);
    store.commit([commit]);
    expect(store.events('a', 1, 9)).toEqual(commit.events);
  });

  test('for which there is no room at all leaves an object empty', () => {
    const { store, node } = open();
    node.db.exec('PRAGMA max_page_count = 2');
    expect(kindOfFailure(() => store.commit([first]))).toBe('full');
    expect(tables(node)).toEqual([]);
    expect(store.session('a')).toBeUndefined();
    node.db.exec('PRAGMA max_page_count = 1000');
    store.commit([first]);
    expect(store.session('a')).toMatchObject({ seq: 1 });
  });
});

describe('the schema of a session', () => {
  const later = [
    ...sessionSteps,
    {
      number: sessionSteps.length + 1,
      name: 'titles',
      sql: "ALTER TABLE session ADD COLUMN title TEXT DEFAULT ''",
    },
  ];

  test('never changes in a step that was deployed', () => {
    const sums = sessionSteps.map(({ sql }) => createHash('sha256').update(sql).digest('hex').slice(0, 16));
    expect(sums).toEqual(['f90b170209afbc8f', 'ab1718e7980dbe5e']);
    expect(sessionSteps.map(({ number }) => number)).toEqual(sessionSteps.map((_, index) => index + 1));
  });

  test('is brought up to date by a later release, which keeps what was there', () => {
    const node = nodeSql();
    open(node).store.commit([first]);
    const store = openSessionStore(node, later);
    expect(store.events('a', 0, 9)).toEqual(first.events);
    store.commit([{ session: 'a', events: rows(2, 2), wants: false }]);
    expect(node.db.prepare('SELECT title FROM session').get()).toEqual({ title: '' });
    expect(openSessionStore(node, later).session('a')).toMatchObject({ seq: 2 });
  });

  test('of a later release is refused in words, and nothing is changed', () => {
    const node = nodeSql();
    openSessionStore(node, later).commit([first]);
    const before = node.rows().written;
    expect(() => openSessionStore(node)).toThrow(SchemaError);
    expect(() => openSessionStore(node)).toThrow(
      "This object's storage was written by a later release (its schema is number 3, this release knows 2): deploy that release again.",
    );
    expect(node.rows().written).toBe(before);
    expect(openSessionStore(node, later).events('a', 0, 9)).toEqual(first.events);
  });

  test('that can not be brought up to date stays as it was', () => {
    const node = nodeSql();
    open(node).store.commit([first]);
    const broken = [
      ...sessionSteps,
      { number: sessionSteps.length + 1, name: 'broken', sql: 'CREATE TABLE x (y); DROP TABLE missing' },
    ];
    expect(() => openSessionStore(node, broken)).toThrow('no such table: missing');
    expect(openSessionStore(node).events('a', 0, 9)).toEqual(first.events);
    expect(node.db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'x'").get()).toBeUndefined();
  });
});

describe('a session that goes', () => {
  test('takes everything with it, and its object may hold one anew', () => {
    const { store, node } = open();
    store.commit([{ ...first, snapshot: { seq: 1, version: 1, state: '{}' } }]);
    store.setNote('n', 'v');
    store.addTicket('d', '{}', 9, 1);
    store.remove(['b']);
    expect(store.note('n')).toBe('v');
    store.remove(['b', 'a']);
    expect(tables(node)).toEqual([]);
    expect(store.note('n')).toBeUndefined();
    expect(store.takeTicket('d', 1)).toBeUndefined();
    store.commit([first]);
    expect(store.events('a', 0, 9)).toEqual(first.events);
    expect(store.snapshot('a')).toBeUndefined();
  });
});

describe('notes and tickets', () => {
  test('a note is there under its name until it is taken away, also after reopening', () => {
    const opened = open();
    opened.store.commit([first]);
    opened.store.setNote('n', 'one');
    opened.store.setNote('n', 'two');
    expect(written(opened, () => opened.store.setNote('n', 'two'))).toBe(0);
    const { store } = open(opened.node);
    expect(store.note('n')).toBe('two');
    expect(store.note('m')).toBeUndefined();
    store.setNote('n', undefined);
    expect(store.note('n')).toBeUndefined();
  });

  test('a ticket lets in once, in its time only', () => {
    const { store, node } = open();
    store.commit([first]);
    store.addTicket('good', '{"name":"ann"}', 100, 50);
    expect(store.takeTicket('other', 60)).toBeUndefined();
    expect(store.takeTicket('good', 99)).toBe('{"name":"ann"}');
    expect(store.takeTicket('good', 99)).toBeUndefined();
    store.addTicket('late', '{}', 100, 50);
    expect(store.takeTicket('late', 100)).toBeUndefined();
    expect(store.takeTicket('late', 60)).toBeUndefined();
    store.addTicket('old', '{}', 100, 50);
    store.addTicket('new', '{}', 200, 100);
    expect(node.db.prepare('SELECT digest FROM tickets').all()).toEqual([{ digest: 'new' }]);
  });
});
