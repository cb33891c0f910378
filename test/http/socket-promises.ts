/**
 * What a chat's socket promises on every host: the same events as the stream, and nothing to whom it does not know. Each
 * host's own tests run it on a gateway of theirs.
 */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  follow,
  type SocketHouse,
  type SocketReader,
  ticketFor,
  upgrade,
} from '../cloudflare/socket-client.ts';
import { bearer, giveToken } from '../cloudflare/worker-house.ts';
import { sseReader } from './sse.ts';

/** What the scripted model says to everything. */
export const words = 'Well, this is said in several words.';

const pageSchema = z.object({
  events: z.array(z.object({ id: z.number(), event: z.string(), data: z.unknown() })),
  next: z.number(),
});

/** All that the feed holds. */
export async function kept(house: SocketHouse, chat: string) {
  const { body } = await house.get(`/v1/chats/${chat}/events?after=0&limit=1000`, {
    accept: 'application/json',
  });
  return pageSchema.parse(body).events;
}

export const durable = ({ frames }: SocketReader) => frames.filter(({ id }) => id !== undefined);
export const ended = (turns: number) => (reader: SocketReader) =>
  reader.frames.filter(({ event }) => event === 'turn.ended').length >= turns;

const badTicket = {
  status: 403,
  body: {
    type: '/docs#bad-ticket',
    detail: expect.stringContaining('get another one from POST /v1/chats/{chat}/tickets'),
  },
};

/** @param house with a model that says `words`; @param admin what its admin sends */
export function socketPromises(
  open: () => SocketHouse | Promise<SocketHouse>,
  admin: () => Record<string, string>,
): void {
  let tokens = 0;
  const named = async (house: SocketHouse, scopes: readonly string[], owner: string) => {
    tokens += 1;
    const name = `${owner}-${tokens}`;
    return { name, headers: bearer(await giveToken(house, name, scopes, owner)) };
  };

  describe('a socket', () => {
    test('tells what the stream tells, with the same ids, from the beginning and from any event on', async () => {
      const house = await open();
      const chat = await house.chat();
      await house.talk(chat, 'One.');
      const all = await follow(house, chat, { after: 0 });
      const stream = sseReader(
        await fetch(`${house.url}/v1/chats/${chat}/events?after=0`, { headers: admin() }),
      );
      await house.talk(chat, 'Two.');
      await all.until(ended(2));
      await stream.until(() => stream.events.filter(({ event }) => event === 'turn.ended').length === 2);
      await stream.leave();
      const events = await kept(house, chat);
      expect(durable(all)).toEqual(events);
      expect(
        stream.events
          .filter(({ id }) => id !== undefined)
          .map(({ id, event, data }) => ({ id: Number(id), event, data })),
      ).toEqual(events);
      for (const { id } of events) {
        const later = await follow(house, chat, { after: id });
        const rest = events.filter((one) => one.id > id);
        await later.until(({ frames }) => frames.length >= rest.length);
        expect(durable(later)).toEqual(rest);
        later.socket.close();
      }
    });

    test('without a cursor begins now, and shows words while they are said', async () => {
      const house = await open();
      const chat = await house.chat();
      await house.talk(chat, 'One.');
      const before = await kept(house, chat);
      const reader = await follow(house, chat);
      await house.talk(chat, 'Two.');
      await reader.until(ended(1));
      expect(durable(reader)).toEqual((await kept(house, chat)).slice(before.length));
      const said = reader.frames.filter(({ event }) => event === 'delta');
      expect(said.length).toBeGreaterThan(0);
      const text = said.map(({ data }) => z.object({ text: z.string() }).parse(data).text).join('');
      expect(words.startsWith(text)).toBe(true);
    });

    test('that says anything but ping is told nothing, and goes on', async () => {
      const house = await open();
      const chat = await house.chat();
      const reader = await follow(house, chat, { after: 0 });
      for (const text of ['', 'pong', '{"type":"say","text":"x"}', 'x'.repeat(100_000)])
        reader.socket.send(text);
      reader.socket.send(new Uint8Array([0, 255]));
      await house.talk(chat, 'One.');
      await reader.until(ended(1));
      expect(durable(reader)).toEqual(await kept(house, chat));
      expect(reader.others).toEqual([]);
      reader.socket.send('ping');
      await reader.until(({ others }) => others.length > 0);
      expect(reader.others).toEqual(['pong']);
    });

    test('is closed with 4404 when its chat is deleted', async () => {
      const house = await open();
      const chat = await house.chat();
      const { status, closed } = await upgrade(house.url, `${await ticketFor(house, chat)}&after=0`);
      expect(status).toBe(101);
      expect((await house.request('DELETE', `/v1/chats/${chat}`)).status).toBe(200);
      expect(await closed).toEqual({ code: 4404, reason: 'the chat is gone' });
    });

    test('of a revoked token is closed with 4401, and no other is, nor does its ticket open one', async () => {
      const house = await open();
      const phone = await named(house, ['chat'], 'ada');
      const laptop = await named(house, ['read'], 'ada');
      const chat = await house.chat(phone.headers);
      const mine = await upgrade(house.url, `${await ticketFor(house, chat, phone.headers)}&after=0`);
      const unused = await ticketFor(house, chat, phone.headers);
      const other = await follow(house, chat, { after: 0, headers: laptop.headers });
      expect((await house.post('/v1/tokens/revoke', { name: phone.name })).status).toBe(200);
      expect(await mine.closed).toEqual({ code: 4401, reason: 'the token was revoked' });
      expect(await upgrade(house.url, `${unused}&after=0`)).toMatchObject({
        status: 403,
        body: { type: '/docs#bad-ticket', detail: expect.stringContaining('was revoked') },
      });
      await house.talk(chat, 'Go on.');
      await other.until(ended(1));
    });

    test('is refused to a page of another origin or another host, and to none that has a right to it', async () => {
      const house = await open();
      const path = await ticketFor(house, await house.chat());
      const { origin, port } = new URL(house.url);
      for (const foreign of ['https://evil.example', 'null', `http://evil.example:${port}`, `${origin}0`]) {
        expect(await upgrade(house.url, path, { origin: foreign }), foreign).toMatchObject({
          status: 403,
          body: { type: '/docs#foreign-origin' },
        });
      }
      expect(await upgrade(house.url, path, { host: `evil.example:${port}` })).toMatchObject({
        status: 403,
        body: { type: '/docs#foreign-host' },
      });
      // None of these has used the ticket up.
      expect(await upgrade(house.url, path, { origin: `http://localhost:${port}` })).toMatchObject({
        status: 101,
      });
    });

    test('needs a ticket that is unused and of this chat', async () => {
      const house = await open();
      const [one, two] = [await house.chat(), await house.chat()];
      const used = await ticketFor(house, one);
      expect(await upgrade(house.url, used)).toMatchObject({ status: 101 });
      expect(await upgrade(house.url, used)).toMatchObject(badTicket);

      const others = await ticketFor(house, two);
      expect(await upgrade(house.url, others.replace(two, one))).toMatchObject(badTicket);
      expect(await upgrade(house.url, others)).toMatchObject({ status: 101 });
      for (const ticket of ['tkt_x', 'x'.repeat(200), '%00', "'%20OR%201=1"]) {
        expect(await upgrade(house.url, `/sockets/${one}?ticket=${ticket}`), ticket).toMatchObject(badTicket);
      }
      for (const query of [
        '',
        '?ticket=',
        `?ticket=${'x'.repeat(201)}`,
        '?ticket=a&ticket=b',
        '?ticket=a&what=1',
      ]) {
        expect(await upgrade(house.url, `/sockets/${one}${query}`), query).toMatchObject({ status: 422 });
      }
    });

    test('from a cursor that is none of its feed is refused with the range, and the ticket is still good', async () => {
      const house = await open();
      const chat = await house.chat();
      await house.talk(chat, 'Hello.');
      const path = await ticketFor(house, chat);
      for (const after of ['999999', '-1', '1.5', 'x', '9'.repeat(30), '']) {
        expect(await upgrade(house.url, `${path}&after=${after}`), after).toMatchObject({
          status: 400,
          body: { type: '/docs#bad-cursor', errors: [{ path: 'after' }] },
        });
      }
      expect(await upgrade(house.url, `${path}&after=1`)).toMatchObject({ status: 101 });
    });

    test('is no page: without Upgrade the answer is 426, whoever asks', async () => {
      const house = await open();
      const path = await ticketFor(house, await house.chat());
      for (const headers of [{}, { authorization: '' }]) {
        expect(await house.get(path, headers)).toMatchObject({
          status: 426,
          body: { type: '/docs#not-a-socket', detail: expect.stringContaining('Upgrade: websocket') },
        });
      }
      expect(await upgrade(house.url, path)).toMatchObject({ status: 101 });
    });

    test('is not there for a chat that is not there, and its ticket is not for whoever does not see it', async () => {
      const house = await open();
      const chat = await house.chat();
      const { headers } = await named(house, ['chat'], 'eve');
      expect((await house.post(`/v1/chats/${chat}/tickets`, {}, headers)).status).toBe(404);
      expect((await house.post(`/v1/chats/${chat}/tickets`, {}, { authorization: '' })).status).toBe(401);
      expect(await upgrade(house.url, '/sockets/chat_that_is_not?ticket=tkt_x')).toMatchObject({
        status: 404,
      });
    });
  });
}
