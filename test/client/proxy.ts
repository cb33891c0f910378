/**
 * A way to the gateway that can be cut, stalled and barred, byte for byte as a network does it. Owns the sockets between
 * a client and a gateway; reads nothing of what passes.
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { z } from 'zod';

/**
 * `open`: all passes. `barred`: who connects is hung up on. `stalled`: nothing passes any more, and nobody is told.
 * `one-way`: what is asked arrives, and its answer is lost. `busy`: a 503 instead of the gateway, once.
 */
export type Way = 'open' | 'barred' | 'stalled' | 'one-way' | 'busy';

export interface UncertainWay {
  readonly url: string;
  readonly host: string;
  way: Way;
  /** How often somebody connected. */
  readonly connections: number;
  /** Ends all connections that there are. */
  cut(): void;
  close(): Promise<void>;
}

const BUSY =
  'HTTP/1.1 503 Service Unavailable\r\nretry-after: 0\r\ncontent-length: 0\r\nconnection: close\r\n\r\n';

/** @param to the gateway's port */
export async function openProxy(to: () => number): Promise<UncertainWay> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let connections = 0;
  const server = createServer((near) => {
    connections += 1;
    near.on('error', () => near.destroy());
    if (proxy.way === 'barred') return void near.destroy();
    if (proxy.way === 'busy') {
      proxy.way = 'open';
      near.once('data', () => near.end(BUSY));
      return;
    }
    const far = connect(to(), '127.0.0.1');
    const pair = [near, far] as const;
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    far.on('error', end).on('close', end);
    near.on('close', end);
    near.on('data', (piece) => {
      if (proxy.way !== 'stalled') far.write(piece);
    });
    far.on('data', (piece) => {
      if (proxy.way === 'one-way') return end();
      if (proxy.way !== 'stalled') near.write(piece);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  const proxy: UncertainWay = {
    url: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    way: 'open',
    get connections() {
      return connections;
    },
    cut() {
      for (const [near, far] of pairs) {
        near.destroy();
        far.destroy();
      }
    },
    async close() {
      proxy.cut();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}
