/**
 * The readers of a session's feed over hibernating WebSockets: what each has seen is kept with its socket, so that the
 * object may leave memory and whoever is there is told on from where it was when the object is back. Owns tickets and
 * frames; what is told is the feed's own.
 */
import type { DurableObjectState, WebSocket } from '@cloudflare/workers-types';
import { z } from 'zod';
import { decodeEvent, type Recorded } from '../../core/events.ts';
import { project } from '../../core/feed.ts';
import type { Clock } from '../../core/ports.ts';
import { handedOn, received } from '../../http/callers.ts';
import { Unreachable } from '../../http/problem.ts';
import {
  badCursor,
  badTicket,
  closings,
  frame,
  revokedTicket,
  type Sockets,
  TICKET_MS,
} from '../../http/sockets.ts';
import { digestOf } from '../../http/tokens.ts';
import type { Broadcast } from '../../runtime/broadcast.ts';
import type { Readers } from './readers.ts';
import type { SessionStore } from './session-store.ts';

export interface SessionSockets extends Sockets {
  /** Tells those on that were there before the object left memory. */
  resume(): void;
  /** A socket is gone. */
  closed(socket: WebSocket, code: number): void;
}

const ROWS = 100;
/** Characters sent to a reader that catches up until it is waited for. */
const CHARS = 262_144;
/** Characters that may be on their way to a reader: one that takes nothing must not fill the object's memory. */
const MAX_UNTAKEN = 1_048_576;
/** How often it is looked whether a reader has taken what it got, and how often in vain. */
const LOOK_MS = 100;
const LOOKS = 300;

const attachedSchema = z.object({ seen: z.number(), digest: z.string().optional() });
type Attached = z.infer<typeof attachedSchema>;

export function makeSessionSockets(
  session: string,
  ports: {
    readonly ctx: Pick<
      DurableObjectState,
      'acceptWebSocket' | 'getWebSockets' | 'setWebSocketAutoResponse' | 'getWebSocketAutoResponseTimestamp'
    >;
    readonly store: Pick<SessionStore, 'session' | 'events' | 'addTicket' | 'takeTicket'>;
    readonly broadcast: Broadcast;
    readonly readers: Readers;
    readonly clock: Clock;
    readonly newTicket: () => string;
  },
): SessionSockets {
  const { ctx, store, broadcast, readers, clock } = ports;
  const letGo = new Map<WebSocket, () => void>();

  function pingOf(socket: WebSocket): number {
    return ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0;
  }

  /** Tells it all after what it has seen, then what happens. */
  function follow(socket: WebSocket, attached: Attached): void {
    let { seen } = attached;
    let over = false;
    /** Characters sent since its last `ping`, and when that was. */
    let untaken = 0;
    let pinged = pingOf(socket);
    let looks = 0;
    let unfollow = (): void => {};
    const { digest } = attached;
    const unwatch = digest === undefined ? () => {} : readers.onceRevoked(digest, () => end('revoked'));

    function stop(): void {
      over = true;
      unfollow();
      unwatch();
      letGo.delete(socket);
    }

    function end(why: keyof typeof closings): void {
      if (over) return;
      stop();
      socket.close(...closings[why]);
    }

    /** Whoever sends `ping` has taken what came before. */
    function take(): void {
      const latest = pingOf(socket);
      if (latest === pinged) return;
      pinged = latest;
      untaken = 0;
      looks = 0;
    }

    function send(text: string): void {
      if (over) return;
      take();
      if (untaken > 0 && untaken + text.length > MAX_UNTAKEN) return end('slow');
      untaken += text.length;
      try {
        socket.send(text);
      } catch {
        // It broke off; the platform tells of it in its own time.
        stop();
      }
    }

    function show(recorded: Recorded): void {
      if (over || recorded.seq <= seen) return;
      const event = project(session, recorded);
      if (event) send(frame(event.name, event.data, recorded.seq));
      // One that was cut off before it has not seen it.
      if (!over) seen = recorded.seq;
    }

    function keep(): void {
      if (!over) socket.serializeAttachment({ seen, ...(digest === undefined ? {} : { digest }) });
    }

    /** In portions, the next when the one before was taken. */
    function catchUp(): void {
      if (over) return;
      take();
      if (untaken > CHARS) {
        looks += 1;
        if (looks > LOOKS) return end('slow');
        clock.after(LOOK_MS, catchUp);
        return;
      }
      const rows = store.events(session, seen, ROWS);
      for (const row of rows) if (untaken <= CHARS) show(decodeEvent(row));
      keep();
      // Who has all of it goes live in the same breath: nothing falls between.
      if (rows.length === ROWS || (rows.at(-1)?.seq ?? seen) > seen) clock.soon(catchUp);
      else goLive();
    }

    function goLive(): void {
      if (over) return;
      if (!store.session(session)) return end('gone');
      unfollow = broadcast.follow(session, {
        onEvents(events) {
          for (const recorded of events) show(recorded);
          keep();
        },
        onEphemeral: (event) => send(frame(event.name, event.data)),
        onEnd: () => end('gone'),
      });
    }

    letGo.set(socket, stop);
    catchUp();
  }

  async function stillInForce(digest: string): Promise<boolean> {
    try {
      return await readers.inForce(digest);
    } catch {
      throw new Unreachable(
        "The directory of tokens can't be asked for now. Get another ticket in a moment, and try again.",
      );
    }
  }

  return {
    give(_, caller) {
      const ticket = ports.newTicket();
      const expiresAt = clock.now() + TICKET_MS;
      store.addTicket(digestOf(ticket), handedOn(caller), expiresAt, clock.now());
      return { ticket, expiresAt };
    },

    async open(_, ticket, after) {
      const head = store.session(session)?.seq ?? 0;
      if (after !== undefined && after > head) return badCursor(head);
      const caller = store.takeTicket(digestOf(ticket), clock.now());
      if (caller === undefined) return badTicket();
      const { digest } = received(caller, readers.onceRevoked);
      // Revoked since the ticket was given: not a word is told.
      if (digest !== undefined && !(await stillInForce(digest))) return revokedTicket();
      const pair = new WebSocketPair();
      ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'));
      ctx.acceptWebSocket(pair[1]);
      const attached = { seen: after ?? head, ...(digest === undefined ? {} : { digest }) };
      pair[1].serializeAttachment(attached);
      // The answer first: a socket takes nothing before its other end has it.
      clock.soon(() => follow(pair[1], attached));
      return new Response(null, { status: 101, webSocket: pair[0] });
    },

    resume() {
      for (const socket of ctx.getWebSockets()) {
        const attached = attachedSchema.safeParse(socket.deserializeAttachment());
        if (attached.success && !letGo.has(socket)) follow(socket, attached.data);
      }
    },

    closed(socket, code) {
      letGo.get(socket)?.();
      // 1005 and 1006 say that there was no code, and can't be sent.
      socket.close(code === 1005 || code === 1006 ? 1000 : code);
    },
  };
}
