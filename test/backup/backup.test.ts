/** A backup is the state after one commit, whole or not there at all, whatever the gateway does meanwhile. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { backUp } from '../../src/hosts/node/store/backup.ts';
import { restore } from '../../src/hosts/node/store/restore.ts';
import { openStore } from '../../src/hosts/node/store/sqlite-store.ts';
import { amount } from '../amounts.ts';
import { batch } from '../store/chronicle.ts';
import { temporaryFolder } from '../store/folders.ts';
import { startProcess, withMounts } from '../store/processes.ts';
import { tidings } from './command.ts';
import { batchesOf, cutEverywhere, folderWith } from './stores.ts';

async function run(data: string, ...args: string[]) {
  const cwd = temporaryFolder();
  return { cwd, ...(await tidings(['backup', ...args], { cwd, env: { TIDINGS_DATA: data } })) };
}

describe('a backup', () => {
  test('is one file that only its owner may read, says what it holds, and leaves the data folder as it was', async () => {
    const data = folderWith(20);
    const before = readdirSync(data);
    const file = join(temporaryFolder(), 'backup.db');
    const { code, said, complained } = await run(data, file);
    expect([code, complained]).toEqual([0, '']);
    expect(said).toContain(
      `${file}: 2 chats, 0 subagents, 60 events, the latest of 2023-11-14T22:13:20.040Z`,
    );
    expect(said).toMatch(/Not in it: the files in worktrees .*\sthe admin token and named tokens/s);
    expect(readdirSync(join(file, '..'))).toEqual(['backup.db']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    // Readable where nothing can be made beside it: not in the mode of a write-ahead log.
    expect([readFileSync(file)[18], readFileSync(file)[19]]).toEqual([1, 1]);
    expect(readdirSync(data).filter((name) => !name.startsWith('tidings.db-'))).toEqual(before);
    expect(batchesOf(data)).toBe(20);
  });

  test('holds the files that people sent along, and a restore brings them back', async () => {
    const data = folderWith(1);
    const store = openStore(data);
    const [chat] = store.chats({ limit: 1 });
    const bytes = Uint8Array.from({ length: 300_000 }, (_, n) => n % 251);
    const kept = { id: 'f', name: 'a.png', mediaType: 'image/png', bytes: bytes.length } as const;
    expect(store.files.put(chat?.id ?? '', kept, bytes, 1)).toBe(true);
    store.close();
    const file = join(temporaryFolder(), 'backup.db');
    await backUp(data, file);
    const elsewhere = join(temporaryFolder(), 'data');
    await restore(file, elsewhere);
    const restored = openStore(elsewhere);
    expect(restored.files.facts(chat?.id ?? '', 'f')).toEqual(kept);
    expect(Buffer.from(restored.files.bytes(chat?.id ?? '', 'f') ?? []).equals(Buffer.from(bytes))).toBe(
      true,
    );
    restored.close();
  });

  test('taken while another process commits without a pause is the state after one commit', async () => {
    const folder = folderWith(500);
    const writer = startProcess('write', folder);
    await writer.saying(1);
    for (let round = 0; round < amount(3, 20); round += 1) {
      const acknowledged = writer.said().at(-1)?.committed ?? 0;
      const file = join(temporaryFolder(), 'backup.db');
      let batches = 0;
      await backUp(folder, file, {
        progress: () => {
          batches += 1;
        },
      });
      expect(batches).toBeGreaterThan(0);
      const restored = join(temporaryFolder(), 'restored');
      restore(file, restored);
      expect(batchesOf(restored)).toBeGreaterThanOrEqual(acknowledged);
      // The writer went on, and was not asked to begin the folder anew.
      await writer.saying(writer.said().length + 5);
    }
    await writer.kill();
    expect(batchesOf(folder)).toBeGreaterThanOrEqual(writer.said().at(-1)?.committed ?? 0);
  });

  test('of a gateway that was killed holds what lies in its write-ahead log alone', async () => {
    const folder = join(temporaryFolder(), 'data');
    const writer = startProcess('write', folder);
    await writer.saying(30);
    await writer.kill();
    const acknowledged = writer.said().at(-1)?.committed ?? 0;
    expect(statSync(join(folder, 'tidings.db-wal')).size).toBeGreaterThan(0);
    const file = join(temporaryFolder(), 'backup.db');
    expect((await backUp(folder, file)).events).toBeGreaterThanOrEqual(acknowledged * 3);
    const restored = join(temporaryFolder(), 'restored');
    restore(file, restored);
    expect(batchesOf(restored)).toBe(batchesOf(folder));
  });

  test('killed before any change of the file system is whole or not there, and the next one succeeds', {
    timeout: 180_000,
  }, async () => {
    const data = folderWith(5);
    const changes = cutEverywhere(
      'backup',
      () => ({ folder: data, file: join(temporaryFolder(), 'backup.db') }),
      (_cut, { file }) => {
        if (!existsSync(file)) return;
        const restored = join(temporaryFolder(), 'restored');
        restore(file, restored);
        expect(batchesOf(restored)).toBe(5);
      },
    );
    expect(changes).toBeGreaterThan(6);
    expect(batchesOf(data)).toBe(5);
  });

  test('that is given up leaves nothing', async () => {
    const data = folderWith(400);
    const folder = temporaryFolder();
    const abort = new AbortController();
    await expect(
      backUp(data, join(folder, 'backup.db'), { signal: abort.signal, progress: () => abort.abort() }),
    ).rejects.toThrow(/abort/i);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a backup is refused with 1 and words', () => {
  test('onto a file that is there, a folder that is not, or into the data folder', async () => {
    const data = folderWith(1);
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'there'), 'mine');
    symlinkSync(data, join(folder, 'link'));
    mkdirSync(join(data, 'deep'));
    const wrong = [
      [join(folder, 'there'), /there is there already, and a backup replaces nothing/],
      [folder, /is there already/],
      [join(folder, 'nowhere', 'b.db'), /There is no folder .*nowhere/],
      [join(data, 'b.db'), /lies in the data folder, with which it would be lost/],
      [join(data, 'deep', 'b.db'), /lies in the data folder/],
      [join(folder, 'link', 'b.db'), /lies in the data folder/],
    ] as const;
    for (const [file, words] of wrong) {
      const { code, said, complained } = await run(data, file);
      expect([file, code, said]).toEqual([file, 1, '']);
      expect(complained).toMatch(words);
      expect(complained.trim().split('\n')).toHaveLength(1);
    }
    expect(readFileSync(join(folder, 'there'), 'utf8')).toBe('mine');
    expect(readdirSync(folder).sort()).toEqual(['link', 'there']);
    expect(readdirSync(data).filter((name) => name.startsWith('b.db'))).toEqual([]);
  });

  test('of a folder without a store, of a database of another program, and of a damaged one', async () => {
    const folder = temporaryFolder();
    const nothing = await run(join(folder, 'none'), join(folder, 'b.db'));
    expect([nothing.code, nothing.complained]).toEqual([
      1,
      expect.stringMatching(/nothing to back up: .*none/),
    ]);
    expect(existsSync(join(folder, 'none'))).toBe(false);

    mkdirSync(join(folder, 'other'));
    const other = new DatabaseSync(join(folder, 'other', 'tidings.db'));
    other.exec('CREATE TABLE t (a)');
    other.close();
    const foreign = await run(join(folder, 'other'), join(folder, 'b.db'));
    expect([foreign.code, foreign.complained]).toEqual([
      1,
      expect.stringMatching(/database of another program/),
    ]);

    const data = folderWith(10);
    const db = new DatabaseSync(join(data, 'tidings.db'));
    db.exec(`UPDATE events SET event = replace(event, '7.', '8.') WHERE seq = 7`);
    db.close();
    const damaged = await run(data, join(folder, 'b.db'));
    expect([damaged.code, damaged.complained]).toEqual([
      1,
      expect.stringMatching(
        /There is no backup: the store is damaged: event 7 of session \d is not what was/,
      ),
    ]);
    expect(readdirSync(folder)).toEqual(['other']);
  });

  test('without a file to name, with 2', async () => {
    const data = folderWith(1);
    for (const args of [[], ['a', 'b'], ['--help'], ['']]) {
      const { code, complained, cwd } = await run(data, ...args);
      expect([args, code]).toEqual([args, 2]);
      expect(complained).toContain('tidings backup <file>');
      expect(readdirSync(cwd)).toEqual([]);
    }
  });

  test('where it can not be written', async () => {
    const folder = temporaryFolder();
    const file = process.getuid?.() === 0 ? '/sys/tidings-backup.db' : join(folder, 'b.db');
    chmodSync(folder, 0o500);
    const { code, complained } = await run(folderWith(1), file);
    chmodSync(folder, 0o700);
    expect([code, complained]).toEqual([
      1,
      expect.stringMatching(/There is no backup: .*(EACCES|EPERM|EROFS)/),
    ]);
  });
});

describe('a backup for which there is no room ends with 1 and leaves nothing, by', () => {
  test('a limit on the size of files', async () => {
    const data = folderWith(200);
    const folder = temporaryFolder();
    const { code, complained } = await tidings(['backup', 'b.db'], {
      cwd: folder,
      env: { TIDINGS_DATA: data },
      wrapper: ['sh', '-c', 'trap "" XFSZ; ulimit -f 100; exec "$@"', 'sh'],
    });
    expect([code, complained]).toEqual([1, expect.stringMatching(/There is no (room for the )?backup/)]);
    expect(readdirSync(folder)).toEqual([]);
    expect(batchesOf(data)).toBe(200);
  });

  test('a full disk', async () => {
    const data = folderWith(200);
    const folder = temporaryFolder();
    const wrapper = withMounts('mount -t tmpfs -o size=200k,mode=700 tmpfs "$1" && cd "$1"', folder);
    if (wrapper === undefined) {
      console.log('NOT RUN: a full disk: needs permission to mount; the limit on files stands for it');
      return;
    }
    // The disk is gone with the process, so what is left on it is listed by a command behind it.
    const look = ['sh', '-c', '"$@"; code=$?; ls -A >&2; exit $code', 'sh'];
    const { code, complained } = await tidings(['backup', join(folder, 'b.db')], {
      cwd: folder,
      env: { TIDINGS_DATA: data },
      wrapper: [...wrapper, ...look],
    });
    expect([code, complained]).toEqual([
      1,
      `There is no room for the backup in ${folder}, and nothing was left there. Make room, or name a file on another disk.\n`,
    ]);
    const store = openStore(data);
    store.commit(batch(201));
    store.close();
  });
});
