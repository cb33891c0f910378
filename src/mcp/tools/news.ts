/** The tool by which a client that can only ask hears the news: told again until it says that it has read it. */
import { z } from 'zod';
import { nextNews } from '../news.ts';
import type { McpTool } from '../tool.ts';
import { newsWords } from '../words.ts';

/** Less than a minute: many clients give up a call after one. */
const MOST_SECONDS = 50;
/** News in one answer. */
const MOST = 20;

const input = z.strictObject({
  read: z
    .int()
    .min(0)
    .optional()
    .describe('The number that an earlier answer named: all up to there was taken in and is not told again.'),
  wait_seconds: z
    .int()
    .min(0)
    .max(MOST_SECONDS)
    .optional()
    .describe('How long to wait for news if there is none yet. Default: 0, which answers at once.'),
});

export const news: McpTool<typeof input> = {
  name: 'news',
  title: 'Hear what subagents came to',
  description: [
    'What your subagents came to and what they ask, oldest first, and what people said to you in this chat. Each answer',
    'names a number; send it as read with the next call, and what it covers is not told again. With wait_seconds it',
    'answers as soon as there is something. Do other work meanwhile where you can; what was told stays until it is read.',
  ].join(' '),
  input,
  async run(parent, { read, wait_seconds = 0 }, signal) {
    const chat = await parent.chat();
    if (read !== undefined) await parent.client.readNews(chat, read);
    const over = AbortSignal.any([signal, AbortSignal.timeout(wait_seconds * 1_000)]);
    const page = await nextNews(parent.client, chat, {
      limit: MOST,
      signal: wait_seconds === 0 ? AbortSignal.abort() : over,
    });
    const last = page.news.at(-1);
    return {
      text: newsWords(page.news, page.next !== null),
      structured: {
        // The text has the result already, within its fence.
        news: page.news.map(({ result: _, ...one }) => one),
        read: last?.seq ?? null,
        more: page.next !== null,
        // Some clients show their model this and not the words.
        ...(last ? { note: `Told again until news is called with read ${last.seq}.` } : {}),
      },
    };
  },
};
