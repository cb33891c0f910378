/** A landing that fails half way or is cut short: nothing is lost, nothing is done twice, and it can be done again. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { withMounts } from '../store/processes.ts';
import { done, type Hand, refused, withGit, words, world } from './landing-world.ts';
import { bench, freshFolder, git, notRun } from './setup.ts';

const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

async function withWork(script = '') {
  const it = world(undefined, script === '' ? {} : { environment: withGit(script) });
  const fix = await it.hand('fix');
  fix.commit({ 'a.txt': 'two\n', 'new/deep.txt': 'x\n' });
  return { ...it, fix };
}

/** Lands in a gateway of its own, whose git runs `script` before each call. */
function landElsewhere(
  { repo, data }: { repo: string; data: string },
  of: Hand,
  script: string,
): string | null {
  const args = [program('landing-process.ts'), data, repo, of.session];
  return spawnSync(process.execPath, args, { env: withGit(script) }).signal;
}

describe('a gateway that is killed while it lands', () => {
  const at = (words: string, script: string): string => `case " $* " in *" ${words} "*) ${script};; esac`;
  const cuts = {
    'before anything is there': at('read-tree -m -u', 'kill -9 $PPID; exit 1'),
    'when the files are there and the branch has not moved': at('update-ref -m', 'kill -9 $PPID; exit 1'),
    'when the branch has moved and nobody was told': at('update-ref -m', '"$git" "$@"; kill -9 $PPID; exit'),
  };
  test.each(Object.entries(cuts))('%s lands once all the same', async (_, script) => {
    const it = await withWork();
    expect(landElsewhere(it, it.fix, script)).toBe('SIGKILL');
    const next = bench({ dataFolder: it.data, repositories: { thing: it.repo } });
    await next.workshop.sweepAll();
    const { landed } = done(await next.workshop.worktrees.land(it.fix.session, words));
    expect(landed.files).toEqual(['a.txt', 'new/deep.txt']);
    expect(git(it.repo, 'log', '--format=%s', 'main')).toBe(`${words.title}\nfirst`);
    expect(git(it.repo, 'status', '--porcelain')).toBe('');
    expect(done(await next.workshop.worktrees.land(it.fix.session, words)).landed).toEqual({
      ...landed,
      already: true,
    });
  });

  test('leaves what a person does there meanwhile alone', async () => {
    const it = await withWork();
    landElsewhere(it, it.fix, cuts['when the files are there and the branch has not moved']);
    git(it.repo, 'rm', '-q', '-f', 'b.txt');
    expect(refused(await it.land(it.fix))).toMatchObject({
      why: 'dirty',
      files: ['a.txt', 'b.txt', 'new/deep.txt'],
    });
    expect(git(it.repo, 'log', '--format=%s', 'main')).toBe('first');
  });
});

describe('a landing that fails at its last step', () => {
  test('because the branch is locked: the files are put back', async () => {
    const it = await withWork(
      'case " $* " in *" update-ref -m tidings: land "*) echo locked >&2; exit 1;; esac',
    );
    const { records: _, ...before } = Object(it.everything());
    expect(refused(await it.land(it.fix))).toEqual({
      ok: false,
      why: 'failed',
      message: 'subagent/fix could not be landed, and main is where it was: locked',
      files: [],
    });
    expect(it.everything()).toMatchObject(before);
  });

  test('because the base moved is tried again on top of it', async () => {
    const marks = join(freshFolder(), 'moved');
    const names = 'GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x';
    const move = `touch ${marks}; export ${names}; "$git" update-ref refs/heads/free "$("$git" commit-tree free^{tree} -p free -m other)"`;
    const it = await withWork(
      `case " $* " in *" update-ref -m tidings: land "*) [ -e ${marks} ] || { ${move}; };; esac`,
    );
    git(it.repo, 'branch', 'free');
    const two = await it.hand('two', 'thing@free');
    two.commit({ 'b.txt': 'two\n' });
    expect(done(await it.land(two)).landed.already).toBe(false);
    expect(git(it.repo, 'log', '--format=%s', 'free')).toBe(`${words.title}\nother\nfirst`);
  });

  test('because something else was checked out meanwhile: it is left as it is', async () => {
    const marks = join(freshFolder(), 'switched');
    const it = await withWork(
      `case " $* " in *" symbolic-ref --quiet HEAD "*) [ -e ${marks} ] || { touch ${marks}; "$git" symbolic-ref HEAD refs/heads/other; };; esac`,
    );
    git(it.repo, 'branch', 'other');
    expect(refused(await it.land(it.fix)).message).toContain('something else than main is checked out');
    expect(git(it.repo, 'status', '--porcelain', '--branch')).toBe('## other');
    expect(git(it.repo, 'rev-parse', 'main')).toBe(git(it.repo, 'rev-parse', 'other'));
  });
});

test('a full disk leaves the base and all files as they were, wherever it shows', async () => {
  const folder = freshFolder();
  const wrapper = withMounts('mount -t tmpfs -o size=3000k,mode=700 tmpfs "$1"', folder);
  if (!wrapper) return notRun('permission to mount');
  const [command = '', ...args] = [...wrapper, process.execPath, program('landing-disk-process.ts'), folder];
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  const lines = stdout.trim().split('\n');
  const told = z.object({ ok: z.boolean(), same: z.boolean(), message: z.string().default('') });
  const tries = lines.slice(0, -1).map((line) => told.parse(JSON.parse(line)));
  expect(stderr).toBe('');
  const failures = tries.slice(0, -1);
  for (const failure of failures) expect(failure).toMatchObject({ ok: false, same: true });
  expect(
    new Set(failures.map(({ message }) => message.replace(/tidings-test-\w+|(look|merge)-\w+/g, ''))).size,
  ).toBeGreaterThan(3);
  expect(tries.at(-1)?.ok).toBe(true);
  expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ status: '', log: 'fix: mend it\nfirst\n' });
});
