/**
 * A proxy that adds a token to whatever it is asked, for programs that can be given none. What they say of host and origin
 * goes through as it came, their own name for this proxy aside. Changes nothing else.
 */
import { once } from 'node:events';
import { request as ask, createServer } from 'node:http';
import { onTestFinished } from 'vitest';
import { z } from 'zod';

const addressShape = z.object({ port: z.number() });

/** @returns where it listens */
export async function tokenProxy(url: string, token: string): Promise<string> {
  const target = new URL(url);
  const server = createServer((incoming, outgoing) => {
    const own = `127.0.0.1:${addressShape.parse(server.address()).port}`;
    const named = (text: string | undefined): string | undefined => text?.replace(own, target.host);
    const { host, origin, ...headers } = incoming.headers;
    const asked = ask(
      {
        host: target.hostname,
        port: target.port,
        method: incoming.method,
        path: incoming.url,
        headers: {
          ...headers,
          host: named(host),
          ...(origin === undefined ? {} : { origin: named(origin) }),
          authorization: `Bearer ${token}`,
        },
      },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        outgoing.flushHeaders();
        answer.pipe(outgoing);
      },
    );
    asked.on('error', () => outgoing.destroy());
    outgoing.on('close', () => asked.destroy());
    incoming.pipe(asked);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${addressShape.parse(server.address()).port}`;
}
