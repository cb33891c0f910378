/** `glob` and `grep`: what they find, where they may look, and that nothing holds them or the gateway up. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bench, freshFolder, git, repository } from './setup.ts';

function put(folder: string, files: Readonly<Record<string, string>>): void {
  let age = 1_000_000;
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
    // Each one is older than the one before.
    age -= 10;
    utimesSync(join(folder, name), age, age);
  }
}

/** A workshop with a main session's workspace, a repository to read, and a secret outside of both. */
function desk(files: Readonly<Record<string, string>> = {}) {
  const repo = repository({ 'src/a.ts': 'alpha in the repository\n', '.gitignore': 'out/\n' });
  const it = bench({ repositories: { thing: repo } });
  const workspace = join(it.data, 'scratch', 'chat_1');
  mkdirSync(workspace, { recursive: true });
  put(workspace, files);
  const outside = freshFolder('/var/tmp');
  writeFileSync(join(outside, 'secret'), 'alpha the secret\n');
  return { ...it, repo, workspace, outside, tmp: join(it.data, 'tmp', 'chat_1') };
}

describe('glob', () => {
  test('names files newest first, those of hidden folders too', async () => {
    const { call } = desk({ 'b.ts': '', 'src/deep/a.ts': '', '.github/c.ts': '', 'd.md': '' });
    expect(await call('glob', { pattern: '*.ts' })).toEqual({
      ok: true,
      text: 'b.ts\nsrc/deep/a.ts\n.github/c.ts',
    });
    expect((await call('glob', { pattern: 'src/**/*.{ts,md}' })).text).toBe('src/deep/a.ts');
    expect((await call('glob', { pattern: '*.ts', path: 'src' })).text).toBe('src/deep/a.ts');
  });

  test('says how many more there are than it names', async () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`f${i}.txt`, '']));
    const { call } = desk(many);
    const { text } = await call('glob', { pattern: '*.txt', limit: 3 });
    expect(text).toBe('f0.txt\nf1.txt\nf2.txt\n[3 of 30; the rest is older]');
  });

  test('leaves out what git ignores, .git, and node_modules outside of repositories, unless asked', async () => {
    const { call, repo } = desk({ 'node_modules/x/i.js': '', 'own.js': '' });
    put(repo, { 'out/built.ts': '', 'new.ts': '' });
    expect((await call('glob', { pattern: '**', path: repo })).text.split('\n').sort()).toEqual([
      join(repo, '.gitignore'),
      join(repo, 'new.ts'),
      join(repo, 'src/a.ts'),
    ]);
    expect((await call('glob', { pattern: '*.ts', path: repo, ignored: true })).text).toContain(
      'out/built.ts',
    );
    expect((await call('glob', { pattern: '*.js' })).text).toBe('own.js');
    expect((await call('glob', { pattern: '*.js', ignored: true })).text).toContain('node_modules/x/i.js');
    expect((await call('glob', { pattern: 'i.js' })).text).toBe(
      'Nothing found in 1 file. What git ignores and node_modules were left out; set `ignored` to see them.',
    );
  });

  test('finds what is in the folder that the chat shares, under the name it has there', async () => {
    const { call, tmp } = desk();
    put(tmp, { 'notes/n.md': 'x' });
    expect((await call('glob', { pattern: '*.md', path: '/tmp' })).text).toBe('/tmp/notes/n.md');
  });

  test('is not misled by a repository around the data folder that ignores it', async () => {
    const around = repository({ '.gitignore': '.tidings/\n' });
    const it = bench({ dataFolder: join(around, '.tidings') });
    put(join(it.data, 'scratch', 'chat_1'), { 'mine.txt': '' });
    expect((await it.call('glob', { pattern: '*' })).text).toBe('mine.txt');
  });

  test('never enters the data folder from a repository around it, whatever it is asked', async () => {
    const around = repository({ 'a.txt': 'alpha\n' });
    const it = bench({ dataFolder: join(around, '.tidings'), repositories: { thing: around } });
    writeFileSync(join(it.data, 'admin-token'), 'alpha token\n');
    for (const ignored of [true, false]) {
      expect((await it.call('glob', { pattern: '**', path: around, ignored })).text).not.toContain(
        'admin-token',
      );
      expect((await it.call('grep', { pattern: 'alpha', path: around, ignored })).text).toBe(
        `${join(around, 'a.txt')}:1:alpha`,
      );
    }
  });
});

describe('grep', () => {
  test('shows lines with their file and number, in context, by file, or counted', async () => {
    const { call } = desk({ 'a.txt': 'one\nTwo\nthree\nfour\nfive\ntwo\n', 'b.md': 'two\n' });
    const said = async (more: object) => (await call('grep', { pattern: 'two', ...more })).text;
    expect(await said({})).toBe('a.txt:6:two\nb.md:1:two');
    expect(await said({ ignore_case: true, glob: '*.txt' })).toBe('a.txt:2:Two\na.txt:6:two');
    expect(await said({ ignore_case: true, glob: '*.txt', context: 1 })).toBe(
      'a.txt-1-one\na.txt:2:Two\na.txt-3-three\n--\na.txt-5-five\na.txt:6:two',
    );
    expect(await said({ output: 'files' })).toBe('a.txt\nb.md');
    expect(await said({ output: 'counts', ignore_case: true })).toBe('a.txt:2\nb.md:1');
    expect(await said({ path: 'a.txt' })).toBe('a.txt:6:two');
    expect(await said({ limit: 1 })).toMatch(/^a\.txt:6:two\n\[there is more; narrow it/);
  });

  test('leaves out binary and very large files and says so', async () => {
    const { call, workspace } = desk({ 'text.txt': 'alpha\n' });
    writeFileSync(join(workspace, 'image'), Buffer.from('alpha\0'));
    writeFileSync(join(workspace, 'huge'), '');
    truncateSync(join(workspace, 'huge'), 10e9);
    expect((await call('grep', { pattern: 'alpha' })).text).toBe(
      'text.txt:1:alpha\n[1 binary file left out]\n[over 20 MB and left out: huge; use bash: grep]',
    );
  });

  test('is not held up by a pipe that nobody writes to', async () => {
    const { call, workspace } = desk({ 'text.txt': 'alpha\n' });
    execFileSync('mkfifo', [join(workspace, 'pipe')]);
    expect((await call('grep', { pattern: 'alpha' })).text).toBe('text.txt:1:alpha');
    expect((await call('grep', { pattern: 'alpha', path: 'pipe' })).text).toBe(
      'pipe is neither a folder nor an ordinary file.',
    );
  });

  test('follows no link, neither to a file nor to a folder, and looks nowhere outside', async () => {
    const { call, workspace, outside } = desk({ 'text.txt': 'alpha\n' });
    symlinkSync(join(outside, 'secret'), join(workspace, 'link'));
    symlinkSync(outside, join(workspace, 'folder'));
    expect((await call('grep', { pattern: 'alpha' })).text).toBe('text.txt:1:alpha');
    expect((await call('glob', { pattern: '**' })).text).toBe('text.txt');
    for (const path of [outside, 'link', 'folder', '../..', '/etc']) {
      const outcome = await call('grep', { pattern: 'alpha', path });
      expect(outcome).toMatchObject({ ok: false, text: expect.stringContaining('lies outside') });
    }
  });

  test('is not led out by a git setting that moves the repository', async () => {
    const { call, workspace, outside } = desk({ 'text.txt': 'alpha\n' });
    git(workspace, 'init', '-q');
    git(workspace, 'config', 'core.worktree', outside);
    const { text } = await call('grep', { pattern: 'alpha' });
    expect(text).not.toContain('secret');
  });

  test('runs nothing that a repository’s settings name', async () => {
    const { call, workspace, outside } = desk({ 'text.txt': 'alpha\n' });
    git(workspace, 'init', '-q');
    git(workspace, 'config', 'core.fsmonitor', `touch ${join(outside, 'ran')}; false`);
    expect((await call('grep', { pattern: 'alpha' })).text).toBe('text.txt:1:alpha');
    expect(execFileSync('ls', [outside], { encoding: 'utf8' })).toBe('secret\n');
  });

  test('a pattern that would take for ever ends with the time limit and what was found, and holds up nobody', async () => {
    const { call } = desk({ 'a.txt': 'aab\n', 'b.txt': `${'a'.repeat(40)}!\n` });
    let turns = 0;
    const pulse = setInterval(() => (turns += 1), 5);
    const outcome = await call('grep', { pattern: '^(a+)+b' }, { limitMs: 4_000 });
    clearInterval(pulse);
    expect(outcome.text).toMatch(
      /^a\.txt:1:aab\n\[ended after 4 s, the time limit of the main session's tools/,
    );
    expect(turns).toBeGreaterThan(20);
  });

  test('ends when it is no longer wanted, even in the middle of a line', async () => {
    const { call } = desk({ 'b.txt': `${'a'.repeat(60)}!\n` });
    const control = new AbortController();
    const searching = call('grep', { pattern: '^(a+)+b' }, { signal: control.signal });
    setTimeout(() => control.abort(new Error('not wanted')), 300);
    await expect(searching).rejects.toThrow('not wanted');
  });

  test('says what is wrong with a pattern', async () => {
    const { call } = desk();
    expect(await call('grep', { pattern: 'f(' })).toEqual({
      ok: false,
      text: '`pattern` is not a regular expression of JavaScript: /f(/: Unterminated group. Put a backslash before ( [ { . * + ? to mean the character itself.',
    });
    expect((await call('glob', { pattern: '/etc/*' })).text).toContain('begins with /');
    expect((await call('glob', { pattern: '*', path: 'nowhere' })).text).toBe('nowhere does not exist.');
  });

  test('a very long line and a very long answer are cut, and it says so', async () => {
    const { call, workspace } = desk({ 'long.txt': `alpha${'x'.repeat(5000)}\n` });
    expect((await call('grep', { pattern: 'alpha' })).text).toMatch(
      /^long\.txt:1:alphax+ \[… 4505 characters more\]$/,
    );
    put(workspace, { 'many.txt': 'alpha and some more words to fill the line\n'.repeat(5000) });
    const { text } = await call('grep', { pattern: 'alpha', limit: 2000 });
    expect(text.length).toBeLessThan(30_200);
    expect(text).toMatch(/\n\[there is more; narrow it[^\n]*$/);
  });
});
