/** The feed over WebSockets on Node: what all hosts promise, and what becomes of the slow, of floods and at a stop. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { amount } from '../amounts.ts';
import { follow, type SocketHouse, ticketFor, upgrade } from '../cloudflare/socket-client.ts';
import { bearer } from '../cloudflare/worker-house.ts';
import { type Door, type Listening, listen, openDoor, TOKEN } from './door.ts';
import { readMetrics } from './prometheus.ts';
import { shareNodeHouse } from './socket-house.ts';
import { socketPromises, words } from './socket-promises.ts';

const house = shareNodeHouse(() => ({ text: words }));

socketPromises(
  () => house,
  () => bearer(house.token),
);

describe('a stop of the gateway', () => {
  test('closes sockets with 1001, and waits for none that says nothing', async () => {
    const chat = await house.chat();
    const reader = await follow(house, chat, { after: 0 });
    const closed = once(reader.socket, 'close');
    const deaf = await upgrade(house.url, `${await ticketFor(house, chat)}&after=0`);
    expect(deaf.status).toBe(101);
    await house.stop();
    expect(await closed).toMatchObject([{ code: 1001, reason: 'the gateway stops' }]);
    await house.start();
  });
});

describe('sockets over a door whose clock stands still', () => {
  let door: Door;
  let listening: Listening;
  let at: Pick<SocketHouse, 'url' | 'post'>;
  beforeAll(async () => {
    let port = 0;
    door = openDoor({
      ports: { allowed: () => ({ hosts: [`127.0.0.1:${port}`, '127.0.0.1:8787'], origins: [] }) },
    });
    listening = await listen(door.app);
    port = listening.port;
    at = { url: listening.url, post: (path, body, headers) => door.post(path, body, headers) };
  });
  afterAll(() => listening.close());

  const figures = async (): Promise<ReadonlyMap<string, number>> => {
    const text = await (await door.request('GET', '/metrics')).text();
    return new Map([...readMetrics(text).values()].flatMap(({ samples }) => [...samples]));
  };
  const open = async (): Promise<number> => (await figures()).get('tidings_feeds_open') ?? Number.NaN;
  const upgraded = (chat: string) => ticketFor(at, chat).then((path) => upgrade(at.url, `${path}&after=0`));

  test('are opened for half a minute from when the ticket was given, and not later', async () => {
    const chat = await door.chat();
    const [late, soon] = [await ticketFor(at, chat), await ticketFor(at, chat)];
    door.clock.advance(29_999);
    expect(await upgrade(at.url, soon)).toMatchObject({ status: 101 });
    door.clock.advance(1);
    expect(await upgrade(at.url, late)).toMatchObject({
      status: 403,
      body: { type: '/docs#bad-ticket' },
    });
  });

  test('are opened with the two hundred latest tickets of a token: asking for more voids its own older ones', async () => {
    const chat = await door.chat();
    const [first, second] = [await ticketFor(at, chat), await ticketFor(at, chat)];
    for (let n = 3; n <= 201; n++) await ticketFor(at, chat);
    expect(await upgrade(at.url, first)).toMatchObject({ status: 403 });
    expect(await upgrade(at.url, second)).toMatchObject({ status: 101 });
  });

  test('are counted among the open feeds and as answers of 101, and are forgotten when they are closed', async () => {
    const chat = await door.chat();
    await door.until(async () => (await open()) === 0);
    const reader = await follow(at, chat, { after: 0 });
    expect(await open()).toBe(1);
    expect(door.answered).toContain(`GET /sockets/${chat} 101`);
    expect(
      (await figures()).get('tidings_http_requests_total{method="GET",route="/sockets/{chat}",status="101"}'),
    ).toBeGreaterThan(0);
    expect(door.runtime.broadcast.hears(chat)).toBe(true);
    reader.socket.close();
    await door.until(async () => (await open()) === 0);
    expect(door.runtime.broadcast.hears(chat)).toBe(false);
  });

  test('whose other end is silent are given up, and those that answer are not', async () => {
    const chat = await door.chat();
    const silent = await upgraded(chat);
    const answering = await follow(at, chat, { after: 0 });
    const closed = silent.closed;
    // Each time whoever answers gets the time to do so, as fifteen seconds would give it.
    for (let beats = 0; beats < 3; beats += 1) {
      door.clock.advance(15_000);
      answering.socket.send('ping');
      await answering.until(({ others }) => others.length > beats);
    }
    expect(await closed).toEqual({ code: 4408, reason: 'the reader is too slow' });
    expect(answering.over()).toBe(false);
    answering.socket.close();
    await door.until(async () => (await open()) === 0);
  });

  test('that take nothing are closed with 4408, whatever they ask, and everybody else goes on', async () => {
    const chat = await door.chat();
    const deaf = await Promise.all(Array.from({ length: amount(3, 50) }, () => upgraded(chat)));
    const reader = await follow(at, chat, { after: 0 });
    const all = deaf.length + 1;
    expect(await open()).toBe(all);
    // One call that lasts, so that what is said costs no more than its own event.
    await door.post(`/v1/chats/${chat}/messages`, { text: 'hold:slow' });
    const big = 'x'.repeat(99_000);
    for (let said = 0; said < 500 && (await open()) > 1; said += 1) {
      await door.post(`/v1/chats/${chat}/messages`, { text: `${said} ${big}` });
      // The other reader takes it all, turn by turn.
      const { seq } = door.store.session(chat) ?? { seq: 0 };
      await reader.until(({ frames }) => (frames.at(-1)?.id ?? 0) >= seq);
    }
    expect(await open()).toBe(1);
    for (const one of deaf) expect((await one.closed).code).toBe(4408);
    const kept = door.store.events(chat, 0, 10_000).map(({ seq }) => seq);
    expect(reader.ids()).toEqual(kept.filter((seq) => reader.ids().includes(seq)));
    expect(new Set(reader.ids()).size).toBe(reader.ids().length);
    door.model.release('slow');
    reader.socket.close();
    await door.until(async () => (await open()) === 0);
  });

  test('asked for by a flood without a ticket leave no connection behind, even where nobody hangs up', async () => {
    const chat = await door.chat();
    const request = [
      `GET /sockets/${chat}?ticket=tkt_none HTTP/1.1`,
      `Host: 127.0.0.1:${listening.port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      '',
      '',
    ].join('\r\n');
    const before = await listening.connections();
    const flood = await Promise.all(
      Array.from({ length: amount(100, 1_000) }, async () => {
        const socket = connect({ port: listening.port, host: '127.0.0.1', allowHalfOpen: true });
        socket.on('error', () => {});
        await once(socket, 'connect');
        socket.write(request);
        return socket;
      }),
    );
    await door.until(
      () => door.answered.filter((one) => one === `GET /sockets/${chat} 403`).length >= flood.length,
    );
    expect((await door.get(`/v1/chats/${chat}`)).status).toBe(200);
    await door.until(async () => (await listening.connections()) <= before);
    for (const socket of flood) socket.destroy();
  });

  test('are not what other upgrades ask for: those are answered as if they were not asked', async () => {
    const chat = await door.chat();
    for (const [path, protocol, status] of [
      [`/v1/chats/${chat}`, 'h2c', 200],
      [`/sockets/${chat}?ticket=x`, 'h2c', 426],
      // A stream begins to come, and needs no end for it.
      [`/v1/chats/${chat}/events`, 'websocket', 200],
    ] as const) {
      const socket = connect(listening.port, '127.0.0.1');
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${listening.port}\r\nAuthorization: Bearer ${TOKEN}\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`,
      );
      const [answer]: unknown[] = await once(socket, 'data');
      socket.destroy();
      expect(String(answer), `${path} ${protocol}`).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    }
  });
});
