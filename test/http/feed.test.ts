import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { amount } from '../amounts.ts';
import { documentation } from './documented.ts';
import { type Door, openDoor } from './door.ts';
import { type SseEvent, type SseReader, sseReader } from './sse.ts';

const page = z.object({
  events: z.array(z.object({ id: z.number(), event: z.string(), data: z.unknown() })),
  next: z.number(),
});

async function follow(door: Door, path: string, headers: Record<string, string> = {}): Promise<SseReader> {
  const response = await door.request('GET', path, undefined, { accept: 'text/event-stream', ...headers });
  expect(response.status).toBe(200);
  return sseReader(response);
}

/** A reader that reads all the time and has everything there is. */
async function live(door: Door, chat: string): Promise<SseReader> {
  const reader = await follow(door, `/v1/chats/${chat}/events`);
  void reader.start();
  await door.until(() => door.runtime.broadcast.hears(chat));
  return reader;
}

/** The whole feed as its JSON form tells it, page by page. */
async function stored(door: Door, chat: string): Promise<z.infer<typeof page>> {
  const events: z.infer<typeof page>['events'] = [];
  for (let after = 0; ; ) {
    const { body } = await door.get(`/v1/chats/${chat}/events?after=${after}&limit=1000`, {
      accept: 'application/json',
    });
    const { events: more, next } = page.parse(body);
    events.push(...more);
    if (more.length < 1000) return { events, next };
    after = next;
  }
}

async function say(door: Door, chat: string, text: string): Promise<void> {
  const { status } = await door.post(`/v1/chats/${chat}/messages`, { text });
  expect(status).toBe(202);
}

function durable(events: readonly SseEvent[]) {
  return events.flatMap(({ id, event, data }) => (id === undefined ? [] : [{ id: Number(id), event, data }]));
}

const rested = (door: Door, chat: string) => door.until(() => door.runtime.state(chat)?.status === 'idle');

describe('a feed', () => {
  test('is a stream that no proxy keeps, with a hint when to come back', async () => {
    const door = openDoor();
    const id = await door.chat();
    const response = await door.request('GET', `/v1/chats/${id}/events`);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const reader = sseReader(response);
    await reader.read();
    expect(reader.retry).toBeGreaterThan(0);
    await reader.leave();
  });

  test('from the beginning brings everything that was, then what happens, each once and in order', async () => {
    const door = openDoor();
    const id = await door.chat();
    await say(door, id, 'one');
    await rested(door, id);
    const reader = await follow(door, `/v1/chats/${id}/events?after=0`);
    await reader.until(() => reader.events.some((one) => one.event === 'turn.ended'));
    await say(door, id, 'two');
    await reader.until(() => reader.events.filter((one) => one.event === 'turn.ended').length === 2);
    expect(durable(reader.events)).toEqual((await stored(door, id)).events);
    expect(durable(reader.events).map((one) => one.event)).toEqual([
      'message',
      'chat.updated',
      'turn.started',
      'message',
      'turn.ended',
      'message',
      'turn.started',
      'message',
      'turn.ended',
    ]);
    await reader.leave();
  });

  test('carries place and time in each event, and every event is as documented', async () => {
    const door = openDoor();
    const { schema } = await documentation(door.app);
    const id = await door.chat();
    const reader = await live(door, id);
    await say(door, id, 'say:a|b|c');
    await door.post(`/v1/chats/${id}/subagents`, { task: 'spawn:pawn hold:boss', label: 'boss' });
    await door.post(`/v1/chats/${id}/subagents/boss/steer`, { message: 'quick' });
    await door.until(() => reader.events.some((one) => JSON.stringify(one.data).includes('boss/pawn')));
    door.model.release('boss');
    door.model.release('pawn');
    await door.until(() => reader.events.filter((one) => one.event === 'announcement.read').length === 1);
    await door.post(`/v1/chats/${id}/messages`, { text: 'refuse' });
    await door.until(() => reader.events.some((one) => one.event === 'notice'));
    const documented = schema('StreamedEvent');
    for (const one of reader.events) {
      documented.parse(one.id === undefined ? one : { ...one, id: Number(one.id) });
      if (one.id !== undefined)
        expect(one.data).toMatchObject({ seq: Number(one.id), session: id, at: expect.any(Number) });
    }
    const names = new Set(reader.events.map((one) => one.event));
    for (const name of [
      'message',
      'delta',
      'progress',
      'turn.started',
      'turn.ended',
      'subagent.spawned',
      'subagent.updated',
      'subagent.ended',
      'steer.queued',
      'steer.read',
      'announcement.read',
      'notice',
    ]) {
      expect([...names]).toContain(name);
    }
    await reader.leave();
  });

  test('without a cursor starts from now, and says where that is', async () => {
    const door = openDoor();
    const id = await door.chat();
    await say(door, id, 'before');
    await rested(door, id);
    const reader = await follow(door, `/v1/chats/${id}/events`);
    await reader.read();
    expect(reader.lastId).toBe(String(door.store.session(id)?.seq));
    // It is cut before anything came; what happens meanwhile is there when it comes back.
    await reader.leave();
    await say(door, id, 'meanwhile');
    const back = await follow(door, `/v1/chats/${id}/events`, { 'last-event-id': reader.lastId ?? '' });
    await back.until(() => back.events.length > 0);
    expect(back.events[0]).toMatchObject({ event: 'message', data: { message: { text: 'meanwhile' } } });
    await back.leave();
  });

  test('misses nothing that happens between the request and the first read', async () => {
    const door = openDoor();
    const id = await door.chat();
    const reader = await follow(door, `/v1/chats/${id}/events`);
    await say(door, id, 'early');
    await reader.until(() => reader.events.length > 0);
    expect(reader.events[0]).toMatchObject({ event: 'message', data: { message: { text: 'early' } } });
    await reader.leave();
  });

  test('brings the words of an answer as they come, to who joins late the text so far first', async () => {
    const door = openDoor();
    const id = await door.chat();
    const first = await live(door, id);
    await say(door, id, 'say:Hel|lo hold:x');
    await door.until(() => first.events.filter((one) => one.event === 'delta').length === 2);
    const deltas = first.events.filter((one) => one.event === 'delta');
    expect(deltas).toMatchObject([
      { data: { turn: 1, offset: 0, text: 'Hel' } },
      { data: { turn: 1, offset: 3, text: 'lo' } },
    ]);
    expect(deltas[0]?.id).toBe(undefined);
    for (const path of [`/v1/chats/${id}/events`, `/v1/chats/${id}/events?after=0`]) {
      const late = await follow(door, path);
      await late.until(() => late.events.some((one) => one.event === 'delta'));
      expect(late.events.at(-1)).toMatchObject({ event: 'delta', data: { offset: 0, text: 'Hello' } });
      await late.leave();
    }
    door.model.release('x');
    await door.until(() => first.events.some((one) => one.event === 'turn.ended'));
    const message = z.object({ message: z.string() }).parse(deltas[0]?.data).message;
    expect(first.events.find((one) => JSON.stringify(one.data).includes('"assistant"'))).toMatchObject({
      event: 'message',
      data: { message: { id: message, text: 'Hello' } },
    });
    await first.leave();
  });

  test("shows the news of the whole tree; a subagent's own feed shows its own", async () => {
    const door = openDoor();
    const id = await door.chat();
    const reader = await follow(door, `/v1/chats/${id}/events`);
    await reader.read();
    await door.post(`/v1/chats/${id}/subagents`, { task: 'spawn:pawn hold:boss', label: 'boss' });
    const paths = () =>
      reader.events
        .filter((one) => one.event === 'subagent.spawned')
        .map((one) => z.object({ subagent: z.object({ path: z.string() }) }).parse(one.data).subagent.path);
    await reader.until(() => paths().length === 2);
    expect(paths()).toEqual(['boss', 'boss/pawn']);
    await reader.until(() => reader.events.some((one) => one.event === 'progress'));
    const own = await follow(door, `/v1/chats/${id}/subagents/boss/pawn/events?after=0`);
    await own.until(() => own.events.some((one) => one.event === 'turn.started'));
    expect(own.events[0]).toMatchObject({ event: 'message', data: { message: { text: 'hold:pawn' } } });
    door.model.release('pawn');
    await own.until(() => own.events.some((one) => one.event === 'turn.ended'));
    await reader.until(() => reader.events.filter((one) => one.event === 'subagent.ended').length === 2);
    await reader.leave();
    await own.leave();
  });

  test('shows a comment every 15 seconds, and only then', async () => {
    const door = openDoor();
    const id = await door.chat();
    const reader = await follow(door, `/v1/chats/${id}/events`);
    await reader.read();
    const opening = reader.comments.length;
    door.clock.advance(14_999);
    const next = reader.read();
    await new Promise((resolve) => setImmediate(resolve));
    expect(reader.comments).toHaveLength(opening);
    door.clock.advance(1);
    await next;
    expect(reader.comments).toHaveLength(opening + 1);
    for (let n = 0; n < 3; n++) {
      const more = reader.read();
      door.clock.advance(15_000);
      await more;
    }
    expect(reader.comments).toHaveLength(opening + 4);
    expect(reader.events).toEqual([]);
    await reader.leave();
  });

  test('leaves nothing behind when its reader goes, and holds nothing before the first read', async () => {
    const door = openDoor();
    const id = await door.chat();
    const timers = door.clock.timers;
    for (let n = 0; n < 50; n++) {
      const reader = await follow(door, `/v1/chats/${id}/events`);
      expect(door.runtime.broadcast.hears(id)).toBe(false);
      await reader.read();
      const next = reader.read();
      await door.until(() => door.runtime.broadcast.hears(id));
      await reader.leave();
      await next;
      expect(door.runtime.broadcast.hears(id)).toBe(false);
    }
    expect(door.clock.timers).toBe(timers);
    await (await door.request('GET', `/v1/chats/${id}/events`)).body?.cancel();
    expect(door.clock.timers).toBe(timers);
  });
});

describe('a reader that is cut off', () => {
  test('at 200 random places gets every event once, whatever happens meanwhile', async () => {
    const door = openDoor();
    const id = await door.chat();
    let seed = 42;
    const random = (n: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % n;
    };
    const got: SseEvent[] = [];
    let lastId: string | undefined = '0';
    let said = 0;
    for (let cut = 0; cut < amount(200, 1_000); cut++) {
      const reader = await follow(
        door,
        cut % 2 === 0 ? `/v1/chats/${id}/events` : `/v1/chats/${id}/events?after=0`,
        lastId === undefined ? {} : { 'last-event-id': lastId },
      );
      const wanted = random(5);
      const happens = random(3);
      const act = async (): Promise<void> => {
        for (let n = 0; n < happens; n++) {
          const text = random(4) === 0 ? `say:a|b|c` : `message ${said}`;
          if (random(5) === 0) {
            await door.post(`/v1/chats/${id}/subagents`, { task: 'quick' });
          } else {
            await say(door, id, text);
            said += 1;
          }
        }
      };
      const acting = act();
      const head = door.store.session(id)?.seq ?? 0;
      // What is there already is sure to come, so that the reader isn't kept waiting.
      for (let n = 0; n < wanted && Number(reader.lastId ?? lastId) < head; n++) {
        if (!(await reader.read())) break;
      }
      await reader.leave();
      await acting;
      got.push(...durable(reader.events).map((one) => ({ ...one, id: String(one.id) })));
      lastId = reader.lastId ?? lastId;
    }
    await door.until(() => door.runtime.state(id)?.status === 'idle');
    const last = await follow(door, `/v1/chats/${id}/events`, { 'last-event-id': lastId });
    const all = (await stored(door, id)).events;
    await last.until(() => got.length + durable(last.events).length >= all.length);
    await last.leave();
    const everything = [...durable(got), ...durable(last.events)];
    expect(everything.map((one) => one.id)).toEqual(all.map((one) => one.id));
    expect(everything).toEqual(all);
    expect(said).toBeGreaterThan(50);
  });

  test('goes on where it was after the gateway was started again', async () => {
    const door = openDoor();
    const id = await door.chat();
    await say(door, id, 'one');
    await rested(door, id);
    const reader = await follow(door, `/v1/chats/${id}/events?after=0`);
    await reader.until(() => reader.events.length >= 2);
    const seen = durable(reader.events);
    await reader.leave();
    const later = door.restart();
    await say(later, id, 'two');
    await rested(later, id);
    const back = await follow(later, `/v1/chats/${id}/events`, { 'last-event-id': reader.lastId ?? '' });
    const all = (await stored(later, id)).events;
    await back.until(() => seen.length + durable(back.events).length >= all.length);
    expect([...seen, ...durable(back.events)]).toEqual(all);
    await back.leave();
  });

  test('because it was too slow held no more than its buffer, and comes back to all of it', async () => {
    const hangUps: string[] = [];
    const door = openDoor({ ports: { hangUp: () => hangUps.push('hung up') } });
    const id = await door.chat();
    const reader = await follow(door, `/v1/chats/${id}/events`);
    await reader.read();
    const pending = reader.read();
    await door.until(() => door.runtime.broadcast.hears(id));
    // A hundred thousand characters each, shown twice: the buffer of a million is full after a few.
    const big = 'x'.repeat(99_000);
    for (let n = 0; n < 12 && hangUps.length === 0; n++) await say(door, id, `${n} ${big}`);
    await door.until(() => hangUps.length === 1);
    expect(door.runtime.broadcast.hears(id)).toBe(false);
    await pending;
    while (await reader.read());
    const seen = durable(reader.events);
    await rested(door, id);
    const all = (await stored(door, id)).events;
    expect(seen.length).toBeLessThan(all.length);
    const back = await follow(door, `/v1/chats/${id}/events?after=${reader.lastId}`);
    await back.until(() => seen.length + durable(back.events).length >= all.length);
    expect([...seen, ...durable(back.events)].map((one) => one.id)).toEqual(all.map((one) => one.id));
    await back.leave();
  });

  test('where the host cannot hang up is broken off by its stream', async () => {
    const door = openDoor();
    const id = await door.chat();
    const reader = await follow(door, `/v1/chats/${id}/events`);
    await reader.read();
    void reader.read();
    await door.until(() => door.runtime.broadcast.hears(id));
    const big = 'x'.repeat(99_000);
    for (let n = 0; n < 20 && door.runtime.broadcast.hears(id); n++) await say(door, id, `${n} ${big}`);
    await expect(
      (async () => {
        while (await reader.read());
      })(),
    ).rejects.toThrow('too slow');
  });

  test('is not cut off for being far behind, only for taking nothing', async () => {
    const door = openDoor();
    const id = await door.chat();
    for (let n = 0; n < 30; n++) {
      await say(door, id, 'x'.repeat(99_000));
      await rested(door, id);
    }
    const reader = await follow(door, `/v1/chats/${id}/events?after=0`);
    const all = (await stored(door, id)).events;
    await reader.until(() => reader.events.length >= all.length);
    expect(durable(reader.events)).toEqual(all);
    await reader.leave();
  });
});

describe('a cursor', () => {
  test.each(['-1', '1.5', 'x', '', ' ', '1 ', '0x1', '1e3', '99999999999999999999', 'NaN', 'null'])(
    'of %j is 400 with the range there is',
    async (wrong) => {
      const door = openDoor();
      const id = await door.chat();
      const head = door.store.session(id)?.seq;
      for (const accept of ['text/event-stream', 'application/json']) {
        const path = `/v1/chats/${id}/events?after=${encodeURIComponent(wrong)}`;
        expect(await door.get(path, { accept })).toMatchObject({
          status: 400,
          body: {
            type: '/docs#bad-cursor',
            errors: [{ path: 'after', message: expect.stringContaining(`from 0 to ${head}`) }],
          },
        });
        if (wrong.trim() !== wrong) continue;
        expect(await door.get(`/v1/chats/${id}/events`, { accept, 'last-event-id': wrong })).toMatchObject({
          status: 400,
          body: { errors: [{ path: 'Last-Event-ID' }] },
        });
      }
    },
  );

  test('of the future is 400, of the present is not', async () => {
    const door = openDoor();
    const id = await door.chat();
    const head = door.store.session(id)?.seq ?? 0;
    expect((await door.get(`/v1/chats/${id}/events?after=${head + 1}`)).status).toBe(400);
    expect(
      (await door.get(`/v1/chats/${id}/events?after=${head}`, { accept: 'application/json' })).body,
    ).toEqual({ events: [], next: head });
  });

  test('in the header wins over the one in the address', async () => {
    const door = openDoor();
    const id = await door.chat();
    await say(door, id, 'one');
    await rested(door, id);
    const head = door.store.session(id)?.seq ?? 0;
    const { body } = await door.get(`/v1/chats/${id}/events?after=0`, {
      accept: 'application/json',
      'last-event-id': String(head),
    });
    expect(page.parse(body).events).toEqual([]);
  });
});

describe('the feed in pages', () => {
  test('joins without gap or repeat, and its end is where one goes on', async () => {
    const door = openDoor();
    const id = await door.chat();
    for (let n = 0; n < 5; n++) {
      await say(door, id, `message ${n}`);
      await rested(door, id);
    }
    const whole = await stored(door, id);
    const joined: z.infer<typeof page>['events'] = [];
    let after = 0;
    for (;;) {
      const { body } = await door.get(`/v1/chats/${id}/events?after=${after}&limit=3`, {
        accept: 'application/json',
      });
      const one = page.parse(body);
      if (one.events.length === 0) break;
      expect(one.events.length).toBeLessThanOrEqual(3);
      joined.push(...one.events);
      after = one.next;
    }
    expect(joined).toEqual(whole.events);
    expect(after).toBe(door.store.session(id)?.seq);
    await say(door, id, 'later');
    const { body } = await door.get(`/v1/chats/${id}/events?after=${after}`, { accept: 'application/json' });
    expect(page.parse(body).events[0]).toMatchObject({
      event: 'message',
      data: { message: { text: 'later' } },
    });
  });

  test('is given to who wants JSON, the stream to everybody else', async () => {
    const door = openDoor();
    const id = await door.chat();
    for (const [accept, type] of [
      ['application/json', 'application/json'],
      ['application/json, text/plain', 'application/json'],
      ['text/event-stream', 'text/event-stream'],
      ['application/json, text/event-stream', 'text/event-stream'],
      ['*/*', 'text/event-stream'],
      ['', 'text/event-stream'],
    ] as const) {
      const response = await door.request('GET', `/v1/chats/${id}/events`, undefined, { accept });
      expect(response.headers.get('content-type'), accept).toBe(type);
      await response.body?.cancel();
    }
  });
});
