/** A chat read back on any host: its latest events and then its stream, what lies behind a call, what was said where. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { cast, isMain, resultOf, spawn, subagents } from './cast.ts';
import { openHouse } from './harness.ts';

const eventsShape = z.object({
  events: z.array(z.object({ id: z.number(), event: z.string() })),
  next: z.number().nullable(),
  after: z.number(),
});
const messagesShape = z.object({
  messages: z.array(z.object({ text: z.string(), seq: z.number() })),
  next: z.number().nullable(),
});
const searchShape = z.object({
  hits: z.array(
    z.object({ chat: z.string(), seq: z.number().optional(), snippet: z.object({ text: z.string() }) }),
  ),
  next: z.string().nullable(),
});

test('a chat is read backwards, followed from there, looked into and searched', async () => {
  const house = await openHouse({
    script: cast({
      main: (request) => {
        if (!isMain(request)) return {};
        if (request.lastUserText.includes('Hand it over') && resultOf(request, 'sessions_spawn') === '') {
          return { toolCalls: [spawn('Bake a Käsekuchen.', { label: 'baker' }), subagents('list')] };
        }
        return { text: request.lastUserText.includes('käse') ? 'Über Käse weiß ich alles.' : 'Ok.' };
      },
      'Bake a': [
        { toolCalls: [{ name: 'report', input: { progress: 'mixing' } }] },
        { text: 'Baked.', gate: 'oven' },
      ],
    }),
  });
  const { client } = house;
  const get = async (path: string) => {
    const response = await fetch(`${house.url}${path}`, {
      headers: { authorization: `Bearer ${house.token}`, accept: 'application/json' },
    });
    return { status: response.status, body: await response.json() };
  };
  const search = async (q: string, rest = '') =>
    searchShape.parse((await get(`/v1/search?q=${encodeURIComponent(q)}${rest}`)).body);

  const old = await client.newChat({ title: 'Cheese of the past' });
  const oldFeed = old.feed();
  await old.say('Tell me of käse.');
  await oldFeed.first('turn.ended');
  const chat = await client.newChat({ title: 'Cake' });
  const feed = chat.feed();
  await chat.say('Hand it over: a KÄSEKUCHEN.');
  await feed.first('turn.ended');
  // What it reported is what it is shown to do, though its model thinks meanwhile.
  await house.simulator.until(() => house.simulator.waiting('oven') === 1);
  expect(await chat.subagent('baker')).toMatchObject({ activity: 'mixing' });
  await feed.first('progress', ({ activity }) => activity === 'mixing');
  house.simulator.open('oven');
  await feed.first('turn.ended', ({ turn }) => turn === 2);

  // Backwards, the chat's and the subagent's; forwards it is the same.
  for (const rest of ['', '/subagents/baker']) {
    const whole = z
      .object({ events: eventsShape.shape.events })
      .parse((await get(chat.path(`${rest}/events?after=0&limit=1000`))).body);
    const ids: number[] = [];
    for (let before: number | 'latest' | null = 'latest'; before !== null; ) {
      const page: z.infer<typeof eventsShape> = eventsShape.parse(
        (await get(chat.path(`${rest}/events?before=${before}&limit=3`))).body,
      );
      ids.unshift(...page.events.map(({ id }) => id));
      before = page.next;
    }
    expect(ids).toEqual(whole.events.map(({ id }) => id));
    const last = messagesShape.parse((await get(chat.path(`${rest}/messages?before=latest&limit=1`))).body);
    expect(last.messages.map(({ text }) => text)).toEqual([rest === '' ? 'Ok.' : 'Baked.']);
    const first = messagesShape.parse((await get(chat.path(`${rest}/messages?before=${last.next}`))).body);
    expect(first.messages[0]?.text).toContain(rest === '' ? 'Hand it over' : 'Bake a');
    expect(first.next).toBe(null);
  }
  const { after } = eventsShape.parse((await get(chat.path('/events?before=latest'))).body);
  await chat.say('Thanks.');
  const followed = chat.feed({ after });
  expect((await followed.first('message')).message.text).toBe('Thanks.');

  // What lies behind a call, in either log, told from its beginning and from its end.
  for (const [rest, calls] of [
    [
      '',
      [
        { name: 'sessions_spawn', input: { label: 'baker' }, ok: true },
        { name: 'subagents', input: { action: 'list' }, output: expect.stringContaining('baker'), ok: true },
      ],
    ],
    ['/subagents/baker', [{ name: 'report', input: { progress: 'mixing' }, ok: true }]],
  ] as const) {
    const { events } = eventsShape.parse((await get(chat.path(`${rest}/events?before=latest`))).body);
    for (const name of ['tool.started', 'tool.finished']) {
      const ids = events.filter(({ event }) => event === name).map(({ id }) => id);
      const shown = await Promise.all(ids.map((id) => get(chat.path(`${rest}/calls/${id}`))));
      expect(shown.map(({ body }) => body)).toMatchObject(calls.map((call) => ({ call })));
    }
    expect((await get(chat.path(`${rest}/calls/1`))).status).toBe(404);
  }

  // What was said: here before there, by any of its words, and never what subagents said among themselves.
  const places = (page: z.infer<typeof searchShape>) => page.hits.map((one) => [one.chat, one.snippet.text]);
  const all = [
    [chat.id, 'Hand it over: a KÄSEKUCHEN.'],
    [old.id, 'Über Käse weiß ich alles.'],
    [old.id, 'Tell me of käse.'],
  ];
  expect(places(await search('kase'))).toEqual(all);
  const paged: unknown[] = [];
  for (let before: string | null = ''; before !== null; ) {
    const page: z.infer<typeof searchShape> = await search(
      'kase',
      `&limit=1${before === '' ? '' : `&before=${before}`}`,
    );
    paged.push(...places(page));
    before = page.next;
  }
  expect(paged).toEqual(all);
  expect(places(await search('cheese'))).toEqual([[old.id, 'Cheese of the past']]);
  expect(places(await search('bake'))).toEqual([]);
  await client.patch(old.path(), { archived: true });
  expect(places(await search('weiss ich'))).toEqual([[old.id, 'Über Käse weiß ich alles.']]);
  expect((await client.remove(old.path())).status).toBe(200);
  expect(places(await search('kase'))).toEqual(all.slice(0, 1));
});
