/** A session's messages in pages: the same for chats and for subagents. */
import { z } from 'zod';
import { messageOf } from '../core/feed.ts';
import { mayBeMessage } from '../core/sayings.ts';
import { messagesAnswer } from './answers.ts';
import { limit, oneSide, sequence, sequenceBack } from './fields.ts';
import { pageBefore, pageOf } from './log-pages.ts';
import type { AppPorts } from './ports.ts';
import { json, type Reply } from './route.ts';

export const messagesQuery = z
  .strictObject({
    after: sequence.optional().describe('The `seq` of a message: those after it.'),
    before: sequenceBack,
    limit: limit(100, 1_000),
  })
  .superRefine(oneSide);

export async function messages(
  ports: AppPorts,
  session: string,
  { after = 0, before, limit: wanted = 100 }: z.output<typeof messagesQuery>,
): Promise<Reply> {
  const show = (recorded: Parameters<typeof messageOf>[1]) => messageOf(session, recorded);
  if (before !== undefined) {
    const head = (await ports.runtime.sessions.row(session))?.seq ?? 0;
    const end = before === 'latest' ? head + 1 : Math.min(Number(before), head + 1);
    const { shown, next } = await pageBefore(ports, session, { before: end, limit: wanted }, show, (row) =>
      mayBeMessage(row.event),
    );
    return json(messagesAnswer, 200, { messages: [...shown], next, after: head });
  }
  const page = await pageOf(ports, session, { after, limit: wanted }, show);
  return json(messagesAnswer, 200, { messages: [...page.shown], next: page.more ? page.upTo : null });
}
