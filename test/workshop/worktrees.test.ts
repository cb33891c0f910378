import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Worker } from '../../src/core/ports.ts';
import type { NodeWorkshop } from '../../src/hosts/node/workshop/workshop.ts';
import { bench, commit, freshFolder, git, repository } from './setup.ts';

const calm = new AbortController().signal;

async function ready(workshop: NodeWorkshop, worker: Worker): Promise<{ note: string; folder: string }> {
  const opened = await workshop.open(worker, calm);
  if (opened.kind !== 'ready') throw new Error(opened.message);
  return { note: opened.note, folder: /workspace is (.*?), a git worktree/.exec(opened.note)?.[1] ?? '' };
}

async function refusal(workshop: NodeWorkshop, worker: Worker): Promise<string> {
  const opened = await workshop.open(worker, calm);
  if (opened.kind === 'ready') throw new Error('it was opened');
  return opened.message;
}

function studio(files?: Record<string, string>) {
  const repo = repository(files);
  const it = bench({ repositories: { thing: repo } });
  return {
    ...it,
    repo,
    of: (path: string, more: Partial<Worker> = {}) => it.worker({ path, repo: 'thing', ...more }),
  };
}

describe('a new worktree', () => {
  test('lies on a branch of its own, made from the current branch, and the tools work in it', async () => {
    const { workshop, repo, of, data, call } = studio();
    git(repo, 'checkout', '-q', '-b', 'develop');
    const head = commit(repo, { 'a b/ü.txt': 'x\n' }, 'second');
    const { note, folder } = await ready(workshop, of('fix'));
    expect(folder).toBe(join(data, 'worktrees', 'chat_1', 'fix'));
    expect(git(folder, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe('subagent/fix');
    expect(git(folder, 'rev-parse', 'HEAD')).toBe(head);
    expect(note).toContain('of the repository thing on the branch subagent/fix, made from develop');
    expect(note).toContain('committed there as work in progress');
    expect((await call('read', { path: 'a b/ü.txt' }, { worker: of('fix') })).text).toBe('     1\tx');
    expect((await call('bash', { command: 'pwd' }, { worker: of('fix') })).text).toBe(folder);
    expect(git(repo, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe('develop');
    expect(git(repo, 'status', '--porcelain')).toBe('');
  });

  test('starts from the base that was asked for: a branch, a tag, a commit', async () => {
    const { workshop, repo, worker } = studio();
    const first = git(repo, 'rev-parse', 'HEAD');
    git(repo, 'tag', 'v1');
    commit(repo, { b: '2' }, 'second');
    git(repo, 'branch', 'feature/x');
    commit(repo, { c: '3' }, 'third');
    const bases = { 'feature/x': 'feature/x', v1: first, [first.slice(0, 10)]: first };
    for (const [index, [base, commitish]] of Object.entries(bases).entries()) {
      const opened = await ready(
        workshop,
        worker({ session: `sub_${index}`, path: `p${index}`, repo: `thing@${base}` }),
      );
      expect(git(opened.folder, 'rev-parse', 'HEAD')).toBe(git(repo, 'rev-parse', commitish));
      expect(opened.note).toContain(`made from ${base} (`);
    }
  });

  test('a branch goes before a tag of the same name', async () => {
    const { workshop, repo, worker } = studio();
    git(repo, 'tag', 'same');
    const head = commit(repo, { b: '2' }, 'second');
    git(repo, 'branch', 'same');
    const { folder } = await ready(workshop, worker({ repo: 'thing@same' }));
    expect(git(folder, 'rev-parse', 'HEAD')).toBe(head);
  });

  test('nested paths, and labels that look like them, never share a branch or a folder', async () => {
    const { workshop, repo, of } = studio();
    const paths = [
      'boss',
      'boss/pawn',
      'boss-pawn',
      'boss/pawn/aide',
      'boss--pawn',
      'boss/pawn-aide',
      'lock',
      'a/lock',
    ];
    const opened = await Promise.all(
      paths.map((path) => ready(workshop, of(path, { session: `sub_${path}` }))),
    );
    expect(new Set(opened.map(({ folder }) => folder)).size).toBe(paths.length);
    const branches = git(repo, 'for-each-ref', '--format=%(refname:short)', 'refs/heads/subagent').split(
      '\n',
    );
    expect(branches.sort()).toEqual(
      [
        'subagent/boss',
        'subagent/boss_pawn',
        'subagent/boss-pawn',
        'subagent/boss_pawn_aide',
        'subagent/boss--pawn',
        'subagent/boss_pawn-aide',
        'subagent/lock',
        'subagent/a_lock',
      ].sort(),
    );
  });

  test('a branch that someone else left is neither reused nor moved, and the worker is told', async () => {
    const { workshop, repo, of } = studio();
    const first = git(repo, 'rev-parse', 'HEAD');
    git(repo, 'branch', 'subagent/fix');
    git(repo, 'branch', 'subagent/docs/deep');
    commit(repo, { b: '2' }, 'second');
    const { note, folder } = await ready(workshop, of('fix'));
    expect(git(folder, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe('subagent/fix-2');
    expect(note).toContain(
      'The branch subagent/fix was already there and is not yours; yours is subagent/fix-2.',
    );
    expect(git(repo, 'rev-parse', 'subagent/fix')).toBe(first);
    const other = await ready(workshop, of('fix', { session: 'sub_9', chat: 'chat_9' }));
    expect(other.note).toContain('yours is subagent/fix-3');
    expect((await ready(workshop, of('docs', { session: 'sub_d' }))).note).toContain(
      'on the branch subagent/docs-2',
    );
  });

  test('hooks, filters that ask and other branches of the person are left alone', async () => {
    const { workshop, repo, of } = studio();
    for (const hook of ['post-checkout', 'reference-transaction', 'post-index-change']) {
      writeFileSync(join(repo, '.git/hooks', hook), `#!/bin/sh\ntouch '${repo}/ran'\n`, { mode: 0o755 });
    }
    await ready(workshop, of('fix'));
    await workshop.close(of('fix'));
    expect(existsSync(join(repo, 'ran'))).toBe(false);
  });

  test('many at once in one repository all get theirs', async () => {
    const { workshop, of, repo } = studio();
    await Promise.all(
      Array.from({ length: 12 }, (_, i) => ready(workshop, of('same', { session: `sub_${i}` }))),
    );
    expect(git(repo, 'branch', '--list', 'subagent/same*').split('\n')).toHaveLength(12);
  });

  test('without a repository the workspace is a scratch folder', async () => {
    const { workshop, worker, data } = studio();
    const opened = await workshop.open(worker(), calm);
    expect(opened.kind === 'ready' && opened.note).toContain(
      `Your workspace is ${join(data, 'scratch', 'sub_1')}`,
    );
    expect(await workshop.close(worker())).toBeUndefined();
  });
});

describe('the repository’s own instructions', () => {
  test('AGENTS.md is in the note, fenced; CLAUDE.md only where there is none', async () => {
    const first = studio({ 'AGENTS.md': 'Use tabs.\n', 'CLAUDE.md': 'Use spaces.\n' });
    const { note } = await ready(first.workshop, first.of('fix'));
    expect(note).toMatch(/--- AGENTS\.md (\w{8}) begins ---\nUse tabs\.\n--- AGENTS\.md \1 ends ---$/);
    expect(note).not.toContain('Use spaces.');
    const second = studio({ 'CLAUDE.md': 'Use spaces.\n' });
    expect((await ready(second.workshop, second.of('fix'))).note).toContain('Use spaces.');
  });

  test('are cut when long, and never come through a link that leads out', async () => {
    const long = studio({ 'AGENTS.md': 'x'.repeat(30_000) });
    const { note } = await ready(long.workshop, long.of('fix'));
    expect(note).toContain('[… cut: 20000 of 30000 characters; the rest is in AGENTS.md]');
    expect(note.length).toBeLessThan(22_000);
    const linked = studio();
    writeFileSync(join(freshFolder(), 'x'), '');
    const outside = join(freshFolder(), 'secret');
    writeFileSync(outside, 'the secret');
    symlinkSync(outside, join(linked.repo, 'AGENTS.md'));
    commit(linked.repo, { 'CLAUDE.md': 'Use tabs.\n' }, 'link');
    const { note: other } = await ready(linked.workshop, linked.of('fix'));
    expect(other).not.toContain('the secret');
    expect(other).toContain('Use tabs.');
  });
});

describe('what the repository does not allow is said in words, and nothing is left behind', () => {
  test('a name that is not configured', async () => {
    const { workshop, worker } = studio();
    expect(await refusal(workshop, worker({ repo: 'think' }))).toBe(
      'There is no repository "think"; there are thing.',
    );
    expect(await refusal(bench().workshop, worker({ repo: 'x@y' }))).toBe(
      'There is no repository "x"; none is configured.',
    );
  });

  test('a folder that is missing, no repository, inside one, bare or without commits', async () => {
    const plain = freshFolder();
    const inside = join(repository({ 'sub/file': 'x' }), 'sub');
    const bare = join(freshFolder(), 'bare.git');
    execFileSync('git', ['init', '-q', '--bare', bare]);
    const empty = join(freshFolder(), 'empty');
    execFileSync('git', ['init', '-q', '-b', 'main', empty]);
    const { workshop, worker } = bench({
      repositories: { plain, inside, bare, empty, gone: join(plain, 'gone') },
    });
    expect(await refusal(workshop, worker({ repo: 'gone' }))).toContain('there is no such folder');
    expect(await refusal(workshop, worker({ repo: 'plain' }))).toContain(
      'is not the top folder of a git repository',
    );
    expect(await refusal(workshop, worker({ repo: 'inside' }))).toContain(
      'is not the top folder of a git repository',
    );
    expect(await refusal(workshop, worker({ repo: 'bare' }))).toContain('is bare');
    expect(await refusal(workshop, worker({ repo: 'empty' }))).toContain('has no commits yet');
    expect(await refusal(workshop, worker({ repo: 'empty@main' }))).toContain('has no commits yet');
  });

  test('a rebase under way, unless another base is named', async () => {
    const { workshop, repo, of, worker } = studio({ f: 'one\n' });
    git(repo, 'checkout', '-q', '-b', 'topic');
    commit(repo, { f: 'two\n' }, 'topic');
    git(repo, 'checkout', '-q', 'main');
    commit(repo, { f: 'three\n' }, 'main');
    git(repo, 'checkout', '-q', 'topic');
    expect(() => git(repo, 'rebase', 'main')).toThrow();
    expect(await refusal(workshop, of('fix'))).toContain('a rebase is under way (of topic)');
    expect(await refusal(workshop, worker({ repo: 'thing@topic' }))).toContain(
      'a rebase of topic is under way',
    );
    expect((await ready(workshop, worker({ repo: 'thing@main' }))).note).toContain('made from main');
  });

  test('a merge under way does not stand in the way', async () => {
    const { workshop, repo, of } = studio({ f: 'one\n' });
    git(repo, 'checkout', '-q', '-b', 'topic');
    commit(repo, { f: 'two\n' }, 'topic');
    git(repo, 'checkout', '-q', 'main');
    const head = commit(repo, { f: 'three\n' }, 'main');
    expect(() => git(repo, 'merge', 'topic')).toThrow();
    const { folder } = await ready(workshop, of('fix'));
    expect(git(folder, 'rev-parse', 'HEAD')).toBe(head);
    expect(existsSync(join(repo, '.git/MERGE_HEAD'))).toBe(true);
  });

  test.each([
    'nowhere',
    '--upload-pack=touch ran',
    '-f',
    '--all',
    'main..topic',
    'main~1',
    '@{-1}',
    ':/first',
    'main^{/first}',
    'a b',
    '../main',
    'main\nx',
    '',
    'x'.repeat(500),
    'refs/heads/../x.lock',
  ])('a base %j', async (base) => {
    const { workshop, repo, worker } = studio();
    const message = await refusal(workshop, worker({ repo: `thing@${base}` }));
    expect(message).toMatch(/can't be the name of a base|has no branch, tag or commit/);
    expect(message).toContain('its branches are main');
    expect(git(repo, 'branch', '--list', 'subagent/*')).toBe('');
    expect(existsSync(join(repo, 'ran'))).toBe(false);
  });

  test('a branch named "subagent"', async () => {
    const { workshop, repo, of } = studio();
    git(repo, 'branch', 'subagent');
    expect(await refusal(workshop, of('fix'))).toContain('git branch -m subagent');
  });

  test('a worktree that cannot be made takes its branch and its folder back', async () => {
    const { workshop, repo, of, data } = studio();
    mkdirSync(join(data, 'worktrees'), { recursive: true });
    writeFileSync(join(data, 'worktrees', 'chat_1'), 'a file where the folder should be');
    expect(await refusal(workshop, of('fix'))).toContain(
      'Could not make a worktree on subagent/fix in the repository thing',
    );
    expect(git(repo, 'branch', '--list', 'subagent/*')).toBe('');
    rmSync(join(data, 'worktrees', 'chat_1'));
    expect((await ready(workshop, of('fix'))).note).toContain('on the branch subagent/fix,');
  });

  test('an abort leaves nothing that a later attempt would stumble over', async () => {
    const { workshop, repo, of } = studio(
      Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`d${i % 20}/f${i}`, `${i}\n`])),
    );
    for (const turns of [0, 5, 15, 30, 60]) {
      const stop = new AbortController();
      const opening = workshop.open(of('fix'), stop.signal);
      opening.catch(() => undefined);
      await new Promise((next) => setTimeout(next, turns));
      stop.abort('stop');
      await opening.then(
        (opened) => expect(opened.kind).toBe('ready'),
        (reason) => expect(reason).toBe('stop'),
      );
    }
    const { folder } = await ready(workshop, of('fix'));
    expect(git(folder, 'status', '--porcelain')).toBe('');
    expect(git(repo, 'branch', '--list', 'subagent/*').split('\n')).toHaveLength(1);
  });
});

describe('after a crash', () => {
  test('an opened worktree is found again with all that is in it', async () => {
    const { workshop, of, repo, data } = studio();
    const { folder, note } = await ready(workshop, of('fix'));
    writeFileSync(join(folder, 'draft'), 'half done');
    const next = bench({ dataFolder: data, repositories: { thing: repo } });
    const again = await ready(next.workshop, of('fix', { attempt: 2 }));
    expect(again).toEqual({ folder, note });
    expect(readFileSync(join(folder, 'draft'), 'utf8')).toBe('half done');
    expect(git(repo, 'branch', '--list', 'subagent/*').split('\n')).toHaveLength(1);
  });

  /** Puts a data folder and a repository into the state that a crash at some point would have left. */
  async function halfMade(
    point: (it: { repo: string; folder: string; record: string; admin: string }) => void,
  ) {
    const { workshop, of, repo, data } = studio();
    const { folder } = await ready(workshop, of('fix'));
    const record = join(data, 'workspaces', 'sub_1.json');
    const admin = git(folder, 'rev-parse', '--absolute-git-dir');
    writeFileSync(
      record,
      JSON.stringify({ ...JSON.parse(readFileSync(record, 'utf8')), state: 'making', gitFolder: '' }),
    );
    point({ repo, folder, record, admin });
    return { ...bench({ dataFolder: data, repositories: { thing: repo } }), repo, folder, of };
  }

  const points: [string, Parameters<typeof halfMade>[0]][] = [
    [
      'the record, before anything else',
      ({ repo, folder, admin }) => {
        rmSync(folder, { recursive: true });
        rmSync(admin, { recursive: true });
        git(repo, 'update-ref', '-d', 'refs/heads/subagent/fix');
      },
    ],
    [
      'the branch',
      ({ folder, admin }) => {
        rmSync(folder, { recursive: true });
        rmSync(admin, { recursive: true });
      },
    ],
    [
      'git’s note of the worktree',
      ({ folder, admin }) => {
        rmSync(folder, { recursive: true });
        writeFileSync(join(admin, 'locked'), 'initializing');
      },
    ],
    [
      'half of the files',
      ({ folder, admin }) => {
        rmSync(join(folder, 'README.md'));
        rmSync(join(admin, 'index'));
        writeFileSync(join(admin, 'index.lock'), '');
        writeFileSync(join(admin, 'locked'), 'initializing');
      },
    ],
    ['the folder without git’s note', ({ admin }) => rmSync(admin, { recursive: true })],
    ['the whole worktree, the record not finished', () => undefined],
  ];

  test.each(points)('behind %s, opening makes it whole, on the same branch', async (_name, point) => {
    const { workshop, repo, folder, of } = await halfMade(point);
    const opened = await ready(workshop, of('fix'));
    expect(opened.folder).toBe(folder);
    expect(opened.note).toContain('on the branch subagent/fix,');
    expect(git(folder, 'status', '--porcelain', '--branch')).toBe('## subagent/fix');
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toBe('# Thing\n');
    expect(git(repo, 'worktree', 'list').split('\n')).toHaveLength(2);
    expect(git(repo, 'branch', '--list', 'subagent/*').split('\n')).toHaveLength(1);
  });

  test('a branch that a person made between record and crash is not taken for ours', async () => {
    const { workshop, repo, of } = await halfMade(({ repo: at, folder, admin }) => {
      rmSync(folder, { recursive: true });
      rmSync(admin, { recursive: true });
      git(at, 'update-ref', '-d', 'refs/heads/subagent/fix');
      git(at, 'branch', 'subagent/fix', 'main');
    });
    expect((await ready(workshop, of('fix'))).note).toContain('yours is subagent/fix-2');
    expect(git(repo, 'rev-parse', 'subagent/fix')).toBe(git(repo, 'rev-parse', 'main'));
  });

  test('a lock that a killed git left on the branch’s name does not block it', async () => {
    const { workshop, repo, of } = studio();
    mkdirSync(join(repo, '.git/refs/heads/subagent'), { recursive: true });
    writeFileSync(join(repo, '.git/refs/heads/subagent/fix.lock'), '');
    expect((await ready(workshop, of('fix'))).note).toContain('on the branch subagent/fix-2');
  });

  test('a worktree whose folder is gone is made again from its branch', async () => {
    const { workshop, of } = studio();
    const { folder } = await ready(workshop, of('fix'));
    const work = commit(folder, { done: 'x' }, 'work');
    rmSync(folder, { recursive: true });
    const again = await ready(workshop, of('fix'));
    expect(again.folder).toBe(folder);
    expect(again.note).toContain('was made again from the branch subagent/fix');
    expect(git(folder, 'rev-parse', 'HEAD')).toBe(work);
  });

  test('files of a worktree that git forgot are set aside, not removed', async () => {
    const { workshop, of } = studio();
    const { folder } = await ready(workshop, of('fix'));
    writeFileSync(join(folder, 'draft'), 'precious');
    rmSync(git(folder, 'rev-parse', '--absolute-git-dir'), { recursive: true });
    const again = await ready(workshop, of('fix'));
    expect(again.note).toContain(`are in ${folder}-left`);
    expect(readFileSync(join(`${folder}-left`, 'draft'), 'utf8')).toBe('precious');
    expect(git(folder, 'status', '--porcelain')).toBe('');
  });

  test('a worktree of which only the pointer to git was removed is mended', async () => {
    const { workshop, of } = studio();
    const { folder } = await ready(workshop, of('fix'));
    writeFileSync(join(folder, 'draft'), 'precious');
    rmSync(join(folder, '.git'));
    await ready(workshop, of('fix'));
    expect(git(folder, 'status', '--porcelain')).toBe('?? draft');
  });

  test('a repository that moved away is said', async () => {
    const { workshop, of, repo, data } = studio();
    await ready(workshop, of('fix'));
    renameSync(repo, `${repo}-moved`);
    const next = bench({ dataFolder: data, repositories: { thing: `${repo}-moved` } });
    expect(await refusal(next.workshop, of('fix'))).toContain('which is not there any more');
    expect(readdirSync(join(data, 'worktrees/chat_1'))).toEqual(['fix']);
  });
});
