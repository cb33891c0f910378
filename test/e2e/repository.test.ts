/** Work in a real repository: a worktree and a branch of its own, nothing lost at the end, and words when it can't be. */
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commit, git, repository } from '../workshop/setup.ts';
import { bash, cast, firstWords, resultOf, spawn } from './cast.ts';
import { freshFolder, openHouse } from './harness.ts';

describe('a subagent with a repository', () => {
  test('works on a branch of its own; what it leaves uncommitted is committed as work in progress', async () => {
    const app = repository({ 'README.md': '# App\n', 'AGENTS.md': 'Write British English.\n' });
    const head = git(app, 'rev-parse', 'HEAD');
    const house = await openHouse({
      config: { repositories: { app } },
      script: cast({
        main: [{ toolCalls: [spawn('Add colour.', { label: 'colour', repo: 'app' })] }, { text: 'Well.' }],
        'Add colour': [
          {
            toolCalls: [bash('echo red > colour.txt && git add -A && git commit -qm "Add a colour" && pwd')],
          },
          { toolCalls: [{ name: 'write', input: { path: 'more/colours.txt', content: 'green\n' } }] },
          { text: 'Added.' },
        ],
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Add colour.');
    const ended = await feed.first('subagent.ended');
    expect(ended.subagent).toMatchObject({
      status: 'completed',
      workspace: { branch: 'subagent/colour', base: 'main', commits: 2, files: 2, wip: true },
    });
    await feed.first('announcement.read');
    const news = house.requests.find((request) => request.lastUserText.includes('<subagent-announcement'));
    expect(news?.lastUserText).toContain('workspace="branch subagent/colour, 2 commits, 2 files"');

    const first = house.requests.find((request) => request.lastUserText.includes('git worktree'));
    expect(firstWords(first ?? fail())).toMatch(/Write British English\.[\s\S]*Add colour\./);
    expect(git(app, 'show', 'subagent/colour:colour.txt')).toBe('red');
    expect(git(app, 'show', 'subagent/colour:more/colours.txt')).toBe('green');
    expect(git(app, 'log', '--format=%s', 'main..subagent/colour').split('\n')).toEqual([
      'wip: what colour left uncommitted',
      'Add a colour',
    ]);
    // The repository itself is as it was.
    expect(git(app, 'rev-parse', 'HEAD')).toBe(head);
    expect(git(app, 'status', '--porcelain')).toBe('');
  });

  test('is resumed on its branch, and works on a base that was named', async () => {
    const app = repository();
    git(app, 'checkout', '-q', '-b', 'side');
    commit(app, { 'side.txt': 'side\n' }, 'side');
    git(app, 'checkout', '-q', 'main');
    const house = await openHouse({
      config: { repositories: { app } },
      script: cast({
        main: [
          { toolCalls: [spawn('Look aside.', { label: 'aside', repo: 'app@side' })] },
          { text: 'Well.' },
        ],
        'Look aside': [
          { toolCalls: [bash('cat side.txt; echo one > own.txt')] },
          (request) => ({ text: resultOf(request, 'bash') }),
          { toolCalls: [bash('cat own.txt')] },
          (request) => ({ text: `Again: ${resultOf(request, 'bash')}` }),
        ],
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Look aside.');
    const first = await feed.first('subagent.ended');
    expect(first.subagent).toMatchObject({ result: 'side', workspace: { base: 'side', commits: 1 } });
    await chat.steer('aside', 'Look again.');
    const again = await feed.first('subagent.ended', ({ subagent }) => subagent.attempt === 2);
    expect(again.subagent).toMatchObject({ result: 'Again: one', workspace: { commits: 1 } });
  });

  test('keeps its work when it is killed, which is confirmed only when the work is kept', async () => {
    const app = repository();
    const gate = join(freshFolder(), 'gate');
    // Git passes each file it takes in through this filter, which waits.
    commit(app, { '.gitattributes': '*.slow filter=slow\n' }, 'filter');
    git(app, 'config', 'filter.slow.clean', `sh -c 'while [ ! -e ${gate} ]; do sleep 0.02; done; cat'`);
    const house = await openHouse({
      config: { repositories: { app } },
      script: cast({
        main: (request) => {
          if (request.lastUserText.includes('Begin')) {
            return { toolCalls: [spawn('Write slowly.', { label: 'slow', repo: 'app' })] };
          }
          return { text: 'Well.' };
        },
        'Write slowly': { toolCalls: [bash('echo kept > a.slow; echo written; sleep 300')] },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Begin.');
    await feed.first('turn.ended');
    const written = join(house.data, 'worktrees', chat.id, 'slow', 'a.slow');
    while (!existsSync(written)) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await chat.kill('slow')).toEqual({ killed: [], unconfirmed: ['slow'], alreadyEnded: [] });
    writeFileSync(gate, '');
    const ended = await feed.first('subagent.ended');
    expect(ended.subagent).toMatchObject({ status: 'killed', workspace: { commits: 1, wip: true } });
    expect(git(app, 'show', 'subagent/slow:a.slow')).toBe('kept');
  });
});

test('what only the repository shows ends the subagent as failed, in words that say how to mend it', async () => {
  const folder = freshFolder();
  const plain = join(folder, 'plain');
  execFileSync('git', ['init', '-q', plain]);
  const bare = join(folder, 'bare');
  execFileSync('git', ['init', '-q', '--bare', bare]);
  const empty = join(folder, 'empty');
  execFileSync('git', ['init', '-q', empty]);
  const rebasing = repository({ 'a.txt': 'one\n' });
  git(rebasing, 'checkout', '-q', '-b', 'other');
  commit(rebasing, { 'a.txt': 'two\n' }, 'two');
  git(rebasing, 'checkout', '-q', 'main');
  commit(rebasing, { 'a.txt': 'three\n' }, 'three');
  expect(() => git(rebasing, 'rebase', 'other')).toThrow();
  const fine = repository();

  const rows = [
    { repo: 'plain', words: /not the top folder of a git repository.*Run git init there/ },
    { repo: 'bare', words: /is bare.*Configure a clone/ },
    { repo: 'empty', words: /has no commits yet.*Make a first commit/ },
    { repo: 'rebasing', words: /a rebase is under way.*--continue or --abort/ },
    { repo: 'fine@nowhere', words: /no branch, tag or commit "nowhere"; its branches are main/ },
  ];
  const house = await openHouse({
    config: { repositories: { plain, bare, empty, rebasing, fine } },
    script: cast({
      main: (request) => {
        if (request.lastUserText.includes('Begin')) {
          return { toolCalls: rows.map(({ repo }) => spawn(`Work in ${repo}.`, { repo })) };
        }
        return { text: 'Well.' };
      },
    }),
  });
  // It was one when the gateway started, or that would have refused it.
  rmSync(join(plain, '.git'), { recursive: true });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Begin.');
  await feed.until(() => feed.all('announcement.read').length === rows.length);
  for (const { repo, words } of rows) {
    const { subagent } = await feed.first('subagent.ended', (data) => data.subagent.task.includes(repo));
    expect(subagent).toMatchObject({ status: 'failed', reason: 'workspace', steps: 0 });
    expect(subagent.result).toMatch(words);
  }
  // The assistant is told of each, and none of them ever asked a model.
  const told = house.requests.map((request) => request.lastUserText).join('\n');
  expect(told.match(/status="failed" reason="workspace"/g)).toHaveLength(rows.length);
  expect(house.requests.every((request) => !firstWords(request).startsWith('Work in'))).toBe(true);
  expect(git(rebasing, 'branch', '--list', 'subagent/*')).toBe('');
});

function fail(): never {
  throw new Error('there was no such request');
}
