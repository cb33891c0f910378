import { describe, expect, test } from 'vitest';
import { standings } from '../../src/core/plan.ts';
import { planText } from '../../src/core/plan-text.ts';
import type { Json } from '../../src/core/ports.ts';
import {
  born,
  call,
  card,
  chat,
  exchange,
  gather,
  latestWords,
  NOON,
  only,
  type Play,
  text,
  types,
} from './play.ts';

type Task = { readonly [key: string]: Json };

const task = (id: string, more: Task = {}): Task => ({ id, task: `Do ${id}.`, ...more });
const set = (tasks: readonly Task[], more: Task = {}) =>
  call('plan', { action: 'set', main_task: 'Build it', tasks: [...tasks], ...more });
const update = (more: Task) => call('plan', { action: 'update', ...more });

/** A chat that has just asked its model something. */
function asked(): Play {
  const main = chat();
  main.say('Go.');
  return main;
}

/** What the call just made came to. */
function outcome(main: Play): string {
  return latestWords(main)[0] ?? '';
}

function statuses(main: Play): { [id: string]: string } {
  return Object.fromEntries(standings(main.state).map((one) => [one.task.id, one.status]));
}

/** A chat with a plan under way, and the subagents of it. */
function planned(tasks: readonly Task[]) {
  const main = asked();
  main.answer([set(tasks)]);
  const accepted: { subagents: { label: string }[] } = JSON.parse(outcome(main));
  const children = new Map(accepted.subagents.map(({ label }) => [label, born(main, label)]));
  const settle = (): void => {
    for (let moved = true; moved; ) {
      exchange(main, ...children.values());
      moved = gather(main).length > 0;
    }
  };
  const of = (label: string): Play => {
    const child = children.get(label);
    if (!child) throw new Error(`nobody works on ${label}`);
    return child;
  };
  settle();
  return {
    main,
    of,
    settle,
    says(label: string, words: string) {
      of(label).answer([text(words)]);
      settle();
    },
    /** The model's next words, whatever it heard. */
    answers(...content: Parameters<Play['answer']>[0]) {
      if (main.state.step?.phase !== 'calling') main.say('And now?');
      main.answer(content);
      settle();
    },
  };
}

describe('plan set', () => {
  test('spawns in one commit a subagent for each task, which wait for each other', () => {
    const main = asked();
    const events = main.answer([
      set([
        task('api', { after: ['models'], retries: 2, title: 'The endpoints' }),
        task('models'),
        task('Look', { role: 'reviewer', done_when: { result_schema: { type: 'object' } } }),
      ]),
    ]);
    const spawned = only(events, 'subagent.spawned').map(({ spec }) => spec);
    expect(spawned.map(({ label }) => label)).toEqual(['models', 'look', 'api']);
    const [models, look, api] = spawned;
    expect(api).toMatchObject({ retries: 2, after: [models?.id], role: 'worker', announce: 'each' });
    expect(look).toMatchObject({ role: 'reviewer', doneWhen: { resultSchema: { type: 'object' } } });
    expect(main.state.plan).toMatchObject({
      mainTask: 'Build it',
      since: NOON,
      tasks: [
        { id: 'api', title: 'The endpoints', subagent: api?.id },
        { id: 'models', title: 'Do models.', subagent: models?.id },
        { id: 'Look', subagent: look?.id },
      ],
    });
    expect(JSON.parse(outcome(main))).toMatchObject({
      status: 'accepted',
      subagents: [
        { task: 'models', label: 'models', state: 'running' },
        { task: 'Look', label: 'look', state: 'running' },
        { task: 'api', label: 'api', state: 'blocked' },
      ],
    });
    expect(statuses(main)).toEqual({ api: 'PENDING', models: 'IN_PROGRESS', Look: 'IN_PROGRESS' });
  });

  test.each<[string, Task[], string]>([
    ['two tasks of one id', [task('a'), task('a')], 'two tasks are called a'],
    ['two ids that differ in their capitals', [task('a'), task('A')], 'differ only in their capitals'],
    [
      'an unknown task to wait for',
      [task('a', { after: ['b'] })],
      'a waits for b, which is no task of the plan',
    ],
    ['a task that waits for itself', [task('a', { after: ['a'] })], 'a waits for a: nobody could begin'],
    [
      'a circle',
      [task('a', { after: ['c'] }), task('b', { after: ['a'] }), task('c', { after: ['b'] }), task('d')],
      'a waits for c waits for b waits for a',
    ],
    ['no task to do', [{ id: 'a', title: 'Something' }], 'a is new and has no task'],
    [
      'own work that others wait for',
      [{ id: 'mine', role: 'manager', title: 'Decide' }, task('a', { after: ['mine'] })],
      'a waits for mine, which is your own',
    ],
    ['a budget that is not there', [task('a'), task('b', { limits: { usd: 11 } })], 'limits'],
    [
      'more than the day has',
      Array.from({ length: 51 }, (_, n) => task(`t${n}`)),
      'it needs 51 subagents, and 50 spawns are left today',
    ],
  ])('with %s changes nothing, and says what is wrong', (_, tasks, words) => {
    const main = asked();
    const events = main.answer([set(tasks)]);
    expect(outcome(main)).toContain(words);
    expect(types(events).filter((type) => /^(plan|subagent|mail\.posted)/.test(type))).toEqual([]);
    expect(main.state.plan).toBeUndefined();
    expect(main.state.spawned).toBe(0);
  });

  test('that fails at the last of its subagents has made none of them', () => {
    const main = asked();
    // Twenty-one to wait for are one too many.
    const many = Array.from({ length: 21 }, (_, n) => task(`t${n}`));
    main.answer([set([...many, task('last', { after: many.map(({ id }) => id ?? '') })])]);
    expect(outcome(main)).toContain('last: it names 21 subagents to wait for; at most 20');
    expect(main.state.tree.children).toEqual({});
  });

  test('again is refused while its subagents are at work, and on request ends them for a new plan', () => {
    const { main, answers, settle } = planned([task('a'), task('b')]);
    const before = main.state.plan;
    answers(set([task('c')]));
    expect(outcome(main)).toMatch(/a \(running\), b \(running\) would be ended/);
    expect(main.state.plan).toBe(before);
    answers(set([task('a')], { kill: true }));
    settle();
    expect(card(main, 'a').status).toBe('killed');
    expect(card(main, 'b').status).toBe('killed');
    expect(statuses(main)).toEqual({ a: 'IN_PROGRESS' });
    expect(outcome(main)).toContain('The label a was taken; the subagent of a is called a-2.');
  });
});

describe('the progress of a plan', () => {
  test('is what happened: it follows those who work on it, tries and all', () => {
    const { main, of, says, settle } = planned([
      task('models', { retries: 1 }),
      task('api', { after: ['models'] }),
      { id: 'all', role: 'manager', title: 'Put it together', after: ['api'] },
    ]);
    expect(statuses(main)).toEqual({ models: 'IN_PROGRESS', api: 'PENDING', all: 'PENDING' });
    of('models').refused('too_large');
    of('models').refused('too_large');
    settle();
    // It failed, and was at once tried again: nobody who waits for it has heard of that.
    expect(card(main, 'models')).toMatchObject({ attempt: 2, status: 'running' });
    expect(statuses(main)).toEqual({ models: 'IN_PROGRESS', api: 'PENDING', all: 'PENDING' });
    expect(planText(main.state)).toContain('- models: IN_PROGRESS - Do models. (attempt 2)');
    says('models', 'Two tables.');
    expect(statuses(main)).toEqual({ models: 'COMPLETED', api: 'IN_PROGRESS', all: 'PENDING' });
    says('api', 'Four endpoints.');
    expect(statuses(main)).toEqual({ models: 'COMPLETED', api: 'COMPLETED', all: 'IN_PROGRESS' });
    // Why one is at its second attempt is told with it.
    expect(planText(main.state)?.split('## Progress Log\n')[1]?.trim().split('\n')).toEqual([
      '- T+0: Distributed tasks to models, api',
      '- T+0: models failed',
      '- T+0: models started again (attempt 2)',
      '- T+0: models completed',
      '- T+0: api started',
      '- T+0: api completed',
    ]);
  });

  test('shows what failed and what is therefore not to come, and stays known once these are forgotten', () => {
    const { main, of, settle } = planned([task('models'), task('api', { after: ['models'] }), task('docs')]);
    of('docs').answer([text('Done.')]);
    of('models').do({ type: 'timer', timer: { kind: 'idle', attempt: 1 } });
    settle();
    while (main.state.step) main.answer([text('I see.')]);
    settle();
    expect(statuses(main)).toEqual({ models: 'FAILED', api: 'FAILED', docs: 'COMPLETED' });
    expect(planText(main.state)).toContain('- models: FAILED - timed_out\n- api: FAILED - dependency\n');
    const ids = Object.keys(main.state.tree.cards);
    main.do({ type: 'forget', before: NOON + 1, ids });
    expect(Object.keys(main.state.tree.cards)).toEqual([]);
    expect(statuses(main)).toEqual({ models: 'FAILED', api: 'FAILED', docs: 'COMPLETED' });
  });
});

describe('plan update', () => {
  test('that drops what is at work changes nothing, unless it is said that it is to be killed', () => {
    const { main, answers } = planned([task('a'), task('b', { after: ['a'] }), task('c')]);
    const before = main.state.plan;
    answers(update({ drop: ['a', 'b'], tasks: [task('d')] }));
    expect(outcome(main)).toMatch(/^The plan is as it was: a \(running\) would be ended .* kill: true/);
    expect(main.state.plan).toBe(before);
    expect(main.state.spawned).toBe(3);
    answers(update({ drop: ['a', 'b'], tasks: [task('d')], kill: true }));
    expect(statuses(main)).toEqual({ c: 'IN_PROGRESS', d: 'IN_PROGRESS' });
    expect(card(main, 'a').status).toBe('killed');
    expect(card(main, 'b').status).toBe('killed');
  });

  test('drops what has not begun without a word, but not what others wait for', () => {
    const { main, answers } = planned([task('a'), task('b', { after: ['a'] }), task('c', { after: ['b'] })]);
    answers(update({ drop: ['b'] }));
    expect(outcome(main)).toContain('c waits for b, which is no task of the plan');
    expect(card(main, 'b').status).toBe('blocked');
    answers(update({ drop: ['b', 'c'] }));
    expect(statuses(main)).toEqual({ a: 'IN_PROGRESS' });
    expect(card(main, 'b').status).toBe('killed');
  });

  test('changes what has not begun: its subagent reads the newer words before it does anything', () => {
    const { main, of, says, answers } = planned([task('a'), task('b', { after: ['a'] })]);
    answers(update({ tasks: [{ id: 'b', title: 'Something else', task: 'Do it in blue.' }] }));
    expect(main.state.plan?.tasks[1]?.title).toBe('Something else');
    says('a', 'Done.');
    expect(latestWords(of('b')).join('\n')).toContain(
      'in the place of what you were told first:\nDo it in blue.',
    );
    answers(update({ tasks: [{ id: 'b', task: 'Do it in red.' }] }));
    expect(outcome(main)).toContain("b has begun (running) and can't be changed");
  });

  test('adds tasks that wait for those there are, and gives them their results', () => {
    const { main, says, answers } = planned([task('a')]);
    says('a', 'North.');
    answers(update({ tasks: [task('b', { after: ['a'] })] }));
    const b = born(main, 'b');
    gather(main);
    exchange(main, b);
    expect(latestWords(b).join('\n')).toContain('North.');
    expect(statuses(main)).toEqual({ a: 'COMPLETED', b: 'IN_PROGRESS' });
  });

  test('takes the word of the session for its own tasks alone, once all before them is completed', () => {
    const { main, says, answers } = planned([
      task('a'),
      { id: 'all', role: 'manager', title: 'Put together', after: ['a'] },
    ]);
    answers(update({ tasks: [{ id: 'a', status: 'completed' }] }));
    expect(outcome(main)).toContain("a is its subagent's: whether it is completed is told by how that ends");
    answers(update({ tasks: [{ id: 'all', status: 'completed' }] }));
    expect(outcome(main)).toContain("all can't be completed before a (IN_PROGRESS)");
    says('a', 'Done.');
    answers(update({ tasks: [{ id: 'all', status: 'completed' }] }));
    expect(statuses(main)).toEqual({ a: 'COMPLETED', all: 'COMPLETED' });
    answers(update({ tasks: [task('later', { after: ['all'] })] }));
    expect(statuses(main)).toMatchObject({ later: 'IN_PROGRESS' });
    expect(card(main, 'later').after).toBeUndefined();
  });

  test.each<[string, Task, string]>([
    ['drops what is not in it', { drop: ['x'] }, 'there is no task x to drop; there is a, b'],
    ['names a task twice', { tasks: [task('c'), task('c')] }, 'the task c is named twice'],
    [
      'waits for what failed',
      { tasks: [task('c', { after: ['b'] })] },
      'c waits for b, which has ended as timed_out',
    ],
    [
      'adds a task without saying what to do',
      { tasks: [{ id: 'c', title: 'C' }] },
      'c is new and has no task',
    ],
    ['drops all there is', { drop: ['a', 'b'], kill: true }, 'needs at least one task'],
    [
      'closes a circle',
      { tasks: [task('c', { after: ['d'] }), task('d', { after: ['c'] })] },
      'nobody could begin',
    ],
  ])('that %s changes nothing', (_, change, words) => {
    const { main, of, settle, answers } = planned([task('a'), task('b')]);
    of('b').do({ type: 'timer', timer: { kind: 'idle', attempt: 1 } });
    settle();
    const before = main.state.plan;
    answers(update(change));
    expect(outcome(main)).toContain(words);
    expect(main.state.plan).toBe(before);
    expect(main.state.spawned).toBe(2);
  });

  test('without a plan says how to make one', () => {
    const main = asked();
    main.answer([update({ drop: ['a'] })]);
    expect(outcome(main)).toContain('there is no plan yet: make one with set');
  });
});
