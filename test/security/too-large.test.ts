/** Whoever sends too much hears so, however much of it was still on its way, and holds nothing for long. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { lingerOn, type Patience } from '../../src/hosts/node/lingering.ts';
import { openHouse } from '../e2e/harness.ts';

const MiB = 1_048_576;

test('a body that is too large is answered with 413 every time, to clients of every kind', async () => {
  const house = await openHouse();
  const chat = await house.client.newChat();
  const authorization = `Bearer ${house.token}`;
  const json = 'application/json';
  const message = chat.path('/messages');
  const sends: [path: string, type: string, size: number, chunked: boolean, times: number][] = [
    [message, json, 3 * MiB, false, 4],
    [message, json, 3 * MiB, true, 4],
    [chat.path('/files?name=a.pdf'), 'application/pdf', 11 * MiB, false, 8],
  ];
  for (const [path, type, size, chunked, times] of sends) {
    const bytes = new Uint8Array(size).fill(0x20);
    for (let n = 0; n < times; n += 1) {
      const response = await fetch(`${house.url}${path}`, {
        method: 'POST',
        headers: { authorization, 'content-type': type },
        body: chunked ? new Blob([bytes]).stream() : bytes,
        ...(chunked ? { duplex: 'half' } : {}),
      });
      expect(response.status, `${path}, ${size} bytes`).toBe(413);
      expect(await response.json()).toMatchObject({ type: '/docs#too-large' });
    }
  }
  // Others send all that they have before they read a word.
  const head = [
    `POST ${message} HTTP/1.1`,
    `Host: ${new URL(house.url).host}`,
    `Authorization: ${authorization}`,
    `Content-Type: ${json}`,
    `Content-Length: ${20 * MiB}`,
  ];
  for (let n = 0; n < 2; n += 1) {
    const socket = await connected(house.url);
    socket.pause();
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    await sent(socket, new Uint8Array(20 * MiB).fill(0x20));
    expect(await allOf(socket)).toMatch(/^HTTP\/1\.1 413 .*connection: close.*\/docs#too-large/is);
  }
});

test('who goes on sending after the answer is read up to a bound, and is no request any more', async () => {
  const asked: string[] = [];
  const { url } = await listening({ ms: 60_000, silentMs: 60_000, bytes: 4 * MiB, connections: 64 }, asked);
  const socket = await connected(url);
  const whole = allOf(socket);
  socket.write(`${post}\r\nContent-Length: 1000\r\n\r\n`);
  await once(socket, 'data');
  // The end of the body, and behind it what would be another request.
  socket.write(`${' '.repeat(1_000)}${get}`);
  const flood = new Uint8Array(MiB);
  // The one that reads ends it: what is written then has nowhere to go.
  while (!socket.destroyed) await sent(socket, flood).catch(() => {});
  expect(await whole).toMatch(/^HTTP\/1\.1 413 .*no$/s);
  expect(asked).toEqual(['POST']);
});

test('who sends nothing more, or all too slowly, is let go, and so is the oldest of too many', async () => {
  const long = { ms: 60_000, silentMs: 60_000, bytes: MiB, connections: 2 };
  for (const [patience, staying] of [
    [{ ...long, silentMs: 50 }, 0],
    [{ ...long, ms: 50 }, 0],
    [long, 2],
  ] as const) {
    const { url, connections } = await listening(patience);
    for (let n = 0; n < 3; n += 1) {
      const socket = await connected(url);
      socket.write(`${post}\r\nContent-Length: 1000000\r\n\r\n`);
      // Its own end stays open: only the other side lets go.
      expect(await allOf(socket)).toMatch(/^HTTP\/1\.1 413 .*no$/s);
    }
    await expect.poll(connections).toBe(staying);
  }
});

const post = 'POST / HTTP/1.1\r\nHost: x';
const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

/** A server that refuses every body before it is read. */
async function listening(
  patience: Patience,
  asked: string[] = [],
): Promise<{ readonly url: string; readonly connections: () => Promise<number> }> {
  const server = createServer((request, response) => {
    asked.push(request.method ?? '');
    response.writeHead(413, { connection: 'close', 'content-length': '2' }).end('no');
  });
  lingerOn(server, patience);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('it has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    connections: promisify(server.getConnections.bind(server)),
  };
}

async function connected(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.on('error', () => {});
  return socket;
}

/** Resolves when the bytes were taken. */
function sent(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

/** All that comes back. */
async function allOf(socket: Socket): Promise<string> {
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('utf8');
  });
  socket.resume();
  await Promise.race([once(socket, 'end'), once(socket, 'close')]);
  return answer;
}
