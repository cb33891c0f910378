/**
 * Requests for a WebSocket on Node's server: asked of the app like all others, and made a socket if it says so. Owns
 * the handshake and the sockets' ends at a stop; never decides who gets one, nor what is said on it.
 */
import type { EventEmitter } from 'node:events';
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';

/** What a reader may send at once, in bytes: it has nothing to say but `ping`. */
const MAX_BYTES = 131_072;

/** What the app is told of such a request, as `env`. */
export class Upgrade {
  readonly incoming: IncomingMessage;
  #taken: ((socket: WebSocket) => void) | undefined;

  constructor(incoming: IncomingMessage) {
    this.incoming = incoming;
  }

  /** The answer that makes it a socket, for whoever takes it over. */
  accept(taken: (socket: WebSocket) => void): Response {
    this.#taken = taken;
    // No answer can be made with this status, and it is what is sent: logs and figures shall say so.
    return Object.defineProperty(new Response(null), 'status', { value: 101 });
  }

  taker(response: Response): ((socket: WebSocket) => void) | undefined {
    return response.status === 101 ? this.#taken : undefined;
  }
}

export interface Upgrades {
  /** Tells all sockets that the gateway stops. */
  close(): void;
  /** Ends whatever is still there. */
  cut(): void;
}

/** For the server: any other upgrade is a request like all others, as it is to a server that knows none. */
export function wantsSocket({ method, url = '', headers }: IncomingMessage): boolean {
  return method === 'GET' && url.startsWith('/sockets/') && headers.upgrade?.toLowerCase() === 'websocket';
}

export function serveUpgrades(
  server: EventEmitter,
  app: (request: Request, env: Upgrade) => Response | Promise<Response>,
): Upgrades {
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_BYTES,
    // Whoever takes nothing must not fill the memory with answers.
    autoPong: false,
  });
  const asking = new Set<Duplex>();

  async function answer(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const request = requestOf(incoming);
    if (!request) return refuse(socket, new Response(null, { status: 400 }));
    const upgrade = new Upgrade(incoming);
    const response = await app(request, upgrade);
    const taken = upgrade.taker(response);
    if (socket.destroyed) return;
    if (taken) sockets.handleUpgrade(incoming, socket, head, taken);
    else await refuse(socket, response);
  }

  server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    const broken = (): void => void socket.destroy();
    socket.on('error', broken);
    asking.add(socket);
    answer(incoming, socket, head)
      .catch(broken)
      .finally(() => asking.delete(socket));
  });

  return {
    close() {
      for (const socket of sockets.clients) socket.close(1001, 'the gateway stops');
    },
    cut() {
      for (const socket of sockets.clients) socket.terminate();
      for (const socket of asking) socket.destroy();
    },
  };
}

/** Undefined: what it says of itself is no address. */
function requestOf({
  url = '/',
  headersDistinct,
  headers: { host = '' },
}: IncomingMessage): Request | undefined {
  const address = `http://${host}${url}`;
  if (!URL.canParse(address)) return undefined;
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(headersDistinct)) {
    for (const value of values) headers.append(name, value);
  }
  return new Request(address, { headers });
}

/** Says it and ends the connection, whether or not the other end does: it costs nothing to ask for a socket. */
async function refuse(socket: Duplex, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  const lines = [
    `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? ''}`,
    ...[...response.headers].map(([name, value]) => `${name}: ${value}`),
    'connection: close',
    `content-length: ${body.length}`,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  socket.end(body, () => socket.destroy());
}
