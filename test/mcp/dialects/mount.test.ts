/** The dialects at their addresses, over real MCP: there once the configuration names them, and as their clients expect. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { dialect247 } from '../../../src/mcp/dialects/247.ts';
import { tmuxWorktree } from '../../../src/mcp/dialects/tmux-worktree.ts';
import { cast } from '../../e2e/cast.ts';
import { openHouse } from '../../e2e/harness.ts';
import { repository } from '../../workshop/setup.ts';
import { connectOverHttp, type Era } from '../client.ts';

test('each dialect has its own address, its tools alone, and clients of both revisions; the others are not there', async () => {
  const house = await openHouse({
    config: { mcp: { dialects: ['247', 'tmux-worktree'] } },
    script: cast({}),
  });
  const eras: readonly Era[] = ['legacy', 'modern'];
  for (const era of eras) {
    for (const dialect of [dialect247, tmuxWorktree]) {
      const client = await connectOverHttp(`${house.url}/mcp/${dialect.name}`, house.token, era);
      const { tools } = await client.sdk.listTools();
      expect(tools.map(({ name }) => name)).toEqual(dialect.tools.map(({ name }) => name));
      await expect(client.sdk.callTool({ name: 'sessions_spawn', arguments: {} })).rejects.toThrow(/no tool/);
    }
  }
  const old = await connectOverHttp(`${house.url}/mcp/247`, house.token, 'legacy');
  const { tools } = await old.sdk.listTools();
  const required = (name: string) => tools.find((tool) => tool.name === name)?.inputSchema.required;
  expect(required('spawn_session')).toEqual(['prompt']);
  expect(required('wait_for_completion')).toEqual(['name']);
  // Fields that it does not know are passed over, and the answer is an object as well as text.
  const listed = await old.call('list_sessions', { taskId: 't1' });
  expect(listed).toMatchObject({ isError: false, structured: { sessions: [], total: 0 } });
  // Without a repository there is no project.
  expect(await old.call('spawn_session', { prompt: 'Go.', project: 'app' })).toMatchObject({
    isError: true,
    structured: { success: false, errorCode: 'PROJECT_NOT_ALLOWED' },
  });
  const modern = await connectOverHttp(`${house.url}/mcp/tmux-worktree`, house.token, 'modern');
  expect(await modern.call('poll_messages', { orchestrator_id: 'orch_abc12345', since: 1 })).toMatchObject({
    isError: true,
    text: "Error: Orchestrator session 'orch_abc12345' not found",
  });
});

test('a client that leaves in the middle of a wait leaves nobody waiting, and its session at work', async () => {
  const app = repository();
  const house = await openHouse({
    config: { repositories: { app }, mcp: { dialects: ['247'] } },
    script: cast({ 'Work on': { text: 'Done.', gate: 'work' } }),
  });
  const open = async (): Promise<string | undefined> => {
    const answer = await fetch(`${house.url}/metrics`, {
      headers: { authorization: `Bearer ${house.token}` },
    });
    return /^tidings_feeds_open (\d+)$/m.exec(await answer.text())?.[1];
  };
  // What the configuration does not name is not there.
  expect((await house.client.post('/mcp/tmux-worktree', {})).status).toBe(404);
  const eras: readonly Era[] = ['legacy', 'modern'];
  const stay = await connectOverHttp(`${house.url}/mcp/247`, house.token, 'legacy');
  const { structured } = await stay.call('spawn_session', { prompt: 'Work on.', project: 'app' });
  const { sessionName: name } = z.object({ sessionName: z.string() }).parse(structured);
  for (const era of eras) {
    const leaving = await connectOverHttp(`${house.url}/mcp/247`, house.token, era);
    const waiting = leaving.call('wait_for_completion', { name }).catch(() => 'left');
    await expect.poll(open, { timeout: 30_000 }).toBe('1');
    await leaving.sdk.close();
    expect(await waiting).toBe('left');
    await expect.poll(open, { timeout: 30_000 }).toBe('0');
  }
  const still = stay.call('wait_for_completion', { name });
  await house.simulator.until(() => house.simulator.waiting('work') === 1);
  house.simulator.open('work');
  expect((await still).structured).toMatchObject({ completed: true, outcome: 'completed' });
});
