/** A chat whose model speaks markers, and what came of them: for the tests of these. */
import type { ParsedRequest } from '../../src/simulator/request.ts';
import { cast, type Part } from './cast.ts';
import type { Chat } from './client.ts';
import type { FeedReader } from './feed-reader.ts';
import { type House, type HouseOptions, openHouse } from './harness.ts';

const markers = ['sessions', 'manager'];

export async function openChat(
  main: Part,
  others: Readonly<Record<string, Part>> = {},
  options: HouseOptions = {},
): Promise<{ house: House; chat: Chat; feed: FeedReader }> {
  const config = { markers, ...options.config };
  const house = await openHouse({ ...options, config, script: cast({ main, ...others }) });
  const chat = await house.client.newChat();
  return { house, chat, feed: chat.feed() };
}

/** The gateway's notes that the latest request brought. */
export function notesIn(request: ParsedRequest | undefined): string[] {
  return [...(request?.lastUserText ?? '').matchAll(/<gateway-note>\n([\s\S]*?)\n<\/gateway-note>/g)].map(
    ([, note = '']) => note,
  );
}

export const notesOf = ({ requests }: House): string[] => requests.flatMap(notesIn);

/** The words of a message as its deltas told them. */
export function streamed(feed: FeedReader, message: string): string {
  return feed
    .all('delta')
    .filter((delta) => delta.message === message)
    .reduce((text, delta) => text.slice(0, delta.offset) + delta.text, '');
}

export const ended = (feed: FeedReader, turn: number) => feed.first('turn.ended', (one) => one.turn === turn);
