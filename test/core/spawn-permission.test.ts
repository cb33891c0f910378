import { describe, expect, test } from 'vitest';
import type { Rules } from '../../src/core/commands.ts';
import { UNASKED_SPAWNS } from '../../src/core/spawn-permission.ts';
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
  rules,
  run,
  spawnCall,
  spawnRequest,
  text,
} from './play.ts';

/** Six of them may cost 60 dollars: of the usual 1,000 a day less than a tenth, of these more. */
const tight: Rules = { ...rules, budget: { ...rules.budget, chatUsd: 500 } };

const labels = (n: number): string[] => Array.from({ length: n }, (_, at) => `w${at + 1}`);
const spawns = (n: number) => labels(n).map((label) => spawnCall(label));
const plan = (n: number) =>
  call('plan', {
    action: 'set',
    main_task: 'Build it',
    tasks: labels(n).map((id) => ({ id, task: `Do ${id}.` })),
  });

function asked(inForce: Rules = tight): Play {
  const main = chat(inForce);
  main.say('Go.');
  return main;
}

const requests = (of: Play) => (of.state.step?.calls ?? []).flatMap(({ request }) => request ?? []);
const spawned = (of: Play): number => Object.keys(of.state.tree.children).length;

function decide(of: Play, decision: 'allow' | 'deny', words = ''): void {
  const [request] = requests(of);
  of.do({ type: 'answer', request: request?.id ?? '', decision, text: words, from: person });
}

describe('more than five subagents at once that may take more than a tenth of the day’s budget', () => {
  test('wait for a person, who is asked once for all of them; all else of the answer is done', () => {
    const main = asked();
    main.answer([run('ls'), ...spawns(6)]);
    expect(main.state.status).toBe('input_required');
    expect(requests(main)).toMatchObject([
      {
        kind: 'permission',
        person: true,
        title: 'start 6 subagents at once, for $60.00 at most',
        detail: expect.stringMatching(/No subagent has ended here yet.*\n- w1: Do w1\.\n.*- w6: Do w6\.$/s),
      },
    ]);
    expect(wants(main.state).map(({ key }) => key)).toEqual([`tool:${main.state.step?.n}.0`]);
    expect(spawned(main)).toBe(0);
  });

  test('are spawned when that is allowed, and the turn goes on', () => {
    const main = asked();
    main.answer(spawns(6));
    decide(main, 'allow');
    expect(spawned(main)).toBe(6);
    expect(main.state.step?.phase).toBe('calling');
    const results = latestWords(main);
    expect(results).toHaveLength(6);
    for (const result of results) expect(JSON.parse(result)).toMatchObject({ status: 'accepted' });
  });

  test.each([
    [
      'is denied',
      (main: Play) => decide(main, 'deny', 'Too dear.'),
      /^Not run: denied by a person \(ada\):\nToo dear\./,
    ],
    ['is overtaken by newer words', (main: Play) => void main.say('Wait!'), /^Not run: newer words came/],
  ])('are not when that %s: each of them hears it', (_, answer, words) => {
    const main = asked();
    main.answer([...spawns(5), plan(3)]);
    answer(main);
    expect(spawned(main)).toBe(0);
    expect(main.state.plan).toBeUndefined();
    const results = latestWords(main);
    expect(results[0]).toMatch(words);
    expect(results.slice(1, 6)).toEqual(
      Array(5).fill(expect.stringMatching(/^Not spawned: it waited for a person together/)),
    );
    expect(main.state.step?.phase).toBe('calling');
  });

  test('are not when the chat is stopped meanwhile, or its gateway starts anew in between and it is denied', () => {
    const main = asked();
    main.answer(spawns(6));
    main.do({ type: 'host.started' });
    expect(requests(main)).toHaveLength(1);
    main.do({ type: 'stop', subagents: false, from: person });
    expect(spawned(main)).toBe(0);
    expect(main.state.step).toBeUndefined();
  });

  test('are asked for as a plan as well, which begins when it is allowed', () => {
    const main = asked();
    main.answer([plan(6)]);
    expect(requests(main)[0]?.title).toBe('start 6 subagents at once, for $60.00 at most');
    expect(main.state.plan).toBeUndefined();
    decide(main, 'allow');
    expect(main.state.plan?.tasks).toHaveLength(6);
    expect(spawned(main)).toBe(6);
  });
});

describe('nobody is asked', () => {
  test.each<[string, Rules, ReturnType<typeof spawns>]>([
    ['about five', tight, spawns(5)],
    ['where they can’t take a tenth of the day’s budget', rules, spawns(6)],
    [
      'where they are limited to little',
      tight,
      labels(6).map((label) => spawnCall(label, { limits: { usd: 8 } })),
    ],
    ['about a plan that is refused anyway', tight, [plan(51)]],
  ])('%s', (_, inForce, content) => {
    const main = asked(inForce);
    main.answer(content);
    expect(requests(main)).toEqual([]);
    expect(main.state.step?.phase).toBe('calling');
  });

  test('about what people spawn themselves', () => {
    const main = chat(tight);
    for (const label of labels(7)) main.do({ type: 'spawn', request: spawnRequest(label), from: person });
    expect(spawned(main)).toBe(7);
  });

  test('where those before them came to little', () => {
    const main = chat(tight);
    main.do({ type: 'spawn', request: spawnRequest('scout'), from: person });
    const scout = born(main, 'scout', tight);
    exchange(main, scout);
    scout.answer([text('North.')]);
    exchange(main, scout);
    expect(card(main, 'scout').status).toBe('completed');
    main.answer(spawns(6));
    expect(requests(main)).toEqual([]);
    expect(spawned(main)).toBe(7);
  });
});

test('a subagent has too few spawns at a time to be asked about them', () => {
  const own: Rules = { ...tight, budget: { chatUsd: 500, subagentUsd: 100 } };
  const main = chat(own);
  main.do({ type: 'spawn', request: spawnRequest('boss'), from: person });
  const boss = born(main, 'boss', own);
  exchange(main, boss);
  boss.answer(spawns(7));
  expect(requests(boss)).toEqual([]);
  expect(spawned(boss)).toBeLessThanOrEqual(UNASKED_SPAWNS);
});
