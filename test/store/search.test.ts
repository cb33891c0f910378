/** What was said is found by its words: the same by the index, by plain reading, and by an index made of old logs. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeEvent, encodeEvent, type SessionEvent } from '../../src/core/events.ts';
import { messageOf } from '../../src/core/feed.ts';
import type { Commit, Store } from '../../src/core/ports.ts';
import { type Finder, saidIn, sayingsOf } from '../../src/core/sayings.ts';
import { marksIn, readQuery } from '../../src/core/words.ts';
import { prepareDatabase } from '../../src/hosts/node/store/database-file.ts';
import { migrate, migrations } from '../../src/hosts/node/store/migrations.ts';
import { openStore } from '../../src/hosts/node/store/sqlite-store.ts';
import { memoryStore } from '../../src/runtime/memory-store.ts';
import { amount } from '../amounts.ts';
import { keptReleases } from '../releases/kept.ts';
import { temporaryFolder } from './folders.ts';
import { kindOfFailure } from './opened-store.ts';

type SearchedStore = Store & Finder;

const stores: readonly { name: string; open: () => SearchedStore }[] = [
  { name: 'with an index', open: () => openStore(temporaryFolder()) },
  { name: 'in memory', open: memoryStore },
];

function born(session: string, owner = 'ann'): Commit {
  const create = { chat: session, parent: null, kind: 'main', owner, createdAt: 1 } as const;
  return { session, create, events: [], wants: false };
}

/** Says it as the next event of a session that is there; a title says it as no event. */
function says(store: SearchedStore, session: string, text: string, title = false): number {
  const seq = (store.session(session)?.seq ?? 0) + 1;
  const saying = { seq: title ? 0 : seq, at: 1_000 + seq, text };
  store.commit([
    { session, events: [{ seq, at: 1_000 + seq, event: '{}' }], wants: false, sayings: [saying] },
  ]);
  return seq;
}

function found(
  store: SearchedStore,
  q: string,
  more: Partial<Parameters<Finder['search']>[0]> = {},
): string[] {
  const query = readQuery(q);
  if (!query) throw new Error(`there is no word in ${q}`);
  return store.search({ query, limit: 100, ...more }).map(({ session, seq }) => `${session}.${seq}`);
}

describe.each(stores)('a store $name', ({ open }) => {
  test('finds what holds every word, the latest first, whatever its case and accents', () => {
    const store = open();
    store.commit([born('a'), born('b')]);
    says(store, 'a', 'Die Straße nach MÜNCHEN');
    says(store, 'b', 'strasse, münchen!');
    says(store, 'a', 'München allein');
    expect(found(store, 'munchen STRASSE')).toEqual(['b.1', 'a.1']);
    expect(found(store, 'münchen')).toEqual(['a.2', 'b.1', 'a.1']);
    expect(found(store, 'münchen nirgends')).toEqual([]);
    expect(found(store, 'munch')).toEqual(['a.2', 'b.1', 'a.1']);
    expect(found(store, 'munch strasse')).toEqual([]);
  });

  test('finds what is written without spaces anywhere in it, and emoji', () => {
    const store = open();
    store.commit([born('a')]);
    says(store, 'a', '東京都に行きました');
    says(store, 'a', '我们去北京');
    says(store, 'a', '오늘은 서울에서 🚀 발사');
    expect(found(store, '京')).toEqual(['a.2', 'a.1']);
    expect(found(store, '京都')).toEqual(['a.1']);
    expect(found(store, '都京')).toEqual([]);
    expect(found(store, '서울')).toEqual(['a.3']);
    expect(found(store, '🚀')).toEqual(['a.3']);
  });

  test('finds words that are joined by signs only where they stand together', () => {
    const store = open();
    store.commit([born('a')]);
    says(store, 'a', 'see src/http/app.ts for it');
    says(store, 'a', 'the app is ts in http of src');
    expect(found(store, 'http/app.ts')).toEqual(['a.1']);
    expect(found(store, 'app ts')).toEqual(['a.2', 'a.1']);
  });

  test('finds a title in place of the one before, and none that was taken away', () => {
    const store = open();
    store.commit([born('a')]);
    says(store, 'a', 'alpha', true);
    says(store, 'a', 'beta', true);
    expect(found(store, 'alpha')).toEqual([]);
    expect(found(store, 'beta')).toEqual(['a.0']);
    says(store, 'a', '', true);
    expect(found(store, 'beta')).toEqual([]);
  });

  test("finds nothing of another owner's, and pages without a gap or a repetition", () => {
    const store = open();
    store.commit([born('a', 'ann'), born('b', 'bob'), born('c', 'ann and bob')]);
    for (let n = 0; n < 12; n += 1) says(store, ['a', 'b', 'c'][n % 3] ?? 'a', 'word');
    const mine = ['a.4', 'a.3', 'a.2', 'a.1'];
    expect(found(store, 'word', { owner: 'ann' })).toEqual(mine);
    expect(found(store, 'word', { owner: 'an' })).toEqual([]);
    expect(found(store, 'word', { owner: 'nobody' })).toEqual([]);
    expect(found(store, 'word', { owner: 'ann', limit: 2 })).toEqual(mine.slice(0, 2));
    const before = { session: 'a', seq: 3 };
    expect(found(store, 'word', { owner: 'ann', before })).toEqual(mine.slice(2));
    expect(found(store, 'word', { before })).toEqual(['c.2', 'b.2', 'a.2', 'c.1', 'b.1', 'a.1']);
    for (const nowhere of [
      { session: 'a', seq: 99 },
      { session: 'x', seq: 1 },
    ]) {
      expect(found(store, 'word', { before: nowhere })).toEqual([]);
    }
  });

  test('finds nothing of what was removed, nor of a commit that was refused', () => {
    const store = open();
    store.commit([born('a'), born('b')]);
    says(store, 'a', 'word');
    says(store, 'b', 'word');
    says(store, 'a', 'word', true);
    store.remove(['a']);
    expect(found(store, 'word')).toEqual(['b.1']);
    const gap = { session: 'b', events: [{ seq: 9, at: 1, event: '{}' }], wants: false } as const;
    expect(kindOfFailure(() => store.commit([{ ...gap, sayings: [{ seq: 9, at: 1, text: 'word' }] }]))).toBe(
      'conflict',
    );
    expect(found(store, 'word')).toEqual(['b.1']);
    store.commit([born('a')]);
    expect(found(store, 'word')).toEqual(['b.1']);
    says(store, 'a', 'word');
    expect(found(store, 'word')).toEqual(['a.1', 'b.1']);
  });

  test('takes nothing that is asked for as an operator', () => {
    const store = open();
    store.commit([born('a')]);
    says(store, 'a', 'near or not and said owner');
    for (const q of [
      '"near',
      'near*',
      'NEAR(or not)',
      'not -and',
      'said:owner',
      '^near',
      '(near)',
      "near'",
    ]) {
      expect([q, found(store, q).length <= 1]).toEqual([q, true]);
    }
    expect(found(store, 'owner OR nothing')).toEqual([]);
    expect(found(store, '-near')).toEqual(['a.1']);
  });
});

/** Any text, with words that repeat, and signs of every kind in them. */
const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'a',
        'ab',
        'Abc',
        'é',
        'e\u0301',
        'ß',
        'ガ',
        'ｶﾞ',
        '日本',
        '한국',
        '👨‍👩‍👧',
        '🇩🇪',
        '-',
        '"',
        '*',
        'ﬁ',
      ),
      fc.nat(0x10ffff).map((code) => String.fromCodePoint(code)),
      fc.string({ maxLength: 4 }),
    ),
    { maxLength: 6 },
  )
  .chain((parts) => fc.constantFrom(' ', '', '\n').map((between) => parts.join(between)));

test('any text is found by the index exactly where reading it finds it', () => {
  const store = openStore(temporaryFolder());
  store.commit([born('a')]);
  const texts: string[] = [];
  fc.assert(
    fc.property(anyText, anyText, (text, asked) => {
      texts.push(text);
      says(store, 'a', text);
      // What was said before, too: a part of it, and all of it.
      for (const q of [asked, text.slice(0, 3), text]) {
        const query = readQuery(q);
        if (!query) continue;
        const wanted = texts.flatMap((one, at) => (marksIn(one, query) ? [`a.${at + 1}`] : [])).toReversed();
        expect(found(store, q, { limit: 10_000 })).toEqual(wanted);
      }
    }),
    { numRuns: amount(150, 1_000) },
  );
  store.close();
});

// ───────────────────────────────────────────────────────── logs that were there before

const from = { principal: 'ann', channel: 'http' };
const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0 };

function said(text: string): SessionEvent {
  const parts = [{ type: 'text' as const, text }];
  const body = { kind: 'message' as const, text, parts, from, interrupt: false };
  return { type: 'mail.accepted', sender: 'person', n: 1, body, block: { type: 'text', text } };
}
function answered(...content: { type: string; text?: string }[]): SessionEvent {
  const blocks = content.map(({ type, text }) => (text === undefined ? { type } : { type, text }));
  return { type: 'step.answered', step: 1, content: blocks, stop: 'end_turn', usage, calls: [], ms: 1 };
}
function created(id: string, kind: 'main' | 'subagent', title: string): SessionEvent {
  return {
    type: 'session.created',
    id,
    chat: 'a',
    kind,
    owner: 'ann',
    title,
    secret: 's',
    model: 'm',
    chosen: false,
  };
}

const logs: Record<string, SessionEvent[]> = {
  a: [
    created('a', 'main', 'first title'),
    said('hello word'),
    answered({ type: 'thinking', text: 'word' }, { type: 'text', text: 'the answer word' }),
    answered({ type: 'tool_use' }),
    { type: 'notice', level: 'info', text: 'a word of the gateway' },
    { type: 'chat.changed', title: 'second word', by: 'gateway' },
    { type: 'chat.changed', archived: true, by: 'gateway' },
    said('a later word'),
  ],
  b: [created('b', 'subagent', 'word'), said('word of nobody'), answered({ type: 'text', text: 'word' })],
  c: [
    created('c', 'main', 'gone word'),
    { type: 'chat.changed', title: '', by: 'gateway' },
    said('日本語 word'),
  ],
};

/** As a database of the schema before the index has it, or as today's store writes it. */
function oldDatabase(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const db = new DatabaseSync(prepareDatabase(folder, 0));
  db.exec('PRAGMA journal_mode = WAL');
  migrate(db, migrations.slice(0, 2), folder, () => 0);
  db.close();
}

test('logs from before there was an index are found as if each event were said now, and in that order', () => {
  const folder = join(temporaryFolder(), 'data');
  oldDatabase(folder);
  const now = openStore(join(temporaryFolder(), 'now'));
  // The events of one time come in the order of their sessions: so none has the time of another here.
  const all = Object.entries(logs).flatMap(([id, events], at) =>
    events.map((event, index) => ({ id, event, seq: index + 1, at: 1_000 + index * 10 + at })),
  );
  const db = new DatabaseSync(join(folder, 'tidings.db'));
  const numbers = new Map<string, number>();
  for (const { id, event, seq, at } of all.sort((x, y) => x.at - y.at)) {
    const kind = id === 'b' ? 'subagent' : 'main';
    const create = {
      chat: kind === 'main' ? id : 'a',
      parent: null,
      kind,
      owner: 'ann',
      createdAt: 1,
    } as const;
    if (!numbers.has(id)) {
      numbers.set(id, numbers.size + 1);
      db.prepare("INSERT INTO sessions VALUES (?, ?, ?, NULL, ?, 'ann', 1, ?, 0, 0, NULL)").run(
        numbers.get(id) ?? 0,
        id,
        create.chat,
        kind,
        logs[id]?.length ?? 0,
      );
    }
    const stored = encodeEvent(event, 0);
    db.prepare('INSERT INTO events (key, at, event, sum) VALUES ((? << 32) | ?, ?, ?, 0)').run(
      numbers.get(id) ?? 0,
      seq,
      at,
      stored,
    );
    now.commit([
      {
        session: id,
        ...(seq === 1 ? { create } : {}),
        events: [{ seq, at, event: stored }],
        wants: false,
        ...(kind === 'main' ? { sayings: sayingsOf([{ seq, at, worked: 0, event }]) } : {}),
      },
    ]);
  }
  // What no release wrote does not stand in the way of the step.
  db.prepare('INSERT INTO events (key, at, event, sum) VALUES ((9 << 32) | 1, 1, ?, 0)').run('no JSON');
  db.close();
  const then = openStore(folder);
  for (const q of [
    'word',
    'answer',
    'title',
    'second',
    'first',
    'gone',
    '本語',
    'gateway',
    'nobody',
    'hello wor',
  ]) {
    expect([q, found(then, q)]).toEqual([q, found(now, q)]);
    expect([q, found(then, q, { owner: 'ann' })]).toEqual([q, found(now, q)]);
  }
  expect(found(then, 'word')).toEqual(['a.8', 'a.0', 'c.3', 'a.3', 'a.2']);
  expect(found(then, 'first')).toEqual([]);
  says(then, 'a', 'the newest word');
  expect(found(then, 'word')[0]).toBe('a.9');
  then.close();
  now.close();
});

test.each(keptReleases)('every word that was said under release $name is found', (kept) => {
  const folder = join(temporaryFolder(), 'data');
  kept.unpack(folder);
  const store = openStore(folder);
  let messages = 0;
  for (const chat of [...store.chats({ limit: 1_000 }), ...store.chats({ limit: 1_000, archived: true })]) {
    for (const row of store.events(chat.id, 0, Number.POSITIVE_INFINITY)) {
      const recorded = decodeEvent(row);
      const text = saidIn(recorded.event);
      if (text === undefined || !readQuery(text)) continue;
      expect(text).toBe(messageOf(chat.id, recorded)?.text);
      const here = found(store, text, { owner: chat.owner, limit: 10_000 });
      expect(here).toContain(`${chat.id}.${row.seq}`);
      messages += 1;
    }
  }
  expect(messages).toBeGreaterThan(5);
  store.close();
});
