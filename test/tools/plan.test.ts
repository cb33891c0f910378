/** What a model may send to `plan`, what it means, and what is said of what it may not. */
import { describe, expect, test } from 'vitest';
import type { Intent } from '../../src/core/commands.ts';
import type { Json } from '../../src/core/ports.ts';
import { makeCompileSchema } from '../../src/hosts/node/schemas.ts';
import { makeToolset, type ToolCaller } from '../../src/tools/toolset.ts';
import { makeJudge } from '../../src/trust/judge.ts';

type Input = { readonly [key: string]: Json };

function toolset(more: { readonly repositories?: string[]; readonly canWork?: boolean } = {}) {
  return makeToolset({
    repositories: ['app'],
    models: ['m'],
    maxMinutes: 60,
    maxUsd: 2,
    canWork: true,
    canFetch: false,
    compileSchema: makeCompileSchema(),
    judge: makeJudge({ allow: [], ask: ['bash(git push *)'], deny: [] }),
    choose: (name) =>
      name === 'x'
        ? { ok: false, error: 'There is no model x. There are: m.' }
        : { ok: true, model: 'm', priced: true },
    ...more,
  });
}

const main: ToolCaller = { kind: 'main', mayDelegate: true, trust: 'auto' };

function intent(input: Input, caller = main): Intent {
  return toolset().intend({ id: 'toolu_1', name: 'plan', input }, caller).intent;
}

const set = (...tasks: Input[]): Input => ({ action: 'set', main_task: 'Build it', tasks });
const names = (caller: ToolCaller) =>
  toolset()
    .schemas(caller)
    .map(({ name }) => name);

describe('plan', () => {
  test('is a tool of sessions that may delegate, and of no others', () => {
    expect(names(main)).toContain('plan');
    expect(names({ ...main, kind: 'subagent' })).toContain('plan');
    expect(names({ ...main, kind: 'subagent', mayDelegate: false })).not.toContain('plan');
  });

  test('has a flat schema, whose tasks are told as a spawn is', () => {
    const schema = (made = toolset()) => made.schemas(main).find(({ name }) => name === 'plan');
    expect(schema()).toMatchObject({
      input_schema: { type: 'object', required: ['action'], additionalProperties: false },
    });
    expect(JSON.stringify(schema())).toContain('"repo"');
    expect(JSON.stringify(schema(toolset({ repositories: [] })))).not.toContain('"repo"');
  });

  test('set means tasks with all that their subagents are to be', () => {
    const api = {
      id: 'Api',
      title: 'The API',
      task: 'Write it.',
      role: 'reviewer',
      after: ['db'],
      retries: 2,
      repo: 'app',
    };
    const own = { id: 'all', role: 'manager', title: 'Put together', after: ['Api'] };
    expect(
      intent(set(api, { id: 'db', task: 'Model it.', done_when: { commands: ['npm test'] } }, own)),
    ).toEqual({
      do: 'plan',
      change: {
        how: 'set',
        mainTask: 'Build it',
        drop: [],
        kill: false,
        tasks: [
          {
            id: 'Api',
            title: 'The API',
            role: 'reviewer',
            after: ['db'],
            equipped: true,
            completed: false,
            request: expect.objectContaining({
              label: 'api',
              task: 'Write it.',
              role: 'reviewer',
              repo: 'app',
              retries: 2,
            }),
          },
          {
            id: 'db',
            equipped: true,
            completed: false,
            request: expect.objectContaining({
              label: 'db',
              doneWhen: { commands: ['npm test'], limitMs: 300_000 },
            }),
          },
          {
            id: 'all',
            role: 'manager',
            title: 'Put together',
            after: ['Api'],
            equipped: false,
            completed: false,
          },
        ],
      },
    });
  });

  test('show only reads; update may drop, add and tell of own work', () => {
    expect(intent({ action: 'show' })).toEqual({
      do: 'work',
      readOnly: true,
      repeatable: true,
      processes: false,
    });
    expect(
      intent({ action: 'update', tasks: [{ id: 'all', status: 'completed' }], drop: ['db'], kill: true }),
    ).toEqual({
      do: 'plan',
      change: {
        how: 'update',
        tasks: [{ id: 'all', equipped: false, completed: true }],
        drop: ['db'],
        kill: true,
      },
    });
  });

  test.each<[string, Input, string | RegExp]>([
    ['nothing to do', {}, '`action` is missing'],
    ['no main task', { action: 'set', tasks: [{ id: 'a', task: 'x' }] }, 'plan set needs `main_task`'],
    ['no tasks', { action: 'set', main_task: 'x' }, 'and `tasks`'],
    [
      'a main task of several lines',
      { ...set({ id: 'a', task: 'x' }), main_task: 'a\nb' },
      '`main_task` must be one line',
    ],
    [
      'a list for one task',
      { action: 'set', main_task: 'x', tasks: { id: 'a' } },
      '`tasks` must be a list, not an object',
    ],
    ['no change', { action: 'update' }, 'plan update needs `tasks`'],
    ['an id that is no name', set({ id: 'a b', task: 'x' }), '`tasks.0.id` must be 1 to 48 of A-Z'],
    [
      'an id that stands for all',
      set({ id: 'All', task: 'x' }),
      'All: its id can\'t be "all", which stands for every subagent',
    ],
    [
      'an unknown field of a task',
      set({ id: 'a', task: 'x', colour: 'red' }),
      /`tasks\.0\.colour` is not a field here: there are id, title, /,
    ],
    [
      'too many tries',
      set({ id: 'a', task: 'x', retries: 9 }),
      '`tasks.0.retries` must be a whole number from 0 to 5',
    ],
    [
      'a model that is not there',
      set({ id: 'a', task: 'x', model: 'x' }),
      /^Nothing was changed: a: There is no model x\. There are: m\.$/,
    ],
    ['a repository that is not there', set({ id: 'a', task: 'x', repo: 'b' }), 'There is no repository "b"'],
    ['a blank task', set({ id: 'a', task: ' ' }), '`tasks.0.task` is blank'],
    ['own work with a task', set({ id: 'a', role: 'manager', task: 'x' }), 'nobody reads its `task`'],
    [
      'own work that is tried again',
      set({ id: 'a', role: 'manager', title: 'x', retries: 1 }),
      'it is your own (role manager)',
    ],
    [
      'tries of nothing',
      set({ id: 'a', title: 'x', retries: 1 }),
      'it says how a subagent is to work, and has no `task`',
    ],
    [
      'commands that nobody could allow',
      set({ id: 'a', task: 'x', done_when: { commands: ['git push origin main'] } }),
      'would need permission',
    ],
    [
      'commands of a reviewer',
      set({ id: 'a', task: 'x', role: 'reviewer', done_when: { commands: ['true'] } }),
      "can't be asked of a reviewer",
    ],
  ])('with %s is refused in words, and nothing comes of it', (_, input, words) => {
    const said = intent(input);
    expect(said).toMatchObject({
      do: 'error',
      text: words instanceof RegExp ? expect.stringMatching(words) : expect.stringContaining(words),
    });
  });
});
