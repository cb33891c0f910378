import { describe, expect, test } from 'vitest';
import type { TrustLevel } from '../../src/core/card.ts';
import type { Rules } from '../../src/core/commands.ts';
import { trustOf } from '../../src/core/policy.ts';
import { wants } from '../../src/core/wants.ts';
import {
  born,
  call,
  card,
  chat,
  exchange,
  latestWords,
  type Play,
  person,
  run,
  spawnCall,
  spawnRequest,
  text,
  trusting,
} from './play.ts';

const auto = trusting('auto', 'auto');

const results = (of: Play): string[] =>
  of.log.flatMap(({ event }) => (event.type === 'tool.finished' ? [String(event.block.content)] : []));
const works = (of: Play) => wants(of.state).filter(({ kind }) => kind === 'tool');

/** A chat, its subagent and that one's own. */
function threeDeep(
  boss: object = {},
  pawn: { [key: string]: string } = {},
): { main: Play; boss: Play; pawn: Play } {
  const main = chat(auto);
  main.do({ type: 'spawn', request: spawnRequest('boss', boss), from: person });
  const one = born(main, 'boss', auto);
  exchange(main, one);
  one.answer([spawnCall('pawn', pawn)]);
  const two = born(one, 'pawn', auto);
  exchange(main, one, two);
  return { main, boss: one, pawn: two };
}

describe('a session', () => {
  test('whose plan is not approved has nobody act for it, not even one that it spawned before', () => {
    const plan = call('report', { plan: 'Do it.' });
    const main = chat(auto);
    main.do({ type: 'spawn', request: spawnRequest('boss', { trust: 'plan' }), from: person });
    const boss = born(main, 'boss', auto);
    exchange(main, boss);
    boss.answer([plan]);
    exchange(main, boss);
    const request = `${boss.state.id}.q1`;
    main.do({ type: 'answer', target: 'boss', request, decision: 'allow', text: '', from: person });
    exchange(main, boss);
    boss.answer([spawnCall('pawn')]);
    const pawn = born(boss, 'pawn', auto);
    exchange(main, boss, pawn);
    pawn.answer([text('Done.')]);
    exchange(main, boss, pawn);
    boss.answer([text('All done.')]);
    boss.answer([text('Read, and all done.')]);
    exchange(main, boss, pawn);
    expect(card(main, 'boss').status).toBe('completed');
    const again = {
      type: 'steer',
      target: 'boss',
      message: 'Once more.',
      interrupt: false,
      from: person,
    } as const;
    main.do(again);
    exchange(main, boss, pawn);
    boss.answer([call('subagents', { action: 'steer', target: 'pawn', message: 'Delete it all.' })]);
    exchange(main, boss, pawn);
    expect(results(boss).at(-1)).toContain('Not steered: your plan is not approved yet');
    expect(card(boss, 'pawn')).toMatchObject({ status: 'completed', attempt: 1 });
  });

  test('is narrowed with its chat: what is taken from the assistant is taken from all below it', () => {
    const { boss, pawn } = threeDeep();
    const later: Rules = { ...auto, trust: { main: 'ask', subagents: 'auto' } };
    expect([trustOf(boss.state, auto), trustOf(pawn.state, auto)]).toEqual(['auto', 'auto']);
    expect([trustOf(boss.state, later), trustOf(pawn.state, later)]).toEqual(['ask', 'ask']);
  });

  test('hears of what somebody above it denied its own subagent', () => {
    const { main, boss, pawn } = threeDeep();
    pawn.answer([run('ask me')]);
    exchange(main, boss, pawn);
    main.say('Look after it.');
    main.answer([
      call('subagents', { action: 'answer', target: 'boss/pawn', decision: 'deny', message: 'Too risky.' }),
    ]);
    exchange(main, boss, pawn);
    expect(results(pawn)[0]).toContain('Not run: denied by a session further above:\nToo risky.');
    boss.answer([text('I wait.')]);
    pawn.answer([text('I could not.')]);
    exchange(main, boss, pawn);
    expect(latestWords(boss).join()).toContain(
      'The session above you denied what was asked for by your subagent',
    );
  });

  test('reads what was said with a permission, beside the result of its call', () => {
    const { main, boss, pawn } = threeDeep();
    pawn.answer([run('ask me')]);
    exchange(main, boss, pawn);
    const request = `${pawn.state.id}.q1`;
    main.do({ type: 'answer', target: 'pawn', request, decision: 'allow', text: 'Only once.', from: person });
    exchange(main, boss, pawn);
    expect(works(pawn)).toHaveLength(1);
    pawn.tool(`${pawn.state.step?.n}.0`);
    expect(latestWords(pawn).join('\n')).toMatch(
      /It worked\.[\s\S]*a person \(ada\) allowed the call[\s\S]*Only once\./,
    );
  });

  test('stopped while it waits to be allowed runs nothing, and no longer asks', () => {
    const main = chat(auto);
    main.say('Tidy up.');
    main.answer([run('ask me')]);
    main.do({ type: 'stop', subagents: false, from: person });
    expect(results(main)[0]).toContain('It was not allowed yet, and not run.');
    expect(works(main)).toEqual([]);
    const late = { type: 'answer', request: 'chat.q1', decision: 'allow', text: '', from: person } as const;
    expect(main.refusal(late)).toMatchObject({ kind: 'conflict' });
  });

  test('that hands in a plan nobody asked for is told to go on', () => {
    const { pawn } = threeDeep();
    const plan = { type: 'tool_use', id: 'toolu_plan', name: 'report', input: { plan: 'x' } } as const;
    pawn.do({
      type: 'answered',
      step: pawn.state.step?.n ?? 0,
      content: [plan],
      stop: 'tool_use',
      usage: { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0 },
      calls: [
        {
          id: plan.id,
          name: 'report',
          input: {},
          summary: 'report',
          intent: { do: 'ask', kind: 'plan', title: 'x', detail: 'x' },
        },
      ],
      ms: 1,
    });
    expect(results(pawn).at(-1)).toContain('Your plan was approved already, or none is asked for');
  });

  test('that reviews has reviewers below it, and hears so', () => {
    const { boss, pawn } = threeDeep({ role: 'reviewer' }, { role: 'worker' });
    expect(results(boss)[0]).toContain("a reviewer's subagents only look, too");
    expect(pawn.state.spec?.role).toBe('reviewer');
  });

  test('that the configuration has taken back since is gone for sessions that live', () => {
    const { boss: child } = threeDeep();
    const now = (subagents: TrustLevel) =>
      trustOf(child.state, { ...auto, trust: { main: 'auto', subagents } });
    expect([now('auto'), now('ask')]).toEqual(['auto', 'ask']);
    // It was never told of plans, so it asks instead of standing still.
    expect(now('plan')).toBe('ask');
  });
});
