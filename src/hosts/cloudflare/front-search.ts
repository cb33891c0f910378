/**
 * The search over chats that each keep themselves: the newest chats that the caller sees are asked, a few at once and a
 * bounded number for one page, each searching its own log. Owns in which order and how many; finds nothing itself.
 */
import { z } from 'zod';
import { type Hit, searchAnswer } from '../../http/answers.ts';
import type { Search, SearchPage, SearchRequest } from '../../http/search.ts';
import { again } from './again.ts';
import type { Bindings } from './bindings.ts';
import type { ReachedDirectory } from './directory.ts';

/** Chats that are woken for one page, and of those how many at once. */
const MOST_CHATS = 48;
const AT_ONCE = 8;

/** Places in a chat: behind its title, which stands first, and at the beginning of its log. */
const TITLE = 0;
const NOTHING_BEFORE = 1;

const names = z.array(z.string());
const pageSchema = z.object({
  hits: searchAnswer.shape.hits,
  next: z.object({ session: z.string(), seq: z.int().nonnegative() }).nullable(),
});

/** @param unsearched told of a chat that could not be asked: it must not hide what the others hold */
export function frontSearch(
  directory: Pick<ReachedDirectory, 'page'>,
  { SESSIONS }: Pick<Bindings, 'SESSIONS'>,
  unsearched: (chat: string, error: unknown) => void,
): Search {
  async function askedOf(chat: string, { q, limit, before }: SearchRequest): Promise<SearchPage> {
    const request = { q, limit, ...(before?.session === chat ? { before } : {}) };
    try {
      return pageSchema.parse(await again(() => SESSIONS.getByName(chat).search(request)));
    } catch (error) {
      unsearched(chat, error);
      return { hits: [], next: null };
    }
  }

  return async (request) => {
    const { before, owner, limit } = request;
    const known = names.parse(
      await directory.page({
        limit: MOST_CHATS + 1,
        archived: 'any',
        ...(before ? { before: before.session } : {}),
        ...(owner === undefined ? {} : { owner }),
      }),
    );
    // The one in which the page before ended is gone on with first.
    const all = before ? [before.session, ...known] : known;
    const chats = all.slice(0, MOST_CHATS);
    /** All of it is told: the next page begins with the chat behind it, if there is one. */
    const behind = (chat: string): SearchPage['next'] =>
      chat === all.at(-1) ? null : { session: chat, seq: NOTHING_BEFORE };
    const hits: Hit[] = [];
    for (let from = 0; from < chats.length; from += AT_ONCE) {
      const some = chats.slice(from, from + AT_ONCE);
      const pages = await Promise.all(some.map((chat) => askedOf(chat, request)));
      for (const [at, page] of pages.entries()) {
        const chat = some[at] ?? '';
        const fit = page.hits.slice(0, limit - hits.length);
        hits.push(...fit);
        if (fit.length < page.hits.length) {
          return { hits, next: { session: chat, seq: fit.at(-1)?.seq ?? TITLE } };
        }
        if (page.next) return { hits, next: page.next };
        if (hits.length === limit) return { hits, next: behind(chat) };
      }
    }
    const last = chats.at(-1);
    return { hits, next: last === undefined ? null : behind(last) };
  };
}
