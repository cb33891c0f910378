import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { DataFolderError } from '../../src/hosts/node/store/data-folder-error.ts';
import { openStore, type StoreOptions } from '../../src/hosts/node/store/sqlite-store.ts';
import { StoreError } from '../../src/runtime/store-rules.ts';
import { amount } from '../amounts.ts';
import { batch, batchesIn } from './chronicle.ts';
import { refusal, temporaryFolder } from './folders.ts';
import { kindOfFailure } from './opened-store.ts';
import { startProcess, withMounts } from './processes.ts';

describe('one process owns a data folder', () => {
  test('of twenty that start at once one gets it, and the others are told which', {
    timeout: 180_000,
  }, async () => {
    const folder = join(temporaryFolder(), 'data');
    const processes = Array.from({ length: 20 }, () => startProcess('own', folder));
    await Promise.all(processes.map((one) => one.saying(1)));
    for (const one of processes) one.tell('now');
    const answers = await Promise.all(processes.map((one) => one.saying(2)));
    const owners = answers.filter((answer) => answer.opened !== undefined);
    expect(owners).toHaveLength(1);
    const refused = answers.filter((answer) => answer.refused === 'locked');
    expect(refused).toHaveLength(19);
    for (const { message } of refused) {
      expect(message).toMatch(
        new RegExp(`in use by process ${owners[0]?.opened} on .+ since 20\\d\\d-.+Z\\.`),
      );
    }
  });

  test('that is killed leaves it free, and its name is forgotten', async () => {
    const folder = temporaryFolder();
    const owner = startProcess('own', folder);
    owner.tell('now');
    await owner.saying(2);
    expect(refusal(folder).message).toContain(`process ${owner.pid} on `);
    await owner.kill();
    const store = openStore(folder, { lockWaitMs: 0 });
    expect(refusal(folder).message).toContain(`process ${process.pid} on `);
    store.close();
  });

  test('and waits a moment for one that is about to leave', async () => {
    const folder = temporaryFolder();
    const owner = startProcess('own', folder);
    owner.tell('now');
    await owner.saying(2);
    const next = startProcess('open', folder);
    const gone = owner.kill();
    expect(await next.saying(1)).toEqual({ opened: next.pid });
    await gone;
  });
});

describe('a data folder that can not be used is refused in words that help', () => {
  test('when it is a file, or lies under one', () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, 'not ours');
    for (const folder of [file, join(file, 'data'), join(file, 'deep', 'data')]) {
      const { kind, message } = refusal(folder);
      expect([folder, kind]).toEqual([folder, 'not_a_folder']);
      expect(message).toContain(folder);
      expect(message).toContain('TIDINGS_DATA');
    }
    expect(readFileSync(file, 'utf8')).toBe('not ours');
  });

  test('when it is read-only, with data in it or without', async () => {
    const full = temporaryFolder();
    const store = openStore(full);
    store.commit(batch(1));
    store.close();
    for (const folder of [full, temporaryFolder()]) {
      const answer = await readOnlyRefusal(folder);
      expect(answer.kind).toBe('read_only');
      expect(answer.message).toContain("can't be written to");
    }
    const again = openStore(full);
    expect(batchesIn(again)).toBe(1);
    again.close();
  });

  test('when its database is held by another program', () => {
    const folder = temporaryFolder();
    openStore(folder).close();
    const other = new DatabaseSync(join(folder, 'tidings.db'));
    other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    const { kind, message } = refusal(folder);
    expect(kind).toBe('locked');
    expect(message).toContain('another program');
    other.close();
    openStore(folder).close();
  });

  test('when its lock is something else', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'lock.db'), 'my notes '.repeat(500));
    expect(refusal(folder).kind).toBe('foreign');
    expect(readFileSync(join(folder, 'lock.db'), 'utf8')).toContain('my notes');
  });
});

/** Read-only by a mount where that is permitted, by the mode where it binds, else a place nobody can write to. */
async function readOnlyRefusal(folder: string): Promise<{ kind: string | undefined; message: string }> {
  const wrapper = withMounts('mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"', folder);
  if (wrapper !== undefined) {
    const { refused, message } = await startProcess('open', folder, wrapper).saying(1);
    return { kind: refused, message: message ?? '' };
  }
  if (process.getuid?.() === 0) return refusal('/sys/tidings-data');
  chmodSync(folder, 0o500);
  try {
    return refusal(folder);
  } finally {
    chmodSync(folder, 0o700);
  }
}

describe('a commit for which there is no room writes nothing, and succeeds when there is', () => {
  const ways = [
    { name: 'a database at its limit', part: 'fill-pages', kind: 'full', wrap: () => [] },
    {
      name: 'a file at the limit for files',
      part: 'fill-file',
      kind: 'io',
      wrap: () => ['sh', '-c', 'trap "" XFSZ; ulimit -f 1600; exec "$@"', 'sh'],
    },
    {
      name: 'a full disk',
      part: 'fill-disk',
      kind: 'full',
      wrap: (parent: string) => withMounts('mount -t tmpfs -o size=2000k,mode=700 tmpfs "$1"', parent),
    },
  ];
  for (const { name, part, kind, wrap } of ways) {
    test(name, async () => {
      const parent = temporaryFolder();
      const wrapper = wrap(parent);
      if (wrapper === undefined) {
        console.log(`NOT RUN: ${name}: needs permission to mount; the other two ways stand for it`);
        return;
      }
      const report = await startProcess(part, join(parent, 'data'), wrapper).saying(1);
      const failing = report.batch ?? 0;
      expect(failing).toBeGreaterThan(10);
      expect(report).toEqual({
        batch: failing,
        failed: kind,
        failedAgain: kind,
        heldAfterFailure: failing - 1,
        repeated: 'none',
        heldInTheEnd: failing,
      });
    });
  }
});

test('a commit while another program writes is refused as busy, writes nothing, and succeeds afterwards', () => {
  const folder = temporaryFolder();
  const store = openStore(folder, { busyWaitMs: 20 });
  store.commit(batch(1));
  const other = new DatabaseSync(join(folder, 'tidings.db'));
  other.exec('BEGIN IMMEDIATE');
  expect(kindOfFailure(() => store.commit(batch(2)))).toBe('busy');
  expect(batchesIn(store)).toBe(1);
  other.exec('ROLLBACK');
  other.close();
  store.commit(batch(2));
  expect(batchesIn(store)).toBe(2);
  store.close();
});

test('whatever was acknowledged outlives kill -9, again and again', { timeout: 600_000 }, async () => {
  const folder = temporaryFolder();
  let held = 0;
  for (let round = 0; round < amount(8, 100); round += 1) {
    const writer = startProcess('write', folder);
    await writer.saying(1);
    await sleep(Math.random() * 60);
    await writer.kill();
    const acknowledged = writer.said().at(-1)?.committed ?? 0;
    const store = openStore(folder);
    const now = batchesIn(store);
    store.close();
    // The one that was under way may be there, too.
    expect([acknowledged, acknowledged + 1]).toContain(now);
    expect(now).toBeGreaterThan(held);
    held = now;
  }
});

/** A folder as a crash leaves it: `inFile` batches in the database, as many more as `inLog` in its log. */
function crashed(inFile: number, inLog: number): string {
  const parent = temporaryFolder();
  const live = join(parent, 'live');
  let store = openStore(live);
  for (let n = 1; n <= inFile; n += 1) store.commit(batch(n));
  store.close();
  store = openStore(live);
  for (let n = inFile + 1; n <= inFile + inLog; n += 1) store.commit(batch(n));
  const image = copyOf(live, join(parent, 'image'));
  store.close();
  return image;
}

/** By another process: closing a file here would drop the locks that SQLite has on it. */
function copyOf(folder: string, copy: string): string {
  rmSync(copy, { recursive: true, force: true });
  expect(spawnSync('cp', ['-r', folder, copy]).status).toBe(0);
  return copy;
}

/** Of each page, from 1, the table or index that it belongs to. */
function pagesOf(file: string): [number, string][] {
  const db = new DatabaseSync(file, { readOnly: true });
  const rows = db.prepare('SELECT pageno, name FROM dbstat').all();
  db.close();
  return rows.map(({ pageno, name }) => [Number(pageno), String(name)]);
}

/** What a folder turns out to hold; a half commit or a wrong event fails the test. */
function contents(
  folder: string,
  options: StoreOptions = {},
): number | 'refused at the start' | 'refused when read' {
  try {
    const store = openStore(folder, options);
    try {
      const held = batchesIn(store);
      store.commit(batch(held + 1));
      return held;
    } finally {
      store.close();
    }
  } catch (error) {
    if (error instanceof DataFolderError && error.kind === 'corrupt') return 'refused at the start';
    if (error instanceof StoreError && error.kind === 'corrupt') return 'refused when read';
    throw error;
  }
}

describe('damage', () => {
  test('to the end of the log of a killed owner leaves what was committed before it', () => {
    const image = crashed(10, 40);
    const bytes = statSync(join(image, 'tidings.db-wal')).size;
    expect(contents(copyOf(image, `${image}-whole`))).toBe(50);
    const seen = new Set<number>();
    for (let cut = 0; cut < 25; cut += 1) {
      const copy = copyOf(image, `${image}-cut`);
      truncateSync(join(copy, 'tidings.db-wal'), Math.floor((bytes * cut) / 25) + cut);
      const held = contents(copy);
      expect(held).toBeTypeOf('number');
      if (typeof held === 'number') seen.add(held);
    }
    expect(Math.min(...seen)).toBe(10);
    expect(Math.max(...seen)).toBeGreaterThan(40);
    expect(seen.size).toBeGreaterThan(15);
  });

  test('in the middle of the log of a killed owner is never taken for a commit', () => {
    const image = crashed(10, 40);
    const log = readFileSync(join(image, 'tidings.db-wal'));
    for (let place = 0; place < 25; place += 1) {
      const copy = copyOf(image, `${image}-flipped`);
      const at = Math.floor((log.length * (place + 0.5)) / 25);
      const flipped = Buffer.from(log);
      flipped[at] = (flipped[at] ?? 0) ^ 0x10;
      writeFileSync(join(copy, 'tidings.db-wal'), flipped);
      const held = contents(copy);
      expect(held).toBeTypeOf('number');
      expect(held).toBeLessThan(50);
    }
  });

  test('by cutting the database short is noticed at the start', () => {
    const image = crashed(60, 0);
    // Closes it properly.
    openStore(image).close();
    const bytes = statSync(join(image, 'tidings.db')).size;
    for (const left of [0, 1, 99, 100, 4_096, 8_192, 10_000, bytes >> 1, bytes - 4_096, bytes - 1]) {
      const copy = copyOf(image, `${image}-cut`);
      truncateSync(join(copy, 'tidings.db'), left);
      expect([left, contents(copy)]).toEqual([left, 'refused at the start']);
      expect(statSync(join(copy, 'tidings.db')).size).toBe(left);
    }
  });

  test('by cutting the database of a killed owner short is noticed at the start, and nothing is made worse', () => {
    const image = crashed(60, 3);
    const bytes = statSync(join(image, 'tidings.db')).size;
    const log = readFileSync(join(image, 'tidings.db-wal'));
    // The second is how a database is treated that is too large to be looked over wholly.
    for (const options of [{}, { fullCheckBytes: 0 }]) {
      for (const left of [0, 99, 4_096, 8_192, 10_000, bytes >> 2, bytes >> 1, bytes - 40_960]) {
        const copy = copyOf(image, `${image}-cut`);
        truncateSync(join(copy, 'tidings.db'), left);
        expect([left, contents(copy, options)]).toEqual([left, 'refused at the start']);
        expect(statSync(join(copy, 'tidings.db')).size).toBe(left);
        expect(readFileSync(join(copy, 'tidings.db-wal')).equals(log)).toBe(true);
      }
    }
    expect(contents(image, { fullCheckBytes: 0 })).toBe(63);
  });

  test('by losing the database and not its log is noticed', () => {
    const image = crashed(5, 5);
    rmSync(join(image, 'tidings.db'));
    expect(contents(image)).toBe('refused at the start');
    expect(existsSync(join(image, 'tidings.db'))).toBe(false);
  });

  test('to any page is noticed before its content is served', () => {
    const image = crashed(25, 0);
    openStore(image).close();
    const good = readFileSync(join(image, 'tidings.db'));
    const copy = copyOf(image, `${image}-damaged`);
    const pages = new Map(pagesOf(join(image, 'tidings.db')));
    const outcomes = new Set<string | number>();
    const unnoticed = new Set<unknown>();
    for (const filling of [0, 0xa5]) {
      for (let page = 1; page < good.length / 4_096; page += 1) {
        const bad = Buffer.from(good);
        bad.fill(filling, page * 4_096, (page + 1) * 4_096);
        writeFileSync(join(copy, 'tidings.db'), bad);
        const outcome = contents(copy);
        outcomes.add(outcome);
        if (outcome === 25) unnoticed.add(pages.get(page + 1));
      }
    }
    expect(outcomes).toEqual(new Set(['refused at the start', 'refused when read', 25]));
    // What nothing reads here may go unnoticed: an index of ended subagents, a table that holds nothing.
    const served = ['sqlite_schema', 'sessions', 'events', 'snapshots', 'requests', 'sayings', 'words_data'];
    expect(served.filter((name) => ![...pages.values()].includes(name))).toEqual([]);
    expect(served.filter((name) => unnoticed.has(name))).toEqual([]);
  });

  test('that leaves no database at all is refused, not taken for a new folder', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'x'));
    writeFileSync(join(folder, 'tidings.db'), 'garbage '.repeat(10_000));
    expect(refusal(folder).kind).toBe('corrupt');
    copyFileSync('/dev/null', join(folder, 'tidings.db'));
    expect(refusal(folder).kind).toBe('corrupt');
    expect(readFileSync(join(folder, 'tidings.db')).length).toBe(0);
  });
});
