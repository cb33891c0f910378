/** Work in a repository through MCP: looked at, landed, and not lost. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { bash, cast } from '../e2e/cast.ts';
import { openHouse } from '../e2e/harness.ts';
import { git, repository } from '../workshop/setup.ts';
import { connectOverHttp } from './client.ts';

test('a client reviews and lands what its subagents did, and what does not fit is refused with its files', async () => {
  const app = repository({ 'list.txt': 'one\n' });
  const house = await openHouse({
    config: { repositories: { app } },
    script: cast({
      'Do first.': [{ toolCalls: [bash('echo two >> list.txt')] }, { text: 'Done.' }],
      'Do second.': [{ toolCalls: [bash('echo zwei >> list.txt')] }, { text: 'Done.' }],
    }),
  });
  const mcp = await connectOverHttp(`${house.url}/mcp`, house.token, 'modern');
  const worktrees = (action: string, more: object = {}) => mcp.call('worktrees', { action, ...more });
  expect(await worktrees('list')).toMatchObject({ text: 'No subagent has a worktree.' });
  for (const label of ['first', 'second']) {
    await mcp.call('sessions_spawn', { task: `Do ${label}.`, label, repo: 'app' });
  }
  let read: string | undefined;
  for (let ended = 0; ended < 2; ) {
    const before = read === undefined ? {} : { read };
    const { structured } = await mcp.call('news', { ...before, wait_seconds: 50 });
    const told = z
      .object({ read: z.string(), news: z.array(z.object({ status: z.string() })) })
      .parse(structured);
    expect(told.news.every(({ status }) => status === 'completed')).toBe(true);
    ended += told.news.length;
    read = told.read;
  }
  const listed = await worktrees('list');
  expect(listed.text).toMatch(
    /^second \(sub_\w+\), completed: subagent\/second of app, from main; 1 commit; 1 file: list.txt; not landed$/m,
  );
  expect(listed.text).toContain('also changed by subagent/first, not landed: list.txt');
  expect((await worktrees('diff', { target: 'first' })).text).toMatch(
    /^The patch of first, characters 0 to \d+ of \d+:[\s\S]*\+two/,
  );
  const landed = await worktrees('land', { target: 'first', message: 'Add two' });
  expect(landed).toMatchObject({
    isError: false,
    text: expect.stringContaining('Landed subagent/first on main as'),
  });
  expect(git(app, 'log', '-1', '--format=%s', 'main')).toBe('Add two');
  const conflict = await worktrees('land', { target: 'second' });
  expect(conflict).toMatchObject({ isError: true, text: expect.stringContaining('Files: list.txt') });
  expect(await worktrees('remove', { target: 'second' })).toMatchObject({ isError: true });
  const gone = await worktrees('remove', { target: 'second', discard: true });
  expect(gone.text).toBe(
    'Removed the worktree and its branch subagent/second. What it changed in 1 file is lost.',
  );
  expect(await worktrees('land')).toMatchObject({
    isError: true,
    text: expect.stringContaining('needs a `target`'),
  });
  expect(await worktrees('list', { target: 'first' })).toMatchObject({ isError: true });
});
