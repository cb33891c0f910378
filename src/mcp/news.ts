/**
 * Waiting for what a program that leads a chat is to read, and the mark by which it says that it has. Owns how it waits: it
 * follows the chat's feed, and asks again whenever something happened there. Acknowledges nothing by itself.
 */
import type { Client, FollowEnd, News, NewsPage } from '../client/index.ts';

/** What waits was looked for, and the chat or the right to read it is no more. */
export class NewsEnded extends Error {
  override readonly name = 'NewsEnded';
  readonly end: Exclude<FollowEnd, 'aborted'>;

  constructor(end: NewsEnded['end']) {
    super(`the news of this chat can be followed no longer: ${end}`);
    this.end = end;
  }
}

/**
 * What a client gives back once it has read news: opaque to it. A chat that was deleted is made anew under the same id, and
 * its numbers begin anew, so a number alone could acknowledge what nobody has seen.
 */
export function markOf({ seq }: Pick<News, 'seq'>, { createdAt }: Pick<NewsPage, 'createdAt'>): string {
  return `${seq}-${createdAt.toString(36)}`;
}

/**
 * Acknowledges what a mark covers.
 * @returns whether it is a mark
 * @throws ProblemError where it is of an earlier chat
 */
export async function acknowledge(client: Client, chat: string, mark: string): Promise<boolean> {
  const [, seq, made] = /^(\d{1,15})-([0-9a-z]{1,10})$/.exec(mark.trim()) ?? [];
  if (seq === undefined || made === undefined) return false;
  await client.readNews(chat, Number(seq), Number.parseInt(made, 36));
  return true;
}

export interface NewsWait {
  /** How many are told at most. */
  readonly limit?: number;
  /** Ends the waiting: then nothing is told unless something waits by then. */
  readonly signal: AbortSignal;
  /** Asked where there is no news: whether to wait no longer. Absent: the signal alone ends it. */
  readonly enough?: () => Promise<boolean>;
}

/** What waits in a chat, oldest first; if nothing does, it comes once something does, or empty when the signal ends it. */
export async function nextNews(
  client: Client,
  chat: string,
  { limit, signal, enough = async () => false }: NewsWait,
): Promise<NewsPage> {
  const ask = (): Promise<NewsPage> => client.news(chat, limit === undefined ? {} : { limit });
  // The end of the log first: what comes behind it is heard of, whenever it comes.
  const { after = 0 } = await client.events(chat, { before: 'latest', limit: 1 });
  let page = await ask();
  if (page.news.length > 0 || signal.aborted) return page;
  if (await enough()) return ask();
  const over = new AbortController();
  let failed: unknown;
  let happened = 0;
  let looked: Promise<void> | undefined;

  async function look(): Promise<void> {
    for (let seen = -1; seen !== happened && !over.signal.aborted; ) {
      seen = happened;
      page = await ask();
      if (page.news.length === 0) {
        if (!(await enough())) continue;
        // What came before it was enough is told, too.
        page = await ask();
      }
      over.abort();
    }
    looked = undefined;
  }

  const end = await client.follow(chat, {
    after,
    signal: AbortSignal.any([signal, over.signal]),
    onEvents(events) {
      if (!events.some((event) => 'id' in event)) return;
      happened += 1;
      looked ??= look().catch((error: unknown) => {
        failed = error;
        over.abort();
      });
    },
  });
  await looked;
  if (failed !== undefined) throw failed;
  if (end !== 'aborted' && page.news.length === 0) throw new NewsEnded(end);
  return page;
}
