/** What is told of worktrees: how each stands, what it changed, and who else changes the same. Nothing is touched. */
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { done, refused, world } from './landing-world.ts';
import { commit, freshFolder, git } from './setup.ts';

describe('the list', () => {
  test('says of each, in the order that was asked for, what it holds and what of it has landed', async () => {
    const { hand, land, worktrees, everything } = world();
    const [one, two, three] = [await hand('one'), await hand('two', 'thing@main'), await hand('three')];
    one.commit({ 'a.txt': 'two\n' });
    one.commit({ 'new.txt': 'x\n' });
    one.write({ 'new.txt': 'y\n', 'd/draft.txt': 'x\n' });
    two.commit({ 'b.txt': 'two\n' });
    const landed = done(await land(two)).landed.commit;
    const before = everything();
    const of = { repository: 'thing', base: 'main', overlaps: [] };
    expect(await worktrees.list(['sub_two', 'sub_nobody', 'sub_one', 'sub_three'])).toEqual([
      {
        ...of,
        session: 'sub_two',
        branch: 'subagent/two',
        folder: two.folder,
        commits: 1,
        files: ['b.txt'],
        uncommitted: 0,
        landed,
      },
      {
        ...of,
        session: 'sub_one',
        branch: 'subagent/one',
        folder: one.folder,
        commits: 2,
        files: ['a.txt', 'd/draft.txt', 'new.txt'],
        uncommitted: 2,
      },
      {
        ...of,
        session: 'sub_three',
        branch: 'subagent/three',
        folder: three.folder,
        commits: 0,
        files: [],
        uncommitted: 0,
      },
    ]);
    expect(everything()).toEqual(before);
    two.write({ 'b.txt': 'three\n' });
    expect((await worktrees.list(['sub_two']))[0]).not.toHaveProperty('landed');
  });

  test('names the others that change the same files, of whatever chat, until their work has landed', async () => {
    const { hand, land, worktrees } = world();
    const mine = await hand('mine');
    const theirs = await hand('theirs', 'thing', 'chat_9');
    const apart = await hand('apart');
    mine.write({ 'a.txt': 'mine\n', 'b.txt': 'mine\n', 'only.txt': 'x\n' });
    theirs.commit({ 'a.txt': 'theirs\n', 'b.txt': 'theirs\n', 'other.txt': 'x\n' });
    apart.commit({ 'c.txt': 'x\n' });
    const overlaps = async () => (await worktrees.list(['sub_mine']))[0]?.overlaps;
    expect(await overlaps()).toEqual([{ branch: 'subagent/theirs', files: ['a.txt', 'b.txt'] }]);
    done(await land(theirs));
    expect(await overlaps()).toEqual([]);
    theirs.write({ 'b.txt': 'more\n' });
    expect(await overlaps()).toEqual([{ branch: 'subagent/theirs', files: ['b.txt'] }]);
  });

  test('counts nothing that the worktree only took in from its base', async () => {
    const { hand, worktrees, repo } = world();
    const fix = await hand('fix');
    fix.commit({ 'a.txt': 'two\n' });
    commit(repo, { 'b.txt': 'theirs\n' }, 'theirs');
    git(fix.folder, 'merge', '-q', '-m', 'take main in', 'main');
    expect(await worktrees.list(['sub_fix'])).toMatchObject([{ commits: 2, files: ['a.txt'] }]);
    expect(done(await worktrees.diff('sub_fix')).patch).not.toContain('theirs');
  });

  test('has the branch that is left of a worktree, and what nobody can judge', async () => {
    const { hand, worktrees, repo } = world();
    const fix = await hand('fix');
    fix.commit({ 'a.txt': 'two\n' });
    rmSync(join(repo, '.git', 'worktrees'), { recursive: true });
    expect(await worktrees.list(['sub_fix'])).toMatchObject([{ commits: 0, files: [] }]);
    expect(refused(await worktrees.diff('sub_fix')).why).toBe('failed');
    rmSync(fix.folder, { recursive: true });
    expect(await worktrees.list(['sub_fix'])).toMatchObject([{ commits: 1, files: ['a.txt'] }]);
    expect(done(await worktrees.diff('sub_fix')).patch).toContain('+two');
    git(repo, 'branch', '-q', '-D', fix.branch);
    expect(await worktrees.list(['sub_fix'])).toEqual([]);
  });

  test('asks a repository inside the worktree whether it is changed, and runs nothing that it names', async () => {
    const { hand, worktrees } = world();
    const fix = await hand('fix');
    const inner = join(fix.folder, 'inner');
    mkdirSync(inner);
    git(inner, 'init', '-q', '-b', 'main');
    commit(inner, { x: 'x\n', '.gitattributes': '* filter=evil\n' }, 'inner');
    git(fix.folder, 'add', 'inner');
    git(fix.folder, 'commit', '-q', '-m', 'inner');
    const ran = join(freshFolder(), 'ran');
    git(inner, 'config', 'filter.evil.clean', `touch '${ran}'; cat`);
    git(inner, 'config', 'filter.evil.required', 'true');
    git(inner, 'config', 'core.fsmonitor', `touch '${ran}'`);
    expect(await worktrees.list(['sub_fix'])).toMatchObject([{ files: ['inner'], uncommitted: 0 }]);
    writeFileSync(join(inner, 'x'), 'y\n');
    expect(await worktrees.list(['sub_fix'])).toMatchObject([{ files: ['inner'], uncommitted: 1 }]);
    expect(existsSync(ran)).toBe(false);
  });
});

describe('the diff', () => {
  test('is all that changed since it began, committed or not, and touches nothing', async () => {
    const { hand, worktrees, everything } = world({
      'a.txt': 'one\n',
      'b.txt': 'one\n',
      'gone.txt': 'gone\n',
    });
    const fix = await hand('fix');
    fix.commit({ 'a.txt': 'two\n' });
    git(fix.folder, 'rm', '-q', 'gone.txt');
    fix.write({ 'b.txt': 'draft\n', 'new/c.txt': 'x\n', 'blob.bin': 'a\0b' });
    const secret = join(freshFolder(), 'secret');
    writeFileSync(secret, 'the secret\n');
    symlinkSync(secret, join(fix.folder, 'link'));
    const before = [everything(), git(fix.folder, 'count-objects')];
    const { patch } = done(await worktrees.diff('sub_fix'));
    expect([everything(), git(fix.folder, 'count-objects')]).toEqual(before);
    expect(patch.match(/^diff --git .*$/gm)).toEqual([
      'diff --git a/a.txt b/a.txt',
      'diff --git a/b.txt b/b.txt',
      'diff --git a/blob.bin b/blob.bin',
      'diff --git a/gone.txt b/gone.txt',
      'diff --git a/link b/link',
      'diff --git a/new/c.txt b/new/c.txt',
    ]);
    expect(patch).toContain('-one\n+two\n');
    expect(patch).toContain('+draft\n');
    expect(patch).toContain('Binary files /dev/null and b/blob.bin differ');
    expect(patch).toContain(`+${secret}`);
    expect(patch).not.toContain('the secret');
  });

  test('shows what would hide or forge: names with a line end, signs that a terminal obeys', async () => {
    const { hand, worktrees } = world();
    const fix = await hand('fix');
    fix.write({ 'x\n+++ b/forged.txt\n': 'x\n', 'a.txt': 'one\u001b[2K\rtwo\u007f\n' });
    const { patch } = done(await worktrees.diff('sub_fix'));
    expect(patch).toContain('+++ "b/x\\n+++ b/forged.txt\\n"');
    expect(patch).not.toMatch(/^\+\+\+ b\/forged/m);
    expect(patch).toContain('+one␛[2K␍two␡\n');
  });

  test('runs no program that the repository names for showing files', async () => {
    const { hand, worktrees, repo } = world();
    const ran = join(freshFolder(), 'ran');
    const fix = await hand('fix');
    git(repo, 'config', 'diff.external', `touch ${ran}; true`);
    git(repo, 'config', 'diff.evil.textconv', `touch ${ran}; true`);
    git(repo, 'config', 'diff.evil.command', `touch ${ran}; true`);
    fix.write({ 'a.txt': 'two\n', '.gitattributes': '*.txt diff=evil\n' });
    expect(done(await worktrees.diff('sub_fix')).patch).toContain('+two');
    expect(existsSync(ran)).toBe(false);
  });

  test('is cut where nobody would read on, and says so', async () => {
    const { hand, worktrees } = world();
    const fix = await hand('fix');
    fix.write({ 'long.txt': `${'x'.repeat(5_100_000)}\n` });
    const { patch } = done(await worktrees.diff('sub_fix'));
    expect(patch.length).toBeLessThan(5_000_100);
    expect(patch).toMatch(/\n\[… cut: the first 5000000 of 51\d{5} characters\]\n$/);
  });

  test('of work that stands off its branch has both', async () => {
    const { hand, worktrees, repo } = world();
    const fix = await hand('fix');
    fix.commit({ 'a.txt': 'on the branch\n' });
    git(fix.folder, 'checkout', '-q', '--detach', git(repo, 'rev-parse', 'main'));
    fix.write({ 'b.txt': 'beside it\n' });
    const { patch } = done(await worktrees.diff('sub_fix'));
    expect(patch).toContain('+on the branch');
    expect(patch).toContain('+beside it');
  });
});
