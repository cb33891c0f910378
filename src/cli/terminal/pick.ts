/** Which chat is meant: by its id, the beginning of one, or words of its title; or the one that is most likely meant. */
import type { Chat, Client } from '../../client/index.ts';
import { cleanLine } from './clean.ts';
import { cut } from './measure.ts';
import { UsageError } from './usage-error.ts';

/** How many chats are looked through for one that is named. */
const MOST = 1_000;
/** Columns of a title where a chat is named; a title that nobody gave is its first message. */
const MOST_TITLE = 60;

type Chats = Pick<Client, 'listChats' | 'chat'>;

/** @throws UsageError if there is none, or more than one */
export async function pickChat(client: Chats, wanted: string): Promise<Chat> {
  const chats = await newest(client, MOST);
  const exact = chats.find(({ id }) => id === wanted);
  if (exact) return exact;
  const word = wanted.toLowerCase();
  const byId = chats.filter(({ id }) => id.startsWith(wanted) || id.startsWith(`chat_${wanted}`));
  const byTitle = chats.filter(({ title }) => title.toLowerCase() === word);
  const byPart = chats.filter(({ title }) => title.toLowerCase().includes(word));
  for (const found of [byId, byTitle, byPart]) {
    const [first, second] = found;
    if (first && !second) return first;
    if (second) {
      throw new UsageError(
        `"${cleanLine(wanted)}" may be ${found.slice(0, 5).map(named).join(', ')}: say more of it, or the id.`,
      );
    }
  }
  throw new UsageError(`There is no chat "${cleanLine(wanted)}".`);
}

/** The newest that is at work or asks for something, else the newest; undefined: there is none. */
export async function likeliestChat(client: Chats): Promise<Chat | undefined> {
  const chats = await newest(client, 200);
  return chats.find(isAtWork) ?? chats[0];
}

export async function newest(client: Chats, most: number): Promise<Chat[]> {
  const all: Chat[] = [];
  let before: string | undefined;
  while (all.length < most) {
    const page = await client.listChats({ limit: 200, ...(before === undefined ? {} : { before }) });
    all.push(...page.chats);
    if (page.next === null) break;
    before = page.next;
  }
  return all;
}

export function isAtWork({ status, subagents }: Chat): boolean {
  const live = (['running', 'queued', 'waiting', 'blocked', 'input_required'] as const).some(
    (one) => (subagents[one] ?? 0) > 0,
  );
  return status === 'working' || status === 'input_required' || live;
}

/** A chat as people call it. */
export function named({ id, title }: Pick<Chat, 'id' | 'title'>): string {
  const words = cut(cleanLine(title), MOST_TITLE);
  return words === '' ? id : `${id} (${words})`;
}
