import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bench, commit, git, repository } from './setup.ts';

/** A subagent `boss/fix` with an open worktree, and git as it would use it there. */
async function atWork(files: Record<string, string> = { 'README.md': '# Thing\n', f: 'one\n' }) {
  const repo = repository(files);
  const it = bench({ repositories: { thing: repo } });
  const worker = it.worker({ path: 'boss/fix', repo: 'thing' });
  const opened = await it.workshop.open(worker, new AbortController().signal);
  const folder = /workspace is (.*?), a git/.exec(opened.kind === 'ready' ? opened.note : '')?.[1] ?? '';
  return {
    ...it,
    repo,
    worker,
    folder,
    branch: 'subagent/boss_fix',
    base: git(repo, 'rev-parse', 'HEAD'),
    /** Runs git in the worktree through the tool, so under the subagent's own name. */
    sub: async (command: string) => {
      const outcome = await it.call('bash', { command }, { worker });
      return outcome.text;
    },
    close: () => it.workshop.close(worker),
    /** A file on the branch, as someone sees it who looks at the branch later. */
    onBranch: (path: string) => git(repo, 'show', `subagent/boss_fix:${path}`),
  };
}

describe('what is uncommitted at the end', () => {
  test('is committed as work in progress: changed, staged, new, removed, whatever its name', async () => {
    const { folder, sub, close, onBranch, repo, branch } = await atWork({
      f: 'one\n',
      gone: 'x\n',
      s: '1\n',
      mode: '#!\n',
    });
    commit(folder, { done: 'finished\n' }, 'finished part');
    writeFileSync(join(folder, 'f'), 'changed\n');
    await sub('echo 2 > s; git add s; echo 3 > s; rm gone; chmod +x mode');
    const names = ['with space', '-rf', 'new\nline', 'ünïcödé', '"quoted"', ':(glob)*', 'a\\b', '*'];
    mkdirSync(join(folder, 'deep/er'), { recursive: true });
    for (const name of names) writeFileSync(join(folder, 'deep/er', name), `${name}!`);
    symlinkSync('/nowhere', join(folder, 'link'));
    const report = await close();
    expect(report).toEqual({ branch, base: 'main', commits: 2, files: 6 + names.length, wip: true });
    expect(onBranch('f')).toBe('changed');
    expect(onBranch('s')).toBe('3');
    for (const name of names) expect(onBranch(`deep/er/${name}`)).toBe(`${name}!`);
    expect(git(repo, 'log', '-1', '--format=%s|%an', branch)).toBe(
      'wip: what boss/fix left uncommitted|Tidings subagent boss/fix',
    );
    expect(git(repo, 'ls-tree', '-r', '--name-only', branch).split('\n')).not.toContain('gone');
    expect(git(repo, 'ls-tree', branch, 'mode')).toMatch(/^100755/);
    expect(git(folder, 'status', '--porcelain')).toBe('');
  });

  test('names that are no UTF-8 are kept', async () => {
    const { sub, close, repo, branch } = await atWork();
    await sub("echo latin > $'caf\\xe9'");
    expect((await close())?.files).toBe(1);
    expect(git(repo, 'ls-tree', '-r', '--name-only', branch)).toContain('"caf\\351"');
  });

  test('ignored files stay out, and stay where they are', async () => {
    const { folder, close, repo, branch } = await atWork({ '.gitignore': 'node_modules/\n*.log\n' });
    mkdirSync(join(folder, 'node_modules'));
    writeFileSync(join(folder, 'node_modules/x'), 'x');
    writeFileSync(join(folder, 'a.log'), 'x');
    expect(await close()).toEqual({ branch, base: 'main', commits: 0, files: 0, wip: false });
    expect(git(repo, 'rev-parse', branch)).toBe(git(repo, 'rev-parse', 'main'));
    expect(existsSync(join(folder, 'node_modules/x'))).toBe(true);
  });

  test('nothing uncommitted makes no commit, and a second close changes nothing', async () => {
    const { folder, close, repo, branch } = await atWork();
    commit(folder, { done: 'x' }, 'work');
    const first = await close();
    expect(first).toEqual({ branch, base: 'main', commits: 1, files: 1, wip: false });
    writeFileSync(join(folder, 'draft'), 'x');
    const second = await close();
    expect(second).toEqual({ branch, base: 'main', commits: 2, files: 2, wip: true });
    const tip = git(repo, 'rev-parse', branch);
    expect(await close()).toEqual(second);
    expect(git(repo, 'rev-parse', branch)).toBe(tip);
  });

  test('signing, commit hooks and a missing identity do not get in the way', async () => {
    const { folder, close, repo, onBranch } = await atWork();
    git(repo, 'config', 'commit.gpgSign', 'true');
    git(repo, 'config', 'gpg.program', '/bin/false');
    git(repo, 'config', 'user.useConfigOnly', 'true');
    for (const hook of ['pre-commit', 'commit-msg', 'prepare-commit-msg', 'reference-transaction']) {
      writeFileSync(join(repo, '.git/hooks', hook), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    }
    writeFileSync(join(folder, 'draft'), 'kept');
    expect((await close())?.wip).toBe(true);
    expect(onBranch('draft')).toBe('kept');
  });
});

describe('whatever state the worktree is in', () => {
  test('an index lock that a killed git left', async () => {
    const { folder, close, onBranch } = await atWork();
    const admin = git(folder, 'rev-parse', '--absolute-git-dir');
    writeFileSync(join(folder, 'draft'), 'kept');
    writeFileSync(join(admin, 'index.lock'), '');
    writeFileSync(join(admin, 'HEAD.lock'), '');
    expect((await close())?.wip).toBe(true);
    expect(onBranch('draft')).toBe('kept');
  });

  test('an index that is broken', async () => {
    const { folder, close, onBranch } = await atWork();
    writeFileSync(join(folder, 'draft'), 'kept');
    writeFileSync(join(folder, 'f'), 'two\n');
    writeFileSync(join(git(folder, 'rev-parse', '--absolute-git-dir'), 'index'), 'nonsense');
    expect((await close())?.files).toBe(2);
    expect([onBranch('draft'), onBranch('f')]).toEqual(['kept', 'two']);
  });

  test('a detached HEAD with commits and uncommitted files: the branch follows', async () => {
    const { folder, sub, close, onBranch, branch } = await atWork();
    await sub('git checkout -q --detach; echo a > a; git add a; git commit -qm detached; echo b > b');
    expect(await close()).toEqual({ branch, base: 'main', commits: 2, files: 2, wip: true });
    expect([onBranch('a'), onBranch('b')]).toEqual(['a', 'b']);
    expect(git(folder, 'status', '--porcelain', '--branch')).toBe(`## ${branch}`);
  });

  test('a branch of its own making: the work is on the subagent’s branch too', async () => {
    const { sub, close, onBranch, repo, branch } = await atWork();
    await sub('git checkout -q -b better-name; echo a > a; git add a; git commit -qm work');
    expect(await close()).toEqual({ branch, base: 'main', commits: 1, files: 1, wip: false });
    expect(onBranch('a')).toBe('a');
    expect(git(repo, 'rev-parse', 'better-name')).toBe(git(repo, 'rev-parse', branch));
  });

  test('a branch of someone else: what is uncommitted there is kept, and that branch is not moved', async () => {
    const { sub, close, onBranch, repo, branch, folder } = await atWork();
    git(repo, 'checkout', '-q', '-b', 'develop');
    const develop = commit(repo, { theirs: 'x' }, 'theirs');
    git(repo, 'checkout', '-q', 'main');
    await sub('echo a > a; git add a; git commit -qm mine; git checkout -q develop; echo b > b');
    const report = await close();
    expect(report).toMatchObject({ branch, wip: true });
    expect(git(repo, 'rev-parse', 'develop')).toBe(develop);
    expect(onBranch('b')).toBe('b');
    expect(git(repo, 'log', '--format=%s', branch)).toContain('mine');
    expect(git(folder, 'status', '--porcelain', '--branch')).toBe(`## ${branch}`);
    expect(await close()).toEqual(report);
  });

  test('a mere look at another branch is no work', async () => {
    const { sub, close, repo, branch, folder } = await atWork();
    git(repo, 'checkout', '-q', '-b', 'develop');
    commit(repo, { theirs: 'x' }, 'theirs');
    git(repo, 'checkout', '-q', 'main');
    await sub('git checkout -q develop');
    expect(await close()).toEqual({ branch, base: 'main', commits: 0, files: 0, wip: false });
    expect(git(folder, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe(branch);
    await sub('echo a > a; git add a; git commit -qm mine; git checkout -q HEAD~1');
    expect(await close()).toEqual({ branch, base: 'main', commits: 1, files: 1, wip: false });
  });

  test('a merge with conflicts', async () => {
    const { sub, close, onBranch, repo, branch, folder } = await atWork();
    commit(repo, { f: 'theirs\n' }, 'theirs');
    await sub('echo mine > f; git commit -qam mine; git merge main');
    const report = await close();
    expect(report).toMatchObject({ branch, wip: true });
    expect(onBranch('f')).toContain('<<<<<<<');
    expect(git(repo, 'rev-list', '--parents', '-1', branch).split(' ')).toHaveLength(3);
    expect(git(folder, 'status', '--porcelain', '--branch')).toBe(`## ${branch}`);
    expect(await close()).toEqual(report);
  });

  test('a rebase with conflicts: the branch keeps its files, the half-done rebase can be reached', async () => {
    const { sub, close, onBranch, repo, branch, folder } = await atWork();
    commit(repo, { f: 'theirs\n' }, 'theirs');
    await sub(
      'echo mine > f; git commit -qam one; echo g > g; git add g; git commit -qm two; git rebase main',
    );
    writeFileSync(join(folder, 'resolved'), 'by hand');
    const report = await close();
    expect(report).toMatchObject({ branch, wip: true });
    expect(onBranch('f')).toBe('mine');
    expect(onBranch('g')).toBe('g');
    expect(git(repo, 'show', `${branch}^2:resolved`)).toBe('by hand');
    expect(git(folder, 'status', '--porcelain', '--branch')).toBe(`## ${branch}`);
    expect(await close()).toEqual(report);
  });

  test('a cherry-pick with conflicts', async () => {
    const { sub, close, onBranch, repo, branch, folder } = await atWork();
    commit(repo, { f: 'theirs\n' }, 'theirs');
    await sub('echo mine > f; git commit -qam mine; git cherry-pick main');
    expect(await close()).toMatchObject({ branch, commits: 2, wip: true });
    expect(onBranch('f')).toContain('>>>>>>>');
    expect(git(folder, 'status')).not.toContain('cherry-pick');
  });

  test('a branch that the worker removed, and one without a past', async () => {
    const first = await atWork();
    await first.sub(`git checkout -q --detach; git branch -D ${first.branch}; echo a > a`);
    expect(await first.close()).toMatchObject({ branch: first.branch, commits: 1, files: 1 });
    const second = await atWork();
    await second.sub(
      'echo x > x; git add x; git commit -qm mine; git checkout -q --orphan fresh; git rm -rfq .; echo b > b',
    );
    expect(await second.close()).toMatchObject({ branch: second.branch, wip: true });
    expect(second.onBranch('b')).toBe('b');
    expect(git(second.repo, 'log', '--format=%s', second.branch)).toContain('mine');
  });

  test('repositories that the worker made inside, with and without commits', async () => {
    const { sub, close, onBranch, branch } = await atWork();
    await sub(
      'git init -q new; echo 1 > new/a; git init -q old; cd old; echo 2 > b; git add b; git commit -qm x; echo 3 > c; git init -q in; echo 4 > in/d; printf ignored > .gitignore; echo 5 > ignored; cd ..; echo 6 > e',
    );
    expect(await close()).toMatchObject({ branch, commits: 1, files: 6, wip: true });
    expect(['new/a', 'old/b', 'old/c', 'old/in/d', 'e'].map(onBranch)).toEqual(['1', '2', '3', '4', '6']);
  });

  test('a filter that fails: the contents are kept as they are', async () => {
    const { sub, close, onBranch, repo } = await atWork({ f: 'one\n', 'x.bin': 'b\n' });
    git(repo, 'config', 'filter.broken.clean', 'false');
    git(repo, 'config', 'filter.broken.required', 'true');
    await sub(
      "echo '*.bin filter=broken' > .gitattributes; echo 2 > f; echo 2 > x.bin; echo 3 > a.bin; echo 4 > z",
    );
    expect(await close()).toMatchObject({ files: 5, wip: true });
    expect(['f', 'x.bin', 'a.bin', 'z'].map(onBranch)).toEqual(['2', '2', '3', '4']);
  });

  test('a pointer to git that the worker bent or removed', async () => {
    const { folder, close, onBranch } = await atWork();
    writeFileSync(join(folder, 'draft'), 'kept');
    writeFileSync(join(folder, '.git'), 'gitdir: /nowhere\n');
    expect((await close())?.wip).toBe(true);
    expect(onBranch('draft')).toBe('kept');
  });

  test('a save that a crash cut short is not made twice', async () => {
    const { sub, folder, close, repo, branch } = await atWork();
    await sub('echo a > a; git add a; git commit -qm mine; git checkout -q --detach HEAD~1; echo b > b');
    const report = await close();
    // As it was before the last steps of saving: HEAD elsewhere, files uncommitted.
    const work = git(repo, 'rev-parse', `${branch}^2`);
    git(folder, 'checkout', '-q', '--detach', `${work}^`);
    writeFileSync(join(folder, 'b'), 'b\n');
    expect(await close()).toEqual(report);
    expect(git(folder, 'status', '--porcelain', '--branch')).toBe(`## ${branch}`);
  });
});

test('a later attempt goes on in the same worktree, on the same branch', async () => {
  const { workshop, worker, folder, close, sub, branch } = await atWork();
  writeFileSync(join(folder, 'draft'), 'x');
  await close();
  const opened = await workshop.open({ ...worker, attempt: 2 }, new AbortController().signal);
  expect(opened.kind === 'ready' && opened.note).toContain(folder);
  await sub('echo more > more; git add more; git commit -qm more');
  expect(await close()).toEqual({ branch, base: 'main', commits: 2, files: 2, wip: false });
});

test('a worktree that is gone is reported from its branch, and one that was never opened not at all', async () => {
  const { workshop, worker, folder, sub, close, branch, repo } = await atWork();
  await sub('echo a > a; git add a; git commit -qm a');
  git(repo, 'worktree', 'remove', folder);
  expect(await close()).toEqual({ branch, base: 'main', commits: 1, files: 1, wip: false });
  git(repo, 'branch', '-D', branch);
  expect(await close()).toBeUndefined();
  expect(await workshop.close({ ...worker, session: 'sub_other' })).toBeUndefined();
});

test('a file that git cannot take in does not keep the others from being saved, and is named', async () => {
  const { folder, close, onBranch, repo, branch } = await atWork();
  for (let number = 0; number < 20; number += 1) writeFileSync(join(folder, `file${number}`), 'kept');
  // Git refuses this name, which would be its own folder on other systems.
  writeFileSync(join(folder, 'git~1'), 'x');
  writeFileSync(join(folder, 'closed'), 'x', { mode: 0 });
  expect((await close())?.wip).toBe(true);
  expect([onBranch('file0'), onBranch('file19')]).toEqual(['kept', 'kept']);
  expect(git(repo, 'log', '-1', '--format=%b', branch)).toMatch(/^Git could not take in: .*git~1/);
});
