/** Owns what the tests of `web_fetch` share: real servers on this machine, and a workshop that may ask some of them. */
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createSocketServer, type Socket } from 'node:net';
import type { Lookup } from '../../src/hosts/node/fetch/names.ts';
import type { FetchLimits } from '../../src/tools/page-fetch.ts';
import { afterTest, type Bench, bench } from '../workshop/setup.ts';

export interface Site {
  readonly url: string;
  readonly port: number;
  /** What was asked, oldest first. */
  readonly heard: IncomingMessage[];
  /** Connections that were made, whatever was sent on them. */
  connections(): number;
}

/** A web server on loopback, down after the test. */
export async function site(answer: RequestListener, host = '127.0.0.1'): Promise<Site> {
  const heard: IncomingMessage[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    heard.push(request);
    answer(request, response);
  });
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  afterTest(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, port, heard, connections: () => connections };
}

/** A server that speaks bytes as it likes. */
export async function rawSite(speak: (socket: Socket) => void): Promise<{ url: string; port: number }> {
  const sockets = new Set<Socket>();
  const server = createSocketServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    speak(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterTest(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, port };
}

export interface Browser extends Bench {
  fetch(url: string, limitMs?: number): Promise<{ ok: boolean; text: string }>;
}

/** A workshop that asks only public addresses, and those on the list. */
export function browser(
  more: {
    readonly allow?: readonly string[];
    readonly refuse?: readonly string[];
    readonly lookup?: Lookup;
    readonly limits?: Partial<FetchLimits>;
  } = {},
): Browser {
  const it = bench({ fetch: { allow: [], refuse: [], ...more } });
  return {
    ...it,
    fetch: (url, limitMs) => it.call('web_fetch', { url }, limitMs === undefined ? {} : { limitMs }),
  };
}
