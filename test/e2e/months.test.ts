/**
 * A chat that lives for months, played in one go: thousands of turns, hundreds of subagents, many summaries, three
 * releases. `npm test` plays a share of it, `npm run fault` the whole. The house sees to it that the strict stand-in
 * refuses nothing and that no prefix changes while it lives.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { amount } from '../amounts.ts';
import { isMain, spawn } from './cast.ts';
import type { Chat } from './client.ts';
import { openHouse } from './harness.ts';

const TURNS = amount(240, 3_000);
const SUBAGENTS = amount(40, 500);
/** A summary is made each time so many tokens have come together. */
const SUMMARIES = amount(2, 20);
const RELEASES = 3;

const release = (n: number) => ({
  instructions: `You are the assistant of release ${n}.`,
  model: 'chatty',
  models: { chatty: { id: 'claude-sonnet-5-5', window: 44_000, maxOutput: 4_000 } },
});
const words =
  'What people say in a day, and what they are told, fills a window sooner than one thinks. '.repeat(5);

async function untilIdle(chat: Chat): Promise<void> {
  for (;;) {
    const { status, subagents } = await chat.view();
    const live = (subagents.running ?? 0) + (subagents.queued ?? 0);
    if (status === 'idle' && live === 0) return;
    await delay(2);
  }
}

test('goes on at the same price through summaries and releases, and every request is one that the API takes', async () => {
  const every = Math.floor(TURNS / SUBAGENTS);
  const house = await openHouse({
    config: release(1),
    env: { TIDINGS_MAX_SPAWNS: '10000', TIDINGS_CHAT_BUDGET_USD: '100000' },
    script(request) {
      if (!isMain(request)) return { text: `The errand is done. ${words}` };
      if (request.lastUserText.includes('getting long for your window')) {
        return { thinking: 'Much was said.', text: `They spoke of many things. ${words}` };
      }
      if (request.lastUserText.includes('send somebody') && request.toolResults.length === 0) {
        return {
          thinking: 'Somebody must go.',
          text: 'I send somebody.',
          toolCalls: [spawn('Run an errand.')],
        };
      }
      return { thinking: 'Well.', text: `I heard you. ${words}` };
    },
  });
  const chat = await house.client.newChat();
  const spent: number[] = [];
  let spawned = 0;
  for (let turn = 1; turn <= TURNS; turn++) {
    if (turn % Math.floor(TURNS / RELEASES) === 0 && turn < TURNS) {
      await house.stop();
      const next = Math.floor(turn / Math.floor(TURNS / RELEASES)) + 1;
      writeFileSync(join(house.folder, 'tidings.config.json'), JSON.stringify(release(next)));
      await house.start();
    }
    const sends = turn % every === 0 && spawned < SUBAGENTS;
    if (sends) spawned += 1;
    await chat.say(sends ? `Turn ${turn}: send somebody. ${words}` : `Turn ${turn}. ${words}`);
    await untilIdle(chat);
    spent.push((await chat.view()).usage.usd);
  }

  const { usage, subagents } = await chat.view();
  const prompt = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
  expect(subagents.completed).toBe(SUBAGENTS);
  expect(usage.cacheReadTokens / prompt).toBeGreaterThanOrEqual(0.95);

  // A turn costs the same in the last third as in the first.
  const third = Math.floor(spent.length / 3);
  const cost = (from: number, to: number) => ((spent[to - 1] ?? 0) - (spent[from] ?? 0)) / (to - 1 - from);
  expect(cost(2 * third, spent.length) / cost(third, 2 * third)).toBeLessThan(1.25);
  expect(cost(2 * third, spent.length) / cost(third, 2 * third)).toBeGreaterThan(0.8);

  const messages = await chat.messages();
  expect(messages.filter(({ role }) => role === 'user')).toHaveLength(TURNS);
  await house.stop();
  const prefixes = house
    .log(chat.id)
    .flatMap(({ event }) => (event.type === 'prefix.started' ? [event] : []));
  const because = prefixes.map((one) => one.because);
  expect(because.filter((one) => one === 'compaction').length).toBeGreaterThanOrEqual(SUMMARIES);
  // Each release is taken up: by a prefix of its own, or by a summary that is due just then.
  expect(new Set(prefixes.map(({ params }) => JSON.stringify(params.system))).size).toBe(RELEASES);
  expect(because.filter((one) => one === 'settings').length).toBeLessThan(RELEASES);
  expect(because.filter((one) => one === 'quarantine')).toEqual([]);
});
