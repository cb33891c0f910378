/**
 * The search in people's and the assistant's words and in titles: its route, and how a host finds them that has an
 * index of all chats, and one that has the log of one chat alone. What is found, `core/words.ts` says.
 */
import { z } from 'zod';
import { decodeEvent } from '../core/events.ts';
import { type FeedMessage, messageOf } from '../core/feed.ts';
import type { Store } from '../core/ports.ts';
import { type Finder, mayBeMessage, type Place, saidIn } from '../core/sayings.ts';
import type { Session } from '../core/session.ts';
import { snippetOf } from '../core/snippet.ts';
import { type Mark, marksIn, type Query, readQuery } from '../core/words.ts';
import { type Hit, searchAnswer } from './answers.ts';
import { onlyOwner, sees } from './callers.ts';
import { limit, searched } from './fields.ts';
import { pageBefore } from './log-pages.ts';
import type { AppPorts } from './ports.ts';
import { invalid } from './problem.ts';
import { get, json, type Route } from './route.ts';

export interface SearchRequest {
  /** As it was typed; there is a word in it. */
  readonly q: string;
  readonly limit: number;
  /** Of chats of this owner alone. */
  readonly owner?: string;
  /** Behind this saying; the title is 0. */
  readonly before?: Place;
}

export interface SearchPage {
  readonly hits: readonly Hit[];
  /** What to go on before; null: there is no more. */
  readonly next: Place | null;
}

export type Search = (request: SearchRequest) => Promise<SearchPage>;

export function searchRoutes({ shelf }: Pick<AppPorts, 'shelf'>): Route[] {
  return [
    get({
      name: 'search',
      path: '/v1/search',
      scope: 'read',
      summary: 'Searches in the words of chats, archived ones too, and in their titles: newest first.',
      details:
        "What people and the assistant said in the chats that the caller sees; not what subagents said among themselves. A message or title is found that holds every word: upper and lower case and accents don't matter, the last word may go on, what is written without spaces is found anywhere, words joined by signs (`src/app.ts`) must stand together. No sign is an operator. Where each chat is kept by itself, the newest chats come first, and within each what was said last.",
      query: z.strictObject({
        q: searched,
        limit: limit(20, 50),
        before: z.string().optional().describe('Where an earlier page went on: its `next`.'),
      }),
      answers: { 200: { description: 'A page of what was found.', schema: searchAnswer } },
      problems: [],
      async handle({ query: { q, limit: wanted = 20, before }, caller }) {
        const place = before === undefined ? undefined : placeOf(before);
        if (before !== undefined && !(place && (await sees(shelf, caller, place.session)))) {
          const message = 'is not where a page of a search went on: send its next, or begin anew without';
          return invalid([{ path: 'before', message }]);
        }
        const owner = onlyOwner(caller);
        const { hits, next } = await shelf.search({
          q,
          limit: wanted,
          ...(owner === undefined ? {} : { owner }),
          ...(place ? { before: place } : {}),
        });
        return json(searchAnswer, 200, { hits: [...hits], next: next && `${next.session}.${next.seq}` });
      },
    }),
  ];
}

function placeOf(cursor: string): Place | undefined {
  const [, session, seq] = /^([A-Za-z0-9_-]{1,64})\.(\d{1,15})$/.exec(cursor) ?? [];
  return session === undefined ? undefined : { session, seq: Number(seq) };
}

/** In all chats of this process, by the index of its store. */
export function indexedSearch({
  store,
  runtime,
  clock,
}: Pick<AppPorts, 'runtime' | 'clock'> & { readonly store: Pick<Store, 'events'> & Finder }): Search {
  return async ({ q, limit: wanted, ...where }) => {
    const query = queryOf(q);
    const found = store.search({ query, limit: wanted + 1, ...where });
    const page = found.slice(0, wanted);
    const hits: Hit[] = [];
    for (const { session, seq, at } of page) {
      const hit = hitAt(query, { session, seq, at });
      if (hit) hits.push(hit);
      // A chat that is not in memory is folded for its title.
      await new Promise<void>((resolve) => clock.soon(resolve));
    }
    const last = page.at(-1);
    return { hits, next: found.length > wanted && last ? { session: last.session, seq: last.seq } : null };
  };

  function hitAt(query: Query, { session, seq, at }: Place & { readonly at: number }): Hit | undefined {
    const state = runtime.state(session);
    if (!state || state.deleting) return undefined;
    if (seq === 0) return titleHit(state, at, query);
    const [row] = store.events(session, seq - 1, 1);
    const message = row && messageOf(session, decodeEvent(row));
    // The index proposes; what was said is in the log.
    const marks = message && marksIn(message.text, query);
    return marks && messageHit(state, message, marks);
  }
}

/** Rows of one chat's log that are looked at for one page. */
const MOST_ROWS = 10_000;

/** In one chat, whose log is here, by reading it backwards. Its title stands before its messages, and goes on at 0. */
export function chatSearch(ports: Pick<AppPorts, 'runtime' | 'clock'>, chat: string): Search {
  return async ({ q, limit: wanted, before }) => {
    const query = queryOf(q);
    const state = ports.runtime.state(chat);
    if (state?.kind !== 'main' || state.deleting) return { hits: [], next: null };
    const own = before === undefined || before.session !== chat ? undefined : before.seq;
    const title = own === undefined ? titleHit(state, state.createdAt, query) : undefined;
    const page = await pageBefore(
      ports,
      chat,
      { before: own || state.seq + 1, limit: wanted - (title ? 1 : 0), most: MOST_ROWS },
      (recorded) => {
        const said = saidIn(recorded.event);
        const marks = said === undefined ? undefined : marksIn(said, query);
        const message = marks && messageOf(chat, recorded);
        return message && messageHit(state, message, marks);
      },
      (row) => mayBeMessage(row.event),
    );
    const hits = [...(title ? [title] : []), ...page.shown.toReversed()];
    return { hits, next: page.next === null ? null : { session: chat, seq: page.next } };
  };
}

function queryOf(q: string): Query {
  const query = readQuery(q);
  if (!query) throw new Error('a search is asked for with a word in it');
  return query;
}

function titleHit({ id, title }: Session, at: number, query: Query): Hit | undefined {
  const marks = marksIn(title, query);
  return marks && { chat: id, title, at, snippet: shown(title, marks) };
}

function messageHit(
  { id, title }: Session,
  { id: message, seq, at, role, text }: FeedMessage,
  marks: readonly Mark[],
): Hit {
  return {
    chat: id,
    title,
    message,
    seq,
    at,
    role: role === 'assistant' ? 'assistant' : 'user',
    snippet: shown(text, marks),
  };
}

function shown(text: string, marks: readonly Mark[]): Hit['snippet'] {
  const snippet = snippetOf(text, marks);
  return { text: snippet.text, marks: snippet.marks.map(([from, to]) => [from, to]) };
}
