/** The feed over hibernating WebSockets: the same as the stream, whatever happens to the object that tells it. */
import { describe, expect, test } from 'vitest';
import { durable, ended, kept, socketPromises, words } from '../http/socket-promises.ts';
import { sseReader } from '../http/sse.ts';
import { follow, type SocketReader, ticketFor, upgrade } from './socket-client.ts';
import { adminToken, bearer, giveToken, openWorkerHouse } from './worker-house.ts';

const quiet = () => ({ text: words });

socketPromises(
  () => openWorkerHouse(quiet),
  () => bearer(adminToken),
);

describe('a socket of an object', () => {
  test('stays open while its object sleeps, and gets what happens then exactly once', async () => {
    const house = await openWorkerHouse(quiet);
    const chat = await house.chat();
    const readers = await Promise.all(
      [0, 0, undefined].map((after) => follow(house, chat, after === undefined ? {} : { after })),
    );
    for (const [n, text] of ['One.', 'Two.', 'Three.'].entries()) {
      await house.talk(chat, text);
      for (const reader of readers) await reader.until(ended(n + 1));
      await house.host.evict('SESSIONS', chat, 'hibernate');
      for (const { socket } of readers) socket.send('ping');
      for (const reader of readers) await reader.until(({ others }) => others.length > n);
      expect(readers.map((reader) => reader.over())).toEqual([false, false, false]);
    }
    const events = await kept(house, chat);
    const [first, second, third] = readers.map(durable);
    expect(first).toEqual(events);
    expect(second).toEqual(events);
    expect(third).toEqual(events.slice(events.length - (third?.length ?? 0)));
    expect(readers.map(({ others }) => others)).toEqual(readers.map(() => ['pong', 'pong', 'pong']));
  });

  test('is closed with 4404 when its chat is deleted, also one whose object slept', async () => {
    const house = await openWorkerHouse(quiet);
    const [awake, asleep] = [await house.chat(), await house.chat()];
    const opened = await Promise.all(
      [awake, asleep].map(async (chat) => upgrade(house.url, `${await ticketFor(house, chat)}&after=0`)),
    );
    expect(opened.map(({ status }) => status)).toEqual([101, 101]);
    await house.host.evict('SESSIONS', asleep, 'hibernate');
    for (const chat of [awake, asleep]) {
      expect((await house.request('DELETE', `/v1/chats/${chat}`)).status).toBe(200);
    }
    for (const { closed } of opened) {
      expect(await closed).toEqual({ code: 4404, reason: 'the chat is gone' });
    }
  });

  test('that its page closes leaves nothing behind', async () => {
    const house = await openWorkerHouse(quiet);
    const ada = bearer(await giveToken(house, 'ada', ['chat']));
    const chat = await house.chat(ada);
    const reader = await follow(house, chat, { after: 0, headers: ada });
    const watchers = () => house.directory('SELECT session FROM watchers');
    await expect.poll(watchers).toEqual([{ session: chat }]);
    reader.socket.close();
    await expect.poll(watchers).toEqual([]);
    await expect.poll(() => reader.socket.readyState).toBe(WebSocket.CLOSED);
    await house.talk(chat, 'One.');
  });
});

describe('a token that is revoked', () => {
  test('has its sockets and streams cut off, whether their object slept or not, and no others are', async () => {
    const house = await openWorkerHouse(quiet);
    const ada = bearer(await giveToken(house, 'phone', ['chat'], 'ada'));
    const laptop = bearer(await giveToken(house, 'laptop', ['read'], 'ada'));
    const [awake, asleep] = [await house.chat(ada), await house.chat(ada)];
    const cut = await Promise.all(
      [asleep, awake].map(async (chat) => upgrade(house.url, `${await ticketFor(house, chat, ada)}&after=0`)),
    );
    const stay: SocketReader[] = [];
    for (const chat of [asleep, awake]) {
      stay.push(
        await follow(house, chat, { after: 0, headers: laptop }),
        await follow(house, chat, { after: 0 }),
      );
    }
    await expect.poll(() => house.directory('SELECT * FROM watchers')).toHaveLength(4);
    const stream = async (headers: Record<string, string>) => {
      const reader = sseReader(await fetch(`${house.url}/v1/chats/${awake}/events?after=0`, { headers }));
      await reader.read();
      const over = reader.start().then(
        () => 'over',
        () => 'over',
      );
      return { reader, over };
    };
    const mine = await stream(ada);
    const other = await stream(laptop);
    await house.host.evict('SESSIONS', asleep, 'hibernate');

    expect((await house.post('/v1/tokens/revoke', { name: 'phone' })).status).toBe(200);
    for (const { closed } of cut) {
      expect(await closed).toEqual({ code: 4401, reason: 'the token was revoked' });
    }
    expect(await mine.over).toBe('over');
    expect((await house.get(`/v1/chats/${awake}`, ada)).status).toBe(401);
    for (const chat of [awake, asleep]) await house.talk(chat, 'Go on.');
    for (const reader of stay) await reader.until(ended(1));
    expect(stay.map((reader) => reader.over())).toEqual(stay.map(() => false));
    await expect.poll(() => other.reader.events.some(({ event }) => event === 'turn.ended')).toBe(true);
    await other.reader.leave();
    await expect
      .poll(async () => (await house.directory('SELECT session FROM watchers')).length)
      .toBeLessThan(4);
  });

  test('opens no socket with a ticket that it was given before', async () => {
    const house = await openWorkerHouse(quiet);
    const ada = bearer(await giveToken(house, 'ada', ['chat']));
    const chat = await house.chat(ada);
    await house.talk(chat, 'One.');
    const path = await ticketFor(house, chat, ada);
    expect((await house.post('/v1/tokens/revoke', { name: 'ada' })).status).toBe(200);
    expect(await upgrade(house.url, `${path}&after=0`)).toMatchObject({
      status: 403,
      body: { type: '/docs#bad-ticket', detail: expect.stringContaining('was revoked') },
    });
    expect(await house.directory('SELECT * FROM watchers')).toEqual([]);
  });
});
