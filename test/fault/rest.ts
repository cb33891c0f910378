/**
 * How a chat is brought to rest at the end of a fault run: what is parked is resumed, what is asked is answered, and
 * news that wakes nobody is asked for. Judges nothing but that it comes to rest at all.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chat, Client } from '../e2e/client.ts';

const REST_MS = 90_000;

/** Waits until a chat is idle, none of its subagents lives, and all news is read. */
export async function comeToRest(client: Client, chat: Chat, breach: (words: string) => void): Promise<void> {
  const deadline = performance.now() + REST_MS;
  let asked = false;
  for (;;) {
    const { status } = await chat.view();
    const tree = await chat.subagents();
    const live = tree.filter(({ endedAt }) => endedAt === undefined);
    const pending = tree.filter(({ announcement }) => announcement === 'pending');
    for (const { id, inputRequest } of live) {
      if (!inputRequest) continue;
      await client.post(chat.path(`/subagents/${id}/answer`), {
        request: inputRequest.id,
        text: 'As you like.',
      });
    }
    if (status === 'parked') await chat.resume();
    else if (status === 'idle' && live.length === 0) {
      if (pending.length === 0) return;
      // News of a kill of the assistant's own wakes nobody: some words bring it along.
      if (!asked) await chat.say('What is the news?');
      asked = true;
    }
    if (performance.now() > deadline) {
      const left = [...live, ...pending].map((one) => `${one.path} ${one.status} ${one.announcement}`);
      breach(`${chat.id} did not come to rest: ${status}; ${left.join(', ')}`);
      return;
    }
    await sleep(100);
  }
}
