/** Sessions of clients before 2026-07-28: what they subscribed to, what they cancel, and what is not known of them. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { makeSessions } from '../../src/mcp/sessions.ts';
import { HOST, listen, openDoor, TOKEN } from '../http/door.ts';
import { connectOverHttp } from './client.ts';

const NEWS = 'tidings://news';
const SUBAGENTS = 'tidings://subagents';

/** A gateway behind a real address, and the chat of the client that has its token. */
async function openSite() {
  const door = openDoor({
    // The app is asked over a real connection, under the name of that.
    ports: { allowed: (request) => ({ hosts: [HOST, new URL(request.url).host], origins: [] }) },
  });
  const site = await listen(door.app);
  onTestFinished(() => site.close());
  const open = () => Number(/^tidings_feeds_open (\d+)$/m.exec(door.runtime.metrics.text())?.[1] ?? 0);
  async function chat(): Promise<string> {
    const { body } = await door.get('/v1/chats');
    return (
      z.object({ chats: z.array(z.object({ id: z.string() })).length(1) }).parse(body).chats[0]?.id ?? ''
    );
  }
  const say = async (text: string) => door.post(`/v1/chats/${await chat()}/messages`, { text });
  const spawn = async (label: string) =>
    door.post(`/v1/chats/${await chat()}/subagents`, { task: 'quick', label });
  const send = (body: object, headers: Record<string, string> = {}) =>
    fetch(`${site.url}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${TOKEN}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...body }),
    });
  return { door, url: `${site.url}/mcp`, open, say, spawn, send };
}

test('a client hears of what its session subscribed to, of what waits at once, and of nothing else', async () => {
  const { door, url, open, say, spawn } = await openSite();
  const mcp = await connectOverHttp(url, TOKEN, 'legacy');
  const told = (uri: string) => mcp.updated.filter((one) => one === uri).length;
  // It has its stream, and nothing that it wants yet.
  await door.until(() => open() === 1);
  await say('one');
  await mcp.sdk.subscribeResource({ uri: NEWS });
  await expect.poll(() => told(NEWS)).toBeGreaterThan(0);
  await spawn('first');
  await expect.poll(async () => (await mcp.call('news')).text).toContain('label="first"');
  const before = told(NEWS);
  await say('two');
  await expect.poll(() => told(NEWS)).toBeGreaterThan(before);
  expect(new Set(mcp.updated)).toEqual(new Set([NEWS]));

  await mcp.sdk.subscribeResource({ uri: `${SUBAGENTS}/second` });
  await mcp.sdk.unsubscribeResource({ uri: NEWS });
  const news = told(NEWS);
  await spawn('second');
  await expect.poll(async () => (await mcp.call('news')).text).toContain('label="second"');
  await mcp.sdk.subscribeResource({ uri: SUBAGENTS });
  await spawn('third');
  await expect.poll(() => told(SUBAGENTS)).toBeGreaterThan(0);
  expect(told(NEWS)).toBe(news);
  expect(new Set(mcp.updated)).toEqual(new Set([NEWS, SUBAGENTS, `${SUBAGENTS}/second`]));
  expect(door.failures).toEqual([]);
});

// The wait itself would take longer than the test may.
test('a wait that a client cancels ends at once, though the connection stays, and takes nothing', {
  timeout: 40_000,
}, async () => {
  const { door, open, say, send } = await openSite();
  const hello = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'a test', version: '1' },
  };
  const begin = async () => {
    const response = await send({ id: 0, method: 'initialize', params: hello });
    await response.text();
    return { 'mcp-session-id': response.headers.get('mcp-session-id') ?? '' };
  };
  const [own, other] = [await begin(), await begin()];
  const cancel = (session: Record<string, string>) =>
    send({ method: 'notifications/cancelled', params: { requestId: 1 } }, session);
  const params = { name: 'news', arguments: { wait_seconds: 50 } };
  const waiting = send({ id: 1, method: 'tools/call', params }, own);
  await door.until(() => open() === 1);
  // Another session of the same client has requests of its own, under the same numbers.
  expect((await cancel(other)).status).toBe(202);
  expect((await cancel({})).status).toBe(202);
  expect(open()).toBe(1);
  expect((await cancel(own)).status).toBe(202);
  expect(await (await waiting).text()).toContain('No news.');
  await door.until(() => open() === 0);
  await say('Are you there?');
  const told = await send({ id: 2, method: 'tools/call', params: { name: 'news', arguments: {} } }, own);
  expect(await told.text()).toContain('Are you there?');
  expect(door.failures).toEqual([]);
});

describe('a session of which not all is known is told of everything', () => {
  const client = ['/mcp', 'ada'];

  test('since it began in another process, or in one of several', () => {
    const id = makeSessions(true).of(client).begin();
    const later = makeSessions(true).of(client).find(id);
    later?.subscribe(NEWS);
    expect(later?.wants(SUBAGENTS)).toBe(true);
    const one = makeSessions(false).of(client);
    const session = one.find(one.begin());
    session?.subscribe(NEWS);
    expect(session?.wants(SUBAGENTS)).toBe(true);
  });

  test('since it is another client’s', () => {
    const sessions = makeSessions(true);
    const id = sessions.of(client).begin();
    expect(sessions.of(client).find(id)?.wants(NEWS)).toBe(false);
    expect(
      sessions
        .of([...client, 'other'])
        .find(id)
        ?.wants(NEWS),
    ).toBe(true);
    expect(sessions.of(client).find('x')).toBeUndefined();
    expect(sessions.of(client).find(null)).toBeUndefined();
  });

  test('since it was forgotten for the sake of ten thousand later ones', () => {
    const one = makeSessions(true).of(client);
    const [first, kept] = [one.begin(), one.begin()];
    const session = one.find(first);
    for (let n = 0; n < 9_999; n++) {
      one.begin();
      if (n % 1_000 === 0) one.find(kept);
    }
    expect(session?.wants(NEWS)).toBe(true);
    expect(one.find(kept)?.wants(NEWS)).toBe(false);
  });
});

test('a session subscribes to a thousand resources and no more, until it gives one up', () => {
  const one = makeSessions(true).of(['/mcp', 'ada']);
  const session = one.find(one.begin());
  for (let n = 0; n < 1_000; n++) expect(session?.subscribe(`${SUBAGENTS}/s${n}`)).toBe(true);
  expect(session?.subscribe(NEWS)).toBe(false);
  expect(session?.subscribe(`${SUBAGENTS}/s0`)).toBe(true);
  session?.unsubscribe(`${SUBAGENTS}/s0`);
  expect(session?.subscribe(NEWS)).toBe(true);
});
