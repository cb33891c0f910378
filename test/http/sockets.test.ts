import { once } from 'node:events';
import { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { nodeClock } from '../../src/hosts/node/clock.ts';
import { amount } from '../amounts.ts';
import { type Door, type Listening, listen, openDoor, TOKEN } from './door.ts';
import { raw } from './raw.ts';
import { type SseReader, sseReader } from './sse.ts';

const authorization = `Bearer ${TOKEN}`;
const withId = z.object({ chat: z.object({ id: z.string() }) });

interface Served extends Listening {
  readonly door: Door;
  readonly chat: string;
  /** How many readers were hung up on. */
  hungUp(): number;
  say(text: string): Promise<void>;
  follow(headers?: Record<string, string>, query?: string): Promise<SseReader>;
}

const open: Listening[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** A door on a real socket, answering under the port that it got, with one chat. */
async function served(): Promise<Served> {
  let port = 0;
  let hungUp = 0;
  const door = openDoor({
    clock: nodeClock,
    ports: {
      allowed: () => ({ hosts: [`127.0.0.1:${port}`], origins: [] }),
      hangUp(env) {
        if (
          typeof env === 'object' &&
          env !== null &&
          'incoming' in env &&
          env.incoming instanceof IncomingMessage
        ) {
          hungUp += 1;
          env.incoming.socket.destroy();
        }
      },
    },
  });
  const socket = await listen(door.app);
  open.push(socket);
  port = socket.port;
  const post = (path: string, body: object) =>
    fetch(`${socket.url}${path}`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const { chat } = withId.parse(await (await post('/v1/chats', {})).json());
  return {
    ...socket,
    door,
    chat: chat.id,
    hungUp: () => hungUp,
    async say(text) {
      expect((await post(`/v1/chats/${chat.id}/messages`, { text })).status).toBe(202);
    },
    async follow(headers = {}, query = '') {
      const response = await fetch(`${socket.url}/v1/chats/${chat.id}/events${query}`, {
        headers: { authorization, ...headers },
      });
      expect(response.status).toBe(200);
      return sseReader(response);
    },
  };
}

function head(port: number, path: string, ...lines: string[]): string {
  return [
    `POST ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    `Authorization: ${authorization}`,
    'Content-Type: application/json',
    ...lines,
    '',
    '',
  ].join('\r\n');
}

describe('over a socket', () => {
  test('a body that says it is too large is refused before it is sent, and the connection is closed', async () => {
    const { url, port, chat } = await served();
    const answer = await raw(url, [head(port, `/v1/chats/${chat}/messages`, 'Content-Length: 50000000')]);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toMatch(/connection: close/i);
    expect(answer).toContain('application/problem+json');
  });

  test('a body in chunks is refused as soon as it has become too large', async () => {
    const { url, port, chat, door } = await served();
    const chunk = `${(65_536).toString(16)}\r\n${'x'.repeat(65_536)}\r\n`;
    // Never ended: whoever waits for its end waits forever.
    const pieces = [
      head(port, `/v1/chats/${chat}/messages`, 'Transfer-Encoding: chunked'),
      ...Array(20).fill(chunk),
    ];
    const answer = await raw(url, pieces);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toMatch(/connection: close/i);
    expect(door.store.events(chat, 0, 100).some((row) => row.event.includes('xxxx'))).toBe(false);
  });

  test('a chunked body of a fair size is taken', async () => {
    const { url, port, chat } = await served();
    const body = '{"text":"in two pieces"}';
    const pieces = [body.slice(0, 5), body.slice(5)].map((one) => `${one.length.toString(16)}\r\n${one}\r\n`);
    const lines = ['Transfer-Encoding: chunked', 'Connection: close'];
    const answer = await raw(url, [
      head(port, `/v1/chats/${chat}/messages`, ...lines),
      ...pieces,
      '0\r\n\r\n',
    ]);
    expect(answer).toMatch(/^HTTP\/1\.1 202 /);
  });

  test('a feed reaches its reader as it happens, and a reader that leaves is forgotten', async () => {
    const { door, chat, say, follow } = await served();
    const reader = await follow();
    await reader.read();
    await say('hello');
    await reader.until(() => reader.events.some((one) => one.event === 'turn.ended'));
    expect(door.runtime.broadcast.hears(chat)).toBe(true);
    await reader.leave();
    await door.until(() => !door.runtime.broadcast.hears(chat));
  });

  test('connections that break off again and again lose nothing and repeat nothing', async () => {
    const at = await served();
    const { door, chat, say, follow } = at;
    const ids: number[] = [];
    let lastId = '0';
    for (let cut = 0; cut < amount(40, 200); cut++) {
      const reader = await follow({ 'last-event-id': lastId });
      await say(`message ${cut}`);
      await reader.until(() => reader.events.length > cut % 3);
      await reader.leave();
      for (const { id } of reader.events) if (id !== undefined) ids.push(Number(id));
      lastId = reader.lastId ?? lastId;
    }
    await door.until(() => door.runtime.state(chat)?.status === 'idle');
    const last = await follow({ 'last-event-id': lastId });
    const head = Math.max(...(await durableIds(at)));
    await last.until(() => Number(last.lastId ?? lastId) >= head);
    await last.leave();
    for (const { id } of last.events) if (id !== undefined) ids.push(Number(id));
    expect(ids).toEqual(await durableIds(at));
  });

  test('readers that take nothing are hung up on, and everybody else goes on', async () => {
    const at = await served();
    const { door, port, chat, say, follow } = at;
    const request = [
      `GET /v1/chats/${chat}/events HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      `Authorization: ${authorization}`,
      '',
      '',
    ].join('\r\n');
    const slow = await Promise.all(
      Array.from({ length: amount(10, 500) }, async () => {
        const socket = connect(port, '127.0.0.1');
        socket.on('error', () => {});
        await once(socket, 'connect');
        socket.write(request);
        await once(socket, 'readable');
        return socket;
      }),
    );
    const reader = await follow();
    const reading = reader.start();
    await door.until(() => door.runtime.broadcast.hears(chat));
    // One call that lasts, so that what is said costs no more than its own event.
    await say('hold:x');
    // What the kernel holds for a reader comes first, then the gateway's own buffer.
    const big = 'x'.repeat(99_000);
    const ended = slow.map((socket) => once(socket, 'close'));
    for (let said = 0; said < 500 && at.hungUp() < slow.length; said++) await say(`${said} ${big}`);
    expect(at.hungUp()).toBe(slow.length);
    for (const socket of slow) socket.resume();
    await Promise.all(ended);
    const head = Math.max(...(await durableIds(at)));
    await door.until(() => Number(reader.lastId ?? 0) >= head);
    const got = reader.events.flatMap(({ id }) => (id === undefined ? [] : [Number(id)]));
    expect(got).toEqual((await durableIds(at)).filter((id) => id >= (got[0] ?? 0)));
    await reader.leave();
    await reading;
  });
});

/** The ids of all that the chat's feed holds, read over the same socket. */
async function durableIds({ url, chat }: Pick<Served, 'url' | 'chat'>): Promise<number[]> {
  const ids: number[] = [];
  let after = 0;
  for (;;) {
    const response = await fetch(`${url}/v1/chats/${chat}/events?after=${after}&limit=1000`, {
      headers: { authorization, accept: 'application/json' },
    });
    const page = z
      .object({ events: z.array(z.object({ id: z.number() })), next: z.number() })
      .parse(await response.json());
    if (page.events.length === 0) return ids;
    ids.push(...page.events.map((one) => one.id));
    after = page.next;
  }
}
