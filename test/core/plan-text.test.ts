import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Card } from '../../src/core/card.ts';
import { faultOf, inOrder } from '../../src/core/plan-order.ts';
import { planFileName, planText } from '../../src/core/plan-text.ts';
import type { Session } from '../../src/core/session.ts';
import { born, call, chat, exchange, NOON, person, spawnRequest } from './play.ts';

const MINUTE = 60_000;

/** A chat with the plan of an API, and what its subagents' cards are to tell. */
function stands(cards: { readonly [label: string]: Partial<Card> }): Session {
  const main = chat();
  main.say('Go.');
  const worker = (id: string, title: string, after: string[] = []) => ({
    id,
    title,
    after,
    task: `Do ${id}.`,
  });
  main.answer([
    call('plan', {
      action: 'set',
      main_task: 'Build a complete web API with user authentication',
      tasks: [
        worker('Worker-A', 'Create database models and migrations'),
        worker('Worker-B', 'Implement authentication endpoints', ['Worker-A']),
        worker('Worker-C', 'Write API documentation'),
        {
          id: 'Manager',
          role: 'manager',
          title: 'Integrate and test all components',
          after: ['Worker-B', 'Worker-C'],
        },
      ],
    }),
  ]);
  const { state } = main;
  const told = Object.values(state.tree.cards).map((card) => [card.id, { ...card, ...cards[card.label] }]);
  return { ...state, tree: { ...state.tree, cards: Object.fromEntries(told) } };
}

const section = (text: string | undefined, name: string): string[] =>
  (text?.split(`## ${name}\n`)[1]?.split('\n\n')[0] ?? '').trim().split('\n');

describe('the words of a plan', () => {
  test('tell when each thing happened, counted from when the plan was set', () => {
    const text = planText(
      stands({
        'worker-a': { status: 'completed', startedAt: NOON + 20, endedAt: NOON + 10 * MINUTE },
        'worker-b': { status: 'running', startedAt: NOON + 12 * MINUTE, activity: 'authentication' },
        'worker-c': { status: 'running', startedAt: NOON + 20, activity: 'documentation' },
      }),
    );
    expect(section(text, 'Status')).toEqual([
      '- Worker-A: COMPLETED',
      '- Worker-B: IN_PROGRESS - authentication',
      '- Worker-C: IN_PROGRESS - documentation',
      '- Manager: PENDING - waiting for Worker-B, Worker-C',
    ]);
    expect(section(text, 'Progress Log')).toEqual([
      '- T+0: Distributed tasks to Worker-A, Worker-B, Worker-C',
      '- T+10min: Worker-A completed',
      '- T+12min: Worker-B started',
    ]);
  });

  test('tell who asks, who was tried again, who failed and why, and what was checked', () => {
    const request = { id: 'q', kind: 'question' as const, title: 'Which\ndatabase?', detail: 'Which?' };
    const text = planText(
      stands({
        'worker-a': { status: 'completed', verified: 'npm test', endedAt: NOON },
        'worker-b': { status: 'input_required', requests: [request], startedAt: NOON + MINUTE, attempt: 2 },
        'worker-c': { status: 'over_budget', endedAt: NOON + 90 * MINUTE },
      }),
    );
    expect(section(text, 'Status')).toEqual([
      '- Worker-A: COMPLETED - checked: npm test',
      '- Worker-B: IN_PROGRESS - asks: Which database? (attempt 2)',
      '- Worker-C: FAILED - over_budget',
      '- Manager: PENDING - waiting for Worker-B, Worker-C, which is FAILED',
    ]);
    expect(section(text, 'Progress Log')).toContain('- T+1min: Worker-B started again (attempt 2)');
    expect(section(text, 'Progress Log')).toContain('- T+90min: Worker-C failed');
  });

  test('stay one line each, whatever a subagent says it does', () => {
    const text = planText(
      stands({ 'worker-a': { status: 'running', activity: `a\n## Status\n${'x'.repeat(500)}` } }),
    );
    expect(text?.split('\n').filter((line) => line === '## Status')).toHaveLength(1);
    expect(section(text, 'Status')[0]).toHaveLength('- Worker-A: IN_PROGRESS - '.length + 120);
  });

  test('are not there without a plan, and have a file of their own for each session of a chat', () => {
    const main = chat();
    expect(planText(main.state)).toBeUndefined();
    expect(planFileName(main.state)).toBe('MANAGER_PLAN.md');
    main.do({ type: 'spawn', request: spawnRequest('boss'), from: person });
    const boss = born(main, 'boss');
    exchange(main, boss);
    expect(planFileName(boss.state)).toBe('MANAGER_PLAN.boss.md');
  });
});

describe('the order of tasks', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const drawn = fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }).chain((ids) =>
    fc.tuple(
      ...ids.map((id) =>
        fc.record({
          id: fc.constant(id),
          after: fc.uniqueArray(fc.constantFrom(...ids), { maxLength: 2 }),
        }),
      ),
    ),
  );

  test('puts each behind what it waits for, or there is a circle and it is shown', () => {
    fc.assert(
      fc.property(drawn, (tasks) => {
        const byId = new Map(tasks.map((task) => [task.id, task]));
        const fault = faultOf(tasks);
        if (fault === undefined) {
          const sorted = inOrder(tasks).map(({ id }) => id);
          expect(sorted.toSorted()).toEqual([...byId.keys()].toSorted());
          for (const { id, after } of tasks)
            for (const one of after) expect(sorted.indexOf(one)).toBeLessThan(sorted.indexOf(id));
          return;
        }
        const circle = (fault.split(':')[0] ?? '').split(' waits for ');
        expect(circle.length).toBeGreaterThan(1);
        expect(circle[0]).toBe(circle.at(-1));
        circle.slice(1).forEach((next, at) => void expect(byId.get(circle[at] ?? '')?.after).toContain(next));
      }),
    );
  });
});
