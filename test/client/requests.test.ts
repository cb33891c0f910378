/** Single requests over a way that fails: tried again where that is safe, told in words where it is not. */
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Client, makeClient, ProblemError, UnreachableError } from '../../src/client/index.ts';
import { TOKEN } from '../http/door.ts';
import { shareSetting } from './setting.ts';

const setting = shareSetting();

describe('a request', () => {
  test('whose answer was lost on the way is sent again and done once', async () => {
    const { door, proxy, client } = setting;
    const chat = await door.chat();
    proxy.way = 'one-way';
    const sent = client.send(chat, { text: 'hello' });
    await door.until(() => door.answered.some((line) => line === `POST /v1/chats/${chat}/messages 202`));
    proxy.way = 'open';
    expect((await sent).text).toBe('hello');
    const { messages } = await client.messages(chat);
    expect(messages.filter(({ role }) => role === 'user')).toHaveLength(1);
  });

  test('that a gateway is too busy for is sent again when it said to come back', async () => {
    const { door, proxy, client } = setting;
    const chat = await door.chat();
    proxy.way = 'busy';
    proxy.cut();
    const before = proxy.connections;
    expect((await client.chat(chat)).id).toBe(chat);
    expect(proxy.connections - before).toBe(2);
  });

  test('is given up after four tries, with no answer told apart from a refusal', async () => {
    const { proxy, client } = setting;
    proxy.way = 'barred';
    proxy.cut();
    const before = proxy.connections;
    await expect(client.listChats()).rejects.toBeInstanceOf(UnreachableError);
    expect(proxy.connections - before).toBe(4);
  });

  test('of an outbox is tried once, since who keeps it tries again', async () => {
    const { door, proxy, client } = setting;
    const chat = await door.chat();
    proxy.way = 'barred';
    proxy.cut();
    const before = proxy.connections;
    await expect(client.sendOnce(chat, { text: 'x', id: 'once' })).rejects.toBeInstanceOf(UnreachableError);
    expect(proxy.connections - before).toBe(1);
  });

  test('that is refused throws what the gateway says, field by field', async () => {
    const { door, client } = setting;
    const chat = await door.chat();
    const blank = await client.send(chat, { text: ' ' }).catch((error: unknown) => error);
    expect(blank).toBeInstanceOf(ProblemError);
    expect(blank).toMatchObject({
      status: 422,
      type: '/docs#invalid',
      message: expect.stringContaining('must not be blank'),
      errors: [{ path: 'text', message: 'must not be blank' }],
      requestId: expect.any(String),
    });
    const stranger = makeClient({ url: setting.proxy.url, token: `${TOKEN}x` });
    await expect(stranger.chat(chat)).rejects.toMatchObject({ status: 401 });
  });

  test('names what is asked for whatever its name is made of', async () => {
    const { door, client } = setting;
    const chat = await door.chat();
    await client.send(chat, { text: 'spawn:boss' });
    await door.until(() => Object.keys(door.runtime.state(chat)?.tree.cards ?? {}).length === 1);
    expect((await client.subagent(chat, 'boss')).task).toContain('hold:boss');
    await expect(client.subagent(chat, 'boss/../..?x#y')).rejects.toMatchObject({ status: 404 });
    expect(await client.kill(chat, 'all')).toMatchObject({ killed: ['boss'] });
  });
});

test('each thing that can be asked is one that the gateway documents', async () => {
  const { door } = setting;
  const { paths } = z
    .object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
    .parse(await (await door.request('GET', '/openapi.json')).json());
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const asked = new Set<string>();
  const client = makeClient({
    url: 'http://gateway',
    fetch: async (input, init) => {
      const { pathname } = new URL(String(input));
      const path = pathname
        .replace('/chats/CHAT', '/chats/{chat}')
        .replace('/subagents/TARGET', '/subagents/{target}')
        .replace('/calls/7', '/calls/{seq}');
      asked.add(`${init?.method ?? 'GET'} ${path}`);
      return Response.json({ events: [], next: null });
    },
  });
  await askForAll(client);
  expect([...asked].filter((one) => !documented.includes(one))).toEqual([]);
  expect(asked.size).toBe(32);
});

async function askForAll(client: Client): Promise<void> {
  const [chat, target] = ['CHAT', 'TARGET'];
  await client.about();
  await client.signIn({ token: 'x' });
  await client.session();
  await client.signOut();
  await client.createChat();
  await client.listChats();
  await client.chat(chat);
  await client.changeChat(chat, {});
  await client.deleteChat(chat);
  await client.usage(chat);
  await client.send(chat, { text: 'x' });
  await client.messages(chat);
  await client.events(chat);
  await client.stop(chat);
  await client.resume(chat);
  await client.answer(chat, { request: 'x' });
  await client.subagents(chat);
  await client.spawn(chat, { task: 'x' });
  await client.subagent(chat, target);
  await client.subagentMessages(chat, target);
  await client.subagentEvents(chat, target);
  await client.steer(chat, target, { message: 'x' });
  await client.answerSubagent(chat, target, { request: 'x' });
  await client.kill(chat, target);
  await client.worktrees(chat);
  await client.diff(chat, target);
  await client.land(chat, target);
  await client.removeWorktree(chat, target);
  await client.call(chat, 7);
  await client.call(chat, 7, target);
  await client.upload(chat, { name: 'x', data: new Uint8Array() });
  await client.search({ q: 'x' });
  const { done } = await client.stream(chat, { signal: AbortSignal.abort() }).next();
  expect(done).toBe(true);
}

test('the client holds nothing of the gateway, of zod or of Node, so that browsers and Workers run it', async () => {
  const { metafile, outputFiles } = await build({
    absWorkingDir: join(import.meta.dirname, '..', '..'),
    entryPoints: ['src/client/index.ts'],
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    metafile: true,
  });
  const strangers = Object.keys(metafile.inputs).filter(
    (path) => !/^src\/client\/|\bnode_modules\/eventsource-parser\//.test(path),
  );
  expect(strangers).toEqual([]);
  expect(outputFiles[0]?.contents.byteLength).toBeLessThan(20_000);
});
