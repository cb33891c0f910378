import { expect, test } from 'vitest';
import type { Store } from '../../src/core/ports.ts';
import type { Actor } from '../../src/runtime/actor.ts';
import { memoryStore } from '../../src/runtime/memory-store.ts';
import { newChat, openChat } from './chat.ts';

async function talk(actor: Actor, turns: number): Promise<void> {
  const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0 };
  for (let n = 0; n < turns; n++) {
    await actor.send({
      type: 'say',
      parts: [{ type: 'text', text: `word ${n}` }],
      interrupt: false,
      from: { principal: 'ada', channel: 'test' },
    });
    await actor.send({
      type: 'answered',
      step: actor.state?.step?.n ?? 0,
      content: [{ type: 'text', text: `answer ${n}` }],
      stop: 'end_turn',
      usage,
      calls: [],
      ms: 1,
    });
  }
}

test('a session with a long log is opened from its latest snapshot, and stands as its whole log says', async () => {
  const store = memoryStore();
  const first = await newChat(store);
  await talk(first, 60);
  const seq = first.state?.seq ?? 0;
  expect(seq).toBeGreaterThan(300);

  const read: number[] = [];
  const watched: Store = {
    ...store,
    events(session, after, limit) {
      read.push(after);
      return store.events(session, after, limit);
    },
  };
  const again = openChat(watched);
  expect(again.state).toEqual(first.state);
  expect(read.length).toBeGreaterThan(0);
  expect(Math.min(...read)).toBeGreaterThan(seq - 110);

  const withoutSnapshots: Store = { ...store, snapshot: () => undefined };
  expect(openChat(withoutSnapshots).state).toEqual(first.state);
});

test('a snapshot of another version of the fold is not trusted', async () => {
  const store = memoryStore();
  const first = await newChat(store);
  await talk(first, 60);
  const foreign: Store = {
    ...store,
    snapshot: () => ({ seq: 200, version: -1, state: '{"title": "nonsense"}' }),
  };
  expect(openChat(foreign).state).toEqual(first.state);
});
