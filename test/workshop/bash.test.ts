import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bench, commit, freshFolder, git, oddSleep, repository } from './setup.ts';

describe('what a command printed', () => {
  test('standard output and standard error come in order of arrival', async () => {
    const { bash } = bench();
    expect(await bash('for i in 1 2 3; do echo out$i; echo err$i >&2; done')).toEqual({
      ok: true,
      text: 'out1\nerr1\nout2\nerr2\nout3\nerr3',
    });
    expect((await bash('echo a; echo b > /dev/stderr; echo c > /dev/stdout; echo d')).text).toBe(
      'a\nb\nc\nd',
    );
  });

  test('no output is said, a failure tells its code', async () => {
    const { bash } = bench();
    expect(await bash('true')).toEqual({ ok: true, text: '(no output)' });
    expect(await bash('exit 3')).toEqual({ ok: false, text: '(no output)\n[exit code 3]' });
    expect(await bash('echo no; false')).toEqual({ ok: false, text: 'no\n[exit code 1]' });
    expect((await bash('surely-no-such-command')).text).toMatch(/not found\n\[exit code 127\]$/);
  });

  test('a long output shows head and tail, and the whole is in the file that the text names', async () => {
    const { bash, call } = bench();
    const outcome = await bash('seq 100000');
    expect(outcome.ok).toBe(true);
    expect(outcome.text.length).toBeLessThan(30_300);
    expect(outcome.text.startsWith('1\n2\n3\n')).toBe(true);
    expect(outcome.text.endsWith('\n99999\n100000')).toBe(true);
    const [, left, file = ''] =
      /\[… (\d+) bytes left out here; the whole is in (\S+) …\]/.exec(outcome.text) ?? [];
    const whole = readFileSync(file, 'utf8');
    expect(whole.split('\n')).toHaveLength(100_001);
    expect(Number(left)).toBe(whole.length - 30_000);
    expect((await call('read', { path: file, offset: 50_000, limit: 1 })).text).toContain('50000\t50000');
  });

  test('an output of exactly what is shown is shown whole, one byte more is not', async () => {
    const { bash } = bench();
    expect((await bash('head -c 30000 /dev/zero | tr "\\0" x')).text).toBe('x'.repeat(30_000));
    expect((await bash('head -c 30001 /dev/zero | tr "\\0" x')).text).toContain('[… 1 bytes left out here');
  });

  test('the cut never splits a character', async () => {
    const { bash } = bench();
    const { text } = await bash("printf 'x'; for i in $(seq 5000); do printf '€𝄞é'; done");
    expect(text).toContain('left out here');
    expect(text).not.toContain('\ufffd');
  });

  test('a command that prints without end is ended, with a bounded file and words', async () => {
    const { bash, data } = bench({ output: { shown: 3000, kept: 2_000_000 } });
    const before = process.memoryUsage.rss();
    const outcome = await bash('yes');
    expect(outcome.ok).toBe(false);
    expect(outcome.text).toContain('[ended because it printed more than 2000000 bytes');
    expect(outcome.text).toContain('the first 2000000 bytes are in');
    const folder = join(data, 'tmp', 'chat_1', 'output');
    expect(readdirSync(folder).map((name) => statSync(join(folder, name)).size)).toEqual([2_000_000]);
    expect(process.memoryUsage.rss() - before).toBeLessThan(100_000_000);
  });

  test('bytes that are no text, control characters and colours are made harmless', async () => {
    const { bash } = bench();
    expect((await bash("printf 'a\\000b\\001c\\377d\\033[31mred\\033[0m\\r\\n\\177\\302\\205z'")).text).toBe(
      'a␀b␁c\ufffddred\n␡\ufffdz',
    );
    expect((await bash('head -c 3000 /dev/urandom')).text).not.toMatch(/[^\P{Cc}\n\t]/u);
  });

  test('standard input is empty and there is no terminal to ask at', async () => {
    const { bash } = bench();
    expect(
      (await bash('cat; read x; echo "[$x]"; (echo ask > /dev/tty) 2>/dev/null || echo none')).text,
    ).toBe('[]\nnone');
  });

  test('what cannot be kept is said, and the command goes on', async () => {
    const { bash, data } = bench();
    await bash(`touch ${join(data, 'tmp', 'chat_1')}/output`);
    const outcome = await bash('seq 100000');
    expect(outcome.text).toContain('the whole could not be kept: what lies at /tmp/output is no folder');
    expect(outcome.text.endsWith('100000')).toBe(true);
  });

  test('a link in the place of the folder for long output is never followed', async () => {
    const { bash, data } = bench({ output: { shown: 100, kept: 10_000 } });
    const outside = freshFolder();
    await bash(`ln -s ${outside} ${join(data, 'tmp', 'chat_1')}/output`);
    const outcome = await bash('seq 1000');
    expect(outcome.text).toContain('the whole could not be kept: what lies at /tmp/output is no folder');
    expect(readdirSync(outside)).toEqual([]);
  });
});

describe('where a command runs', () => {
  test('each call starts afresh in the worker’s own folder', async () => {
    const { bash, worker, data } = bench();
    expect((await bash('pwd; cd /; export X=1')).text).toBe(join(data, 'scratch', 'chat_1'));
    expect((await bash('pwd; echo "[$X]"', worker())).text).toBe(`${join(data, 'scratch', 'sub_1')}\n[]`);
  });

  test('a workspace that the worker removed is there again with the next call', async () => {
    const { bash, data } = bench();
    await bash('rm -rf "$PWD"');
    rmSync(join(data, 'scratch', 'chat_1'), { recursive: true, force: true });
    expect((await bash('echo fine')).text).toBe('fine');
  });

  test('TMPDIR is one folder for all sessions of a chat, and another for another chat', async () => {
    const { bash, worker } = bench();
    await bash('echo shared > "$TMPDIR/note"');
    expect((await bash('cat "$TMPDIR/note"', worker())).text).toBe('shared');
    expect((await bash('cat "$TMPDIR/note"', worker({ chat: 'chat_2' }))).ok).toBe(false);
  });

  test('the environment holds what is on the list and no secret of the gateway', async () => {
    const { bash, worker } = bench({
      environment: {
        PATH: process.env.PATH,
        HOME: '/nonexistent-home',
        LANG: 'C.UTF-8',
        LC_TIME: 'C',
        TZ: 'UTC',
        ANTHROPIC_API_KEY: 'sk-secret-1',
        ANTHROPIC_BASE_URL: 'http://secret-2',
        TIDINGS_TOKEN: 'secret-3',
        GITHUB_TOKEN: 'secret-4',
        AWS_SECRET_ACCESS_KEY: 'secret-5',
        https_proxy: 'http://me:secret-6@proxy',
        http_proxy: 'http://proxy:3128',
        NODE_OPTIONS: '--secret-7',
        GIT_DIR: '/secret-8',
        LD_PRELOAD: 'secret-9',
        npm_config_token: 'secret-10',
      },
    });
    const outcome = await bash(
      'env; cat /proc/1/environ | tr "\\0" "\\n"; tr "\\0" "\\n" < /proc/$PPID/environ',
      worker(),
    );
    expect(outcome.text).not.toMatch(/secret|ANTHROPIC/);
    expect(outcome.text.match(/^TIDINGS_\w+/gm)?.filter((name) => name !== 'TIDINGS_RUN')).toEqual([]);
    for (const line of ['HOME=/nonexistent-home', 'LC_TIME=C', 'TZ=UTC', 'http_proxy=http://proxy:3128']) {
      expect(outcome.text.split('\n')).toContain(line);
    }
    expect(outcome.text).toMatch(/^TIDINGS_RUN=test-\w+\/sub_1\/1\/call_1$/m);
  });

  test('git commit works anywhere, under a name that tells whose work it is', async () => {
    const { bash, worker } = bench({ environment: { PATH: process.env.PATH, HOME: '/nonexistent-home' } });
    const outcome = await bash(
      "git init -q . && git commit -q --allow-empty -m x && git log -1 --format='%an <%ae> %cn'",
      worker({ path: 'boss/pawn' }),
    );
    expect(outcome.text.split('\n').at(-1)).toBe(
      'Tidings subagent boss/pawn <boss.pawn@subagents.tidings.invalid> Tidings subagent boss/pawn',
    );
  });

  test('a scratch folder is in no repository, even if the data folder lies in one', async () => {
    const repo = repository();
    const { bash } = bench({ dataFolder: join(repo, '.tidings') });
    expect((await bash('git rev-parse --show-toplevel')).text).toContain('not a git repository');
  });
});

describe('limits', () => {
  test('a main session’s command ends at its limit with its output and the advice to hand it on', async () => {
    const { call } = bench();
    const outcome = await call('bash', { command: `echo so far; ${oddSleep()}` }, { limitMs: 2_000 });
    expect(outcome.ok).toBe(false);
    expect(outcome.text).toMatch(
      /^so far\n\[ended after 2 s, the time limit of the main session's tools;.*subagent/,
    );
  });

  test('commands beyond the ceiling wait for their turn, and a limit or an abort reaches them there', async () => {
    const { call, bash, worker } = bench({ processes: 1 });
    const stop = new AbortController();
    const first = call('bash', { command: oddSleep() }, { signal: stop.signal });
    const waiting = bash('echo second', worker());
    const leaving = new AbortController();
    const left = call('bash', { command: 'echo never' }, { worker: worker(), signal: leaving.signal });
    leaving.abort('gone');
    await expect(left).rejects.toBe('gone');
    const limited = await call('bash', { command: 'echo never' }, { limitMs: 50 });
    expect(limited.text).toMatch(/^The command was not started: all places for processes were taken/);
    stop.abort('enough');
    await expect(first).rejects.toBe('enough');
    expect((await waiting).text).toBe('second');
  });

  test('a sign of life is given for what a command prints', async () => {
    const { workshop, worker, data } = bench();
    let signs = 0;
    const onAlive = (): void => {
      signs += 1;
      writeFileSync(join(data, 'scratch', 'sub_1', `sign-${signs}`), '');
    };
    // The first is given for the start; it prints until there are two more.
    const command = 'for n in 2 3; do until [ -e sign-$n ]; do echo $n; sleep 0.02; done; done';
    await workshop.run(
      worker(),
      { id: 'c', name: 'bash', input: { command } },
      { signal: new AbortController().signal, onAlive },
    );
    expect(signs).toBeGreaterThanOrEqual(3);
  });
});

describe('bad input', () => {
  test.each([
    ['bash', {}, '`command` is missing'],
    ['bash', { command: 'ls', timeout_seconds: 0 }, 'a whole number from 1 to 3600'],
    ['bash', { command: 'ls', cwd: '/' }, '`cwd` is not a field here: there are command, '],
    ['bash', { command: 'a\0b' }, 'NUL'],
    ['bash', { command: 'x'.repeat(100_001) }, '`command` must have 1 to 100000 characters, not 100001'],
    ['read', { path: 3 }, '`path` must be a string, not a number'],
    ['write', { path: 'x' }, '`content` is missing'],
    [
      'edit',
      { path: 'x', old_text: '', new_text: '' },
      '`old_text` must have 1 to 1000000 characters, not 0',
    ],
    ['fetch', { url: 'x' }, 'There is no work tool "fetch"'],
  ])('%s %j is refused in words', async (name, input, words) => {
    const { call } = bench();
    const outcome = await call(name, input);
    expect(outcome.ok).toBe(false);
    expect(outcome.text).toContain(words);
  });

  test('a command as large as the system takes still runs, a larger one is refused in words', async () => {
    const { bash } = bench();
    expect((await bash(`echo ${'x'.repeat(90_000)} | wc -c`)).text.trim()).toBe('90001');
    const outcome = await bash(`echo ${'€'.repeat(90_000)} | wc -c`);
    expect(outcome.ok).toBe(false);
    expect(outcome.text).toContain('The command has 270013 bytes; the system takes 130000');
  });

  test('call ids and session ids of any kind stay inside their folders', async () => {
    const { call, worker, data } = bench();
    const outcome = await call(
      'bash',
      { command: 'pwd; seq 100000' },
      { worker: worker({ session: '../../../x', chat: '..' }), id: '../../../../y z' },
    );
    expect(outcome.ok).toBe(true);
    expect(outcome.text).toContain(join(data, 'scratch', '%2e%2e%2f%2e%2e%2f%2e%2e%2fx'));
    expect(outcome.text).toContain(join(data, 'tmp', '%2e%2e', 'output'));
  });
});

test('a worker whose worktree was never made is told so', async () => {
  const repo = repository();
  commit(repo, { a: 'b' }, 'second');
  const { call, worker } = bench({ repositories: { thing: repo } });
  const outcome = await call('bash', { command: 'pwd' }, { worker: worker({ repo: 'thing' }) });
  expect(outcome).toEqual({
    ok: false,
    text: 'Your workspace is not there any more, so no tool can work in it.',
  });
  expect(git(repo, 'branch', '--list')).toBe('* main');
});
