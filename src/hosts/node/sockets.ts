/**
 * Readers of chats' feeds over WebSockets: the tickets that open them, in memory, and what goes over each. Owns one
 * reader's pace and its end; what is told is the feed's own, and the handshake the server's.
 */
import type { RawData, WebSocket } from 'ws';
import type { Caller } from '../../http/callers.ts';
import { type FeedReading, readFeed, writtenOnce } from '../../http/feed-reading.ts';
import type { AppPorts } from '../../http/ports.ts';
import {
  badCursor,
  badTicket,
  closings,
  frame,
  notASocket,
  revokedTicket,
  type Sockets,
  TICKET_MS,
} from '../../http/sockets.ts';
import { digestOf } from '../../http/tokens.ts';
import { Upgrade } from './upgrades.ts';

/** Tickets that are kept at once: beyond it the oldest are void before their time. */
const MAX_TICKETS = 10_000;
/** Open tickets of one token. */
const MAX_EACH = 200;
/** Bytes of answers that may wait for a reader that takes nothing. */
const MAX_WAITING = 1_048_576;
/** Signs of life in vain, fifteen seconds apart, after which a reader is taken for gone. */
const MAX_UNHEARD = 2;

interface Given {
  readonly chat: string;
  readonly caller: Caller;
  /** Wall clock. */
  readonly expiresAt: number;
}

export interface SocketPorts extends Pick<AppPorts, 'store' | 'clock' | 'runtime'> {
  readonly newTicket: () => string;
  /** Told of a fault of the gateway that ended a feed. */
  readonly failed: (error: unknown) => void;
}

const write = writtenOnce(({ name, data, seq }) => frame(name, data, seq));

export function makeSockets(ports: SocketPorts): Sockets {
  const { store, clock } = ports;
  /** By the digest of the ticket, the oldest first. */
  const given = new Map<string, Given>();

  /** Makes room for one more of this token's: one that asks for many voids its own, never another's. */
  function forget(token: string): void {
    for (const [digest, { expiresAt }] of given) {
      if (expiresAt > clock.now() && given.size < MAX_TICKETS) break;
      given.delete(digest);
    }
    const own = [...given].filter(([, { caller }]) => caller.token === token);
    for (const [digest] of own.slice(0, Math.max(0, own.length - MAX_EACH + 1))) given.delete(digest);
  }

  /** Uses a ticket up. */
  function take(ticket: string, chat: string): Caller | undefined {
    const digest = digestOf(ticket);
    const found = given.get(digest);
    if (found?.chat !== chat) return undefined;
    given.delete(digest);
    return found.expiresAt > clock.now() ? found.caller : undefined;
  }

  return {
    give(chat, caller) {
      forget(caller.token);
      const ticket = ports.newTicket();
      const expiresAt = clock.now() + TICKET_MS;
      given.set(digestOf(ticket), { chat, caller, expiresAt });
      return { ticket, expiresAt };
    },

    open(chat, ticket, after, env) {
      if (!(env instanceof Upgrade)) return notASocket();
      const head = store.session(chat)?.seq ?? 0;
      if (after !== undefined && after > head) return badCursor(head);
      const caller = take(ticket, chat);
      if (!caller) return badTicket();
      // Revoked since the ticket was given: not a word is told.
      if (isRevoked(caller)) return revokedTicket();
      return env.accept((socket) => tell(socket, ports, { chat, caller, after: after ?? head }));
    },
  };
}

function isRevoked({ onceRevoked }: Caller): boolean {
  let revoked = false;
  onceRevoked(() => {
    revoked = true;
  })();
  return revoked;
}

/** Tells a reader the feed until one of the two ends it. */
function tell(
  socket: WebSocket,
  ports: SocketPorts,
  { chat, caller, after }: { readonly chat: string; readonly caller: Caller; readonly after: number },
): void {
  let unheard = 0;

  const reading: FeedReading = readFeed(
    ports,
    { session: chat, after, onceRevoked: caller.onceRevoked },
    {
      write,
      take(text) {
        socket.send(text, () => reading.taken());
      },
      waiting: () => socket.bufferedAmount,
      beat() {
        if (unheard >= MAX_UNHEARD) return cutOff();
        unheard += 1;
        socket.ping();
      },
      ended(end) {
        if (end.why !== 'failed') return socket.close(...closings[end.why]);
        ports.failed(end.error);
        socket.close(1011, 'something went wrong inside');
      },
    },
  );

  function cutOff(): void {
    reading.stop();
    socket.close(...closings.slow);
  }

  function heard(answer: () => void): void {
    unheard = 0;
    if (socket.bufferedAmount > MAX_WAITING) cutOff();
    else answer();
  }

  socket.on('message', (data: RawData, isBinary: boolean) =>
    heard(() => {
      if (!isBinary && String(data) === 'ping') socket.send('pong');
    }),
  );
  socket.on('ping', (data: Buffer) => heard(() => socket.pong(data)));
  socket.on('pong', () => heard(() => {}));
  socket.on('close', () => reading.stop());
  // What was wrong with what it sent is said in the closing.
  socket.on('error', () => {});
  reading.start();
  reading.taken();
}
