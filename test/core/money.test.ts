import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exact, plus } from '../../src/core/amount.ts';
import { beyond, bound, reserve } from '../../src/core/budget.ts';
import type { Rules, Terms } from '../../src/core/commands.ts';
import { makeCatalogue } from '../../src/model/catalogue.ts';
import { termsOf } from '../../src/model/terms.ts';
import {
  born,
  chat,
  exchange,
  latestWords,
  NOON,
  only,
  type Play,
  person,
  rules,
  spawnCall,
  text,
  types,
} from './play.ts';

const DAY = 86_400_000;
const MILLION = 1_000_000;
/** A dollar for a million tokens read, ten for a million written. */
const plain: Terms = {
  window: MILLION,
  compactAt: MILLION,
  cost: ({ input, output }) => (input + 10 * output) / MILLION,
};

function withBudget(chatUsd: number, subagentUsd = 2, more: Partial<Rules['budget']> = {}): Rules {
  return { ...rules, terms: () => plain, budget: { chatUsd, subagentUsd, ...more } };
}

function usage(output: number, usd: number) {
  return { inputTokens: 100, outputTokens: output, cacheReadTokens: 0, cacheWriteTokens: 0, usd };
}

function answered(of: Play, usd: number, at = NOON) {
  return of.do(
    {
      type: 'answered',
      step: of.state.step?.n ?? 0,
      content: [text('Well.')],
      stop: 'end_turn',
      usage: usage(10, usd),
      calls: [],
      ms: 1,
    },
    { at },
  );
}

function heldBy(of: Play) {
  return of.state.account.held[`step.${of.state.step?.n}`];
}

function raise(of: Play, budgetUsd: number) {
  return of.do({ type: 'change', budgetUsd, from: person });
}

describe('what is set aside for a call', () => {
  const wish = { terms: plain, input: 10_000, most: 4_096, least: 2_048, ttl: '5m' } as const;

  test('is its whole prompt and as long an answer as there is money for', () => {
    expect(reserve({ usd: 1, tokens: MILLION }, wish)).toEqual({
      usd: 0.05096,
      tokens: 14_096,
      maxTokens: 4_096,
      ttl: '5m',
    });
    expect(reserve({ usd: 0.04, tokens: MILLION }, wish)?.maxTokens).toBe(3_000);
    expect(reserve({ usd: 1, tokens: 12_500 }, wish)?.maxTokens).toBe(2_500);
  });

  test('is nothing at all where the shortest answer can’t be paid', () => {
    expect(reserve({ usd: 0.03047, tokens: MILLION }, wish)).toBeUndefined();
    expect(reserve({ usd: 0.03048, tokens: MILLION }, wish)?.maxTokens).toBe(2_048);
    expect(reserve({ usd: 1, tokens: 12_047 }, wish)).toBeUndefined();
  });

  test('is never more than what is free, whatever the prices', () => {
    const catalogue = makeCatalogue();
    const terms = termsOf(catalogue);
    fc.assert(
      fc.property(
        fc.constantFrom(...catalogue.names),
        fc.double({ min: 0, max: 5, noNaN: true }),
        fc.nat({ max: 400_000 }),
        fc.constantFrom('5m', '1h'),
        (model, usd, input, ttl) => {
          const free = { usd: exact(usd), tokens: Number.POSITIVE_INFINITY };
          const held = reserve(free, { ...wish, terms: terms(model), input, most: 32_000, ttl });
          if (!held) return;
          expect(held.usd).toBeLessThanOrEqual(free.usd);
          expect(held.maxTokens).toBeGreaterThanOrEqual(2_048);
          const within = Math.min(input, terms(model).window);
          const worst = terms(model).cost({ input: within, output: held.maxTokens }, ttl);
          expect(held.usd).toBeGreaterThanOrEqual(worst - 1e-12);
        },
      ),
    );
  });

  test('leaves room beside a budget of thinking', () => {
    const thinking = withBudget(1);
    const prefix = (about: Parameters<Rules['prefix']>[0]) => ({
      ...rules.prefix(about),
      max_tokens: 32_000,
      thinking: { type: 'enabled', budget_tokens: 8_192 },
    });
    const main = chat({ ...thinking, prefix });
    expect(main.state.prefix).toMatchObject({ most: 32_000, least: 9_216 });
  });

  test('costs twice as much where the cache is to keep it for an hour', () => {
    const terms = termsOf(makeCatalogue())('claude-sonnet-5-5');
    expect(terms.cost({ input: MILLION, output: 0 }, '5m')).toBe(2.5);
    expect(terms.cost({ input: MILLION, output: 0 }, '1h')).toBe(4);
  });
});

describe('an answer', () => {
  test('puts the API’s figures in the place of what was set aside', () => {
    const main = chat(withBudget(20));
    main.say('hello');
    expect(heldBy(main)?.usd).toBeGreaterThan(0.04);
    answered(main, 0.01);
    expect(main.state.account).toMatchObject({ own: { usd: 0.01, tokens: 110 }, held: {} });
    expect(main.state.spending).toEqual([
      { day: '2026-11-20', model: 'claude-sonnet-5-5', usage: usage(10, 0.01) },
    ]);
  });

  test('that comes after its step was given up is paid for all the same', () => {
    const main = chat(withBudget(20));
    main.say('one');
    const late = { type: 'answered', step: 1, content: [], stop: 'end_turn', calls: [], ms: 1 } as const;
    main.say('two', true);
    expect(Object.keys(main.state.account.held)).toEqual(['step.1', 'step.2']);
    main.do({ ...late, usage: usage(10, 0.01) });
    expect(Object.keys(main.state.account.held)).toEqual(['step.2']);
    expect(main.state.account.own.usd).toBe(0.01);
  });
});

describe('a call that is cut', () => {
  const cut = (of: Play, how: 'unsent' | 'open' | 'over', told?: ReturnType<typeof usage>) =>
    of.do({ type: 'cut', call: 'step.1', how, ...(told ? { usage: told } : {}) });

  function interrupted(): Play {
    const main = chat(withBudget(20));
    main.say('one');
    main.say('two', true);
    return main;
  }

  test('and hadn’t left costs nothing', () => {
    const main = interrupted();
    expect(only(cut(main, 'unsent'), 'call.cut')[0]?.charged).toEqual({ usd: 0, tokens: 0 });
    expect(main.state.account.own.usd).toBe(0);
  });

  test('in its middle costs what was told and the rest of its answer', () => {
    const main = interrupted();
    const held = main.state.account.held['step.1'];
    cut(main, 'open', usage(1, 0.002));
    expect(main.state.account.own).toEqual({ usd: exact(0.002 + 4_095 / 100_000), tokens: 101 + 4_095 });
    expect(main.state.usage.usd).toBe(0.002);
    expect(held && beyond(held, plain, undefined)).toEqual({ usd: held?.usd, tokens: held?.tokens });
  });

  test('is settled once, however often that is told', () => {
    const main = interrupted();
    cut(main, 'open', usage(1, 0.002));
    expect(cut(main, 'open', usage(1, 0.002))).toEqual([]);
  });

  test('and goes out again is paid for anew, or not made', () => {
    const main = chat(withBudget(0.06));
    main.say('one');
    const again = cut(main, 'open');
    expect(types(again)).toEqual(['call.cut', 'step.abandoned', 'turn.ended', 'session.parked', 'notice']);
    expect(main.state).toMatchObject({ status: 'parked', reason: 'budget' });
    const rich = chat(withBudget(20));
    rich.say('one');
    expect(types(cut(rich, 'open'))).toEqual(['call.cut', 'call.reserved']);
  });
});

describe('a chat whose next call can’t be paid', () => {
  test('is parked in words that say the figures and how to go on, and told of all of it', () => {
    const main = chat(withBudget(0.06));
    main.say('one');
    answered(main, 0.05);
    const followed = main.say('two');
    const [notice] = only(followed, 'notice');
    expect(notice?.text).toMatch(
      /^This chat's budget for 2026-11-20 \(UTC\) doesn't cover its next call: \$0\.05 of \$0\.06 is spent, the next call may cost up to \$0\.02\. Nothing is lost\. Raise its budget \(PATCH \/v1\/chats\/chat with budgetUsd\)/,
    );
    expect(notice?.budgetPercent).toBe(100);
    expect(main.state.mail.waiting).toHaveLength(1);
  });

  test('goes on by itself when its budget is raised, and not when it is raised too little', () => {
    const main = chat(withBudget(0.06));
    main.say('one');
    answered(main, 0.05);
    main.say('two');
    expect(types(raise(main, 0.061))).not.toContain('step.requested');
    expect(main.state.status).toBe('parked');
    expect(types(raise(main, 1))).toContain('step.requested');
    expect(latestWords(main)[0]).toContain('two');
  });

  test('goes on the next day, and not by a clock that goes back', () => {
    const main = chat(withBudget(0.06));
    const words = {
      type: 'say',
      parts: [{ type: 'text', text: 'x' }],
      interrupt: false,
      from: person,
    } as const;
    main.do(words, { at: NOON + DAY });
    answered(main, 0.05, NOON + DAY);
    expect(types(main.do(words, { at: NOON }))).not.toContain('step.requested');
    expect(types(main.do(words, { at: NOON + 2 * DAY }))).toContain('step.requested');
  });
});

describe('people are told', () => {
  test('once each when half, most and all of the day’s budget is used up', () => {
    const main = chat(withBudget(1));
    const percents = [0.5, 0.1, 0.25, 0.2].map((usd) => {
      main.say('go on');
      return only(answered(main, usd), 'notice').map((one) => one.budgetPercent);
    });
    expect(percents).toEqual([[50], [], [80], [100]]);
  });

  test('anew of what lies above a budget that was raised', () => {
    const main = chat(withBudget(1));
    main.say('go on');
    answered(main, 0.9);
    raise(main, 1.6);
    expect(main.state.account.noticed).toBe(50);
    main.say('go on');
    expect(only(answered(main, 0.4), 'notice').map((one) => one.budgetPercent)).toEqual([80]);
  });
});

test('sums of money don’t drift and don’t depend on their order', () => {
  const sums = fc.array(
    fc.integer({ min: 0, max: 1e12 }).map((nano) => nano / 1e9),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(sums, (all) => {
      const add = (list: readonly number[]) =>
        list.reduce((sum, usd) => plus(sum, { usd, tokens: 0 }), { usd: 0, tokens: 0 }).usd;
      const whole = all.reduce((sum, usd) => sum + Math.round(usd * 1e9), 0);
      expect(add(all)).toBe(whole / 1e9);
      expect(add(all.toReversed())).toBe(add(all));
    }),
  );
});

describe('whatever is spawned, spent, cut and ended', () => {
  const deeds = fc.array(
    fc.record({
      who: fc.nat({ max: 9 }),
      what: fc.constantFrom('spawn', 'answer', 'cut', 'lose', 'say', 'raise', 'day'),
      usd: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    { maxLength: 60 },
  );

  test('no session of the tree has more bound than it may spend', () => {
    fc.assert(
      fc.property(fc.constantFrom(0.2, 1, 5), deeds, (budgetUsd, all) => {
        const inForce = { ...withBudget(budgetUsd, 0.5), maxDepth: 3, maxChildren: 3 };
        const main = chat(inForce);
        const sessions: Play[] = [main];
        let at = NOON;
        const settle = (): void => {
          for (const parent of [...sessions]) {
            for (const child of Object.keys(parent.state.tree.children)) {
              if (sessions.some((one) => one.state.id === child)) continue;
              const { label } = parent.state.tree.cards[child] ?? { label: '' };
              sessions.push(born(parent, label, inForce));
            }
          }
          exchange(...sessions);
        };
        for (const { who, what, usd } of all) {
          const one = sessions[who % sessions.length] ?? main;
          const step = one.state.step?.phase === 'calling' ? one.state.step.n : 0;
          const held = one.state.account.held[`step.${step}`];
          if (what === 'spawn' && step > 0) one.answer([spawnCall('x'), spawnCall('y')], undefined, { at });
          if (what === 'answer' && held) answered(one, exact(held.usd * usd), at);
          if (what === 'cut' && held) one.do({ type: 'cut', call: `step.${step}`, how: 'open' }, { at });
          if (what === 'lose') one.do({ type: 'host.started' }, { at });
          if (what === 'say') main.say('go on');
          if (what === 'raise') raise(main, (main.state.budgetUsd ?? budgetUsd) + usd);
          if (what === 'day') at += DAY / 2;
          settle();
          for (const { state } of sessions) {
            const cap = state.account.granted?.usd ?? state.budgetUsd ?? (state.spec ? 0 : budgetUsd);
            expect(bound(state, state.account).usd).toBeLessThanOrEqual(cap);
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});
