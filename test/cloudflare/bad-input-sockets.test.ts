/** What an object keeps of tickets: nothing that lets in, and nothing for longer than they live. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ticketFor, upgrade } from './socket-client.ts';
import { openWorkerHouse } from './worker-house.ts';

const badTicket = { status: 403, body: { type: '/docs#bad-ticket' } };

describe('a ticket for a socket', () => {
  test('is no older than half a minute, and then gone', async () => {
    const house = await openWorkerHouse(() => ({ text: 'Well.' }));
    const chat = await house.chat();
    const old = await ticketFor(house, chat);
    const [kept] = z
      .array(z.object({ left: z.number() }))
      .parse(await house.rows(chat, 'SELECT expires_at - ? AS left FROM tickets', Date.now()));
    expect(kept?.left).toBeGreaterThan(0);
    expect(kept?.left).toBeLessThanOrEqual(30_000);
    await house.rows(chat, 'UPDATE tickets SET expires_at = ?', Date.now() - 1);
    expect(await upgrade(house.url, old)).toMatchObject(badTicket);
    expect(await house.rows(chat, 'SELECT * FROM tickets')).toEqual([]);
  });

  test('is kept as a digest, which opens nothing', async () => {
    const house = await openWorkerHouse(() => ({ text: 'Well.' }));
    const chat = await house.chat();
    await ticketFor(house, chat);
    const [digest] = z
      .array(z.object({ digest: z.string() }))
      .parse(await house.rows(chat, 'SELECT digest FROM tickets'));
    expect(await upgrade(house.url, `/sockets/${chat}?ticket=${digest?.digest}`)).toMatchObject(badTicket);
  });
});
