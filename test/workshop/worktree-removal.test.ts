/** How worktrees go: never with work that has not landed, unless that is wanted. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { done, refused, world } from './landing-world.ts';
import { git } from './setup.ts';

type World = ReturnType<typeof world>;

/** Nothing is left of any worktree: no folder, no branch, no note, nothing that git knows. */
function expectGone({ repo, data }: World): void {
  expect(readdirSync(join(data, 'worktrees', 'chat_1'))).toEqual([]);
  expect(readdirSync(join(data, 'workspaces'))).toEqual([]);
  expect(git(repo, 'branch', '--list', 'subagent/*')).toBe('');
  expect(git(repo, 'worktree', 'list').split('\n')).toHaveLength(1);
}

const keep = { discard: false };

describe('a worktree', () => {
  test('goes with branch and note when it holds nothing of its own, or has landed', async () => {
    const it = world();
    const [idle, fix] = [await it.hand('idle'), await it.hand('fix')];
    fix.commit({ 'a.txt': 'two\n' });
    done(await it.land(fix));
    for (const { session, branch } of [idle, fix]) {
      expect(await it.worktrees.remove(session, keep)).toEqual({ ok: true, branch, lost: 0 });
    }
    expectGone(it);
    expect(refused(await it.worktrees.remove('sub_fix', keep)).why).toBe('none');
    expect(git(it.repo, 'show', 'main:a.txt')).toBe('two');
  });

  test('stays with what has not landed, which is named, unless that is to be lost', async () => {
    const it = world();
    const fix = await it.hand('fix');
    fix.commit({ 'a.txt': 'two\n' });
    done(await it.land(fix));
    fix.commit({ 'b.txt': 'two\n' });
    fix.write({ 'draft.txt': 'x\n' });
    const before = it.everything();
    expect(await it.worktrees.remove('sub_fix', keep)).toEqual({
      ok: false,
      why: 'unlanded',
      message:
        'subagent/fix holds 1 commit and 2 changed files that main lacks. Land it first, or remove it with discard: true to lose that for good.',
      files: ['b.txt', 'draft.txt'],
    });
    expect(it.everything()).toEqual(before);
    expect(done(await it.worktrees.remove('sub_fix', { discard: true })).lost).toBe(2);
    expectGone(it);
  });

  test('that landed on a base which no longer holds it stays, and one whose base went on elsewhere goes', async () => {
    const it = world();
    git(it.repo, 'branch', 'topic');
    const [back, on] = [await it.hand('back'), await it.hand('on', 'thing@topic')];
    for (const one of [back, on]) {
      one.commit({ [`${one.session}.txt`]: 'x\n' });
      done(await it.land(one));
    }
    git(it.repo, 'reset', '-q', '--hard', 'main^');
    expect(refused(await it.worktrees.remove('sub_back', keep)).files).toEqual(['sub_back.txt']);
    git(it.repo, 'merge', '-q', 'topic');
    git(it.repo, 'branch', '-q', '-D', 'topic');
    done(await it.worktrees.remove('sub_on', keep));
  });

  test('of which nobody can say what it holds stays, unless it is to be lost', async () => {
    const it = world();
    const fix = await it.hand('fix');
    rmSync(join(it.repo, '.git', 'worktrees'), { recursive: true });
    expect(refused(await it.worktrees.remove('sub_fix', keep)).message).toContain('Git cannot tell');
    expect(existsSync(join(fix.folder, 'a.txt'))).toBe(true);
    done(await it.worktrees.remove('sub_fix', { discard: true }));
    expectGone(it);
  });

  test('that a person locked, or whose branch a person works on, is not taken from them', async () => {
    const it = world();
    const [locked, used] = [await it.hand('locked'), await it.hand('used')];
    git(it.repo, 'worktree', 'lock', locked.folder);
    const message = refused(await it.worktrees.remove('sub_locked', keep)).message;
    expect(message).toContain(`git worktree unlock ${locked.folder}`);
    git(it.repo, 'symbolic-ref', 'HEAD', `refs/heads/${used.branch}`);
    done(await it.worktrees.remove('sub_used', keep));
    expect(git(it.repo, 'status', '--porcelain', '--branch')).toBe('## subagent/used');
  });

  test('whose branch was made another name of the base goes, and the base stays', async () => {
    const it = world();
    const fix = await it.hand('fix');
    git(it.repo, 'symbolic-ref', `refs/heads/${fix.branch}`, 'refs/heads/main');
    const before = git(it.repo, 'rev-parse', 'main');
    done(await it.worktrees.remove('sub_fix', { discard: true }));
    expect(git(it.repo, 'rev-parse', 'main')).toBe(before);
  });

  test('goes with folders that nobody may write in, and with what an earlier removal left', async () => {
    const it = world();
    const fix = await it.hand('fix');
    fix.commit({ '.gitignore': 'cache\n' });
    done(await it.land(fix));
    mkdirSync(join(fix.folder, 'cache'));
    writeFileSync(join(fix.folder, 'cache', 'x'), 'x');
    chmodSync(join(fix.folder, 'cache'), 0o500);
    mkdirSync(`${fix.folder}.removed`);
    writeFileSync(join(`${fix.folder}.removed`, 'a.txt'), 'one\n');
    done(await it.worktrees.remove('sub_fix', keep));
    expectGone(it);
  });
});

describe('when sessions go', () => {
  const gone = (...sessions: string[]) => ({ chat: 'chat_1', sessions, whole: true, unconfirmed: [] });

  test('worktrees that landed go, and those with more than that stay with their branch', async () => {
    const it = world();
    const [fix, more] = [await it.hand('fix'), await it.hand('more')];
    for (const one of [fix, more]) {
      one.commit({ [`${one.session}.txt`]: 'x\n' });
      done(await it.land(one));
    }
    more.commit({ 'a.txt': 'two\n' });
    const kept = {
      session: 'sub_more',
      path: more.folder,
      repository: 'thing',
      branch: 'subagent/more',
      commits: 1,
      files: 1,
    };
    expect(await it.workshop.unlanded(['sub_fix', 'sub_more'])).toEqual([kept]);
    expect((await it.workshop.discard(gone('sub_fix', 'sub_more'))).kept).toEqual([kept]);
    expect(existsSync(fix.folder)).toBe(false);
    expect(git(it.repo, 'branch', '--list', '--format=%(refname:short)', 'subagent/*')).toBe('subagent/more');
    expect(readFileSync(join(more.folder, 'a.txt'), 'utf8')).toBe('two\n');
  });

  test('what landed and was taken back from the base stays', async () => {
    const it = world();
    const fix = await it.hand('fix');
    fix.commit({ 'a.txt': 'two\n' });
    done(await it.land(fix));
    git(it.repo, 'reset', '-q', '--hard', 'main^');
    expect((await it.workshop.discard(gone('sub_fix'))).kept).toMatchObject([{ commits: 1, files: 1 }]);
    expect(existsSync(fix.folder)).toBe(true);
  });
});
