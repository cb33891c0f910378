import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { usageAnswer } from '../../src/http/answers.ts';
import type { Reply, ScriptFunction } from '../../src/simulator/script.ts';
import { bash, cast, spawn } from './cast.ts';
import { type House, openProcessHouse } from './harness.ts';

const FORTY = 40;
const budgetSchema = z.object({
  chat: z.looseObject({
    budget: z.looseObject({ usd: z.number(), spent: z.looseObject({ usd: z.number() }) }),
  }),
});

/** Forty who each take three steps; every few requests one is refused for a while or breaks off. */
function forty(): ScriptFunction {
  let asked = 0;
  const troubled = (reply: Reply): (() => Reply) => {
    return () => {
      asked += 1;
      if (asked % 13 === 0) return { ...reply, faults: [{ status: 529, type: 'overloaded_error' }] };
      if (asked % 9 === 0) return { ...reply, faults: [{ cutAfterEvent: 1 + (asked % 4) }] };
      return reply;
    };
  };
  return cast({
    main: [
      { toolCalls: Array.from({ length: FORTY }, (_, i) => spawn(`Work on part ${i}.`, { label: `w${i}` })) },
      { text: 'Noted.' },
    ],
    'Work on part': [
      troubled({ text: 'So far.', toolCalls: [bash('true')] }),
      troubled({ text: 'Further.', toolCalls: [bash('true')] }),
      troubled({ text: 'Done.' }),
    ],
  });
}

/** A gateway whose chat may spend four dollars, and has just been told to begin. */
async function begun() {
  const house = await openProcessHouse({
    script: forty(),
    env: { TIDINGS_CHAT_BUDGET_USD: '4', TIDINGS_SUBAGENT_BUDGET_USD: '1' },
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Begin.');
  // So many may take all that there is: a person allows it.
  const { request } = await feed.first('input.requested');
  await house.client.post(chat.path('/answer'), { request: request.id, decision: 'allow' });
  return { house, chat };
}

async function allEnded(house: House, chat: string): Promise<readonly string[]> {
  const { client } = house;
  const schema = z.object({ subagents: z.array(z.looseObject({ status: z.string() })) });
  for (;;) {
    const { subagents } = schema.parse((await client.get(`/v1/chats/${chat}/subagents`)).body);
    const live = subagents.filter(({ status }) => ['queued', 'running', 'waiting'].includes(status));
    if (subagents.length === FORTY && live.length === 0) return subagents.map(({ status }) => status);
    await pause(100);
  }
}

/** What the stand-in made, what it told, and how the gateway reckons: after all has come to rest. */
async function reckoning(house: House, chat: string) {
  // Who has just heard of the last ending is about to ask once more.
  while ((await house.client.chat(chat).view()).status === 'working') await pause(100);
  await house.simulator.until(() => house.simulator.counts.inFlight === 0);
  const bills = house.simulator.requests.flatMap((request) => request.bill ?? []);
  const { usage, sessions, days } = usageAnswer.parse(
    (await house.client.get(`/v1/chats/${chat}/usage`)).body,
  );
  const { budget } = budgetSchema.parse((await house.client.get(`/v1/chats/${chat}`)).body).chat;
  return { bills, made: bills.reduce((sum, { usd }) => sum + usd, 0), usage, sessions, days, budget };
}

test('forty subagents under one budget, through cut streams and overload: never above it, and the figures are the API’s', {
  timeout: 240_000,
}, async () => {
  const { house, chat } = await begun();
  await allEnded(house, chat.id);
  const { bills, made, usage, sessions, days, budget } = await reckoning(house, chat.id);
  expect(made).toBeLessThanOrEqual(4);
  expect(budget.spent.usd).toBeLessThanOrEqual(4);
  expect(budget.spent.usd).toBeGreaterThanOrEqual(made - 1e-9);
  expect(bills.some((bill) => !bill.whole)).toBe(true);
  // What was cut told its prompt, and one token of its answer.
  const told = bills.map(({ whole, output }) => (whole ? output : 1));
  expect(usage.outputTokens).toBe(told.reduce((sum, output) => sum + output, 0));
  expect(usage.inputTokens).toBe(bills.reduce((sum, { input }) => sum + input.input, 0));
  expect(usage.cacheReadTokens).toBe(bills.reduce((sum, { input }) => sum + input.read, 0));
  expect(usage.cacheWriteTokens).toBe(
    bills.reduce((sum, { input }) => sum + input.write5m + input.write1h, 0),
  );
  expect(sessions).toHaveLength(FORTY + 1);
  expect(sessions.reduce((sum, { own }) => sum + own.usd, 0)).toBeCloseTo(usage.usd, 9);
  expect(days.reduce((sum, day) => sum + day.usage.usd, 0)).toBeCloseTo(usage.usd, 9);
});

test('forty subagents under one budget, through three kills -9 besides: never above it, and nothing is lost of it', {
  timeout: 240_000,
}, async () => {
  const { house, chat } = await begun();
  for (const requests of [12, 40, 80]) {
    // A kill charges all calls under way at their worst: where many are, the budget may be used up before.
    await Promise.race([
      house.simulator.until(() => house.simulator.counts.requests >= requests, 60_000),
      allEnded(house, chat.id),
    ]);
    await house.gateway.end('SIGKILL');
    await house.start();
  }
  const statuses = await allEnded(house, chat.id);
  const { made, usage, budget } = await reckoning(house, chat.id);
  expect(statuses.filter((status) => status !== 'completed' && status !== 'over_budget')).toEqual([]);
  expect(made).toBeLessThanOrEqual(4);
  expect(budget.spent.usd).toBeLessThanOrEqual(4);
  expect(budget.spent.usd).toBeGreaterThanOrEqual(made - 1e-9);
  expect(usage.usd).toBeLessThanOrEqual(made + 1e-9);
});
