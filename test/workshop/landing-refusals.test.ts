/** What does not land: it is said why, the files are named, and all is as it was. */
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { WorktreeRefusal } from '../../src/core/ports.ts';
import { type Hand, refused, withGit, world } from './landing-world.ts';
import { commit, git } from './setup.ts';

type World = ReturnType<typeof world>;

/** Lands what must not land, and sees that nothing was changed by it. */
async function inVain({ land, everything }: World, of: Hand): Promise<WorktreeRefusal> {
  const before = everything();
  const refusal = refused(await land(of));
  expect(everything()).toEqual(before);
  return refusal;
}

async function withWork(files: Record<string, string> = { 'a.txt': 'two\n' }) {
  const it = world();
  const fix = await it.hand('fix');
  fix.commit(files);
  return { ...it, fix };
}

describe('a conflict', () => {
  test('with what landed before is refused and its files are named, committed or not', async () => {
    const it = world();
    const [one, two, three] = [await it.hand('one'), await it.hand('two'), await it.hand('three')];
    one.commit({ 'a.txt': 'first\n', 'b.txt': 'first\n' });
    two.commit({ 'a.txt': 'second\n', 'b.txt': 'second\n', 'c.txt': 'x\n' });
    three.write({ 'b.txt': 'third\n', 'new.txt': 'not committed\n' });
    expect((await it.land(one)).ok).toBe(true);
    expect(await inVain(it, two)).toEqual({
      ok: false,
      why: 'conflict',
      message:
        'subagent/two and main changed the same places, so nothing was landed. Steer its subagent to merge main into its branch and settle the conflict, then land it again.',
      files: ['a.txt', 'b.txt'],
    });
    expect(await inVain(it, three)).toMatchObject({ why: 'conflict', files: ['b.txt'] });
    expect(refused(await it.land(two)).files).toEqual(['a.txt', 'b.txt']);
  });

  test('of a removal with a change, and of a file with a folder', async () => {
    const it = await withWork({ 'a.txt': 'two\n', 'b.txt': 'two\n', thing: 'a file\n' });
    git(it.repo, 'rm', '-q', 'a.txt');
    commit(it.repo, { 'thing/inside': 'x\n' }, 'theirs');
    const { why, files } = await inVain(it, it.fix);
    expect(why).toBe('conflict');
    expect(files).toContain('a.txt');
    expect(files).not.toContain('b.txt');
  });

  test('of histories that have nothing in common', async () => {
    const it = await withWork();
    git(it.fix.folder, 'checkout', '-q', '--orphan', 'fresh');
    it.fix.commit({ 'a.txt': 'fresh\n' });
    git(it.fix.folder, 'branch', '-q', '-M', 'subagent/fix');
    expect((await inVain(it, it.fix)).message).toContain('unrelated histories');
  });
});

describe('where the base is checked out', () => {
  test('changes that are not committed, staged or not, in whatever file', async () => {
    const it = await withWork();
    writeFileSync(join(it.repo, 'b.txt'), 'a draft\n');
    expect(await inVain(it, it.fix)).toEqual({
      ok: false,
      why: 'dirty',
      message: `main is checked out in ${it.repo} with changes that are not committed. Commit or stash them, then land it again.`,
      files: ['b.txt'],
    });
    git(it.repo, 'add', 'b.txt');
    writeFileSync(join(it.repo, 'new\nline'), 'x');
    git(it.repo, 'add', 'new\nline');
    expect(await inVain(it, it.fix)).toMatchObject({ why: 'dirty', files: ['b.txt', 'new\nline'] });
  });

  test('files that git does not track, or ignores, in the place of those that would land; no others', async () => {
    const it = await withWork({
      'deep/new.txt': 'x\n',
      'link/new.txt': 'x\n',
      'folder/new.txt': 'x\n',
      'secret.env': 'x\n',
    });
    writeFileSync(join(it.repo, '.git/info/exclude'), '*.env\n');
    git(it.fix.folder, 'add', '-f', 'secret.env');
    mkdirSync(join(it.repo, 'deep'));
    mkdirSync(join(it.repo, 'folder'));
    const names = ['deep/new.txt', 'secret.env', 'free.txt', 'folder/free.txt'];
    for (const name of names) writeFileSync(join(it.repo, name), 'precious\n');
    symlinkSync(it.data, join(it.repo, 'link'));
    const refusal = await inVain(it, it.fix);
    expect(refusal).toMatchObject({ why: 'dirty', files: ['deep/new.txt', 'link', 'secret.env'] });
    expect(refusal.message).toContain('Files that git does not track lie in');
    for (const name of ['deep/new.txt', 'link', 'secret.env']) rmSync(join(it.repo, name));
    expect((await it.land(it.fix)).ok).toBe(true);
    expect(existsSync(join(it.data, 'new.txt'))).toBe(false);
    expect(git(it.repo, 'status', '--porcelain', '-uall')).toBe('?? folder/free.txt\n?? free.txt');
  });

  test('something half done there: a merge, a cherry-pick, a bisect, a rebase that took it off', async () => {
    const it = await withWork();
    git(it.repo, 'checkout', '-q', '-b', 'topic', 'main');
    commit(it.repo, { 'b.txt': 'topic\n' }, 'topic');
    git(it.repo, 'checkout', '-q', 'main');
    const begin = (words: string): void => {
      const [command = '', ...args] = words.split(' ');
      expect(() => git(it.repo, command, ...args)).toThrow();
    };
    git(it.repo, 'merge', '-q', '--no-ff', '--no-commit', 'topic');
    expect((await inVain(it, it.fix)).message).toBe(
      `a merge of main is under way in ${it.repo}. It must be ended or given up first.`,
    );
    git(it.repo, 'merge', '--abort');
    git(it.repo, 'bisect', 'start');
    expect((await inVain(it, it.fix)).message).toContain('a bisect of main is under way');
    git(it.repo, 'bisect', 'reset');
    commit(it.repo, { 'b.txt': 'main\n' }, 'main');
    git(it.repo, 'commit', '-q', '--allow-empty', '-m', 'more');
    git(it.repo, 'bisect', 'start', 'main', 'main~2');
    expect(git(it.repo, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe('HEAD');
    expect((await inVain(it, it.fix)).message).toContain('a bisect of main is under way');
    git(it.repo, 'bisect', 'reset');
    begin('cherry-pick topic');
    expect((await inVain(it, it.fix)).message).toContain('a cherry-pick of main is under way');
    git(it.repo, 'cherry-pick', '--abort');
    begin('rebase topic');
    expect(await inVain(it, it.fix)).toMatchObject({
      why: 'dirty',
      message: `a rebase of main is under way in ${it.repo}. It must be ended or given up first.`,
    });
  });

  test('in two folders at once', async () => {
    const it = await withWork();
    const other = join(it.data, 'other');
    git(it.repo, 'worktree', 'add', '-q', '-f', other, 'main');
    const { why, message } = await inVain(it, it.fix);
    expect([why, message]).toEqual([
      'base',
      expect.stringContaining(`in several folders: ${it.repo}, ${other}.`),
    ]);
  });
});

describe('the base', () => {
  test('is a tag or a commit', async () => {
    const it = world();
    git(it.repo, 'tag', 'v1');
    for (const [label, base] of Object.entries({ tag: 'v1', sha: git(it.repo, 'rev-parse', 'HEAD') })) {
      const one = await it.hand(label, `thing@${base}`);
      one.commit({ 'a.txt': 'two\n' });
      const { why, message } = await inVain(it, one);
      expect(why).toBe('base');
      expect(message).toContain(`subagent/${label} began from ${base}, which is no branch of thing`);
    }
  });

  test('is gone, or became another name for a branch', async () => {
    const it = world();
    git(it.repo, 'branch', 'topic');
    git(it.repo, 'branch', 'alias');
    const two = await it.hand('two', 'thing@alias');
    two.commit({ 'a.txt': 'two\n' });
    git(it.repo, 'symbolic-ref', 'refs/heads/alias', 'refs/heads/main');
    expect((await inVain(it, two)).message).toContain('another name for a branch');
    const fix = await it.hand('fix', 'thing@topic');
    fix.commit({ 'a.txt': 'two\n' });
    git(it.repo, 'branch', '-q', '-D', 'topic');
    expect((await inVain(it, fix)).why).toBe('base');
  });

  test('moves each time', async () => {
    const move = '"$git" update-ref refs/heads/main "$("$git" commit-tree main^{tree} -p main -m other)"';
    const environment = withGit(
      `export GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x
       case " $* " in *" update-ref -m tidings: land "*) ${move};; esac`,
    );
    const it = world(undefined, { environment });
    const fix = await it.hand('fix');
    fix.commit({ 'a.txt': 'two\n' });
    const { why, message } = refused(await it.land(fix));
    expect([why, message]).toEqual(['base', expect.stringContaining('main moved each time')]);
    expect(git(it.repo, 'status', '--porcelain')).toBe('');
    expect(git(it.repo, 'log', '--format=%s', 'main').split('\n').slice(0, -1)).toEqual(
      Array(5).fill('other'),
    );
  });
});

describe('the worktree', () => {
  test('holds nothing, or nothing in the end', async () => {
    const it = world();
    const fix = await it.hand('fix');
    expect(await inVain(it, fix)).toMatchObject({ why: 'nothing', files: [] });
    fix.commit({ 'a.txt': 'two\n' });
    fix.commit({ 'a.txt': 'one\n' });
    expect((await inVain(it, fix)).message).toContain('come to no change');
  });

  test('is gone, or was never there', async () => {
    const it = await withWork();
    rmSync(it.fix.folder, { recursive: true });
    const { why, message } = await inVain(it, it.fix);
    expect([why, message]).toEqual(['none', expect.stringContaining('from the branch subagent/fix')]);
    expect(refused(await it.worktrees.land('sub_nobody', { title: 'x', body: '' })).why).toBe('none');
    renameSync(it.repo, `${it.repo}-moved`);
    expect(refused(await it.land(it.fix)).message).toContain('is not there any more');
    renameSync(`${it.repo}-moved`, it.repo);
  });

  test('has a branch that became another name for the base, which does not move', async () => {
    const it = await withWork();
    git(it.repo, 'symbolic-ref', `refs/heads/${it.fix.branch}`, 'refs/heads/main');
    it.fix.write({ 'b.txt': 'two\n' });
    expect((await inVain(it, it.fix)).message).toContain('was made another name for a branch');
  });

  test('holds a file that git cannot read', async () => {
    const it = await withWork();
    // A name that no git would check out.
    mkdirSync(join(it.fix.folder, 'GIT~1'));
    writeFileSync(join(it.fix.folder, 'GIT~1', 'config'), 'x');
    expect(await inVain(it, it.fix)).toMatchObject({ why: 'failed', files: ['GIT~1/config'] });
  });
});

test('a git that is too old to merge without a working tree', async () => {
  const environment = withGit('case " $* " in *" version "*) echo git version 2.37.1; exit;; esac');
  const it = world(undefined, { environment });
  const fix = await it.hand('fix');
  fix.commit({ 'a.txt': 'two\n' });
  expect((await inVain(it, fix)).message).toBe(
    'Landing needs git 2.38 or newer; this is 2.37.1. Update git.',
  );
});
