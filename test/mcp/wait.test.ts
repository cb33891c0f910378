/** News for an agent that runs commands in the background, and for one that has channels. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { waitForNews } from '../../src/cli/wait-news.ts';
import { type Client, makeClient } from '../../src/client/index.ts';
import { program, tidings } from '../cli/tidings.ts';
import { ask, cast } from '../e2e/cast.ts';
import { type House, openHouse } from '../e2e/harness.ts';
import { connectMcp, connectOverHttp } from './client.ts';

const script = cast({
  'Count to three.': { text: 'one, two, three', gate: 'count' },
  'Paint it.': [{ toolCalls: [ask('Which colour?')] }, { text: 'Painted.' }],
});

const envOf = (house: House) => ({ TIDINGS_URL: house.url, TIDINGS_TOKEN: house.token });

const waitedShape = z.object({ status: z.string(), read: z.number().nullable(), news: z.array(z.unknown()) });

describe('tidings wait for an MCP client', () => {
  test('ends with the next news, acknowledges what it printed and nothing that it could not print', async () => {
    const house = await openHouse({ script });
    const run = (...args: string[]) =>
      tidings(['wait', '--as', 'agent', ...args], { cwd: house.folder, env: envOf(house) });
    expect(await run()).toMatchObject({ code: 0, printed: 'Nothing is at work, and there is no news.\n' });
    const mcp = await connectOverHttp(`${house.url}/mcp?as=agent`, house.token, 'legacy');
    await mcp.call('sessions_spawn', { task: 'Count to three.', label: 'counter' });
    const background = run();
    await house.simulator.until(() => house.simulator.waiting('count') === 1);
    house.simulator.open('count');
    const first = await background;
    expect(first).toMatchObject({ code: 0, complained: '' });
    expect(first.printed).toContain('one, two, three');
    expect((await mcp.call('news')).text).toBe('No news.');

    await mcp.call('sessions_spawn', { task: 'Paint it.', label: 'painter' });
    await expect
      .poll(async () => (await mcp.call('news')).text, { timeout: 20_000 })
      .toContain('Which colour?');
    // Whoever was to read it has left: it stays news.
    const deaf = spawn(process.execPath, [program, 'wait', '--as', 'agent'], {
      cwd: house.folder,
      env: { PATH: process.env.PATH ?? '', ...envOf(house) },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    deaf.stdout.destroy();
    await once(deaf, 'close');
    const asked = await run('--json');
    expect(asked.code).toBe(3);
    const { status, read, news } = waitedShape.parse(JSON.parse(asked.printed));
    expect({ status, news: news.length }).toEqual({ status: 'input_required', news: 1 });
    expect(read).toBeGreaterThan(0);
    const others = [run('--timeout', '0.2'), run('--after', '1'), run('--chat', 'x')];
    const [late, ...wrong] = await Promise.all(others);
    expect(late).toMatchObject({ code: 4, printed: 'Nothing new in this time.\n' });
    expect(wrong.map(({ code }) => code)).toEqual([2, 2]);
  });

  test('acknowledges nothing of a chat that was made anew while it printed', async () => {
    const house = await openHouse({ script });
    const client = makeClient({ url: house.url, token: house.token });
    const made = { lead: 'program', id: 'mcp:anew' } as const;
    const chat = await client.createChat(made);
    await client.send(chat.id, { text: 'old' });
    const late: Client = {
      ...client,
      async readNews(...told) {
        await client.deleteChat(chat.id);
        await client.createChat(made);
        await client.send(chat.id, { text: 'new' });
        return client.readNews(...told);
      },
    };
    const printed: string[] = [];
    const waiting = waitForNews(late, chat, {
      json: false,
      timeoutMs: undefined,
      print: (line) => printed.push(line),
    });
    await expect(waiting).rejects.toThrow(/an earlier chat, which was deleted/);
    expect(printed.join('')).toContain('old');
    expect((await client.news(chat.id)).news).toMatchObject([{ text: expect.stringContaining('new') }]);
  });
});

test('a channel carries each of the news into the session once, and says how to acknowledge it', async () => {
  const house = await openHouse({ script });
  house.simulator.open('count');
  const mcp = await connectMcp(
    new StdioClientTransport({
      command: process.execPath,
      args: [program, 'mcp', '--channel', '--as', 'agent'],
      env: { PATH: process.env.PATH ?? '', ...envOf(house) },
      stderr: 'inherit',
    }),
    'legacy',
  );
  expect(mcp.sdk.getServerCapabilities()?.experimental).toEqual({ 'claude/channel': {} });
  const came: unknown[] = [];
  mcp.sdk.fallbackNotificationHandler = async ({ method, params }) => {
    if (method === 'notifications/claude/channel') came.push(params);
  };
  await mcp.call('sessions_spawn', { task: 'Count to three.', label: 'counter' });
  await expect.poll(() => came, { timeout: 20_000 }).toHaveLength(1);
  const [first] = came;
  expect(first).toMatchObject({
    content: expect.stringMatching(/one, two, three[\s\S]*news with read "\d+-\w+"/),
    meta: {
      kind: 'announcement',
      label: 'counter',
      status: 'completed',
      read: expect.stringMatching(/^\d+-\w+$/),
    },
  });
  await mcp.call('sessions_spawn', { task: 'Paint it.', label: 'painter' });
  await expect.poll(() => came, { timeout: 20_000 }).toHaveLength(2);
  expect(came[1]).toMatchObject({ meta: { kind: 'question', request: expect.any(String) } });
});
