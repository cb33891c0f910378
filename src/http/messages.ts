/** A session's messages in pages: the same for chats and for subagents. */
import { z } from 'zod';
import { messageOf } from '../core/feed.ts';
import { messagesAnswer } from './answers.ts';
import { limit, sequence } from './fields.ts';
import { pageOf } from './log-pages.ts';
import type { AppPorts } from './ports.ts';
import { json, type Reply } from './route.ts';

export const messagesQuery = z.strictObject({
  after: sequence.optional().describe('The `seq` of a message: those after it.'),
  limit: limit(100, 1_000),
});

export async function messages(
  ports: AppPorts,
  session: string,
  { after = 0, limit: wanted = 100 }: z.output<typeof messagesQuery>,
): Promise<Reply> {
  const page = await pageOf(ports, session, { after, limit: wanted }, (recorded) =>
    messageOf(session, recorded),
  );
  return json(messagesAnswer, 200, { messages: [...page.shown], next: page.more ? page.upTo : null });
}
