/** MCP clients as parents, on any host: they spawn, look after, answer and hear, whichever revision they speak. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { connectOverHttp, type Era } from '../mcp/client.ts';
import { ask, cast, resultOf } from './cast.ts';
import { type House, openHouse } from './harness.ts';
import { host } from './hosts.ts';

const script = cast({
  main: (request) => {
    if (request.lastUserText.includes('Spawn one.')) {
      return {
        toolCalls: [{ name: 'sessions_spawn', input: { task: 'Count to three.', label: 'foreign' } }],
      };
    }
    if (request.lastUserText.includes('MCP')) throw new Error('a chat that a program leads calls no model');
    return { text: 'Well.' };
  },
  'Count to three.': { text: 'one, two, three' },
  'Paint it.': [
    { toolCalls: [ask('Which colour?')] },
    (request) => ({ text: `Painted: ${resultOf(request, 'report')}` }),
  ],
  'Wait for the bell.': { text: 'It rang.', gate: 'bell' },
});

const readShape = z.object({ read: z.string() });
const spawnedShape = z.object({ id: z.string() });

const eras: readonly Era[] = ['legacy', 'modern'];

test('a client is the parent of what it spawns, hears of it until it says that it has, and answers', async () => {
  const house = await openHouse({ script });
  for (const era of eras) {
    const mcp = await connectOverHttp(`${house.url}/mcp?as=${era}`, house.token, era);
    expect((await mcp.sdk.listTools()).tools.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['sessions_spawn', 'subagents', 'news']),
    );
    const news = 'tidings://news';
    const heard = era === 'modern' ? await mcp.sdk.listen({ resourceSubscriptions: [news] }) : undefined;
    if (era === 'legacy') await mcp.sdk.subscribeResource({ uri: news });
    const spawned = await mcp.call('sessions_spawn', { task: `Count to three. ${era}`, label: 'counter' });
    expect(spawned).toMatchObject({ isError: false, structured: { status: 'accepted', label: 'counter' } });
    const first = await mcp.call('news', { wait_seconds: 50 });
    expect(first.text).toMatch(
      /^<subagent-announcement nonce="\w{8}" label="counter"[^>]*>\none, two, three\n/,
    );
    // Not acknowledged: told again, and the same to whoever reads it as a resource.
    expect(await mcp.call('news')).toEqual(first);
    const { contents } = await mcp.sdk.readResource({ uri: news });
    expect(contents).toMatchObject([{ text: first.text }]);
    // Whoever listens only now is told of what waits; of what was acknowledged nobody is.
    await expect.poll(() => mcp.updated).toContain(news);
    const { read } = readShape.parse(first.structured);
    expect((await mcp.call('news', { read })).text).toBe('No news.');
    // Where no single process sees all requests, those of earlier revisions hear of everything.
    const some = era === 'modern' || host === 'node';
    if (some) expect(new Set(mcp.updated)).toEqual(new Set([news]));
    if (era === 'legacy') await mcp.sdk.subscribeResource({ uri: 'tidings://subagents/painter' });
    await heard?.close();

    await mcp.call('sessions_spawn', { task: `Paint it. ${era}`, label: 'painter' });
    expect((await mcp.call('news', { wait_seconds: 50 })).text).toContain('Which colour?');
    const list = await mcp.call('subagents', { action: 'list' });
    expect(list.text).toMatch(/^painter \(sub_\w+\): input_required/);
    const { resources } = await mcp.sdk.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual(
      expect.arrayContaining(['tidings://news', 'tidings://subagents', 'tidings://subagents/painter']),
    );
    const answered = await mcp.call('subagents', { action: 'answer', target: 'painter', message: 'Green.' });
    expect(answered).toMatchObject({ isError: false, text: 'painter is answered.' });
    const show = () => mcp.call('subagents', { action: 'show', target: 'painter' });
    await expect.poll(async () => (await show()).text).toMatch(/Painted: [\s\S]*Green\./);
    if (era === 'legacy') await expect.poll(() => mcp.updated).toContain('tidings://subagents/painter');
    const steered = await mcp.call('subagents', { action: 'steer', target: 'painter', message: 'Paint it.' });
    expect(steered).toMatchObject({ structured: { state: 'queued', target: 'painter' } });
    expect((await mcp.call('subagents', { action: 'kill', target: 'all' })).isError).toBe(false);
  }
});

async function raw(house: House, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${house.url}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${house.token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

const list = { jsonrpc: '2.0', method: 'tools/list' };
const secretShape = z.object({ secret: z.string() });

async function tokenOf(house: House, name: string, scopes: readonly string[], owner = name): Promise<string> {
  const { body } = await house.client.post('/v1/tokens', { name, scopes, owner });
  return secretShape.parse(body).secret;
}

test('what is wrong is told as clients expect it, and what is not a client’s does not exist for it', async () => {
  const house = await openHouse({ script });
  const mcp = await connectOverHttp(`${house.url}/mcp`, house.token, 'legacy');
  await expect(mcp.call('sessions_span')).rejects.toThrow(
    /There is no tool "sessions_span"; there are: sessions_spawn, /,
  );
  const mistakes: [string, object, RegExp][] = [
    ['sessions_spawn', {}, /`task` is missing/],
    ['sessions_spawn', { task: 'x', colour: 'red' }, /`colour` is not a field here: there are task, /],
    ['sessions_spawn', { task: 'x', model: 'nobody' }, /nobody/],
    ['subagents', { action: 'steer', message: 'x' }, /needs a `target`/],
    ['subagents', { action: 'show', target: 'nobody' }, /nobody/],
    ['subagents', { action: 'list', target: 'x' }, /takes no `target`/],
    ['news', { read: '1000000-0' }, /an earlier chat, which was deleted/],
    ['news', { read: 17 }, /`read` must be a string, not a number/],
    ['news', { read: '17' }, /`read` is the mark that an earlier answer of news named, such as "17-/],
    ['news', { wait_seconds: 3_600 }, /from 0 to 50/],
  ];
  for (const [name, input, words] of mistakes) {
    expect(await mcp.call(name, input), name).toMatchObject({
      isError: true,
      text: expect.stringMatching(words),
    });
  }
  await expect(mcp.sdk.readResource({ uri: 'tidings://subagents/nobody' })).rejects.toThrow(/not found/);
  await expect(mcp.sdk.subscribeResource({ uri: 'file:///etc/passwd' })).rejects.toThrow(/not found/);

  // The subagent of another chat of the same owner, and that of a client that calls itself otherwise.
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Spawn one.');
  const { subagent } = await feed.first('subagent.spawned');
  const other = await connectOverHttp(`${house.url}/mcp?as=other`, house.token, 'legacy');
  const spawned = spawnedShape.parse(
    (await other.call('sessions_spawn', { task: 'Wait for the bell.', label: 'ringer' })).structured,
  );
  for (const id of [subagent.id, spawned.id]) {
    for (const action of ['show', 'steer', 'answer', 'kill']) {
      const outcome = await mcp.call('subagents', { action, target: id, message: 'x' });
      expect(outcome).toMatchObject({ isError: true, text: expect.stringContaining(`There is no subagent`) });
    }
    await expect(mcp.sdk.readResource({ uri: `tidings://subagents/${id}` })).rejects.toThrow(/not found/);
  }
  expect((await mcp.call('subagents', { action: 'list' })).text).toBe('There are no subagents.');
  // Two clients of one name are one parent.
  const twin = await connectOverHttp(`${house.url}/mcp?as=other`, house.token, 'modern');
  expect((await twin.call('subagents', { action: 'list' })).text).toMatch(/^ringer /);

  // Whoever gives up waiting took nothing.
  const gone = new AbortController();
  const waiting = twin.call('news', { wait_seconds: 50 }, gone.signal);
  gone.abort();
  await expect(waiting).rejects.toThrow();
  house.simulator.open('bell');
  const told = await other.call('news', { wait_seconds: 50 });
  expect(told.text).toContain('It rang.');
  expect(await twin.call('news')).toEqual(told);

  // A chat that was deleted is made anew.
  const { chats } = z
    .object({ chats: z.array(z.object({ id: z.string(), title: z.string() })) })
    .parse((await house.client.get('/v1/chats')).body);
  const own = chats.find(({ title }) => title === 'MCP: admin / other');
  await house.client.remove(`/v1/chats/${own?.id}`);
  expect((await other.call('subagents', { action: 'list' })).text).toBe('There are no subagents.');
  expect((await other.call('sessions_spawn', { task: 'Count to three.', label: 'again' })).isError).toBe(
    false,
  );
  const anew = await other.call('news', { wait_seconds: 50 });
  expect(anew.text).toContain('label="again"');
  // What was told of the one that is gone acknowledges nothing of this one, whatever number it bears.
  const { read } = readShape.parse(told.structured);
  expect(await other.call('news', { read })).toMatchObject({
    isError: true,
    text: expect.stringContaining('of an earlier chat, which was deleted; nothing was acknowledged'),
  });
  expect(await other.call('news')).toEqual(anew);

  expect(
    (await raw(house, list, { authorization: 'Bearer wrong-token-0123456789' })).headers.get(
      'www-authenticate',
    ),
  ).toContain('invalid_token');
  const nobody = await raw(house, list, { authorization: '' });
  expect([nobody.status, nobody.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="tidings"']);
  const reader = await tokenOf(house, 'reader', ['read']);
  expect((await raw(house, list, { authorization: `Bearer ${reader}` })).status).toBe(403);
  expect((await raw(house, { ...list, id: 1, params: { pad: 'x'.repeat(1_100_000) } })).status).toBe(413);
  expect((await raw(house, '{"jsonrpc":')).status).toBe(400);
  expect((await raw(house, list, { 'content-type': 'text/plain' })).status).toBe(415);
  const batch = await raw(house, [
    { ...list, id: 'a' },
    { jsonrpc: '2.0', id: 'b', method: 'nonsense' },
  ]);
  const answers = (await batch.text()).split('\n').filter((line) => line.startsWith('data: '));
  expect(
    answers.map((line) => z.object({ id: z.string() }).parse(JSON.parse(line.slice(6))).id).sort(),
  ).toEqual(['a', 'b']);
  expect((await house.client.get('/mcp/247')).status).toBe(404);
  expect((await house.client.remove('/mcp')).status).toBe(405);
});

test('a token that is revoked ends what it listens on, and its chat is its owner’s alone', async () => {
  const house = await openHouse({ script });
  const [ada, bob] = [await tokenOf(house, 'ada', ['chat']), await tokenOf(house, 'bob', ['chat'])];
  const line = await fetch(`${house.url}/mcp`, {
    headers: { authorization: `Bearer ${ada}`, accept: 'text/event-stream' },
  });
  expect(line.status).toBe(200);
  const mcp = await connectOverHttp(`${house.url}/mcp`, bob, 'modern');
  const heard = await mcp.sdk.listen({ resourceSubscriptions: ['tidings://news'] });
  const { id } = spawnedShape.parse(
    (await mcp.call('sessions_spawn', { task: 'Count to three.' })).structured,
  );
  const other = await connectOverHttp(`${house.url}/mcp`, ada, 'modern');
  expect(await other.call('subagents', { action: 'show', target: id })).toMatchObject({ isError: true });
  await expect.poll(() => mcp.updated).toContain('tidings://news');
  for (const name of ['ada', 'bob']) {
    expect((await house.client.post('/v1/tokens/revoke', { name })).status).toBe(200);
  }
  // Ends, or breaks off; it does not stay open.
  await line.text().catch(() => undefined);
  expect(await heard.closed).not.toBe('local');
  await expect(mcp.call('subagents', { action: 'list' })).rejects.toThrow();
});
