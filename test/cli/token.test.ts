/** `tidings token` as people use it: a process of its own, on a folder that may or may not be there. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { token } from '../../src/cli/token.ts';
import { digestOf } from '../../src/http/tokens.ts';
import { freshFolder } from '../e2e/harness.ts';
import { tidings } from './tidings.ts';

function desk() {
  const cwd = freshFolder();
  const file = join(cwd, '.tidings', 'tokens.json');
  return {
    cwd,
    file,
    run: (...args: string[]) => tidings(['token', ...args], { cwd }),
    kept: () => readFileSync(file, 'utf8'),
  };
}

const mode = (of: string) => (statSync(of).mode & 0o777).toString(8);

describe('tidings token add', () => {
  test('shows a token once, alone on standard output, and keeps its digest only', async () => {
    const { run, kept, cwd, file } = desk();
    const { code, printed, complained } = await run(
      'add',
      'laptop',
      '--scopes',
      'chat,read',
      '--owner',
      'ada',
    );
    expect(code).toBe(0);
    expect(printed).toMatch(/^tid_[A-Za-z0-9_-]{32}\n$/);
    expect(complained).toContain('token laptop: read, chat for the chats of ada. It is shown this once');
    expect(complained).not.toContain(printed.trim());
    expect(JSON.parse(kept())).toEqual({
      version: 1,
      tokens: [
        {
          name: 'laptop',
          digest: digestOf(printed.trim()),
          scopes: ['read', 'chat'],
          owner: 'ada',
          createdAt: expect.any(Number),
        },
      ],
    });
    // Whatever lies in the folder, the token doesn't.
    const folder = join(cwd, '.tidings');
    for (const name of readdirSync(folder)) {
      expect(readFileSync(join(folder, name), 'utf8')).not.toContain(printed.trim());
      expect(mode(join(folder, name)), name).toBe('600');
    }
    expect(mode(folder)).toBe('700');
    const listed = await run('list');
    expect(listed.printed).toMatch(
      /^NAME +OWNER +SCOPES +MADE +STATE\nlaptop +ada +read,chat +2\d{3}-.* in force\n$/,
    );
    expect(listed.printed).not.toContain(digestOf(printed.trim()));
    expect(existsSync(`${file}.new`)).toBe(false);
  });

  test('makes the name the owner unless told otherwise', async () => {
    const { run, kept } = desk();
    await run('add', 'ada', '--scopes', 'read', '--scopes', ' answer , read');
    expect(JSON.parse(kept()).tokens).toMatchObject([{ owner: 'ada', scopes: ['read', 'answer'] }]);
  });

  test.each([
    [['add', 'x', '--scopes', 'read,write'], /no scope "write"\. There are read, chat, answer, admin\./],
    [['add', 'x', '--scopes', 'Read'], /no scope "Read"/],
    [['add', 'x', '--scopes', ''], /at least one scope\. There are read, chat, answer, admin\./],
    [['add', 'x', '--scopes', ' , '], /at least one scope/],
    [['add', 'x'], /needs --scopes/],
    [['add', '--scopes', 'read'], /name is missing/],
    [['add', '', '--scopes', 'read'], /1 to 64 of A-Z, a-z, 0-9 and _ \. -/],
    [['add', 'a b', '--scopes', 'read'], /1 to 64 of/],
    [['add', 'ä', '--scopes', 'read'], /1 to 64 of/],
    [['add', 'a/b', '--scopes', 'read'], /1 to 64 of/],
    [['add', 'x'.repeat(65), '--scopes', 'read'], /1 to 64 of/],
    [['add', 'x', '--scopes', 'read', '--owner', 'a\nb'], /An owner is named with 1 to 64 of/],
    [['add', 'admin', '--scopes', 'admin'], /the admin token's/],
    [['add', 'x', 'y', '--scopes', 'read'], /nothing to do with "y"/],
    [['add', 'x', '--scope', 'read'], /--scope/],
    [['list', 'x'], /nothing to do with "x"/],
    [['list', '--owner', 'x'], /no --owner here/],
    [['revoke'], /name is missing/],
    [['revoke', 'nobody'], /no token nobody\. See: tidings token list/],
    [['revoke', '\u001b[31m'], /no token of this name/],
    [['dance'], /no "tidings token dance"/],
    [[], /tidings token add <name> --scopes/],
  ])('is refused in words, and makes nothing: %j', (args, words) => {
    const { cwd } = desk();
    const said: string[] = [];
    const say = (line: string): void => void said.push(line);
    const ask = () => token(args, () => join(cwd, '.tidings'), { print: say, complain: say });
    expect(ask).toThrow(words);
    expect(ask).toThrow(expect.objectContaining({ name: 'TokenError', exitCode: 2 }));
    expect(ask).not.toThrow(/[^\P{Cc}\n]/u);
    expect(said).toEqual([]);
    expect(existsSync(join(cwd, '.tidings'))).toBe(false);
  });

  test('that is refused ends with 2 and no trace', async () => {
    const { run, cwd } = desk();
    const ran = await run('add', 'x', '--scopes', 'read,write');
    expect(ran).toMatchObject({
      code: 2,
      printed: '',
      complained: expect.stringMatching(/^There is no scope "write"/),
    });
    expect(ran.complained).not.toMatch(/\n\s+at /);
    expect(existsSync(join(cwd, '.tidings'))).toBe(false);
  });

  test('refuses a name that is taken, and one that was: a name means one token for ever', async () => {
    const { run, kept } = desk();
    await run('add', 'laptop', '--scopes', 'read', '--owner', 'ada');
    const before = kept();
    expect(await run('add', 'laptop', '--scopes', 'admin')).toMatchObject({
      code: 2,
      printed: '',
      complained: expect.stringContaining('There is a token laptop already'),
    });
    expect(kept()).toBe(before);
    await run('revoke', 'laptop');
    expect(await run('add', 'laptop', '--scopes', 'admin')).toMatchObject({
      code: 2,
      printed: '',
      complained: expect.stringMatching(/laptop was revoked.*--owner ada/),
    });
    expect(JSON.parse(kept()).tokens).toHaveLength(1);
  });

  test('many times at once loses none', async () => {
    const { run, kept } = desk();
    await run('add', 'first', '--scopes', 'read');
    const names = Array.from({ length: 8 }, (_, n) => `t${n}`);
    const ran = await Promise.all([
      ...names.map((name) => run('add', name, '--scopes', 'read')),
      run('revoke', 'first'),
    ]);
    expect(ran.map(({ code, complained }) => (code === 0 ? '' : complained)).join('')).toBe('');
    const { tokens } = JSON.parse(kept());
    expect(tokens.map(({ name }: { name: string }) => name).sort()).toEqual(['first', ...names]);
    expect(tokens[0]).toMatchObject({ name: 'first', revokedAt: expect.any(Number) });
    expect(new Set(ran.map(({ printed }) => printed)).size).toBe(ran.length);
  });
});

describe('tidings token revoke', () => {
  test('keeps the name on the list, and the time when it was first revoked', async () => {
    const { run, kept } = desk();
    await run('add', 'laptop', '--scopes', 'read');
    expect(await run('revoke', 'laptop')).toMatchObject({
      code: 0,
      printed: expect.stringContaining('is revoked'),
    });
    const first = kept();
    expect(await run('revoke', 'laptop')).toMatchObject({
      code: 0,
      printed: expect.stringContaining('is revoked'),
    });
    expect(kept()).toBe(first);
    expect((await run('list')).printed).toMatch(/laptop .* revoked 2\d{3}-/);
  });
});

test('without any tokens the list says so and how to make one', async () => {
  const { run } = desk();
  expect(await run('list')).toMatchObject({
    code: 0,
    printed: '',
    complained: expect.stringContaining('token add'),
  });
});

test.each([
  ['{"version":1,"tokens":[', 'it is not JSON'],
  ['', 'it is not JSON'],
  ['{"version":2,"tokens":[]}', '"version" is not what it should be'],
  ['{"version":1,"tokens":[{"name":"tid_secret-secret-secret"}]}', '"tokens.0.digest"'],
])(
  'a file that holds %j is damaged: every command ends with 1 in words and leaves it as it is',
  async (text, why) => {
    const { run, file, kept } = desk();
    await run('add', 'x', '--scopes', 'read');
    writeFileSync(file, text);
    for (const args of [['list'], ['add', 'y', '--scopes', 'read'], ['revoke', 'x']]) {
      const ran = await run(...args);
      expect(ran).toMatchObject({ code: 1, printed: '', complained: expect.stringContaining(why) });
      expect(ran.complained).toContain(file);
      expect(ran.complained).not.toContain('tid_secret');
      expect(ran.complained).not.toMatch(/\n\s+at /);
    }
    expect(kept()).toBe(text);
  },
);

test('a wrong configuration stops it with 2 like any other command', async () => {
  const { cwd } = desk();
  const ran = await tidings(['token', 'list'], { cwd, env: { PORT: 'eighty' } });
  expect(ran).toMatchObject({ code: 2, complained: expect.stringContaining('PORT (environment)') });
});
