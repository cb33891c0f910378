import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { checksum, type Migration, migrations } from '../../src/hosts/node/store/migrations.ts';
import { openStore } from '../../src/hosts/node/store/sqlite-store.ts';
import { storeConformance } from './conformance.ts';
import { refusal, temporaryFolder } from './folders.ts';
import { kindOfFailure, type OpenedStore } from './opened-store.ts';

function opened(folder: string, done: () => void): OpenedStore {
  const store = openStore(folder);
  return {
    store,
    reopen: async () => {
      store.close();
      return opened(folder, done);
    },
    close: async () => {
      store.close();
      done();
    },
  };
}

storeConformance('the store on SQLite', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'tidings-store-'));
  return opened(join(parent, 'data'), () => rmSync(parent, { recursive: true, force: true }));
});

function shell(folder: string, sql: string): void {
  const db = new DatabaseSync(join(folder, 'tidings.db'));
  db.exec(sql);
  db.close();
}

const start = {
  session: 'a',
  create: { chat: 'a', parent: null, kind: 'main', owner: 'ann', createdAt: 1 },
  events: [{ seq: 1, at: 1, event: '"a word that stands for itself"' }],
  wants: false,
} as const;

describe('a data folder', () => {
  test('is made with its parents, and what is in it is readable to its owner only', () => {
    const folder = join(temporaryFolder(), 'deep', 'data');
    const store = openStore(folder);
    store.commit([start]);
    expect(store.folder).toBe(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(folder))
      expect([name, statSync(join(folder, name)).mode & 0o077]).toEqual([name, 0]);
    store.close();
  });

  test('holds no log files and no owner after a clean end', () => {
    const folder = temporaryFolder();
    const store = openStore(folder);
    store.commit([start]);
    store.close();
    store.close();
    expect(readdirSync(folder).sort()).toEqual(['lock.db', 'tidings.db']);
  });

  test('may have been there before, with other files in it', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'lost+found'));
    writeFileSync(join(folder, 'token'), 'secret');
    openStore(folder).close();
    expect(readFileSync(join(folder, 'token'), 'utf8')).toBe('secret');
  });

  test('whose making was cut short is made anew', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'lock.db'), '');
    writeFileSync(join(folder, 'owner.json'), '{"pid":');
    writeFileSync(join(folder, 'tidings.db.new'), 'SQLite form');
    const store = openStore(folder);
    store.commit([start]);
    store.close();
    expect(readdirSync(folder).sort()).toEqual(['lock.db', 'tidings.db']);
  });

  test('is not taken twice by one process either', () => {
    const folder = temporaryFolder();
    const store = openStore(folder, { now: () => Date.UTC(2026, 10, 20, 8, 30) });
    const { kind, message } = refusal(folder);
    expect(kind).toBe('locked');
    expect(message).toContain(`process ${process.pid} on `);
    expect(message).toContain('since 2026-11-20T08:30:00.000Z');
    store.commit([start]);
    store.close();
    openStore(folder).close();
  });
});

describe('a file', () => {
  test('whose bytes are not what was stored is not there, harms nothing else, and is whole once it is put again', () => {
    const folder = temporaryFolder();
    const store = openStore(folder);
    store.commit([start]);
    const file = { name: 'a.txt', mediaType: 'text/plain', bytes: 3 } as const;
    const bytes = Uint8Array.of(97, 98, 99);
    for (const id of ['f', 'g']) expect(store.files.put('a', { id, ...file }, bytes, 1)).toBe(true);
    store.close();
    shell(folder, "UPDATE file_data SET data = x'616263ff' WHERE id = 'f'");
    const again = openStore(folder);
    expect(again.files.bytes('a', 'f')).toBeUndefined();
    expect(again.files.base64('a', 'f')).toBeUndefined();
    expect(again.files.base64('a', 'g')).toBe('YWJj');
    again.files.put('a', { id: 'f', ...file }, bytes, 2);
    expect(again.files.base64('a', 'f')).toBe('YWJj');
    again.close();
  });
});

describe('the schema', () => {
  const next = migrations.length + 1;

  test('never changes in a step that was released', () => {
    expect(migrations.map((step) => [step.number, checksum(step).slice(0, 16)])).toEqual([
      [1, '84cdf2076126a1e1'],
      [2, 'f70f0d728f16c4f0'],
      [3, '04124a660ba08d54'],
      [4, '64549be37b466ac2'],
    ]);
  });

  test('is brought up to date, step by step, and keeps what was there', () => {
    const folder = temporaryFolder();
    const store = openStore(folder);
    store.commit([start]);
    store.close();
    const later: Migration[] = [
      ...migrations,
      { number: next, name: 'titles', sql: "ALTER TABLE sessions ADD COLUMN title TEXT NOT NULL DEFAULT ''" },
      { number: next + 1, name: 'tags', sql: 'CREATE TABLE tags (session INTEGER, tag TEXT) STRICT' },
    ];
    const upgraded = openStore(folder, { migrations: later });
    expect(upgraded.events('a', 0, 10)).toEqual(start.events);
    upgraded.close();
    openStore(folder, { migrations: later }).close();
  });

  test('of a newer version is refused, and the folder left as it was', () => {
    const folder = temporaryFolder();
    openStore(folder, {
      migrations: [...migrations, { number: next, name: 'more', sql: 'CREATE TABLE more (x)' }],
    }).close();
    const before = readFileSync(join(folder, 'tidings.db'));
    const { kind, message } = refusal(folder);
    expect(kind).toBe('newer');
    expect(message).toContain('newer version');
    expect(readFileSync(join(folder, 'tidings.db')).equals(before)).toBe(true);
  });

  test('with an edited step is noticed', () => {
    const folder = temporaryFolder();
    openStore(folder).close();
    const edited = migrations.map((step) => ({ ...step, sql: `${step.sql}\n` }));
    expect(refusal(folder, { migrations: edited }).kind).toBe('foreign');
  });

  test('whose step fails half way stays at the step before', () => {
    const folder = temporaryFolder();
    openStore(folder).close();
    const broken = {
      number: next,
      name: 'broken',
      sql: 'CREATE TABLE half (x); INSERT INTO nowhere VALUES (1)',
    };
    expect(refusal(folder, { migrations: [...migrations, broken] }).kind).toBe('io');
    const store = openStore(folder, {
      migrations: [...migrations, { ...broken, sql: 'CREATE TABLE half (x)' }],
    });
    store.close();
  });
});

describe('a database that was meddled with', () => {
  test('of another program is refused', () => {
    const folder = temporaryFolder();
    shell(folder, 'CREATE TABLE notes (text)');
    const { kind, message } = refusal(folder);
    expect(kind).toBe('foreign');
    expect(message).toContain('another program');
  });

  test('never serves an event, a snapshot or an answer that was changed', () => {
    const folder = temporaryFolder();
    const store = openStore(folder);
    const key = { id: 'r', hash: 'h', answer: '"yes"' };
    store.commit([{ ...start, key, snapshot: { seq: 1, version: 1, state: '"state"' } }]);
    store.close();
    shell(
      folder,
      `UPDATE events SET event = '"another word"'; UPDATE requests SET answer = '"no"'; UPDATE snapshots SET state = '""'`,
    );
    const again = openStore(folder);
    expect(kindOfFailure(() => again.events('a', 0, 10))).toBe('corrupt');
    expect(kindOfFailure(() => again.key('a', 'r'))).toBe('corrupt');
    expect(kindOfFailure(() => again.snapshot('a'))).toBe('corrupt');
    again.close();
  });

  test('never serves a log from which an event is gone', () => {
    const folder = temporaryFolder();
    const store = openStore(folder);
    store.commit([{ ...start, events: [1, 2, 3, 4].map((seq) => ({ seq, at: seq, event: '{}' })) }]);
    store.close();
    for (const gone of [2, 4]) {
      shell(folder, `DELETE FROM events WHERE seq = ${gone}`);
      const again = openStore(folder);
      expect(kindOfFailure(() => again.events('a', 0, 10))).toBe('corrupt');
      expect(kindOfFailure(() => again.events('a', gone - 1, 1))).toBe('corrupt');
      again.close();
    }
  });
});
