/** A model's input that is wrong comes back with what is allowed there, in plain words and once. */
import { describe, expect, test } from 'vitest';
import type { Intent } from '../../src/core/commands.ts';
import type { Json } from '../../src/core/ports.ts';
import { makeCompileSchema } from '../../src/hosts/node/schemas.ts';
import { makeToolset, type ToolCaller } from '../../src/tools/toolset.ts';
import { makeJudge } from '../../src/trust/judge.ts';

const toolset = makeToolset({
  repositories: ['app'],
  models: ['m'],
  maxMinutes: 60,
  maxUsd: 2,
  canWork: true,
  canFetch: true,
  compileSchema: makeCompileSchema(),
  judge: makeJudge({ allow: [], ask: [], deny: [] }),
  choose: (name) =>
    name === undefined
      ? { ok: true, model: 'm', priced: true }
      : { ok: false, error: `There is no model "${name}". There are: m.` },
});

const main: ToolCaller = { kind: 'main', mayDelegate: true, trust: 'auto' };
type Input = { readonly [key: string]: Json };

const intent = (name: string, input: Input): Intent =>
  toolset.intend({ id: 'toolu_1', name, input }, main).intent;
const spawn = (more: Input): [string, Input] => ['sessions_spawn', { task: 'Do it.', ...more }];
const plan = (...tasks: Input[]): [string, Input] => ['plan', { action: 'set', main_task: 'All.', tasks }];

describe('what may stand there is named', () => {
  test.each<[[string, Input], string]>([
    [spawn({ label: 'Bad L' }), '`label` must be 1 to 48 of a-z, 0-9 and -, not beginning with -'],
    [spawn({ label: 'all' }), '`label` can\'t be "all", which stands for every subagent'],
    [spawn({ announce: 'loud' }), '`announce` must be "each" or "together" or "quiet", not "loud"'],
    [spawn({ role: 'boss' }), '`role` must be "worker" or "reviewer", not "boss"'],
    [spawn({ role: 7 }), '`role` must be "worker" or "reviewer", not 7'],
    [spawn({ trust: 'all' }), '`trust` must be "plan" or "ask" or "auto", not "all"'],
    [
      spawn({ thinking: 'huge' }),
      '`thinking` must be "off" or "low" or "medium" or "high" or "xhigh" or "max", not "huge"',
    ],
    [spawn({ limits: { minutes: 999 } }), '`limits.minutes` must be a number of more than 0 and at most 60'],
    [spawn({ limits: { minutes: 0 } }), '`limits.minutes` must be a number of more than 0 and at most 60'],
    [spawn({ limits: { minutes: '5' } }), '`limits.minutes` must be a number, not a string'],
    [spawn({ limits: { hours: 1 } }), '`limits.hours` is not a field here: there are minutes, usd, tokens'],
    [spawn({ limits: 5 }), '`limits` must be an object, not a number'],
    [spawn({ done_when: { commands: [] } }), '`done_when.commands` must hold at least one'],
    [
      spawn({ done_when: { commands: Array(11).fill('x') } }),
      '`done_when.commands` must hold at most 10, not 11',
    ],
    [
      spawn({ done_when: { commands: [''] } }),
      '`done_when.commands.0` must have 1 to 2000 characters, not 0',
    ],
    [
      spawn({ done_when: { timeout_seconds: 0 } }),
      '`done_when.timeout_seconds` must be a whole number from 1 to 3600, not 0',
    ],
    [spawn({ after: ['a', 7] }), '`after.1` must be a string, not a number'],
    [spawn({ task: '' }), '`task` is blank; it must say what to do'],
    [
      ['subagents', { action: 'fly' }],
      '`action` must be "list" or "show" or "steer" or "answer" or "kill", not "fly"',
    ],
    [['subagents', {}], '`action` is missing: it must be "list" or "show" or "steer" or "answer" or "kill"'],
    [
      ['subagents', { action: 'answer', target: 'a', decision: 'maybe' }],
      '`decision` must be "allow" or "deny", not "maybe"',
    ],
    [
      ['subagents', { action: 'show', target: 'a', offset: -1 }],
      '`offset` must be a whole number of at least 0, not -1',
    ],
    [['worktrees', { action: 'fly' }], '`action` must be "list" or "diff" or "land" or "remove", not "fly"'],
    [['plan', { action: 'fly' }], '`action` must be "set" or "update" or "show", not "fly"'],
    [plan(), '`tasks` must name at least one task'],
    [
      plan({ id: 'a', role: 'boss' }),
      '`tasks.0.role` must be "worker" or "reviewer" or "manager", not "boss"',
    ],
    [
      plan({ id: 'a', task: 'x', limits: { minutes: 99 } }),
      '`tasks.0.limits.minutes` must be a number of more than 0 and at most 60',
    ],
  ])('%j', ([name, input], words) => {
    const text = `${name} was not run, because its input is wrong: ${words}.`;
    expect(intent(name, input)).toEqual({ do: 'error', text });
  });

  test('what only the configuration knows is said as a sentence, which is not glued to the field', () => {
    const told = (more: Input) => intent(...spawn(more));
    expect(told({ model: 'nope' })).toEqual({
      do: 'error',
      text: 'Not spawned: there is no model "nope". There are: m.',
    });
    expect(told({ repo: 'nope' })).toEqual({
      do: 'error',
      text: 'Not spawned: there is no repository "nope"; there is: app.',
    });
    expect(told({ done_when: {} })).toEqual({
      do: 'error',
      text: 'Not spawned: `done_when` says nothing that could be checked.',
    });
  });
});

test('an empty `after` waits for nothing, as if it were not there', () => {
  const { request } = spawned(intent(...spawn({ after: [] })));
  expect(request).not.toHaveProperty('after');
  expect(request).toEqual(spawned(intent(...spawn({}))).request);
});

function spawned(what: Intent): Extract<Intent, { do: 'spawn' }> {
  if (what.do !== 'spawn') throw new Error(JSON.stringify(what));
  return what;
}
