/** A restore puts a whole backup into a folder that has no store, or changes nothing and says why. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { BackupError } from '../../src/hosts/node/store/backup.ts';
import { restore } from '../../src/hosts/node/store/restore.ts';
import { sumOf } from '../../src/hosts/node/store/rows.ts';
import { temporaryFolder } from '../store/folders.ts';
import { startProcess } from '../store/processes.ts';
import { tidings } from './command.ts';
import { backupWith, batchesOf, cutEverywhere, folderWith } from './stores.ts';

async function run(file: string, data: string) {
  const ran = await tidings(['restore', file], { cwd: temporaryFolder(), env: { TIDINGS_DATA: data } });
  return { ...ran, lines: ran.complained.trim().split('\n').length };
}

/** Why it isn't restored; an error of another type goes through, and so does success, as one. */
function refusal(file: string, data: string): string {
  try {
    restore(file, data);
  } catch (error) {
    if (error instanceof BackupError) return error.message;
    throw error;
  }
  throw new Error(`${file} was restored`);
}

describe('a restore', () => {
  test('into a folder that is absent or empty is the whole store, and says what is not known to it', async () => {
    const file = await backupWith(12);
    const bytes = readFileSync(file);
    const parent = temporaryFolder();
    mkdirSync(join(parent, 'empty'));
    for (const data of [join(parent, 'empty'), join(parent, 'absent', 'deep')]) {
      const { code, said, complained } = await run(file, data);
      expect([code, complained]).toEqual([0, '']);
      expect(said).toContain(`to ${data}: 2 chats, 0 subagents, 36 events`);
      expect(said).toMatch(/What was done since the backup\s+is not known to it/);
      expect(said).toContain('outcome is unknown');
      expect(statSync(join(data, 'tidings.db')).mode & 0o777).toBe(0o600);
      expect(batchesOf(data)).toBe(12);
    }
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  test('killed before any change of the file system leaves no store or the whole one, and can be repeated', {
    timeout: 180_000,
  }, async () => {
    const file = await backupWith(5);
    const stores: boolean[] = [];
    const changes = cutEverywhere(
      'restore',
      () => ({ folder: join(temporaryFolder(), 'data'), file }),
      (cut, { folder }) => {
        const whole = existsSync(join(folder, 'tidings.db'));
        stores.push(whole);
        if (whole) return expect([cut, batchesOf(folder)]).toEqual([cut, 5]);
        // A start on what is left finds an empty folder; a restore finds one, too.
        const other = `${folder}-other`;
        if (existsSync(folder)) cpSync(folder, other, { recursive: true });
        expect([cut, batchesOf(other)]).toEqual([cut, 0]);
        restore(file, folder);
        expect([cut, batchesOf(folder)]).toEqual([cut, 5]);
      },
    );
    expect(changes).toBeGreaterThan(8);
    expect(new Set(stores)).toEqual(new Set([false, true]));
  });
});

describe('a restore is refused with 1 and changes nothing', () => {
  test('over a store, over what is left of one, and into a folder with anything in it', async () => {
    const file = await backupWith(3);
    const live = folderWith(7);
    const before = readFileSync(join(live, 'tidings.db'));
    const over = await run(file, live);
    expect([over.code, over.lines]).toEqual([1, 1]);
    expect(over.complained).toMatch(
      /holds a store \(tidings\.db\), and a restore replaces nothing\. Move that/,
    );
    expect(readFileSync(join(live, 'tidings.db')).equals(before)).toBe(true);
    expect(batchesOf(live)).toBe(7);

    for (const name of ['tidings.db-wal', 'admin-token', 'notes.txt']) {
      const data = temporaryFolder();
      writeFileSync(join(data, name), 'mine');
      const { code, complained } = await run(file, data);
      expect([name, code]).toEqual([name, 1]);
      expect(complained).toContain(name);
      expect(readdirSync(data)).toEqual([name]);
    }
  });

  test('while a running gateway owns the folder', async () => {
    const file = await backupWith(3);
    const data = join(temporaryFolder(), 'data');
    const owner = startProcess('own', data);
    owner.tell('now');
    await owner.saying(2);
    const store = await run(file, data);
    expect([store.code, store.complained]).toEqual([1, expect.stringContaining('holds a store')]);

    // Owned before there is a store, as in the first moments of a first start.
    const early = temporaryFolder();
    const lock = new DatabaseSync(join(early, 'lock.db'));
    lock.exec('BEGIN EXCLUSIVE');
    const { code, complained } = await run(file, early);
    lock.close();
    expect([code, complained]).toEqual([1, expect.stringMatching(/is in use by another process/)]);
    expect(readdirSync(early)).toEqual(['lock.db']);
  });

  test('from what is no backup, a damaged one, or one of a newer version', async () => {
    const good = await backupWith(9);
    const folder = temporaryFolder();
    const copy = (name: string, change: (path: string) => void): string => {
      const path = join(folder, name);
      cpSync(good, path);
      change(path);
      return path;
    };
    const change = (sql: string) => (path: string) => {
      const db = new DatabaseSync(path);
      db.exec(sql);
      db.close();
    };
    const newerEvent = '{"v":999,"type":"session.created"}';
    const wrong: readonly (readonly [string, RegExp])[] = [
      [join(folder, 'none'), /There is no file/],
      [folder, /is not a file/],
      [copy('text', (path) => writeFileSync(path, 'Dear diary, '.repeat(20))), /not a backup of a gateway/],
      [copy('empty', (path) => writeFileSync(path, '')), /is empty/],
      [copy('other', change('PRAGMA application_id = 7')), /another program/],
      [copy('short', (path) => truncateSync(path, statSync(path).size - 5_000)), /is damaged/],
      [
        copy('flipped', change("UPDATE events SET event = replace(event, '.', ',') WHERE seq = 4")),
        /is damaged: event 4 of session \d is not what was committed/,
      ],
      [copy('hole', change('DELETE FROM events WHERE seq = 2')), /is damaged: event 2 of session/],
      [copy('end', change('DELETE FROM events WHERE seq = 9')), /is damaged: .*(lost its end|event 9)/],
      [
        copy('lost', change('DELETE FROM events WHERE session = 1')),
        /is damaged: the log of session 1 is missing/,
      ],
      [copy('bare', change('DROP TABLE migrations')), /holds no store/],
      [
        copy('build', change("UPDATE migrations SET checksum = 'x' WHERE number = 1")),
        /schema differs .* step 1/,
      ],
      [
        copy('schema', change("INSERT INTO migrations VALUES (999, 'to come', 'x', 0)")),
        /written by a newer version of the gateway \(its schema is number \d+, this version knows \d+\)/,
      ],
      [
        copy(
          'events',
          change(
            `UPDATE events SET event = '${newerEvent}', sum = ${sumOf(newerEvent, 1, 1_700_000_000_001)} WHERE key = (1 << 32) + 1`,
          ),
        ),
        /written by a newer version of the gateway \(its events are of version 999, this version reads up to \d+\)/,
      ],
      [copy('live', (path) => writeFileSync(`${path}-wal`, 'frames')), /a store in use/],
    ];
    for (const [file, words] of wrong) {
      const data = join(temporaryFolder(), 'data');
      const refused = refusal(file, data);
      expect([file, refused]).toEqual([file, expect.stringMatching(words)]);
      expect(refused).not.toContain('\n');
      expect(existsSync(join(data, 'tidings.db'))).toBe(false);
      // What it leaves is no hindrance to the next.
      restore(good, data);
      expect(batchesOf(data)).toBe(9);
    }
    const data = join(temporaryFolder(), 'data');
    const { code, complained, lines } = await run(join(folder, 'flipped'), data);
    expect([code, lines]).toEqual([1, 1]);
    expect(complained).toMatch(/^The backup .*flipped is damaged: event 4 .*\. Nothing was restored\.$/m);
  });

  test('from any backup in which a page was overwritten, or it holds all the same', async () => {
    const good = readFileSync(await backupWith(8));
    const folder = temporaryFolder();
    let refused = 0;
    for (let page = 0; page < good.length / 4_096; page += 1) {
      const bad = Buffer.from(good);
      bad.fill(0xa5, page * 4_096 + 200, page * 4_096 + 4_096);
      const file = join(folder, `bad-${page}`);
      writeFileSync(file, bad);
      const data = join(folder, `data-${page}`);
      let failed = false;
      try {
        restore(file, data);
      } catch {
        failed = true;
      }
      if (failed) {
        refused += 1;
        expect(existsSync(join(data, 'tidings.db'))).toBe(false);
      } else expect(batchesOf(data)).toBe(8);
    }
    expect(refused).toBeGreaterThan(10);
  });
});
