import { describe, expect, test } from 'vitest';
import { claims, freeOf } from '../../src/core/budget.ts';
import type { Rules, Terms } from '../../src/core/commands.ts';
import {
  born,
  card,
  carry,
  chat,
  exchange,
  latestWords,
  mailTo,
  NOON,
  type Play,
  person,
  play,
  rules,
  spawnCall,
  spawnRequest,
  text,
} from './play.ts';

/** A dollar for a million tokens read, ten for a million written. */
const plain: Terms = {
  window: 1_000_000,
  compactAt: 1_000_000,
  cost: ({ input, output }) => (input + 10 * output) / 1_000_000,
};

function withBudget(chatUsd: number, subagentUsd = 2, more: Partial<Rules['budget']> = {}): Rules {
  return { ...rules, terms: () => plain, budget: { chatUsd, subagentUsd, ...more } };
}

function answered(of: Play, usd: number) {
  return of.do({
    type: 'answered',
    step: of.state.step?.n ?? 0,
    content: [text('Well.')],
    stop: 'end_turn',
    usage: { inputTokens: 100, outputTokens: 10, cacheReadTokens: 0, cacheWriteTokens: 0, usd },
    calls: [],
    ms: 1,
  });
}

describe('a share', () => {
  function spawned(inForce: Rules, more: Parameters<typeof spawnRequest>[1] = {}): Play {
    const main = chat(inForce);
    main.do({ type: 'spawn', request: spawnRequest('a', more), from: person });
    return main;
  }

  test('is its parent’s no more until the subagent ends, and then what is left of it is', () => {
    const inForce = withBudget(20);
    const main = spawned(inForce);
    const child = born(main, 'a', inForce);
    exchange(main, child);
    expect(claims(main.state).usd).toBe(2);
    expect(card(main, 'a').share).toEqual({ minutes: 10, usd: 2 });
    answered(child, 0.3);
    carry(child, main);
    expect(claims(main.state).usd).toBe(0);
    expect(main.state.account.closed.usd).toBe(0.3);
  });

  test('that is asked for is set aside at the spawn, and refused where there isn’t so much', () => {
    const inForce = { ...withBudget(4), maxChildren: 1 };
    const main = spawned(inForce, { usd: 1.5 });
    main.do({ type: 'spawn', request: spawnRequest('b', { usd: 1.5 }), from: person });
    expect(card(main, 'b').status).toBe('queued');
    expect(claims(main.state).usd).toBe(3);
    expect(
      main.refusal({ type: 'spawn', request: spawnRequest('c', { usd: 1.5 }), from: person }).message,
    ).toBe(
      'its limits ask for $1.50, and there is $0.20 to give: ask for less, or wait until others have ended',
    );
  });

  test('leaves its parent a fifth', () => {
    const main = spawned({ ...withBudget(1), maxChildren: 9 });
    expect(claims(main.state).usd).toBe(0.8);
    expect(freeOf(main.state, withBudget(1).budget, NOON).usd).toBe(0.2);
  });

  test('is waited for where nothing is left and something may come back', () => {
    const inForce = { ...withBudget(1, 0.8), maxChildren: 9 };
    const main = spawned(inForce);
    main.do({ type: 'spawn', request: spawnRequest('b'), from: person });
    expect(card(main, 'b').status).toBe('queued');
    const child = born(main, 'a', inForce);
    exchange(main, child);
    answered(child, 0.1);
    carry(child, main);
    expect(card(main, 'b').status).toBe('running');
  });

  test('is refused in words where nothing is left and nothing can come back', () => {
    const main = chat(withBudget(0.1));
    main.say('go');
    answered(main, 0.07);
    expect(main.refusal({ type: 'spawn', request: spawnRequest('a'), from: person }).message).toMatch(
      /^the budget is used up: there is \$0\.01 left for subagents, and the first call of one may cost \$0\.0\d/,
    );
  });

  test('that is too small for one call is refused in words', () => {
    const main = chat(withBudget(20));
    expect(
      main.refusal({ type: 'spawn', request: spawnRequest('a', { usd: 0.01 }), from: person }).message,
    ).toMatch(/^its limits of \$0\.01 don't cover even its first call, which may cost \$0\.0\d/);
  });

  test('that is used up ends the subagent with its partial work', () => {
    const inForce = withBudget(20, 0.1);
    const main = spawned(inForce);
    const child = born(main, 'a', inForce);
    exchange(main, child);
    child.answer([text('Half of it.'), spawnCall('x', { limits: { usd: 0.05 } })]);
    child.do({ type: 'cut', call: 'step.2', how: 'open' });
    expect(child.state.status).toBe('over_budget');
    exchange(main, child);
    expect(latestWords(main)[0]).toMatch(
      /status="over_budget".*Its share is used up: .*\n\nIts latest words:\nHalf of it\./s,
    );
  });

  test('is had anew by one that is resumed, beside what it had spent', () => {
    const inForce = withBudget(20);
    const main = spawned(inForce);
    const child = born(main, 'a', inForce);
    exchange(main, child);
    answered(child, 0.3);
    exchange(main, child);
    main.do({ type: 'steer', target: 'a', message: 'Go on.', interrupt: false, from: person });
    exchange(main, child);
    expect(child.state.account.granted).toEqual({ usd: 2.3 });
    expect(claims(main.state).usd).toBe(2);
  });

  test('of tokens holds like one of money', () => {
    const inForce = withBudget(20, 2, { chatTokens: 200_000 });
    const main = spawned(inForce, { tokens: 30_000 });
    const child = born(main, 'a', inForce);
    exchange(main, child);
    expect(child.state.account.granted).toEqual({ usd: 2, tokens: 30_000 });
    expect(claims(main.state)).toEqual({ usd: 2, tokens: 30_000 });
  });

  test('is what two hundred of them wait for, and none is refused', () => {
    const main = chat({ ...withBudget(20), maxSpawns: 200, maxDepth: 1, maxChildren: 8 });
    for (let i = 0; i < 200; i++) main.do({ type: 'spawn', request: spawnRequest(`w${i}`), from: person });
    const all = Object.values(main.state.tree.cards);
    expect(all.filter(({ status }) => status === 'running')).toHaveLength(8);
    expect(all.filter(({ status }) => status === 'queued')).toHaveLength(192);
  });

  test('of one that is resumed is had once all is settled that its last attempt had under way', () => {
    const inForce = withBudget(20);
    const main = spawned(inForce);
    const child = born(main, 'a', inForce);
    exchange(main, child);
    main.do({ type: 'kill', target: 'a', from: person });
    exchange(main, child);
    const held = child.state.account.held['step.1'];
    expect(main.state.account.closed.usd).toBe(held?.usd);
    main.do({ type: 'steer', target: 'a', message: 'Go on.', interrupt: false, from: person });
    exchange(main, child);
    expect(card(main, 'a')).toMatchObject({ status: 'queued', attempt: 2 });
    child.do({ type: 'cut', call: 'step.1', how: 'unsent' });
    exchange(main, child);
    expect(card(main, 'a').status).toBe('running');
    expect(main.state.account.closed.usd).toBe(0);
    expect(child.state.account.granted).toEqual({ usd: 2 });
  });

  test('is not had by a subagent of the first release before its next place', () => {
    const inForce = withBudget(20);
    const main = spawned(inForce);
    const [task] = mailTo(main, card(main, 'a').id);
    const sender = main.state.id;
    const child = play({ type: 'mail', sender, mails: task ? [task] : [] }, inForce);
    const body = { kind: 'go', attempt: 1, spawns: 0, day: '2026-11-20' } as const;
    child.do({ type: 'mail', sender, mails: [{ to: child.state.id, n: 2, body }] });
    expect(child.state).toMatchObject({ status: 'running', step: { n: 1 } });
    expect(child.state.account.granted).toBeUndefined();
  });
});
