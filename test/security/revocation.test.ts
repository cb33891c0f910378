/** A revoked token opens nothing from that moment on, and what it had opened is shut: at the door, in memory. */
import { describe, expect, test } from 'vitest';
import { sseReader } from '../http/sse.ts';
import { bearer, chatIn, openDeskDoor } from './desk.ts';

async function withChatOfAda() {
  const door = openDeskDoor();
  const phone = bearer(door.desk.give('phone', ['chat'], 'ada'));
  const laptop = bearer(door.desk.give('laptop', ['read'], 'ada'));
  const chat = chatIn((await door.post('/v1/chats', {}, phone)).body).id;
  const follow = async (headers: Record<string, string>, rest = '/events?after=0') => {
    const response = await door.request('GET', `/v1/chats/${chat}${rest}`, undefined, headers);
    expect(response.status).toBe(200);
    const reader = sseReader(response);
    await reader.read();
    return reader;
  };
  return { door, phone, laptop, chat, follow };
}

/** Reads to the end of the stream, however it ends. */
const end = (reader: { start(): Promise<void> }) => reader.start().catch(() => {});

describe('a revoked token', () => {
  test('is refused everywhere from the next request on, and says what became of it', async () => {
    const { door, phone, laptop, chat } = await withChatOfAda();
    door.desk.revoke('phone');
    for (const path of ['/v1/chats', `/v1/chats/${chat}`, `/v1/chats/${chat}/events`, '/v1/nothing']) {
      expect(await door.get(path, phone)).toMatchObject({
        status: 401,
        body: { type: '/docs#wrong-token', detail: 'This token was revoked.' },
      });
    }
    expect((await door.post(`/v1/chats/${chat}/messages`, { text: 'hi' }, phone)).status).toBe(401);
    expect((await door.get(`/v1/chats/${chat}`, laptop)).status).toBe(200);
  });

  test('ends its streams in the middle, and those of no other', async () => {
    const { door, phone, laptop, chat, follow } = await withChatOfAda();
    await door.post(`/v1/chats/${chat}/subagents`, { task: 'hold:a', label: 'a' }, phone);
    const mine = [await follow(phone), await follow(phone, '/subagents/a/events?after=0')];
    const other = await follow(laptop);
    const ends = mine.map(end);
    door.desk.revoke('phone');
    await Promise.all(ends);
    const before = mine.map(({ events }) => events.length);
    await door.post(
      `/v1/chats/${chat}/messages`,
      { text: 'after' },
      bearer(door.desk.give('new', ['chat'], 'ada')),
    );
    await other.until(() => other.events.some(({ event }) => event === 'turn.ended'));
    expect(JSON.stringify(other.events)).toContain('after');
    expect(mine.map(({ events }) => events.length)).toEqual(before);
    expect(JSON.stringify(mine.map(({ events }) => events))).not.toContain('after');
    await other.leave();
    expect(door.desk.watchers).toBe(0);
  });

  test('ends fifty streams at once, and leaves nothing behind', async () => {
    const { door, phone, laptop, chat, follow } = await withChatOfAda();
    const readers = await Promise.all(Array.from({ length: 50 }, () => follow(phone)));
    const other = await follow(laptop);
    expect(door.desk.watchers).toBe(51);
    const reading = other.start();
    await door.until(() => door.runtime.broadcast.hears(chat));
    const timers = door.clock.timers;
    const ends = readers.map(end);
    door.desk.revoke('phone');
    await Promise.all(ends);
    expect(door.desk.watchers).toBe(1);
    expect(door.clock.timers).toBe(timers - 50);
    expect(door.runtime.broadcast.hears(chat)).toBe(true);
    await other.leave();
    await reading;
    expect(door.runtime.broadcast.hears(chat)).toBe(false);
    expect(door.failures).toEqual([]);
  });

  test('that is revoked between the answer and the first read brings nothing', async () => {
    const { door, phone, chat } = await withChatOfAda();
    await door.post(`/v1/chats/${chat}/messages`, { text: 'secret words' }, phone);
    const response = await door.request('GET', `/v1/chats/${chat}/events?after=0`, undefined, phone);
    door.desk.revoke('phone');
    const reader = sseReader(response);
    await end(reader);
    expect(reader.events).toEqual([]);
    expect(door.desk.watchers).toBe(0);
  });

  test('that is revoked while a reader catches up brings no more', async () => {
    const { door, phone, chat, follow } = await withChatOfAda();
    for (let n = 0; n < 30; n++)
      await door.post(`/v1/chats/${chat}/messages`, { text: 'x'.repeat(90_000) }, phone);
    const reader = await follow(phone);
    while (reader.events.length === 0) await reader.read();
    door.desk.revoke('phone');
    const before = reader.events.length;
    await end(reader);
    // What lay in the reader's hands already may still be read; the rest of the log may not.
    expect(reader.events.length - before).toBeLessThan(10);
  });

  test('has its readers hung up on where the host can', async () => {
    let hungUp = 0;
    const door = openDeskDoor({ ports: { hangUp: () => void hungUp++ } });
    const phone = bearer(door.desk.give('phone', ['chat']));
    const chat = chatIn((await door.post('/v1/chats', {}, phone)).body).id;
    const reader = sseReader(await door.request('GET', `/v1/chats/${chat}/events`, undefined, phone));
    await reader.read();
    const ended = end(reader);
    door.desk.revoke('phone');
    await ended;
    expect(hungUp).toBe(1);
  });

  test('that was the last of its owner leaves the chats as they are, for the admin and for a later token', async () => {
    const { door, phone, chat } = await withChatOfAda();
    await door.post(`/v1/chats/${chat}/subagents`, { task: 'hold:a', label: 'a' }, phone);
    await door.post(`/v1/chats/${chat}/messages`, { text: 'remember me' }, phone);
    await door.until(() => door.runtime.state(chat)?.status === 'idle');
    door.desk.revoke('phone');
    door.desk.revoke('laptop');
    expect((await door.get(`/v1/chats/${chat}`)).body).toMatchObject({
      chat: { id: chat, owner: 'ada', status: 'idle', subagents: { running: 1 } },
    });
    // What is at work goes on, and its news comes.
    door.model.release('a');
    await door.until(() => door.model.calls >= 3);
    const later = bearer(door.desk.give('tablet', ['read'], 'ada'));
    expect(JSON.stringify((await door.get(`/v1/chats/${chat}/messages`, later)).body)).toContain(
      'remember me',
    );
  });

  test('ends its streams also when the tokens can no longer be read', async () => {
    const { door, phone, follow } = await withChatOfAda();
    const reader = await follow(phone);
    const ended = end(reader);
    door.desk.damage();
    await ended;
    expect(door.desk.watchers).toBe(0);
    expect((await door.get('/v1/chats')).status).toBe(200);
  });
});
