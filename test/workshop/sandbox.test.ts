/** Work in the sandbox goes as it goes without: with git, with any file of a project, side by side, and without a trace. */
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeEnclosed, type Enclosed, enclosed, fill } from './enclosed.ts';
import { git, until } from './setup.ts';

let house: Enclosed;

describeEnclosed('in the sandbox', () => {
  beforeAll(() => {
    house = enclosed();
  });
  afterAll(() => house.close());

  test('git does all that work on a branch of its own needs, through conflicts, and the repository is sound', async () => {
    const { said, repo, worktree } = house;
    const { worker } = await worktree();
    const say = (command: string): Promise<string> => said(command, worker);
    fill(repo, { 'src/a.txt': 'of the base\n' });
    git(repo, 'commit', '-qam', 'base goes on');

    await say('echo mine > src/a.txt; echo new > b.txt; git add -A; git commit -qm work');
    expect(await say('git rebase main 2>&1 || echo stopped')).toContain('stopped');
    await say('echo both > src/a.txt; git add -A; git rebase --continue');
    expect(await say('git status --short --branch; git log --format=%s')).toBe(
      '## subagent/fix\nwork\nbase goes on\nfirst',
    );
    await say(
      'git switch -qc subagent/fix-aside; git commit -q --allow-empty -m aside; git switch -q subagent/fix',
    );
    await say('git cherry-pick --allow-empty subagent/fix-aside; git merge -q subagent/fix-aside -m join');
    await say(
      'git revert --no-edit HEAD~1 -m 1 2>/dev/null || git revert --abort 2>/dev/null; git reset -q --hard',
    );
    await say('git commit -q --amend -m "work, amended"; git gc --auto');
    expect(await say('git status --short; git stash list; git log -1 --format="%s by %an"')).toBe(
      'work, amended by Tidings subagent fix',
    );
    expect(git(repo, 'fsck', '--strict')).not.toContain('error');
    expect(git(repo, 'status', '--short')).toBe('');
    expect(git(repo, 'log', '-1', '--format=%s', 'subagent/fix')).toBe('work, amended');
  });

  test('each session has a stash of its own, which lasts from command to command', async () => {
    const { said, repo, worktree } = house;
    const one = await worktree({ session: 'sub_11', path: 'one' });
    const two = await worktree({ session: 'sub_12', path: 'two' });
    fill(repo, { 'src/a.txt': "a person's\n" });
    git(repo, 'stash');
    await said('echo mine >> README.md; git stash', one.worker);
    await said('echo theirs >> README.md; git stash', two.worker);
    expect(
      await said('git stash list | wc -l; git stash pop 2>&1 | tail -1; cat README.md', one.worker),
    ).toMatch(/^1\nDropped refs\/stash@\{0\} .*\n# Thing\nmine$/);
    expect(await said('git stash list; git stash pop -q 2>&1; cat README.md', two.worker)).toContain(
      'theirs',
    );
    expect(git(repo, 'stash', 'list').split('\n')).toEqual([expect.stringContaining('WIP on main')]);
    expect(git(repo, 'stash', 'show', '-p')).toContain("+a person's");
  });

  test('a branch is not begun anew when somebody packs the refs while a command runs', async () => {
    const { call, repo, worktree } = house;
    const { worker, folder } = await worktree({ session: 'sub_13', path: 'packed' });
    const running = call(worker, 'bash', {
      command:
        'git commit -q --allow-empty -m before; touch begun; until [ -e packed ]; do sleep 0.02; done; git commit -q --allow-empty -m after',
    });
    await until(() => existsSync(join(folder, 'begun')));
    // Another git is about to write, so the folder of loose branches stays when it gets empty.
    fill(repo, { '.git/refs/heads/subagent/other.lock': '' });
    git(repo, 'pack-refs', '--all', '--prune');
    fill(folder, { packed: '' });
    expect(await running).toEqual({ ok: true, text: '(no output)' });
    // What was committed in the same command before that is found in the branch's log.
    expect(git(repo, 'log', '--format=%s', 'subagent/packed').split('\n')).toEqual(
      expect.arrayContaining(['after', 'first']),
    );
    expect(git(repo, 'reflog', '--format=%gs', 'subagent/packed')).toContain('commit: before');
  });

  test('every ordinary file of a project can be written, and no command leaves one of its own', async () => {
    const { said, worktree, data, repo } = house;
    const { worker, folder } = await worktree({ session: 'sub_14', path: 'files' });
    // Other tests run wrangler, which makes a folder here the first time.
    const here = () => readdirSync(process.cwd()).filter((name) => name !== '.wrangler');
    const before = [here(), readdirSync(repo), readdirSync(join(repo, '.git'))];
    await said('true', worker);
    expect(readdirSync(folder).sort()).toEqual(['.git', 'README.md', 'src']);
    const names = [
      '.bashrc',
      '.env.example',
      '.gitconfig',
      '.gitmodules',
      '.idea/x',
      '.mcp.json',
      '.vscode/settings.json',
    ];
    await said(names.map((name) => `mkdir -p "$(dirname ${name})" && echo x > ${name}`).join(' && '), worker);
    await said('mv .vscode .editor && mkdir .vscode && rm -r .editor .idea && git add -A', worker);
    expect(await said('git status --short --ignored', worker)).toBe(
      ['.bashrc', '.env.example', '.gitconfig', '.gitmodules', '.mcp.json']
        .map((name) => `A  ${name}`)
        .join('\n'),
    );
    expect(readdirSync(join(data, 'tmp/chat_1')).filter((name) => name !== 'output')).toEqual([]);
    expect([here(), readdirSync(repo), readdirSync(join(repo, '.git'))]).toEqual(before);
  });

  test('commands of several sessions at once each have their own walls', async () => {
    const { bash, worker, data } = house;
    const sessions = ['a', 'b', 'c', 'd'].map((name) =>
      worker({ session: `sub_${name}`, chat: `chat_${name}`, path: name }),
    );
    const both = sessions.flatMap((who) =>
      [1, 2].map((round) =>
        bash(
          `echo ${who.path}${round} > ${round}; echo ${who.path} > $TMPDIR/who; ls ${data}/scratch; cat *`,
          who,
        ),
      ),
    );
    const ended = await Promise.all(both);
    for (const [at, { ok, text }] of ended.entries()) {
      const name = ['a', 'b', 'c', 'd'][Math.floor(at / 2)] ?? '';
      expect([ok, text.split('\n')[0]]).toEqual([true, `sub_${name}`]);
      expect(text).not.toMatch(new RegExp(`^[^${name}s]`, 'm'));
    }
    for (const name of ['a', 'b', 'c', 'd']) {
      expect(readFileSync(join(data, `tmp/chat_${name}/who`), 'utf8')).toBe(`${name}\n`);
    }
  });

  test('programs are told of places for their caches, since the home can not be written', async () => {
    const { said, bash, data } = house;
    expect((await bash('echo x > ~/new')).text).toContain('Read-only file system');
    const tmp = await said('echo $TMPDIR');
    expect(
      await said('echo $npm_config_cache $XDG_CACHE_HOME; npm cache ls; ls $npm_config_cache'),
    ).toContain(`${tmp}/cache/npm ${tmp}/cache\n`);
    expect(existsSync(join(data, 'tmp/chat_1/cache/npm'))).toBe(true);
  });

  test('a reviewer reads all that a worker reads, writes only what is gone with its command, and commits nothing', async () => {
    const { bash, said, worktree, data, repo } = house;
    const { folder } = await worktree({ session: 'sub_21', path: 'looks' });
    const reviewer = house.worker({ session: 'sub_21', path: 'looks', repo: 'app', reviewer: true });
    fill(data, { 'tmp/chat_1/plan.md': 'the plan\n' });
    const tmp = await said('echo $TMPDIR');
    expect(
      await said(
        `cat ${tmp}/plan.md; git log --format=%s | tail -1; git status --short; echo x > $TMPDIR/x; cat $TMPDIR/x`,
        reviewer,
      ),
    ).toBe('the plan\nfirst\nx');
    const tries = [
      'echo x > new',
      'echo x >> README.md',
      'rm README.md',
      'git commit -q --allow-empty -m evil',
      'git add README.md && git stash',
      'git branch evil',
      'git update-ref refs/heads/subagent/looks main',
      `echo x > ${tmp}/new`,
      `rm ${tmp}/plan.md`,
      'echo x > ~/new',
      `echo x > ${repo}/.git/objects/new`,
      'ls $TMPDIR/x',
    ];
    const { text } = await bash(
      [...tries.map((line) => `(${line}) >/dev/null 2>&1 && echo "did: ${line}"`), 'true'].join('\n'),
      reviewer,
    );
    expect(text).toBe('(no output)');
    expect(readdirSync(folder).sort()).toEqual(['.git', 'README.md', 'src']);
    // Without a repository, too.
    const plain = house.worker({ session: 'sub_22', path: 'plain', reviewer: true });
    expect((await bash('echo x > new', plain)).text).toContain('Read-only file system');
  });
});

describeEnclosed('where commands see the real /tmp', () => {
  test('they write in the folder of their chat there, and nowhere else, links or not', async () => {
    house = enclosed({}, { parent: '/tmp' });
    try {
      const { said, bash, data, folder } = house;
      expect(await said('echo $TMPDIR; echo x > $TMPDIR/new; cat $TMPDIR/new')).toBe(`${data}/tmp/chat_1\nx`);
      symlinkSync(folder, join(data, 'tmp/chat_1/link'));
      expect((await bash('echo x > /tmp/tidings-new')).text).toContain('Read-only file system');
      expect((await bash('echo x > $TMPDIR/link/new')).text).toContain('Read-only file system');
      const reviewer = house.worker({ reviewer: true });
      expect(await said(`cat ${data}/tmp/chat_1/new`, reviewer)).toBe('x');
      expect((await bash(`echo x > ${data}/tmp/chat_1/new`, reviewer)).ok).toBe(false);
    } finally {
      await house.close();
    }
  });
});
