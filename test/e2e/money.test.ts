import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { usageAnswer } from '../../src/http/answers.ts';
import { tokensOf } from '../../src/simulator/bills.ts';
import { bash, cast, spawn } from './cast.ts';
import { problemSchema } from './client.ts';
import { type House, openHouse } from './harness.ts';

const chatBody = z.object({
  chat: z.looseObject({
    id: z.string(),
    status: z.string(),
    reason: z.string().optional(),
    usage: z.looseObject({ usd: z.number() }),
    budget: z.object({
      usd: z.number(),
      day: z.string(),
      spent: z.object({ usd: z.number(), tokens: z.number() }),
      reserved: z.object({ usd: z.number(), tokens: z.number() }),
      free: z.object({ usd: z.number(), tokens: z.number().optional() }),
      tokens: z.number().optional(),
    }),
  }),
});

async function shown({ client }: House, id: string) {
  return chatBody.parse((await client.get(`/v1/chats/${id}`)).body).chat;
}

async function used({ client }: House, id: string) {
  return usageAnswer.parse((await client.get(`/v1/chats/${id}/usage`)).body);
}

function billed({ simulator }: House): { usd: number; tokens: number } {
  const bills = simulator.requests.flatMap((request) => request.bill ?? []);
  return {
    usd: bills.reduce((sum, bill) => sum + bill.usd, 0),
    tokens: bills.reduce((sum, bill) => sum + tokensOf(bill), 0),
  };
}

describe('a chat', () => {
  test('shows its budget of the day, and what is left of it is what the API billed less', async () => {
    const house = await openHouse({ script: cast({ main: { text: 'Hello.' } }) });
    const chat = await house.client.newChat({ budgetUsd: 3 });
    const feed = chat.feed();
    await chat.say('Hello?');
    await feed.first('turn.ended');
    const { budget, usage } = await shown(house, chat.id);
    const { usd, tokens } = billed(house);
    expect(budget).toMatchObject({ usd: 3, reserved: { usd: 0, tokens: 0 }, spent: { tokens } });
    expect(budget.spent.usd).toBeCloseTo(usd, 9);
    expect(usage.usd).toBeCloseTo(usd, 9);
    expect(budget.free.usd).toBeCloseTo(3 - usd, 9);
  });

  test('whose next call can’t be paid is parked in words before any request leaves', async () => {
    const house = await openHouse({ script: cast({ main: { text: 'Hello.' } }) });
    const chat = await house.client.newChat({ budgetUsd: 0.01 });
    const feed = chat.feed();
    await chat.say('Hello?');
    const notice = await feed.first('notice');
    expect(notice).toMatchObject({ level: 'error' });
    expect(notice.text).toMatch(/budget for .* doesn't cover its next call: .* Raise its budget/);
    expect(await shown(house, chat.id)).toMatchObject({ status: 'parked', reason: 'budget' });
    expect(house.requests).toHaveLength(0);
  });

  test('is told of half and most of its budget, in notices', async () => {
    const house = await openHouse({ script: cast({ main: { text: 'word '.repeat(3_000) } }) });
    const chat = await house.client.newChat({ budgetUsd: 0.15 });
    const feed = chat.feed();
    await chat.say('One.');
    await feed.first('turn.ended');
    await chat.say('Two.');
    expect((await feed.first('notice')).text).toMatch(/^(50|80) % of this chat's budget for .* is used up/);
  });

  test('of a bad budget is refused, field by field', async () => {
    const house = await openHouse({ script: cast({ main: { text: 'Hello.' } }) });
    for (const budgetUsd of [0, -1, 1e12, 'NaN', null]) {
      const answer = await house.client.post('/v1/chats', { budgetUsd });
      expect(answer.status).toBe(422);
      expect(problemSchema.parse(answer.body).errors?.[0]?.path).toBe('budgetUsd');
    }
  });

  test('with a model without a price is refused, and so is a subagent without a limit of tokens', async () => {
    const house = await openHouse({
      config: { models: { house: { id: 'claude-unheard-of' } } },
      script: cast({ main: { text: 'Hello.' }, Count: { text: 'Counted.' } }),
    });
    const refused = await house.client.post('/v1/chats', { model: 'house' });
    expect(refused.status).toBe(422);
    expect(problemSchema.parse(refused.body).errors).toMatchObject([{ path: 'model' }]);
    const chat = await house.client.newChat();
    const open = await house.client.post(`/v1/chats/${chat.id}/subagents`, {
      task: 'Count.',
      model: 'house',
    });
    expect(open.status).toBe(422);
    expect(problemSchema.parse(open.body).errors?.[0]?.message).toMatch(/give it limits\.tokens$/);
  });
});

describe('a subagent', () => {
  test('whose share is used up ends with what it has, and its parent reads that', async () => {
    const house = await openHouse({
      script: cast({
        main: [
          { toolCalls: [spawn('Go on for ever.', { label: 'ever', limits: { usd: 0.1 } })] },
          { text: 'Well.' },
        ],
        'Go on for ever': { text: `I got so far. ${'And on. '.repeat(700)}`, toolCalls: [bash('true')] },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Begin.');
    const ended = await feed.first('subagent.ended');
    expect(ended.subagent).toMatchObject({ status: 'over_budget', share: { usd: 0.1 } });
    expect(ended.subagent.result).toMatch(/^Its share is used up: .*\n\nIts latest words:\nI got so far\./);
    await feed.first('announcement.read');
    const { sessions } = await used(house, chat.id);
    expect(sessions.find(({ path }) => path === 'ever')?.own.usd).toBeLessThanOrEqual(0.1);
  });

  test('can be given a share by tool and by HTTP, never more than there is, in words', async () => {
    const house = await openHouse({
      env: { TIDINGS_SUBAGENT_BUDGET_USD: '1' },
      script: cast({
        main: [
          {
            toolCalls: [
              spawn('Much.', { label: 'much', limits: { usd: 5 } }),
              spawn('Some.', { label: 'some', limits: { usd: 0.5, tokens: 90_000 } }),
              spawn('More.', { label: 'more', limits: { usd: 0.9 } }),
            ],
          },
          { text: 'Well.' },
        ],
        Some: { text: 'Done.', gate: 'some' },
      }),
    });
    const chat = await house.client.newChat({ budgetUsd: 1.5 });
    const feed = chat.feed();
    await chat.say('Begin.');
    await feed.first('turn.ended');
    const results = house.requests.find((request) => request.toolResults.length === 3)?.toolResults ?? [];
    expect(results.map((result) => result.isError)).toEqual([true, false, true]);
    expect(results[0]?.text).toMatch(/usd/);
    expect(results[2]?.text).toMatch(
      /^Not spawned: its limits ask for \$0\.90, and there is \$0\.\d\d to give/,
    );
    expect(await chat.subagents()).toMatchObject([{ label: 'some', share: { usd: 0.5, tokens: 90_000 } }]);
    for (const limits of [{ usd: 0 }, { usd: 1e12 }, { tokens: 0 }, { tokens: 1.5 }, { usd: 'NaN' }]) {
      const answer = await house.client.post(`/v1/chats/${chat.id}/subagents`, { task: 'x', limits });
      expect(answer.status).toBe(422);
    }
    const over = await house.client.post(`/v1/chats/${chat.id}/subagents`, {
      task: 'x',
      limits: { usd: 0.9 },
    });
    expect(over.status).toBe(429);
    house.simulator.open('some');
    await feed.first('announcement.read');
  });
});

test('usage says by day, model and session what the API billed, to the last token', async () => {
  const house = await openHouse({
    script: cast({
      main: [
        { toolCalls: [spawn('Lead.', { label: 'boss' }), spawn('Cheap.', { model: 'claude-haiku-5-5' })] },
        { text: 'Well.' },
      ],
      Lead: [{ toolCalls: [spawn('Follow.', { label: 'pawn' })] }, { text: 'I wait.' }, { text: 'Led.' }],
      Follow: { text: 'Followed.' },
      Cheap: { text: 'Cheap.' },
    }),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Begin.');
  await feed.until(() => feed.all('announcement.read').length === 2);
  await house.simulator.until(() => house.simulator.counts.inFlight === 0);
  const { usage, days, models, sessions } = await used(house, chat.id);
  const { usd, tokens } = billed(house);
  const count = (one: typeof usage) =>
    one.inputTokens + one.outputTokens + one.cacheReadTokens + one.cacheWriteTokens;
  expect(usage.usd).toBeCloseTo(usd, 9);
  expect(count(usage)).toBe(tokens);
  expect(days.reduce((sum, day) => sum + count(day.usage), 0)).toBe(tokens);
  expect(models.map(({ model }) => model).sort()).toEqual(['claude-haiku-5-5', 'claude-sonnet-5-5']);
  const of = (path: string) => sessions.find((one) => one.path === path);
  expect(sessions.map(({ path }) => path)).toEqual(['', 'boss', 'cheap', 'boss/pawn']);
  expect(of('')?.subtree).toEqual(usage);
  expect(of('boss')?.subtree.usd).toBeCloseTo(
    (of('boss')?.own.usd ?? 0) + (of('boss/pawn')?.own.usd ?? 0),
    9,
  );
});
