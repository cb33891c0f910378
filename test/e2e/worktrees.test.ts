/** What subagents did in a repository: looked at, landed and removed, by the assistant and by people. */
import { expect } from 'vitest';
import { git, repository } from '../workshop/setup.ts';
import { bash, cast, resultOf, spawn } from './cast.ts';
import { openHouse } from './harness.ts';
import { testWithProcesses } from './hosts.ts';

const worktrees = (action: string, more: object = {}) => ({ name: 'worktrees', input: { action, ...more } });

testWithProcesses(
  'work in worktrees lands in order, by the assistant and over HTTP; what does not fit is refused and named',
  async () => {
    const app = repository({ 'list.txt': 'one\n', 'notes.txt': 'none\n' });
    const house = await openHouse({
      config: { repositories: { app } },
      script: cast({
        main: (request) => {
          if (request.lastUserText.includes('Begin.')) {
            return {
              toolCalls: ['first', 'second', 'notes'].map((label) =>
                spawn(`Do ${label}.`, { label, repo: 'app', announce: 'quiet' }),
              ),
            };
          }
          if (request.lastUserText.includes('Land the first.')) {
            return {
              toolCalls: [worktrees('list'), worktrees('land', { target: 'first', message: 'Add two' })],
            };
          }
          return { text: resultOf(request, 'worktrees') || 'Well.' };
        },
        'Do first.': [{ toolCalls: [bash('echo two >> list.txt')] }, { text: 'Done.' }],
        'Do second.': [{ toolCalls: [bash('echo zwei >> list.txt')] }, { text: 'Done.' }],
        'Do notes.': [{ toolCalls: [bash('echo some > notes.txt')] }, { text: 'Done.' }],
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Begin.');
    for (const label of ['first', 'second', 'notes']) {
      await feed.first('subagent.ended', ({ subagent }) => subagent.label === label);
    }
    await chat.say('Land the first.');
    await expect
      .poll(() => chat.said())
      .toContainEqual(expect.stringContaining('Landed subagent/first on main as'));
    const said = (await chat.said()).join('\n');
    expect(said).toContain('also changed by subagent/second, not landed: list.txt');
    expect(git(app, 'log', '-1', '--format=%s', 'main')).toBe('Add two');
    expect(git(app, 'status', '--porcelain')).toBe('');

    const { body: listed } = await house.client.get(chat.path('/worktrees'));
    expect(listed).toMatchObject({
      worktrees: [
        { path: 'notes', files: ['notes.txt'], overlaps: [] },
        { path: 'second', files: ['list.txt'], overlaps: [] },
        { path: 'first', landed: git(app, 'rev-parse', 'main') },
      ],
    });
    const { body: patch } = await house.client.get(chat.path('/subagents/second/diff'));
    expect(patch).toMatchObject({ diff: { patch: expect.stringContaining('+zwei'), next: null } });

    const before = git(app, 'rev-parse', 'main');
    expect(await house.client.post(chat.path('/subagents/second/land'))).toMatchObject({
      status: 409,
      body: { files: ['list.txt'] },
    });
    expect(git(app, 'rev-parse', 'main')).toBe(before);
    expect(await house.client.post(chat.path('/subagents/second/remove'))).toMatchObject({ status: 409 });
    const landed = await house.client.post(chat.path('/subagents/notes/land'), { message: 'Take notes' });
    expect(landed).toMatchObject({ status: 200, body: { landed: { base: 'main', files: ['notes.txt'] } } });
    expect(git(app, 'log', '--format=%s', '-2', 'main').split('\n')).toEqual(['Take notes', 'Add two']);
    const told = feed.first('notice', ({ text }) => text.startsWith('notes landed on main as'));
    expect((await told).text).toContain('1 file');

    for (const [label, body] of [
      ['first', {}],
      ['notes', {}],
      ['second', { discard: true }],
    ] as const) {
      expect((await house.client.post(chat.path(`/subagents/${label}/remove`), body)).status).toBe(200);
    }
    expect(git(app, 'branch', '--list', 'subagent/*')).toBe('');
    expect(git(app, 'worktree', 'list').split('\n')).toHaveLength(1);
  },
);
