/** What becomes of the folders, worktrees and branches of sessions that go: nothing of worth is ever lost. */
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bench, commit, freshFolder, git, repository } from './setup.ts';

/** A subagent `fix` with an open worktree of the repository `thing`. */
async function atWork() {
  const repo = repository({ f: 'one\n' });
  const it = bench({ repositories: { thing: repo } });
  const worker = it.worker({ repo: 'thing' });
  const opened = await it.workshop.open(worker, new AbortController().signal);
  const folder = /workspace is (.*?), a git/.exec(opened.kind === 'ready' ? opened.note : '')?.[1] ?? '';
  const branches = () => git(repo, 'branch', '--format=%(refname:short)').split('\n').sort();
  const discard = (whole = false) =>
    it.workshop.discard({ chat: worker.chat, sessions: [worker.session], whole, unconfirmed: [] });
  return { ...it, repo, worker, folder, branches, discard };
}

const named = { session: 'sub_1', repository: 'thing', branch: 'subagent/fix' };

describe('a worktree whose session goes', () => {
  test('goes with its branch when it holds nothing that its base lacks', async () => {
    const { workshop, worker, folder, branches, discard, repo, data } = await atWork();
    expect(await workshop.unlanded([worker.session, 'nobody'])).toEqual([]);
    expect(await discard(true)).toEqual({ kept: [], left: [] });
    expect(existsSync(folder)).toBe(false);
    expect(branches()).toEqual(['main']);
    expect(git(repo, 'worktree', 'list').split('\n').length).toBe(1);
    expect(readdirSync(join(data, 'worktrees'))).toEqual([]);
    expect(readdirSync(join(data, 'workspaces'))).toEqual([]);
    expect(await discard(true)).toEqual({ kept: [], left: [] });
  });

  test('goes when its commits were merged into the base', async () => {
    const { workshop, worker, folder, branches, discard, repo } = await atWork();
    commit(folder, { new: 'x\n' }, 'new');
    git(repo, 'merge', '-q', '--no-ff', '-m', 'land', 'subagent/fix');
    expect(await workshop.unlanded([worker.session])).toEqual([]);
    expect((await discard()).kept).toEqual([]);
    expect(branches()).toEqual(['main']);
    expect(git(repo, 'show', 'main:new')).toBe('x');
  });

  test('stays with its branch while it has commits that its base lacks, and is named', async () => {
    const { workshop, worker, folder, branches, discard, repo } = await atWork();
    commit(folder, { new: 'x\n', f: 'two\n' }, 'one');
    commit(folder, { new: 'y\n' }, 'two');
    const kept = { ...named, path: folder, commits: 2, files: 2 };
    expect(await workshop.unlanded([worker.session])).toEqual([kept]);
    expect(await discard(true)).toEqual({ kept: [kept], left: [] });
    expect(branches()).toEqual(['main', 'subagent/fix']);
    expect(git(folder, 'status', '--porcelain')).toBe('');
    expect(git(repo, 'show', 'subagent/fix:new')).toBe('y');
    // Another session of this name begins with a worktree of its own.
    const again = await workshop.open(worker, new AbortController().signal);
    expect(again.kind === 'ready' && again.note).toContain('on the branch subagent/fix-2');
  });

  test.each([
    ['changed', (folder: string) => writeFileSync(join(folder, 'f'), 'two\n')],
    ['new', (folder: string) => writeFileSync(join(folder, 'new'), 'x\n')],
    [
      'committed on no branch',
      (folder: string) => {
        git(folder, 'checkout', '-q', '--detach');
        commit(folder, { new: 'x\n' }, 'aside');
      },
    ],
  ])('stays as it is while something in it is %s', async (_, change) => {
    const { workshop, worker, folder, branches, discard } = await atWork();
    change(folder);
    const before = git(folder, 'status', '--porcelain', '--branch');
    expect(await workshop.unlanded([worker.session])).toMatchObject([{ ...named, path: folder, files: 1 }]);
    expect((await discard()).kept).toMatchObject([{ ...named, path: folder, files: 1 }]);
    expect(git(folder, 'status', '--porcelain', '--branch')).toBe(before);
    expect(branches()).toContain('subagent/fix');
  });

  test('is taken down though its folder is gone, and only its branch is left', async () => {
    const { folder, branches, discard, repo } = await atWork();
    commit(folder, { new: 'x\n' }, 'new');
    rmSync(folder, { recursive: true });
    expect((await discard()).kept).toEqual([{ ...named, path: repo, commits: 1, files: 1 }]);
    expect(branches()).toEqual(['main', 'subagent/fix']);
  });

  test('stays when nobody can say what it holds: git forgot it, or the repository is gone', async () => {
    const forgotten = await atWork();
    rmSync(join(forgotten.repo, '.git', 'worktrees'), { recursive: true });
    expect((await forgotten.discard()).kept).toMatchObject([{ path: forgotten.folder }]);
    expect(existsSync(join(forgotten.folder, 'f'))).toBe(true);

    const lost = await atWork();
    rmSync(lost.repo, { recursive: true });
    expect((await lost.discard()).kept).toMatchObject([{ path: lost.folder }]);
    expect(existsSync(join(lost.folder, 'f'))).toBe(true);
  });

  test('counts from where it began when its base is gone', async () => {
    const { workshop, worker, folder, repo, discard } = await atWork();
    git(repo, 'checkout', '-q', '-b', 'other');
    git(repo, 'branch', '-q', '-D', 'main');
    expect(await workshop.unlanded([worker.session])).toEqual([]);
    commit(folder, { new: 'x\n' }, 'new');
    expect((await discard()).kept).toMatchObject([{ commits: 1 }]);
  });
});

describe('the folders of sessions that go', () => {
  test('go, a chat’s own only with the whole chat, and links lead nowhere', async () => {
    const { workshop, data, bash, worker } = bench();
    const sub = worker();
    await bash('mkdir -p deep; echo x > deep/file; echo shared > "$TMPDIR/shared"');
    await bash('echo y > mine', sub);
    const outside = join(data, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'precious'), 'x');
    symlinkSync(outside, join(data, 'scratch', 'sub_1', 'link'));
    await workshop.discard({ chat: 'chat_1', sessions: ['sub_1'], whole: false, unconfirmed: [] });
    expect(readdirSync(join(data, 'scratch'))).toEqual(['chat_1']);
    expect(readdirSync(join(data, 'tmp', 'chat_1'))).toContain('shared');
    await workshop.discard({ chat: 'chat_1', sessions: ['chat_1'], whole: true, unconfirmed: [] });
    expect(readdirSync(join(data, 'scratch'))).toEqual([]);
    expect(readdirSync(join(data, 'tmp'))).toEqual([]);
    expect(readdirSync(outside)).toEqual(['precious']);
  });
});

describe('output of tools that was kept in files', () => {
  test('goes when it is old, and nothing else that lies there', async () => {
    const { workshop, data, bash } = bench({ output: { shown: 100, kept: 10_000 } });
    expect(await workshop.outputs()).toEqual([]);
    await bash('seq 1000');
    await bash('seq 1000');
    const folder = join(data, 'tmp', 'chat_1', 'output');
    const [old = ''] = readdirSync(folder);
    const long = new Date(Date.now() - 40 * 24 * 3_600_000);
    for (const name of ['mine.txt', 'bash-notes.md']) {
      writeFileSync(join(folder, name), 'x');
      utimesSync(join(folder, name), long, long);
    }
    utimesSync(join(folder, old), long, long);
    expect(await workshop.outputs()).toEqual(['chat_1']);
    expect(await workshop.dropOutput('chat_1', Date.now() - 30 * 24 * 3_600_000)).toBe(1);
    expect(readdirSync(folder).length).toBe(3);
    expect(readdirSync(folder)).not.toContain(old);
    expect(await workshop.dropOutput('chat_nobody', Date.now())).toBe(0);
  });

  test('what a link in the place of their folder leads to stays', async () => {
    const { workshop, data, bash } = bench();
    const outside = freshFolder();
    writeFileSync(join(outside, 'bash-precious.txt'), 'x');
    await bash('true');
    symlinkSync(outside, join(data, 'tmp', 'chat_1', 'output'));
    expect(await workshop.dropOutput('chat_1', Date.now() + 60_000)).toBe(0);
    expect(readdirSync(outside)).toEqual(['bash-precious.txt']);
  });
});
