/** A log read backwards: the latest first to come, the page before that next, and the cursor to follow from. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Door, openDoor } from './door.ts';
import { sseReader } from './sse.ts';

const json = { accept: 'application/json' };
const eventsShape = z.object({
  events: z.array(z.object({ id: z.number(), event: z.string(), data: z.unknown() })),
  next: z.number().nullable(),
  after: z.number().optional(),
});
const messagesShape = z.object({
  messages: z.array(z.object({ seq: z.number(), text: z.string(), role: z.string() })),
  next: z.number().nullable(),
  after: z.number().optional(),
});
const faults = z.object({ errors: z.array(z.object({ path: z.string(), message: z.string() })) });

/** A chat with a subagent in which much was said. */
async function talked(): Promise<{ door: Door; chat: string; at: string }> {
  const door = openDoor();
  const chat = await door.chat();
  const at = `/v1/chats/${chat}`;
  const rested = () => door.until(() => door.runtime.state(chat)?.status === 'idle');
  for (let n = 0; n < 12; n += 1) {
    await door.post(`${at}/messages`, { text: `message ${n}` });
    await rested();
  }
  await door.post(`${at}/subagents`, { task: 'quick', label: 'boss' });
  await door.until(
    () => Object.values(door.runtime.state(chat)?.tree.cards ?? {})[0]?.status === 'completed',
  );
  await door.post(`${at}/subagents/boss/steer`, { message: 'once more' });
  await door.until(() => Object.values(door.runtime.state(chat)?.tree.cards ?? {})[0]?.attempt === 2);
  await door.until(
    () => Object.values(door.runtime.state(chat)?.tree.cards ?? {})[0]?.status === 'completed',
  );
  await rested();
  return { door, chat, at };
}

const { door, chat, at } = await talked();

async function backwards<Item, Page extends { next: number | null; after?: number | undefined }>(
  path: string,
  shape: z.ZodType<Page>,
  items: (page: Page) => Item[],
  limit: number,
): Promise<{ all: Item[]; after: (number | undefined)[] }> {
  const all: Item[] = [];
  const after: (number | undefined)[] = [];
  for (let before: number | 'latest' | null = 'latest'; before !== null; ) {
    const { body } = await door.get(`${path}?before=${before}&limit=${limit}`, json);
    const page: Page = shape.parse(body);
    expect(items(page).length).toBeLessThanOrEqual(limit);
    all.unshift(...items(page));
    after.push(page.after);
    before = page.next;
  }
  return { all, after };
}

describe.each(['', '/subagents/boss'])('a log, read backwards (%s)', (rest) => {
  const path = `${at}${rest}`;

  test.each([1, 2, 7, 1_000])(
    'in pages of %i, is the same as forwards, and no page is empty at the end',
    async (n) => {
      const events = eventsShape.parse(
        (await door.get(`${path}/events?after=0&limit=1000`, json)).body,
      ).events;
      const back = await backwards(`${path}/events`, eventsShape, (page) => page.events, n);
      expect(back.all).toEqual(events);
      expect(back.after.length).toBe(Math.ceil(events.length / n));
      const messages = messagesShape.parse((await door.get(`${path}/messages?limit=1000`)).body).messages;
      const said = await backwards(`${path}/messages`, messagesShape, (page) => page.messages, n);
      expect(said.all).toEqual(messages);
      expect(said.after.length).toBe(Math.ceil(messages.length / n));
      const session = rest === '' ? chat : (Object.keys(door.runtime.state(chat)?.tree.cards ?? {})[0] ?? '');
      expect(new Set([...back.after, ...said.after])).toEqual(new Set([door.store.session(session)?.seq]));
    },
  );

  test('before its beginning holds nothing', async () => {
    for (const before of [0, 1]) {
      expect((await door.get(`${path}/events?before=${before}`, json)).body).toMatchObject({
        events: [],
        next: null,
      });
      expect((await door.get(`${path}/messages?before=${before}`)).body).toMatchObject({
        messages: [],
        next: null,
      });
    }
  });

  test('from a place beyond its end is refused for events, with the range, and is from the end for messages', async () => {
    const { status, body } = await door.get(`${path}/events?before=99999`, json);
    expect(status).toBe(400);
    const [fault] = faults.parse(body).errors;
    expect(fault).toMatchObject({ path: 'before' });
    expect(fault?.message).toMatch(
      /^must be a cursor of this feed: a whole number from 0 to \d+, or latest$/,
    );
    expect((await door.get(`${path}/messages?before=99999&limit=3`)).body).toEqual(
      (await door.get(`${path}/messages?before=latest&limit=3`)).body,
    );
  });

  test('takes no `before` beside `after`, none that is no number, and none for a stream', async () => {
    for (const kind of ['events', 'messages']) {
      const both = await door.get(`${path}/${kind}?before=5&after=1`, json);
      expect([both.status, faults.parse(both.body).errors]).toEqual([
        422,
        [{ path: 'before', message: 'can not stand beside after: send one of them' }],
      ]);
      for (const before of ['', '-1', '1.5', 'last', '9'.repeat(16)]) {
        expect((await door.get(`${path}/${kind}?before=${before}`, json)).status).toBe(
          kind === 'events' ? 400 : 422,
        );
      }
    }
    const streamed = await door.get(`${path}/events?before=latest`, { accept: 'text/event-stream' });
    expect(faults.parse(streamed.body).errors).toEqual([
      { path: 'before', message: 'is for pages: send Accept: application/json' },
    ]);
    const resumed = await door.get(`${path}/events?before=latest`, { ...json, 'last-event-id': '3' });
    expect(resumed.status).toBe(422);
  });
});

test('the latest page says from where to follow: nothing is missed between, and nothing comes twice', async () => {
  const page = eventsShape.parse((await door.get(`${at}/events?before=latest&limit=5`, json)).body);
  await door.post(`${at}/messages`, { text: 'meanwhile' });
  const reader = sseReader(
    await door.request('GET', `${at}/events?after=${page.after}`, undefined, { accept: 'text/event-stream' }),
  );
  await reader.until(() => reader.events.some(({ event }) => event === 'turn.ended'));
  await reader.leave();
  const all = eventsShape.parse((await door.get(`${at}/events?after=0&limit=1000`, json)).body).events;
  const followed = reader.events.flatMap(({ id }) => (id === undefined ? [] : [Number(id)]));
  const known = [...page.events.map(({ id }) => id), ...followed];
  expect(known).toEqual(all.map(({ id }) => id).slice(-known.length));
});
