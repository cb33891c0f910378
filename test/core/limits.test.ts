import { describe, expect, test } from 'vitest';
import {
  born,
  card,
  carry,
  chat,
  chatWith,
  exchange,
  latestWords,
  NOON,
  only,
  type Play,
  person,
  rules,
  spawnCall,
  spawnRequest,
  text,
  types,
} from './play.ts';

const DAY = 86_400_000;

function results(of: Play): string[] {
  return latestWords(of);
}

describe('the time limit', () => {
  const fire = (attempt = 1) => ({ type: 'timer', timer: { kind: 'limit', attempt } }) as const;

  test('ends a subagent as timed out with its partial work, when its time at work is up', () => {
    const { main, child } = chatWith('scout', { minutes: 2 });
    child.answer([text('So far.'), spawnCall('x')], undefined, { worked: 60_000 });
    const followed = child.do(fire(), { worked: 60_000 });
    expect(child.state).toMatchObject({ status: 'timed_out', reason: 'limit', workedMs: 120_000 });
    expect(only(followed, 'step.abandoned')[0]).toMatchObject({ because: 'limit', calling: true });
    carry(child, main);
    expect(latestWords(main)[0]).toMatch(
      /took="2m".*Its time of 2m at work was up\.\n\nIts latest words:\nSo far\./s,
    );
  });

  test('does nothing before: what counts is work, however much time has passed', () => {
    const { child } = chatWith('scout', { minutes: 2 });
    expect(child.do(fire(), { at: NOON + DAY, worked: 119_999 })).toEqual([]);
  });

  test('begins anew with the next attempt, and an earlier attempt’s timer means nothing to it', () => {
    const { main, child } = chatWith('scout', { minutes: 2 });
    child.answer([text('Done.')], undefined, { worked: 100_000 });
    exchange(main, child);
    main.do({ type: 'steer', target: 'scout', message: 'Go on.', interrupt: false, from: person });
    exchange(main, child);
    expect(child.do(fire(1), { worked: 500_000 })).toEqual([]);
    expect(child.do(fire(2), { worked: 100_000 })).toEqual([]);
  });

  test('is at most what is configured and what the parent has', () => {
    const { child: boss } = chatWith('boss', { minutes: 2 });
    boss.answer([
      spawnCall('pawn', { limits: { minutes: 5 } }),
      spawnCall('rook', { limits: { minutes: 1 } }),
    ]);
    expect(born(boss, 'pawn').state.spec?.limitMs).toBe(120_000);
    expect(born(boss, 'rook').state.spec?.limitMs).toBe(60_000);
    expect(chatWith('a').child.state.spec?.limitMs).toBe(rules.subagentMs);
  });
});

describe('the idle limit', () => {
  const fire = { type: 'timer', timer: { kind: 'idle', attempt: 1 } } as const;

  test('ends a subagent that makes no progress', () => {
    const { child } = chatWith('scout');
    child.do(fire);
    expect(child.state).toMatchObject({ status: 'timed_out', reason: 'idle' });
  });

  test('does nothing to one that waits for its own', () => {
    const { child: boss } = chatWith('boss');
    boss.answer([spawnCall('pawn')]);
    boss.answer([text('I wait.')]);
    expect(boss.do(fire)).toEqual([]);
  });
});

describe('a spawn', () => {
  test('below the deepest level is refused in words', () => {
    const flat = { ...rules, maxDepth: 1 };
    const main = chat(flat);
    main.do({ type: 'spawn', request: spawnRequest('a'), from: person });
    const child = born(main, 'a', flat);
    child.answer([spawnCall('b')]);
    expect(results(child)[0]).toMatch(/^There is no tool sessions_spawn/);
    expect(child.refusal({ type: 'spawn', request: spawnRequest('b'), from: person })).toEqual({
      kind: 'limit',
      message: 'subagents may be nested 1 deep, and this one is at the bottom: do the work yourself',
    });
  });

  test('over the day’s limit is refused in words, and is possible again the next day', () => {
    const few = { ...rules, maxSpawns: 2, maxDepth: 1 };
    const main = chat(few);
    for (const label of ['a', 'b']) main.do({ type: 'spawn', request: spawnRequest(label), from: person });
    const third = { type: 'spawn', request: spawnRequest('c'), from: person } as const;
    expect(main.refusal(third)).toEqual({
      kind: 'limit',
      message:
        "the day's limit of 2 spawns for this chat is used up: steer a subagent that is there, do the work yourself, or go on tomorrow (UTC)",
    });
    expect(types(main.do(third, { at: NOON + DAY }))).toContain('subagent.spawned');
  });

  test('is not had back by a clock that goes back a day', () => {
    const few = { ...rules, maxSpawns: 1, maxDepth: 1 };
    const main = chat(few);
    main.do({ type: 'spawn', request: spawnRequest('a'), from: person });
    const second = { type: 'spawn', request: spawnRequest('b'), from: person } as const;
    expect(main.refusal(second, { at: NOON - DAY }).kind).toBe('limit');
    expect(main.refusal(second).kind).toBe('limit');
  });

  test('counts over the whole tree: what a subagent is lent its parent has not, until it comes back', () => {
    const five = { ...rules, maxSpawns: 5, maxDepth: 2 };
    const main = chat(five);
    main.do({ type: 'spawn', request: spawnRequest('boss'), from: person });
    const boss = born(main, 'boss', five);
    const another = { type: 'spawn', request: spawnRequest('b'), from: person } as const;
    expect(main.refusal(another).kind).toBe('limit');
    for (const label of ['p', 'q', 'r', 's']) boss.answer([spawnCall(label)]);
    boss.answer([spawnCall('t')]);
    expect(results(boss)[0]).toMatch(/^Not spawned: the day's limit/);
  });

  test('that a subagent was lent and did not make comes back with its news', () => {
    const five = { ...rules, maxSpawns: 5, maxDepth: 2 };
    const main = chat(five);
    main.do({ type: 'spawn', request: spawnRequest('boss'), from: person });
    const boss = born(main, 'boss', five);
    boss.answer([text('Done.')]);
    carry(boss, main);
    const another = { type: 'spawn', request: spawnRequest('b'), from: person } as const;
    expect(types(main.do(another))).toContain('subagent.spawned');
  });

  test('over the number of places is queued, never refused, and the answer says so', () => {
    const main = chat();
    main.say('go');
    main.answer([spawnCall('a'), spawnCall('b'), spawnCall('c')]);
    expect(results(main).map((words) => JSON.parse(words).state)).toEqual(['running', 'running', 'queued']);
    expect(JSON.parse(results(main)[2] ?? '').note).toContain(
      'It waits for a free place and starts by itself.',
    );
    expect(['a', 'b', 'c'].map((label) => card(main, label).status)).toEqual([
      'running',
      'running',
      'queued',
    ]);
  });

  test('gets a label of its own: made from the task, with a number where it is taken', () => {
    const main = chat();
    main.say('go');
    main.answer([spawnCall('fix'), spawnCall('fix'), spawnCall('x')]);
    const labels = Object.values(main.state.tree.cards).map((one) => one.label);
    expect(labels).toEqual(['fix', 'fix-2', 'x']);
    expect(JSON.parse(results(main)[1] ?? '')).toMatchObject({
      label: 'fix-2',
      note: expect.stringContaining('The label fix was taken; this one is called fix-2.'),
    });
    const request = {
      task: 'Émile: look  at THE auth code, please',
      role: 'worker',
      announce: 'each',
      notes: [],
    } as const;
    main.do({ type: 'spawn', request, from: person });
    expect(Object.values(main.state.tree.cards).at(-1)?.label).toBe('emile-look-at-the');
  });

  test('of the same call by the same parent has the same id', () => {
    const ids = [chat(), chat()].map((main) => {
      main.say('go');
      main.answer([spawnCall('a')]);
      return card(main, 'a').id;
    });
    expect(ids[0]).toBe(ids[1]);
  });
});
