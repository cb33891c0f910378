/** The feed's routes: a chat's and a subagent's, as a stream or in pages. */
import { Hono } from 'hono';
import { z } from 'zod';
import type { Recorded } from '../core/events.ts';
import { project } from '../core/feed.ts';
import { eventsAnswer, streamedSchema } from './answers.ts';
import { feedStream } from './feed-stream.ts';
import { cursor, cursorBack, limit, oneSide } from './fields.ts';
import { pageBefore, pageOf } from './log-pages.ts';
import { chatOf, isProblem } from './lookup.ts';
import type { AppPorts } from './ports.ts';
import { invalid, type Problem, problem, problemResponse } from './problem.ts';
import {
  type AnswerDoc,
  type Asked,
  get,
  json,
  type Reply,
  type Route,
  readQuery,
  responseOf,
} from './route.ts';

const feedQuery = z
  .strictObject({ after: cursor, before: cursorBack, limit: limit(100, 1_000) })
  .superRefine(oneSide);

export const feedDoc = {
  details:
    'As a stream (text/event-stream): each durable event has an `id`; come back with it as Last-Event-ID, or `?after=`, and you get every later one once. Without either the stream starts from now. `delta` and `progress` have no id and are not kept. With `Accept: application/json` the kept events come in pages, from the beginning, after `after`, or backwards from `before`: `before=latest` brings the last ones, and in `after` the cursor from which a stream goes on without a gap.',
  query: feedQuery,
  answers: {
    200: [
      { description: 'The feed.', media: 'text/event-stream', schema: streamedSchema },
      { description: 'A page of the feed.', schema: eventsAnswer },
    ] satisfies AnswerDoc[],
  },
};

/** A session's feed, as its reader wants it, from where the session is kept. */
export function feed(
  ports: AppPorts,
  session: string,
  asked: Asked<z.output<typeof feedQuery>>,
): Reply | Promise<Reply> {
  const { c, query, caller } = asked;
  const there = ports.elsewhere?.(session);
  if (there) return there(c.req.raw, asked);
  const head = ports.store.session(session)?.seq ?? 0;
  // A browser that comes back repeats its first address, so the header is the later word.
  const returned = c.req.header('last-event-id');
  const pages = wantsPages(c.req.header('accept'));
  if (query.before !== undefined) {
    const before = query.before === 'latest' ? head + 1 : position(query.before, head, 'before');
    if (typeof before === 'object') return before;
    const fault = pages ? undefined : 'is for pages: send Accept: application/json';
    const beside = returned === undefined ? fault : 'can not stand beside Last-Event-ID: send one of them';
    if (beside !== undefined) return invalid([{ path: 'before', message: beside }]);
    return pageBack(ports, session, { before, head, limit: query.limit ?? 100 });
  }
  const given = returned ?? query.after;
  const after =
    given === undefined
      ? undefined
      : position(given, head, returned === undefined ? 'after' : 'Last-Event-ID');
  if (typeof after === 'object') return after;
  if (pages) return page(ports, session, after ?? 0, query.limit ?? 100);
  const hangUp = ports.hangUp;
  const stream = feedStream(ports, {
    session,
    after: after ?? head,
    fromNow: after === undefined,
    onceRevoked: caller.onceRevoked,
    ...(hangUp ? { hangUp: () => hangUp(c.env) } : {}),
  });
  return new Response(stream, {
    headers: {
      'content-type': 'text/event-stream',
      // Proxies that collect a response before they pass it on would hold the news back.
      'x-accel-buffering': 'no',
    },
  });
}

function position(given: string, head: number, path: 'after' | 'before' | 'Last-Event-ID'): number | Problem {
  const at = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
  if (at <= head) return at;
  const latest = path === 'before' ? ', or latest' : '';
  const message = `must be a cursor of this feed: a whole number from 0 to ${head}${latest}`;
  return problem('bad-cursor', `${path} ${message}.`, { errors: [{ path, message }] });
}

function wantsPages(accept = ''): boolean {
  return accept.includes('application/json') && !accept.includes('text/event-stream');
}

async function page(ports: AppPorts, session: string, after: number, wanted: number): Promise<Reply> {
  const { shown, upTo } = await pageOf(ports, session, { after, limit: wanted }, shownIn(session));
  return json(eventsAnswer, 200, { events: [...shown], next: upTo });
}

async function pageBack(
  ports: AppPorts,
  session: string,
  { head, ...wanted }: { before: number; head: number; limit: number },
): Promise<Reply> {
  const { shown, next } = await pageBefore(ports, session, wanted, shownIn(session));
  return json(eventsAnswer, 200, { events: [...shown], next, after: head });
}

function shownIn(session: string) {
  return (recorded: Recorded) => {
    const event = project(session, recorded);
    return event && { id: recorded.seq, event: event.name, data: event.data };
  };
}

export function feedRoutes(ports: AppPorts): Route[] {
  return [
    get({
      name: 'followChat',
      path: '/v1/chats/{chat}/events',
      scope: 'read',
      summary: "Follows a chat: its own events and all its subagents' news.",
      ...feedDoc,
      problems: ['bad-cursor', 'not-found'],
      handle(asked) {
        const state = chatOf(ports, asked.chat);
        return isProblem(state) ? state : feed(ports, asked.chat, asked);
      },
    }),
  ];
}

/** The door of a session that is no chat, where it is kept: its feed, for whom its chat's door has let in. */
export function ownFeed(ports: AppPorts, session: string): (request: Request) => Promise<Response> {
  const app = new Hono();
  app.get('*', async (c) => {
    const requestId = c.req.header('x-request-id') ?? ports.newId();
    const caller = ports.handed?.(c.req.raw);
    if (!caller) throw new Error('nobody was handed on');
    const query = readQuery(c, feedQuery);
    const reply = query.ok
      ? await feed(ports, session, { c, query: query.data, caller, requestId, chat: '', target: '' })
      : invalid(query.errors);
    return responseOf(reply, (one) => problemResponse(one, requestId, (text) => text));
  });
  return async (request) => app.fetch(request);
}
