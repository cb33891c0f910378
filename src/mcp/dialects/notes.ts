/**
 * What a dialect writes down in a chat that a program leads: messages of JSON in the chat's log, which are read back by
 * their shape. Owns no shape. Any other message there is somebody's words.
 */
import type { z } from 'zod';
import type { Client, Message } from '../../client/index.ts';

/** The note of this shape that a message is; undefined: it is none. */
export function noteIn<Note extends z.ZodType>(shape: Note, text: string): z.output<Note> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return shape.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** All messages of a chat, oldest first. */
export async function messagesOf(client: Client, chat: string): Promise<Message[]> {
  return allOf((after) => client.messages(chat, { after, limit: 1_000 }));
}

/** All messages that pages bring. */
export async function allOf(
  page: (after: number) => Promise<{ readonly messages: Message[]; readonly next: number | null }>,
): Promise<Message[]> {
  const all: Message[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const { messages, next } = await page(after);
    all.push(...messages);
    after = next;
  }
  return all;
}
