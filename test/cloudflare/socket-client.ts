/** Readers of a chat's feed over a WebSocket, as pages are, and what a request for one is answered. Judge nothing. */
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { expect, onTestFinished } from 'vitest';
import { z } from 'zod';
import type { WorkerHouse } from './worker-house.ts';

/** What a test needs of a gateway, whatever it runs on. */
export type SocketHouse = Pick<WorkerHouse, 'url' | 'request' | 'get' | 'post' | 'chat' | 'talk'>;

const frameSchema = z.strictObject({ id: z.number().optional(), event: z.string(), data: z.unknown() });
export type Frame = z.infer<typeof frameSchema>;

export interface SocketReader {
  readonly frames: Frame[];
  /** Whatever else came, such as `pong`. */
  readonly others: string[];
  readonly socket: WebSocket;
  /** Whether the object has closed it: the local runtime then leaves it to the client to end the connection. */
  over(): boolean;
  /** The ids that came, in order. */
  ids(): number[];
  /** Resolves when what came is enough. */
  until(enough: (reader: SocketReader) => boolean): Promise<void>;
}

interface Upgraded {
  readonly status: number;
  readonly body: unknown;
  /** With 101: reads from when it is asked for, resolves when it is closed, and ends the connection. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

/** Asks for a socket as the protocol has it, which shows more than a page can see of it. */
export function upgrade(
  url: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Upgraded> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}${path}`, {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
      },
    });
    asked.on('upgrade', (_, socket, head) => {
      onTestFinished(() => void socket.destroy());
      resolve({
        status: 101,
        body: null,
        get closed() {
          return closing(socket, head);
        },
      });
    });
    asked.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece) => {
        text += piece;
      });
      const closed = new Promise<never>(() => {});
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text), closed }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** Reads what a server sends until it closes: frames whose first byte says what they are, the second how long. */
async function closing(socket: Duplex, head: Buffer): Promise<{ code: number; reason: string }> {
  let rest = head;
  const pieces: AsyncIterator<unknown> = socket[Symbol.asyncIterator]();
  for (;;) {
    for (;;) {
      const size = rest[1] ?? 0;
      const [from, length] =
        size < 126
          ? [2, size]
          : size === 126
            ? [4, rest.length < 4 ? Number.POSITIVE_INFINITY : rest.readUInt16BE(2)]
            : [10, rest.length < 10 ? Number.POSITIVE_INFINITY : Number(rest.readBigUInt64BE(2))];
      if (rest.length < 2 || rest.length < from + length) break;
      const body = rest.subarray(from, from + length);
      if (((rest[0] ?? 0) & 15) === 8) {
        socket.destroy();
        return { code: body.readUInt16BE(0), reason: body.subarray(2).toString('utf8') };
      }
      rest = rest.subarray(from + length);
    }
    const more = (await pieces.next()).value;
    if (!Buffer.isBuffer(more)) throw new Error('the connection ended without a word');
    rest = Buffer.concat([rest, more]);
  }
}

const ticketSchema = z.object({ ticket: z.string(), path: z.string(), expiresAt: z.number() });

/** The path under which one socket can be opened. */
export async function ticketFor(
  house: Pick<SocketHouse, 'url' | 'post'>,
  chat: string,
  headers?: Record<string, string>,
): Promise<string> {
  const { status, body } = await house.post(`/v1/chats/${chat}/tickets`, {}, headers);
  expect(status, JSON.stringify(body)).toBe(201);
  return ticketSchema.parse(body).path;
}

/** @param after a cursor; absent: from now on */
export async function follow(
  house: Pick<SocketHouse, 'url' | 'post'>,
  chat: string,
  { after, headers }: { readonly after?: number; readonly headers?: Record<string, string> } = {},
): Promise<SocketReader> {
  const path = await ticketFor(house, chat, headers);
  const address = `${house.url.replace('http', 'ws')}${path}${after === undefined ? '' : `&after=${after}`}`;
  const socket = new WebSocket(address);
  const waiting = new Set<() => void>();
  const look = (): void => {
    for (const one of [...waiting]) one();
  };
  const reader: SocketReader = {
    frames: [],
    others: [],
    socket,
    over: () => socket.readyState === WebSocket.CLOSING || socket.readyState === WebSocket.CLOSED,
    ids: () => reader.frames.flatMap(({ id }) => (id === undefined ? [] : [id])),
    async until(enough) {
      await new Promise<void>((resolve, reject) => {
        const check = (): void => {
          if (!enough(reader)) return;
          clearTimeout(patience);
          waiting.delete(check);
          resolve();
        };
        const patience = setTimeout(() => {
          waiting.delete(check);
          reject(new Error(`what was waited for did not come: ${JSON.stringify(reader.frames.slice(-5))}`));
        }, 30_000);
        waiting.add(check);
        check();
      });
    },
  };
  socket.addEventListener('message', ({ data }) => {
    const text = z.string().parse(data);
    if (text.startsWith('{')) reader.frames.push(frameSchema.parse(JSON.parse(text)));
    else reader.others.push(text);
    look();
  });
  socket.addEventListener('close', look);
  onTestFinished(() => socket.close());
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error(`no socket at ${path}`)));
  });
  return reader;
}
