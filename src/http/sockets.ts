/**
 * A chat's feed over a WebSocket, for pages: a caller gets a ticket, and a socket is opened with it, since a page can't
 * send a token with one. The routes are here; a host that can keep sockets brings them.
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
  /** Opens a socket for whoever has the ticket, which is used up by it. `after`: a cursor; absent: from now on. */
  open(
    chat: string,
    ticket: string,
    after: number | undefined,
  ): Response | Problem | Promise<Response | Problem>;
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
        return problem('not-a-socket', 'Ask for this path with Upgrade: websocket.', {
          headers: { upgrade: 'websocket' },
        });
      }
      if ((await shelf.owner(chat)) === undefined) return noChat(chat);
      const there = ports.elsewhere?.(chat);
      if (there) return there(c.req.raw, { caller, requestId: number });
      const { ticket, after } = query;
      if (after !== undefined && !/^\d{1,15}$/.test(after)) return badCursor();
      return sockets.open(chat, ticket, after === undefined ? undefined : Number(after));
    },
  });
  return [given, opened];
}

function badCursor(): Problem {
  const message = 'must be a cursor of this feed: a whole number that is not beyond its end';
  return problem('bad-cursor', `after ${message}.`, { errors: [{ path: 'after', message }] });
}
