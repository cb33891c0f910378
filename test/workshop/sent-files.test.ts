/** Files of messages in the folder that their chat's sessions share: put there, back again, and never anywhere else. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { KeptFile } from '../../src/core/files.ts';
import { openStore } from '../../src/hosts/node/store/sqlite-store.ts';
import { holding } from '../../src/hosts/node/workshop/held-folder.ts';
import { describeEnclosed, enclosed } from './enclosed.ts';
import { afterTest, bench, freshFolder } from './setup.ts';

const CHAT = 'chat_1';

/** A store with one chat, and what puts its files into folders. */
function storeOf(data: string) {
  const store = openStore(data);
  afterTest(() => store.close());
  store.commit([
    {
      session: CHAT,
      create: { chat: CHAT, parent: null, kind: 'main', owner: 'ada', createdAt: 1 },
      events: [{ seq: 1, at: 1, event: '{}' }],
      wants: false,
    },
  ]);
  const deleting = new Set<string>();
  const troubles: unknown[] = [];
  const sent = {
    files: store.files,
    stays: (chat: string) => store.session(chat) !== undefined && !deleting.has(chat),
    trouble: (error: unknown) => void troubles.push(error),
  };
  let n = 0;
  /** Keeps a file, by default a new one, as one that a message names. */
  const keep = (name: string, text: string, id = `file_${++n}`): KeptFile => {
    const file: KeptFile = { id, name, mediaType: 'text/plain', bytes: text.length };
    store.files.put(CHAT, file, new TextEncoder().encode(text), 1);
    store.files.keep(CHAT, [id]);
    return file;
  };
  return { sent, deleting, troubles, keep };
}

/** A store with one chat, and a workshop for it. */
function desk() {
  const data = join(freshFolder(), 'data');
  const { sent, deleting, troubles, keep } = storeOf(data);
  const it = bench({ dataFolder: data, sent });
  const tmp = join(it.data, 'tmp', CHAT);
  const folder = join(tmp, 'files');
  /** What the model would be told. */
  const place = (...given: Parameters<typeof keep>) => it.workshop.place(CHAT, keep(...given));
  const text = (name: string) => readFileSync(join(folder, name), 'utf8');
  return { ...it, deleting, troubles, tmp, folder, place, text };
}

describe('a file of a message', () => {
  test('lies in the folder that the sessions of its chat share, and the model is told where', async () => {
    const { place, folder, text, data, call, troubles } = desk();
    // Where these tests run, the chat's folder is not /tmp to its commands.
    expect(await place('my report.csv', 'a,b\n1,2\n')).toBe(`at ${join(folder, 'my-report.csv')}`);
    expect(text('my-report.csv')).toBe('a,b\n1,2\n');
    expect(lstatSync(join(folder, 'my-report.csv')).mode & 0o777).toBe(0o600);
    expect((await call('read', { path: '/tmp/files/my-report.csv' })).text).toContain('1,2');
    // Nothing is left half-written.
    expect(readdirSync(join(data, 'partial')).filter((name) => name.startsWith('file-'))).toEqual([]);
    expect(troubles).toEqual([]);
  });

  test('has a name of its own, and is one file however often it is sent', async () => {
    const { place, folder, text } = desk();
    const told = await Promise.all([
      place('report.csv', 'one', 'a'),
      place('report.csv', 'two', 'b'),
      place('Report.CSV', 'three', 'c'),
      place('report.csv', 'one', 'a'),
      place('report-2.csv', 'four', 'd'),
    ]);
    expect(told).toEqual(
      ['report.csv', 'report-2.csv', 'Report-3.CSV', 'report.csv', 'report-2-2.csv'].map(
        (name) => `at ${join(folder, name)}`,
      ),
    );
    expect(text('report-2.csv')).toBe('two');
    expect(readdirSync(folder)).toHaveLength(4);
  });

  test('that was changed there stays so, and lies beside it as it was sent when it is sent again', async () => {
    const { place, folder, text, bash } = desk();
    await place('report.csv', 'one', 'a');
    await place('missing.csv', 'two');
    writeFileSync(join(folder, 'report.csv'), 'One');
    rmSync(join(folder, 'missing.csv'));
    expect((await bash('true')).ok).toBe(true);
    expect([text('report.csv'), text('missing.csv')]).toEqual(['One', 'two']);
    expect(await place('report.csv', 'one', 'a')).toBe(`at ${join(folder, 'report-2.csv')}`);
    expect(await place('report.csv', 'one', 'a')).toBe(`at ${join(folder, 'report-2.csv')}`);
    expect([text('report.csv'), text('report-2.csv')]).toEqual(['One', 'one']);
  });

  test('that is missing is back before the next tool of its chat runs', async () => {
    const { place, folder, bash, worker, tmp } = desk();
    await place('report.csv', 'one');
    await place('report.csv', 'two');
    rmSync(tmp, { recursive: true });
    const { ok, text } = await bash(`cat ${folder}/*`, worker());
    expect([ok, text]).toEqual([true, 'twoone']);
    // A chat without files has no folder for them.
    await bash('true', worker({ chat: 'chat_2', session: 'sub_2' }));
    expect(existsSync(join(tmp, '../chat_2/files'))).toBe(false);
  });

  test('goes with its chat, and is not put where a chat goes', async () => {
    const { place, workshop, tmp, folder, deleting } = desk();
    await place('report.csv', 'one');
    // Large enough that it is still being written.
    const atOnce = place('late.csv', 'two'.repeat(2_000_000));
    await new Promise(setImmediate);
    deleting.add(CHAT);
    await workshop.discard({ chat: CHAT, sessions: [CHAT], whole: true, unconfirmed: [] });
    expect(await atOnce).toBe(`at ${join(folder, 'late.csv')}`);
    expect(await place('later.csv', 'three')).toBeUndefined();
    expect(existsSync(tmp)).toBe(false);
  });
});

describe('what the tools of a chat put in the way', () => {
  test('is left as it is: a file, a folder, a pipe or a link under the name that it would have', async () => {
    const { place, folder, text, tmp, bash } = desk();
    mkdirSync(join(folder, 'b.csv'), { recursive: true });
    await bash(`mkfifo ${folder}/d.csv`);
    writeFileSync(join(folder, 'a.csv'), 'mine');
    const elsewhere = join(tmp, '../../precious');
    symlinkSync(elsewhere, join(folder, 'c.csv'));
    writeFileSync(elsewhere, 'precious');
    for (const name of ['a', 'b', 'c', 'd']) {
      expect(await place(`${name}.csv`, 'sent')).toBe(`at ${join(folder, `${name}-2.csv`)}`);
      expect(text(`${name}-2.csv`)).toBe('sent');
    }
    // Of the same bytes, but not in this folder.
    writeFileSync(elsewhere, 'again');
    expect(await place('c.csv', 'again')).toBe(`at ${join(folder, 'c-3.csv')}`);
    expect([text('a.csv'), readFileSync(elsewhere, 'utf8')]).toEqual(['mine', 'again']);
    expect(lstatSync(join(folder, 'c.csv')).isSymbolicLink()).toBe(true);
  });

  test.each(['a link to another folder', 'a link to nothing', 'a file'])(
    'in the place of the folder, such as %s, is told, and nothing is written through it',
    async (what) => {
      const { place, folder, tmp, bash, troubles } = desk();
      await place('report.csv', 'one', 'a');
      renameSync(folder, join(tmp, 'moved'));
      const outside = join(freshFolder(), 'outside');
      if (what === 'a file') writeFileSync(folder, '');
      else symlinkSync(outside, folder);
      if (what === 'a link to another folder') mkdirSync(outside);
      expect(await place('new.csv', 'two')).toBe('not in /tmp: what lies at /tmp/files is no folder');
      expect((await bash('echo on')).text).toBe('on');
      expect(troubles).toHaveLength(2);
      if (what === 'a link to another folder') expect(readdirSync(outside)).toEqual([]);
      else expect(existsSync(outside)).toBe(false);
      // It is mended by taking it away.
      rmSync(folder);
      expect((await bash(`cat ${folder}/report.csv`)).text).toBe('one');
      expect(await place('new.csv', 'two', 'file_1')).toBe(`at ${join(folder, 'new.csv')}`);
    },
  );

  test('while it is looked at leads nowhere else', async () => {
    const place = freshFolder();
    const [folder, outside, partial] = ['files', 'outside', 'partial'].map((name) => join(place, name));
    if (!folder || !outside || !partial) throw new Error('three names are three folders');
    for (const made of [outside, partial]) mkdirSync(made);
    writeFileSync(join(outside, 'here'), '');
    await holding(folder, partial, async (held) => {
      renameSync(folder, join(place, 'moved'));
      symlinkSync(outside, folder);
      expect(await held.isFree('here')).toBe(true);
      await held.put('new.csv', Buffer.from('new'));
      expect(await held.holds('new.csv', Buffer.from('new'))).toBe(true);
    });
    expect(readdirSync(outside)).toEqual(['here']);
    expect(readdirSync(join(place, 'moved'))).toEqual(['new.csv']);
  });
});

describeEnclosed('in the sandbox, a file of a message', () => {
  test('is at the path that the model was told, to read for all sessions of its chat, and to no other chat’s', async () => {
    const { sent, keep } = storeOf(join(freshFolder(), 'data'));
    const house = enclosed({}, { sent });
    afterTest(() => house.close());
    const told = await house.workshop.place(CHAT, keep('my report.csv', 'a,b'));
    const path = told?.replace(/^at /, '') ?? '';
    // It is /tmp itself where nothing that is needed lies below the machine's own.
    expect(path).toMatch(/\/files\/my-report\.csv$/);
    for (const named of [path, '/tmp/files/my-report.csv']) {
      expect((await house.call(house.worker(), 'read', { path: named })).text).toContain('a,b');
    }
    // Theirs to work on, but for one that only looks.
    expect(await house.said(`echo ,c >> ${path} && cat ${path}`)).toBe('a,b,c');
    const reviewer = house.worker({ session: 'sub_2', path: 'look', reviewer: true });
    expect(await house.said(`cat ${path}; (echo d >> ${path}) 2>/dev/null || echo no`, reviewer)).toBe(
      'a,b,c\nno',
    );
    const stranger = house.worker({ chat: 'chat_2', session: 'sub_3' });
    expect((await house.bash(`cat ${path}`, stranger)).ok).toBe(false);
  });
});
