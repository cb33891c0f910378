import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bench, freshFolder, repository } from './setup.ts';

/** A workshop with the main session's workspace made, and a folder outside that holds a secret. */
function desk() {
  const repo = repository({ 'src/a.txt': 'in the repository\n' });
  const it = bench({ repositories: { thing: repo } });
  const workspace = join(it.data, 'scratch', 'chat_1');
  mkdirSync(workspace, { recursive: true });
  // Not below /tmp, which means the folder of the chat.
  const outside = freshFolder('/var/tmp');
  writeFileSync(join(outside, 'secret'), 'the secret\n');
  return { ...it, repo, workspace, outside, tmp: join(it.data, 'tmp', 'chat_1') };
}

describe('reading', () => {
  test('shows numbered lines, in parts when asked or when long, and says how to go on', async () => {
    const { call, workspace } = desk();
    writeFileSync(join(workspace, 'few'), 'one\n\tdouă\n\nfour');
    expect(await call('read', { path: 'few' })).toEqual({
      ok: true,
      text: '     1\tone\n     2\t\tdouă\n     3\t\n     4\tfour',
    });
    writeFileSync(
      join(workspace, 'many'),
      Array.from({ length: 5000 }, (_, i) => `line ${i + 1}\n`).join(''),
    );
    const first = await call('read', { path: 'many' });
    const next = Number(/\[lines 1 to (\d+) of 5000; go on with `offset` (\d+)\]$/.exec(first.text)?.[2]);
    expect(first.text.length).toBeLessThan(30_100);
    expect((await call('read', { path: 'many', offset: next, limit: 2 })).text).toBe(
      `${String(next).padStart(6)}\tline ${next}\n${String(next + 1).padStart(6)}\tline ${next + 1}\n[lines ${next} to ${next + 1} of 5000; go on with \`offset\` ${next + 2}]`,
    );
    expect((await call('read', { path: 'many', offset: 5000 })).text).toBe(
      '  5000\tline 5000\n[lines 5000 to 5000 of 5000]',
    );
    expect(await call('read', { path: 'many', offset: 5001 })).toEqual({
      ok: false,
      text: 'many has 5000 lines; `offset` was 5001.',
    });
  });

  test('cuts a very long line and says how much it cut', async () => {
    const { call, workspace } = desk();
    writeFileSync(join(workspace, 'long'), `${'x'.repeat(100_000)}\nend\n`);
    const { text } = await call('read', { path: 'long' });
    expect(text).toMatch(/^ {5}1\tx{2000} \[… 98000 characters more\]\n {5}2\tend$/);
  });

  test('says what is missing, empty, a folder, binary, huge or no ordinary file', async () => {
    const { call, workspace } = desk();
    mkdirSync(join(workspace, 'folder/sub'), { recursive: true });
    writeFileSync(join(workspace, 'folder/file.ts'), '');
    writeFileSync(join(workspace, 'image'), Buffer.from([0x89, 0x50, 0, 1, 2]));
    writeFileSync(join(workspace, 'huge'), '');
    truncateSync(join(workspace, 'huge'), 5e9);
    execFileSync('mkfifo', [join(workspace, 'pipe')]);
    const said = async (path: string) => (await call('read', { path })).text;
    expect(await said('folder/file.js')).toBe('folder/file.js does not exist. Its folder holds file.ts.');
    expect(await said('none/file')).toBe('none/file does not exist. Its folder does not exist either.');
    expect(await said('folder/file.ts')).toBe('folder/file.ts is empty.');
    expect(await said('folder/file.ts/x')).toBe(
      'folder/file.ts/x: a part of this path is a file, not a folder.',
    );
    expect(await said('folder')).toBe('folder is a folder. It holds file.ts, sub/.');
    expect(await said('image')).toContain('is a binary file of 5 bytes');
    expect(await said('huge')).toContain('has 5000000000 bytes, too many');
    expect(await said('pipe')).toBe('pipe is not an ordinary file.');
    expect(await said('x'.repeat(300))).toContain('the name is too long');
  });

  test('shows bytes that are no text with replacement characters, and control characters as visible ones', async () => {
    const { call, workspace } = desk();
    writeFileSync(join(workspace, 'latin'), Buffer.from('caf\xe9 \x1b[1mbold\x01\r\n', 'latin1'));
    expect((await call('read', { path: 'latin' })).text).toBe(
      '     1\tcaf\ufffd bold␁\n[its lines end in CR LF]',
    );
  });

  test('reaches configured repositories, but not the data folder inside one', async () => {
    const repo = repository({ 'src/a.txt': 'in the repository\n' });
    const { call, data } = bench({ repositories: { thing: repo }, dataFolder: join(repo, '.tidings') });
    writeFileSync(join(data, 'token'), 'the admin token');
    expect((await call('read', { path: join(repo, 'src/a.txt') })).text).toContain('in the repository');
    const outcome = await call('read', { path: join(repo, '.tidings/token') });
    expect(outcome.ok).toBe(false);
    expect(outcome.text).not.toContain('admin');
    expect((await call('write', { path: join(repo, 'src/a.txt'), content: 'x' })).text).toContain(
      'lies outside',
    );
  });
});

describe('writing', () => {
  test('makes folders, replaces whole files, keeps their mode', async () => {
    const { call, workspace } = desk();
    expect((await call('write', { path: 'a/b/c.sh', content: 'one' })).text).toBe('Made a/b/c.sh (3 bytes).');
    chmodSync(join(workspace, 'a/b/c.sh'), 0o751);
    expect((await call('write', { path: 'a/b/c.sh', content: '' })).text).toBe(
      'Replaced a/b/c.sh (0 bytes).',
    );
    expect(readFileSync(join(workspace, 'a/b/c.sh'), 'utf8')).toBe('');
    expect(statSync(join(workspace, 'a/b/c.sh')).mode & 0o777).toBe(0o751);
    expect(readdirSync(join(workspace, 'a/b'))).toEqual(['c.sh']);
  });

  test('a reader sees the old or the new content, never a part', async () => {
    const { call, workspace } = desk();
    const contents = ['a'.repeat(400_000), 'b'.repeat(400_000)];
    await call('write', { path: 'file', content: contents[0] ?? '' });
    for (let round = 0; round < 10; round += 1) {
      const writing = call('write', { path: 'file', content: contents[round % 2] ?? '' });
      const seen: string[] = [];
      let done = false;
      void writing.then(() => (done = true));
      while (!done) {
        seen.push(readFileSync(join(workspace, 'file'), 'utf8'));
        await new Promise((next) => setImmediate(next));
      }
      for (const content of seen) expect(contents.includes(content)).toBe(true);
    }
  });

  test('/tmp is the folder of the chat', async () => {
    const { call, tmp, worker } = desk();
    await call('write', { path: '/tmp/deep/note.txt', content: 'for all\n' }, { worker: worker() });
    expect(readFileSync(join(tmp, 'deep/note.txt'), 'utf8')).toBe('for all\n');
    expect((await call('read', { path: '/tmp/deep/note.txt' })).text).toContain('for all');
    expect((await call('read', { path: join(tmp, 'deep/note.txt') })).text).toContain('for all');
    expect((await call('write', { path: '/tmp/../etc/x', content: '' })).ok).toBe(false);
  });

  test('refuses folders, git’s own files and files that are read-only', async () => {
    const { call, workspace } = desk();
    mkdirSync(join(workspace, 'folder'));
    writeFileSync(join(workspace, 'fixed'), 'as it was');
    chmodSync(join(workspace, 'fixed'), 0o444);
    const said = async (path: string) => (await call('write', { path, content: 'x' })).text;
    expect(await said('folder')).toBe('folder is a folder; give the name of a file.');
    expect(await said('.')).toBe('. is a folder; give the name of a file.');
    expect(await said('new/')).toBe('new/ names a folder; give the name of a file.');
    expect(await said('.git/hooks/post-checkout')).toContain('belongs to git itself');
    expect(await said('sub/.GIT/config')).toContain('belongs to git itself');
    expect(await said('fixed')).toContain('is read-only (mode 444)');
    expect(await said('fixed/x')).toContain('a part of this path is a file');
    expect(readFileSync(join(workspace, 'fixed'), 'utf8')).toBe('as it was');
  });

  test.each(['with space', '-rf', "it's $HOME", 'new\nline', 'ünïcödé', '..hidden', '~', 'a\\b'])(
    'a file named %j is a file like any other',
    async (name) => {
      const { call, workspace } = desk();
      expect((await call('write', { path: `d/${name}`, content: 'one\n' })).ok).toBe(true);
      expect((await call('edit', { path: `d/${name}`, old_text: 'one', new_text: 'two' })).ok).toBe(true);
      expect((await call('read', { path: `d/${name}` })).text).toContain('two');
      expect(readdirSync(join(workspace, 'd'))).toEqual([name]);
    },
  );
});

describe('paths that lead out', () => {
  const ways: [string, (place: { workspace: string; outside: string }) => string][] = [
    ['an absolute path', ({ outside }) => join(outside, 'secret')],
    [
      'dots',
      ({ workspace, outside }) =>
        `${'../'.repeat(workspace.split('/').length)}${outside}/secret`.replace('//', '/'),
    ],
    [
      'dots behind a folder that does not exist',
      ({ outside }) => `no/../../../../../../../../../..${outside}/secret`,
    ],
    [
      'a link to the file',
      ({ workspace, outside }) => {
        symlinkSync(join(outside, 'secret'), join(workspace, 'link'));
        return 'link';
      },
    ],
    [
      'a link to its folder',
      ({ workspace, outside }) => {
        symlinkSync(outside, join(workspace, 'dir'));
        return 'dir/secret';
      },
    ],
    [
      'a chain of links',
      ({ workspace, outside }) => {
        symlinkSync(outside, join(workspace, 'one'));
        symlinkSync('one', join(workspace, 'two'));
        return 'two/../two/secret';
      },
    ],
    ['the process table', () => '/proc/self/environ'],
    ['another session', ({ workspace }) => join(workspace, '../sub_2/file')],
    ['the data folder', ({ workspace }) => join(workspace, '../../log.db')],
  ];

  test.each(ways)('%s reads nothing and changes nothing', async (_name, way) => {
    const it = desk();
    const path = way(it);
    for (const [name, input] of [
      ['read', { path }],
      ['write', { path, content: 'changed' }],
      ['edit', { path, old_text: 'the secret', new_text: 'changed' }],
    ] as const) {
      const outcome = await it.call(name, input);
      expect(outcome.ok).toBe(false);
      expect(outcome.text).toMatch(/lies outside of what you may (read|write)/);
      expect(outcome.text).not.toContain('the secret');
    }
    expect(readFileSync(join(it.outside, 'secret'), 'utf8')).toBe('the secret\n');
  });

  test('a file that is yet to be made is not made outside, through whatever link', async () => {
    const { call, workspace, outside } = desk();
    symlinkSync(outside, join(workspace, 'dir'));
    symlinkSync(join(outside, 'later'), join(workspace, 'dangling'));
    symlinkSync('loop', join(workspace, 'loop'));
    for (const path of ['dir/new', 'dir/new/deep', 'dangling', 'dangling/x', 'loop', 'loop/x']) {
      expect((await call('write', { path, content: 'x' })).ok).toBe(false);
    }
    expect(readdirSync(outside)).toEqual(['secret']);
  });

  test('nothing is written through a link that stays inside either, but it can be read', async () => {
    const { call, workspace } = desk();
    writeFileSync(join(workspace, 'real'), 'content\n');
    symlinkSync('real', join(workspace, 'alias'));
    expect((await call('read', { path: 'alias' })).text).toContain('content');
    const outcome = await call('write', { path: 'alias', content: 'x' });
    expect(outcome.text).toContain(`alias is a symbolic link to ${join(workspace, 'real')}`);
    expect((await call('edit', { path: 'alias', old_text: 'content', new_text: 'x' })).ok).toBe(false);
    expect(readFileSync(join(workspace, 'real'), 'utf8')).toBe('content\n');
  });

  test('a hard link to a file outside is replaced here and left alone there', async () => {
    const { call, workspace, outside } = desk();
    linkSync(join(outside, 'secret'), join(workspace, 'hard'));
    expect((await call('write', { path: 'hard', content: 'mine' })).ok).toBe(true);
    expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('the secret\n');
  });
});

describe('editing', () => {
  async function edited(
    before: string,
    input: { old_text: string; new_text: string; replace_all?: boolean },
  ) {
    const { call, workspace } = desk();
    writeFileSync(join(workspace, 'f'), before);
    const outcome = await call('edit', { path: 'f', ...input });
    return { ...outcome, after: readFileSync(join(workspace, 'f'), 'utf8') };
  }

  test('replaces text that stands there once, byte for byte', async () => {
    const { text, after } = await edited('a\nb $& $1 c\nd\n', {
      old_text: 'b $& $1 c',
      new_text: "$' $& \\1",
    });
    expect(text).toBe('Changed f at line 2.');
    expect(after).toBe("a\n$' $& \\1\nd\n");
  });

  test('text that is there several times is counted, and replaced only with replace_all', async () => {
    const once = await edited('x\ny\nx\nx\n', { old_text: 'x', new_text: 'z' });
    expect(once.ok).toBe(false);
    expect(once.text).toContain('is in the file 3 times (lines 1, 3, 4)');
    expect(once.after).toBe('x\ny\nx\nx\n');
    const all = await edited('x\ny\nx\nx\n', { old_text: 'x', new_text: 'xx', replace_all: true });
    expect(all.after).toBe('xx\ny\nxx\nxx\n');
    expect(all.text).toBe('Changed f in 3 places.');
  });

  test('text that is not there is answered with what comes nearest', async () => {
    const spaces = await edited('function a() {\n\treturn 1;\n}\n', {
      old_text: 'function a() {\n    return 1;\n}',
      new_text: '',
    });
    expect(spaces.text).toContain(
      'The same text with other white space is at line 1:\n1\tfunction a() {\n2\t\treturn 1;\n3\t}',
    );
    const near = await edited('alpha\nconst total = sum(list);\nomega\n', {
      old_text: 'const total = sum(items);',
      new_text: '',
    });
    expect(near.text).toContain('The nearest is at line 2:\n2\tconst total = sum(list);');
    const far = await edited('alpha\n', { old_text: 'zzzzzzz', new_text: '' });
    expect(far.text).toContain('No line of the file is like its first line');
  });

  test('keeps line ends and a byte order mark', async () => {
    const { after } = await edited('\ufeffone\r\ntwo\r\nthree\r\n', {
      old_text: 'one\ntwo',
      new_text: '1\n2',
    });
    expect(after).toBe('\ufeff1\r\n2\r\nthree\r\n');
  });

  test('refuses what it would damage, what changes nothing and what is not there', async () => {
    const { call, workspace } = desk();
    writeFileSync(join(workspace, 'latin'), Buffer.from('caf\xe9\n', 'latin1'));
    expect((await call('edit', { path: 'latin', old_text: 'caf', new_text: 'x' })).text).toContain(
      'is not UTF-8',
    );
    expect(readFileSync(join(workspace, 'latin'), 'latin1')).toBe('caf\xe9\n');
    expect((await edited('a', { old_text: 'a', new_text: 'a' })).text).toContain('are the same');
    expect((await call('edit', { path: 'none', old_text: 'a', new_text: 'b' })).text).toContain(
      'none does not exist.',
    );
    expect(existsSync(join(workspace, 'none'))).toBe(false);
  });

  test('keeps the mode', async () => {
    const { call, workspace } = desk();
    writeFileSync(join(workspace, 'run.sh'), 'echo one\n', { mode: 0o755 });
    await call('edit', { path: 'run.sh', old_text: 'one', new_text: 'two' });
    expect(statSync(join(workspace, 'run.sh')).mode & 0o777).toBe(0o755);
  });
});
