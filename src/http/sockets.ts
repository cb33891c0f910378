/**
 * A chat's feed over a WebSocket, for pages: a caller gets a ticket, and a socket is opened with it, since a page can't
 * send a token with one. The routes are here, and what all hosts say on a socket and of one; a host keeps the sockets.
 */
import { z } from 'zod';
import { ticketAnswer } from './answers.ts';
import type { Caller } from './callers.ts';
import { cursor, noQuery, requestId } from './fields.ts';
import { chatOf, isProblem, noChat } from './lookup.ts';
import type { AppPorts } from './ports.ts';
import { type Problem, problem } from './problem.ts';
import { get, json, post, type Route } from './route.ts';

export interface Sockets {
  /** A ticket that lets this caller follow the chat once, before `expiresAt` (wall clock). */
  give(chat: string, caller: Caller): { readonly ticket: string; readonly expiresAt: number };
  /**
   * Opens a socket for whoever has the ticket, which is used up by it.
   * @param after a cursor; absent: from now on
   * @param env what the host knows of the request
   */
  open(
    chat: string,
    ticket: string,
    after: number | undefined,
    env: unknown,
  ): Response | Problem | Promise<Response | Problem>;
}

/** A ticket's life: a page opens its socket at once. */
export const TICKET_MS = 30_000;

/** Why the gateway closes a socket, and the code and the reason that it says. */
export const closings: Readonly<
  Record<'revoked' | 'gone' | 'slow', readonly [code: number, reason: string]>
> = {
  revoked: [4401, 'the token was revoked'],
  gone: [4404, 'the chat is gone'],
  slow: [4408, 'the reader is too slow'],
};

/** An event as it is sent, `id` only for what is kept. */
export function frame(event: string, data: object, id?: number): string {
  return JSON.stringify({ ...(id === undefined ? {} : { id }), event, data });
}

export function socketRoutes(ports: AppPorts): Route[] {
  const { sockets, shelf } = ports;
  if (!sockets) return [];

  const given = post({
    name: 'createTicket',
    path: '/v1/chats/{chat}/tickets',
    scope: 'read',
    summary: 'Gives a ticket with which a page opens a WebSocket on the feed.',
    details:
      'Send it within half a minute as `GET /sockets/{chat}?ticket=…` with `Upgrade: websocket`. The socket tells what the feed tells: each text is `{"id", "event", "data"}`, without `id` for what is not kept. Send `ping` whenever you have taken in a hundred thousand characters or so, and now and then besides; `pong` comes back. Whoever takes nothing is cut off (4408) and comes back with `after`.',
    query: noQuery,
    body: z.strictObject({ id: requestId }),
    answers: { 201: { description: 'The ticket.', schema: ticketAnswer } },
    problems: ['not-found'],
    handle({ chat, caller }) {
      const state = chatOf(ports, chat);
      if (isProblem(state)) return state;
      const made = sockets.give(chat, caller);
      return json(ticketAnswer, 201, { ...made, path: `/sockets/${chat}?ticket=${made.ticket}` });
    },
  });

  const opened = get({
    name: 'openSocket',
    path: '/sockets/{chat}',
    scope: 'open',
    summary: 'Follows a chat over a WebSocket, with a ticket instead of a token.',
    query: z.strictObject({ ticket: z.string().min(1).max(200), after: cursor }),
    answers: { 101: { description: 'The feed, as texts of JSON.', media: 'application/json' } },
    problems: ['invalid', 'not-found', 'bad-ticket', 'bad-cursor', 'not-a-socket'],
    async handle({ c, chat, query, caller, requestId: number }) {
      if (c.req.header('upgrade')?.toLowerCase() !== 'websocket') {
        return notASocket();
      }
      if ((await shelf.owner(chat)) === undefined) return noChat(chat);
      const there = ports.elsewhere?.(chat);
      if (there) return there(c.req.raw, { caller, requestId: number });
      const { ticket, after } = query;
      if (after !== undefined && !/^\d{1,15}$/.test(after)) return badCursor();
      return sockets.open(chat, ticket, after === undefined ? undefined : Number(after), c.env);
    },
  });
  return [given, opened];
}

/** @param head the feed's end, where it is known */
export function badCursor(head?: number): Problem {
  const range = head === undefined ? 'that is not beyond its end' : `from 0 to ${head}`;
  const message = `must be a cursor of this feed: a whole number ${range}`;
  return problem('bad-cursor', `after ${message}.`, { errors: [{ path: 'after', message }] });
}

export function badTicket(): Problem {
  return problem(
    'bad-ticket',
    'This ticket was used already, is too old, or is none of this chat: get another one from POST /v1/chats/{chat}/tickets.',
  );
}

export function revokedTicket(): Problem {
  return problem('bad-ticket', 'The token that this ticket was given for was revoked.');
}

export function notASocket(): Problem {
  return problem('not-a-socket', 'Ask for this path with Upgrade: websocket.', {
    headers: { upgrade: 'websocket' },
  });
}
