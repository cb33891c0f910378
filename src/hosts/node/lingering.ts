/**
 * Connections that end while their request still comes in: the answer is sent, and what comes is read and thrown away
 * for a while, since a connection that is closed with bytes unread is reset, and the answer lost with it. Owns how long
 * and how much; never decides which connections end.
 */
import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

export interface Patience {
  /** Milliseconds in all. */
  readonly ms: number;
  /** Milliseconds in which nothing comes. */
  readonly silentMs: number;
  /** Bytes that are thrown away. */
  readonly bytes: number;
  /** Connections at once: one more ends the oldest. */
  readonly connections: number;
}

const usual: Patience = { ms: 30_000, silentMs: 5_000, bytes: 67_108_864, connections: 64 };

/** Has a server's connections linger that end before their request has come in whole. */
export function lingerOn(server: EventEmitter, patience: Patience = usual): void {
  /** Those that linger, the oldest first, and how each ends. */
  const lingering = new Map<Socket, () => void>();
  const latest = new WeakMap<Socket, IncomingMessage>();

  function linger(socket: Socket): void {
    let left = patience.bytes;
    const cut = (): void => void socket.destroy();
    const limit = setTimeout(cut, patience.ms);
    // Nothing of it is a request any more: whoever read it is deaf from here on.
    socket.removeAllListeners('data');
    socket.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      if (left < 0) cut();
    });
    socket.once('close', () => {
      clearTimeout(limit);
      lingering.delete(socket);
    });
    socket.setTimeout(patience.silentMs, cut);
    // Whoever has read the answer sees that there is no more, and hangs up.
    socket.end();
    socket.resume();
    lingering.set(socket, cut);
    const [oldest] = lingering.values();
    if (lingering.size > patience.connections) oldest?.();
  }

  server.on('connection', (socket: Socket) => {
    // So the server ends a connection after its last answer.
    const end = socket.destroySoon.bind(socket);
    socket.destroySoon = () => {
      if (lingering.has(socket)) return;
      if (latest.get(socket)?.complete === false && !socket.destroyed) linger(socket);
      else end();
    };
  });
  server.on('request', (incoming: IncomingMessage) => void latest.set(incoming.socket, incoming));
}
