/** The tool by which a client that can only ask hears the news: told again until it says that it has read it. */
import { z } from 'zod';
import { acknowledge, markOf, nextNews } from '../news.ts';
import type { McpTool } from '../tool.ts';
import { mistake, newsWords } from '../words.ts';

/** Less than a minute: many clients give up a call after one. */
const MOST_SECONDS = 50;
/** News in one answer. */
const MOST = 20;

const input = z.strictObject({
  read: z
    .string()
    .optional()
    .describe('The mark that an earlier answer named: all up to there was taken in and is not told again.'),
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
    'names a mark; send it as read with the next call, and what it covers is not told again. With wait_seconds it',
    'answers as soon as there is something. Do other work meanwhile where you can; what was told stays until it is read.',
  ].join(' '),
  input,
  async run(parent, { read, wait_seconds = 0 }, signal) {
    const chat = await parent.chat();
    if (read !== undefined && !(await acknowledge(parent.client, chat, read))) {
      return mistake(
        '`read` is the mark that an earlier answer of news named, such as "17-mb2k4x0a", as it stands there. Nothing was acknowledged.',
      );
    }
    const over = AbortSignal.any([signal, AbortSignal.timeout(wait_seconds * 1_000)]);
    const page = await nextNews(parent.client, chat, {
      limit: MOST,
      signal: wait_seconds === 0 ? AbortSignal.abort() : over,
    });
    const last = page.news.at(-1);
    const mark = last ? markOf(last, page) : null;
    return {
      text: newsWords(page),
      structured: {
        // The text has the result already, within its fence.
        news: page.news.map(({ result: _, ...one }) => one),
        read: mark,
        more: page.next !== null,
        // Some clients show their model this and not the words.
        ...(mark === null ? {} : { note: `Told again until news is called with read "${mark}".` }),
      },
    };
  },
};
