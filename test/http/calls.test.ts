/** What lies behind a tool call of the feed. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { nowhere } from '../../src/gateway/gateway.ts';
import { subagentSpot } from '../../src/http/place.ts';
import { type Door, openDoor } from './door.ts';

const pageShape = z.object({
  events: z.array(z.object({ id: z.number(), event: z.string(), data: z.unknown() })),
});

/** Ids of the feed's events of a name. */
async function idsOf(door: Door, path: string, name: string): Promise<number[]> {
  const { body } = await door.get(`${path}/events?after=0&limit=1000`, { accept: 'application/json' });
  return pageShape.parse(body).events.flatMap(({ id, event }) => (event === name ? [id] : []));
}

async function door(output: string, until: Promise<void> = Promise.resolve()) {
  const one = openDoor({
    workshop: {
      ...nowhere,
      open: async () => ({ kind: 'ready', note: 'here' }),
      async run() {
        await until;
        return { ok: false, text: output };
      },
    },
  });
  const chat = await one.chat();
  return { one, chat, at: `/v1/chats/${chat}` };
}

test('a call of the assistant is shown from its beginning and from its end, with input and output', async () => {
  const { one, chat, at } = await door('no such page');
  await one.post(`${at}/messages`, { text: 'hello' });
  await one.until(() => one.runtime.state(chat)?.status === 'idle');
  await one.post(`${at}/messages`, { text: 'fetch!' });
  await one.until(() => one.runtime.state(chat)?.status === 'idle');
  const [started] = await idsOf(one, at, 'tool.started');
  const [finished] = await idsOf(one, at, 'tool.finished');
  const call = {
    call: '2.0',
    name: 'web_fetch',
    input: { url: 'https://news.example.org/' },
    output: 'no such page',
    ok: false,
    ms: 0,
  };
  for (const seq of [started, finished]) {
    expect((await one.get(`${at}/calls/${seq}`)).body).toEqual({ call });
  }
});

test('a call under way has its input and no output yet', async () => {
  let go = (): void => {};
  const { one, at } = await door('done', new Promise((resolve) => (go = resolve)));
  await one.post(`${at}/messages`, { text: 'fetch!' });
  await one.until(async () => (await idsOf(one, at, 'tool.started')).length === 1);
  const [started] = await idsOf(one, at, 'tool.started');
  expect((await one.get(`${at}/calls/${started}`)).body).toEqual({
    call: { call: '1.0', name: 'web_fetch', input: { url: 'https://news.example.org/' } },
  });
  go();
});

test('an output of more than 100,000 characters is cut, and says so', async () => {
  const { one, chat, at } = await door('😀'.repeat(100_000));
  await one.post(`${at}/messages`, { text: 'fetch!' });
  await one.until(() => one.runtime.state(chat)?.status === 'idle');
  const [finished] = await idsOf(one, at, 'tool.finished');
  const shape = z.object({ call: z.object({ output: z.string() }) });
  const { output } = shape.parse((await one.get(`${at}/calls/${finished}`)).body).call;
  expect(output.isWellFormed()).toBe(true);
  expect(output).toContain('\n(cut here: these are the first 100000 of 200000 characters)');
  expect(output.length).toBeLessThan(100_100);
});

test("a subagent's call is found by every way to name it, whatever the others are called", async () => {
  const { one, chat, at } = await door('');
  // One that is called as the path of a call would be.
  await one.post(`${at}/subagents`, { task: 'spawn:7 hold:x', label: 'calls' });
  await one.post(`${at}/subagents`, { task: 'spawn:pawn hold:x', label: 'boss' });
  const cards = () => Object.values(one.runtime.state(chat)?.tree.cards ?? {});
  await one.until(() => cards().length === 4);
  const boss = cards().find(({ label }) => label === 'boss');
  const [finished] = await idsOf(one, `${at}/subagents/boss`, 'tool.finished');
  for (const target of ['boss', boss?.id]) {
    expect((await one.get(`${at}/subagents/${target}/calls/${finished}`)).body).toMatchObject({
      call: { name: 'sessions_spawn', input: { label: 'pawn' }, ok: true },
    });
  }
  const [own] = await idsOf(one, `${at}/subagents/calls`, 'tool.finished');
  expect((await one.get(`${at}/subagents/calls/calls/${own}`)).body).toMatchObject({
    call: { input: { label: '7' } },
  });
  expect((await one.get(`${at}/subagents/calls/7`)).body).toMatchObject({ subagent: { path: 'calls/7' } });
  expect((await one.get(`${at}/subagents/calls/7/messages`)).status).toBe(200);
  expect((await one.get(`${at}/subagents/boss/calls/x`)).status).toBe(404);
  expect((await one.get(`${at}/subagents/nobody/calls/${finished}`)).status).toBe(404);
});

test('what is no event of a call is not there, in words', async () => {
  const { one, chat, at } = await door('x');
  await one.post(`${at}/messages`, { text: 'hello' });
  await one.until(() => one.runtime.state(chat)?.status === 'idle');
  const [message] = await idsOf(one, at, 'message');
  for (const seq of [message, 0, 99_999, -1, '1.5', 'x', '9'.repeat(20)]) {
    const { status, body } = await one.get(`${at}/calls/${seq}`);
    expect([seq, status, body]).toMatchObject([
      seq,
      404,
      { detail: expect.stringContaining('tool.started') },
    ]);
  }
  expect((await one.get('/v1/chats/chat_no/calls/1')).status).toBe(404);
  expect((await one.get(`${at}/calls/${message}?what=1`)).status).toBe(422);
});

test('only a number names a call in an address: anything else may be the name of a subagent', () => {
  const spots = ['', '/kill', '/calls/{seq}'].map((rest) => ({
    path: `/v1/chats/{chat}/subagents/{target}${rest}`,
    routes: [],
  }));
  const meant = (rest: string) => {
    const found = subagentSpot(spots, rest);
    return [found?.spot.path.split('{target}')[1], found?.target];
  };
  expect(meant('boss/calls/7')).toEqual(['/calls/{seq}', 'boss']);
  expect(meant('boss/pawn/calls/7')).toEqual(['/calls/{seq}', 'boss/pawn']);
  expect(meant('boss/calls/pawn')).toEqual(['', 'boss/calls/pawn']);
  expect(meant('boss/calls/7x')).toEqual(['', 'boss/calls/7x']);
  expect(meant('calls/7')).toEqual(['', 'calls/7']);
  expect(meant('boss%2Fcalls%2F7')).toEqual(['', 'boss/calls/7']);
  expect(meant('boss/calls/7/kill')).toEqual(['/kill', 'boss/calls/7']);
  expect(meant('kill')).toEqual(['', 'kill']);
});
