/** `tidings mcp` as a client that starts its servers itself runs it. */
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { expect, test } from 'vitest';
import { dialect247 } from '../../src/mcp/dialects/247.ts';
import { program, tidings } from '../cli/tidings.ts';
import { cast } from '../e2e/cast.ts';
import { openHouse } from '../e2e/harness.ts';
import { connectMcp, connectOverHttp } from './client.ts';

const script = cast({ 'Count to three.': { text: 'one, two, three' } });

function transportTo(url: string, token: string, args: readonly string[] = []): StdioClientTransport {
  return new StdioClientTransport({
    command: process.execPath,
    args: [program, 'mcp', ...args],
    env: { PATH: process.env.PATH ?? '', TIDINGS_URL: url, TIDINGS_TOKEN: token },
    stderr: 'inherit',
  });
}

test('is the same parent as over HTTP, tells of news that it was asked to, and has the same tools', async () => {
  const house = await openHouse({ script });
  const [legacy, modern, http] = await Promise.all([
    connectMcp(transportTo(house.url, house.token), 'legacy'),
    connectMcp(transportTo(house.url, house.token, ['--as', 'second']), 'modern'),
    connectOverHttp(`${house.url}/mcp`, house.token, 'legacy'),
  ]);
  expect((await legacy.sdk.listTools()).tools).toEqual((await http.sdk.listTools()).tools);
  await legacy.sdk.subscribeResource({ uri: 'tidings://news' });
  const listening = await modern.sdk.listen({ resourceSubscriptions: ['tidings://news'] });
  await Promise.all([
    legacy.call('sessions_spawn', { task: 'Count to three.', label: 'first' }),
    modern.call('sessions_spawn', { task: 'Count to three.', label: 'second' }),
  ]);
  for (const one of [legacy, modern]) {
    await expect.poll(() => one.updated, { timeout: 20_000 }).toContain('tidings://news');
    expect(new Set(one.updated)).toEqual(new Set(['tidings://news']));
  }
  await listening.close();
  expect(await http.call('news')).toEqual(await legacy.call('news'));
  expect((await http.call('subagents', { action: 'list' })).text).toMatch(/^first /);
  expect((await modern.call('subagents', { action: 'list' })).text).toMatch(/^second /);
});

test('speaks as another program does where it is told to, and says on standard error what is wrong', async () => {
  const house = await openHouse({ script });
  const env = { TIDINGS_URL: house.url, TIDINGS_TOKEN: house.token };
  const run = (args: readonly string[], more: Record<string, string> = {}) =>
    tidings(['mcp', ...args], { cwd: house.folder, env: { ...env, ...more }, input: '' });
  const [other, unknown, name, token, away, left] = await Promise.all([
    connectMcp(transportTo(house.url, house.token, ['--dialect', '247']), 'legacy'),
    run(['--dialect', 'klingon']),
    run(['--as', 'a b']),
    run([], { TIDINGS_TOKEN: 'wrong-token-0123456789' }),
    run([], { TIDINGS_URL: 'http://127.0.0.1:9' }),
    run([]),
  ]);
  expect((await other.sdk.listTools()).tools.map((one) => one.name)).toEqual(
    dialect247.tools.map((one) => one.name),
  );
  expect(unknown).toMatchObject({
    code: 2,
    printed: '',
    complained: expect.stringContaining('247, tmux-worktree'),
  });
  expect(name).toMatchObject({
    code: 2,
    printed: '',
    complained: expect.stringContaining('--as must be 1 to 64'),
  });
  expect(token).toMatchObject({
    code: 2,
    printed: '',
    complained: expect.stringContaining('does not know this token'),
  });
  expect(away).toMatchObject({
    code: 2,
    printed: '',
    complained: expect.stringContaining('No gateway answers'),
  });
  // A client that leaves at once ends it.
  expect(left).toMatchObject({ code: 0, printed: '' });
});
