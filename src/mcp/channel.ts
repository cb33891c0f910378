/**
 * News as Claude Code's channels carry it into a running session: pushed once to each process that listens, and still
 * waiting until it is acknowledged. Owns the form of that notification.
 */
import type { News } from '../client/index.ts';
import { markOf } from './news.ts';
import type { Parent } from './tool.ts';

/** What a server says of itself so that its channel is listened to. */
export const channelCapability = { 'claude/channel': {} } as const;
export const channelMethod = 'notifications/claude/channel';

/** News that are looked through at once: those behind them come when these were acknowledged. */
const MOST = 200;

export interface ChannelMessage {
  readonly content: string;
  /** What it is about: names of letters, digits and _. */
  readonly meta: Readonly<Record<string, string>>;
}

/** Calls with each of the news that it was not called with before, oldest first, whenever it is asked to look. */
export function makeChannel(
  parent: Parent,
  send: (message: ChannelMessage) => Promise<void>,
): () => Promise<void> {
  const told = new Set<string>();
  let last = Promise.resolve();

  async function look(): Promise<void> {
    const chat = await parent.chat();
    const page = await parent.client.news(chat, { limit: MOST });
    for (const one of page.news) {
      const mark = markOf(one, page);
      if (told.has(mark)) continue;
      await send(messageOf(one, mark));
      told.add(mark);
    }
  }

  return () => {
    const next = last.then(look);
    last = next.catch(() => undefined);
    return next;
  };
}

function messageOf({ kind, text, label, status, request }: News, read: string): ChannelMessage {
  return {
    content: `${text}\n\n(Once taken in: the tool news with read "${read}".)`,
    meta: {
      read,
      kind,
      ...(label === undefined ? {} : { label }),
      ...(status === undefined ? {} : { status }),
      ...(request === undefined ? {} : { request }),
    },
  };
}
