/** Who may not open a socket, and why, in words: another page, another ticket, no socket at all. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ticketFor, upgrade } from './socket-client.ts';
import { bearer, giveToken, openWorkerHouse } from './worker-house.ts';

const quiet = () => ({ text: 'Well.' });

describe('a socket', () => {
  test('is refused to a page of another origin or another host, and to none that has a right to it', async () => {
    const house = await openWorkerHouse(quiet);
    const chat = await house.chat();
    const path = await ticketFor(house, chat);
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

  test('needs a ticket that is unused, of this chat and no older than half a minute', async () => {
    const house = await openWorkerHouse(quiet);
    const [one, two] = [await house.chat(), await house.chat()];
    const badTicket = {
      status: 403,
      body: {
        type: '/docs#bad-ticket',
        detail: expect.stringContaining('get another one from POST /v1/chats/{chat}/tickets'),
      },
    };
    const used = await ticketFor(house, one);
    expect(await upgrade(house.url, used)).toMatchObject({ status: 101 });
    expect(await upgrade(house.url, used)).toMatchObject(badTicket);

    const old = await ticketFor(house, one);
    const [kept] = z
      .array(z.object({ left: z.number() }))
      .parse(await house.rows(one, 'SELECT expires_at - ? AS left FROM tickets', Date.now()));
    expect(kept?.left).toBeGreaterThan(0);
    expect(kept?.left).toBeLessThanOrEqual(30_000);
    await house.rows(one, 'UPDATE tickets SET expires_at = ?', Date.now() - 1);
    expect(await upgrade(house.url, old)).toMatchObject(badTicket);
    expect(await house.rows(one, 'SELECT * FROM tickets')).toEqual([]);

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
    // What is kept of a ticket doesn't let in.
    await ticketFor(house, one);
    const [digest] = z
      .array(z.object({ digest: z.string() }))
      .parse(await house.rows(one, 'SELECT digest FROM tickets'));
    expect(await upgrade(house.url, `/sockets/${one}?ticket=${digest?.digest}`)).toMatchObject(badTicket);
  });

  test('from a cursor that is none of its feed is refused with the range, and the ticket is still good', async () => {
    const house = await openWorkerHouse(quiet);
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
    const house = await openWorkerHouse(quiet);
    const chat = await house.chat();
    const path = await ticketFor(house, chat);
    for (const headers of [{}, { authorization: '' }]) {
      expect(await house.get(path, headers)).toMatchObject({
        status: 426,
        body: { type: '/docs#not-a-socket', detail: expect.stringContaining('Upgrade: websocket') },
      });
    }
    expect(await upgrade(house.url, path)).toMatchObject({ status: 101 });
  });

  test('gives no ticket to whoever does not see the chat', async () => {
    const house = await openWorkerHouse(quiet);
    const chat = await house.chat();
    const ada = bearer(await giveToken(house, 'ada', ['chat']));
    expect((await house.post(`/v1/chats/${chat}/tickets`, {}, ada)).status).toBe(404);
    expect((await house.post(`/v1/chats/${chat}/tickets`, {}, { authorization: '' })).status).toBe(401);
    expect(await house.rows(chat, 'SELECT * FROM tickets')).toEqual([]);
  });
});
