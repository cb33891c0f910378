import { describe, expect, test } from 'vitest';
import type { Intent } from '../../src/core/commands.ts';
import type { Json } from '../../src/core/ports.ts';
import { makeCompileSchema } from '../../src/hosts/node/schemas.ts';
import { SCHEMA_CHARS } from '../../src/tools/result-schema.ts';
import { makeToolset, type ToolCaller } from '../../src/tools/toolset.ts';
import { makeJudge } from '../../src/trust/judge.ts';

const judge = makeJudge({ allow: ['bash(npm test)'], ask: ['bash(git push *)'], deny: ['bash(rm *)'] });

function toolset(sandboxed = true) {
  return makeToolset({
    repositories: ['app'],
    models: ['m'],
    maxMinutes: 60,
    maxUsd: 2,
    canWork: true,
    canFetch: true,
    sandboxed,
    compileSchema: makeCompileSchema(),
    judge,
    forbidden(command) {
      const verdict = judge({ name: 'bash', input: { command }, readOnly: false }, 'auto');
      return verdict.is === 'run' ? undefined : verdict.because;
    },
    choose: () => ({ ok: true, model: 'm', priced: true }),
  });
}

const worker: ToolCaller = { kind: 'subagent', mayDelegate: true, trust: 'auto', role: 'worker' };
const reviewer: ToolCaller = { ...worker, role: 'reviewer' };
const submitting: ToolCaller = { ...worker, submits: true, resultSchema: { type: 'object' } };

function intent(name: string, input: { readonly [key: string]: Json }, caller = worker): Intent {
  return toolset().intend({ id: 'toolu_1', name, input }, caller).intent;
}

function spawning(done_when: Json, caller = worker): Intent {
  return intent('sessions_spawn', { task: 'Do it.', done_when }, caller);
}

/** Nested `depth` deep. */
function nested(depth: number, key: string): { [key: string]: Json } {
  let value: { [key: string]: Json } = {};
  for (let n = 0; n < depth; n++) value = { [key]: value };
  return value;
}

describe('a reviewer', () => {
  const names = (caller: ToolCaller, sandboxed?: boolean) =>
    toolset(sandboxed)
      .schemas(caller)
      .map(({ name }) => name);

  test('has no tool that changes anything, and runs commands only where a sandbox keeps them from it', () => {
    expect(names(reviewer)).toEqual(
      expect.arrayContaining(['bash', 'read', 'glob', 'grep', 'worktrees', 'web_fetch', 'report']),
    );
    for (const tool of ['write', 'edit']) expect(names(reviewer)).not.toContain(tool);
    expect(names(reviewer, false)).not.toContain('bash');
    expect(names(worker, false)).toEqual(expect.arrayContaining(['bash', 'write', 'edit']));
    for (const [name, input] of [
      ['write', { path: 'a', content: 'b' }],
      ['edit', { path: 'a', old_text: 'b', new_text: 'c' }],
      ['worktrees', { action: 'land', target: 'x' }],
      ['worktrees', { action: 'remove', target: 'x', discard: true }],
    ] as const) {
      expect(intent(name, input, reviewer), name).toMatchObject({ do: 'error' });
    }
    expect(intent('worktrees', { action: 'diff', target: 'x' }, reviewer)).toMatchObject({ do: 'work' });
  });

  test('has nothing checked by commands, neither itself nor what it spawns', () => {
    const commands = ['npm test'];
    const input = { task: 'Look.', role: 'reviewer', done_when: { commands } };
    expect(intent('sessions_spawn', input)).toMatchObject({
      do: 'error',
      text: expect.stringContaining("can't be asked of a reviewer"),
    });
    expect(spawning({ commands }, reviewer)).toMatchObject({
      do: 'error',
      text: expect.stringContaining('subagents are reviewers, too'),
    });
  });
});

describe('done_when', () => {
  test('takes commands that may run by themselves, and no others: nobody is there to allow them', () => {
    expect(spawning({ commands: ['npm test'] })).toMatchObject({
      do: 'spawn',
      request: { doneWhen: { commands: ['npm test'], limitMs: 300_000 } },
    });
    for (const command of ['git push origin main', 'rm -rf x', 'npm test && rm -rf x']) {
      expect(spawning({ commands: [command] }), command).toMatchObject({
        do: 'error',
        text: expect.stringContaining('could not run by itself'),
      });
    }
    // What a session would have to ask for it can't have checked unasked.
    expect(spawning({ commands: ['make'] }, { ...worker, trust: 'ask' })).toMatchObject({
      do: 'error',
      text: expect.stringContaining('would need permission'),
    });
    expect(spawning({ commands: ['npm test'] }, { ...worker, trust: 'ask' })).toMatchObject({ do: 'spawn' });
  });

  test.each<[string, Json, string]>([
    ['nothing', {}, 'says nothing that could be checked'],
    ['no command', { commands: [] }, 'commands'],
    ['a blank', { commands: [' '] }, 'holds no command'],
    ['a long command', { commands: ['x'.repeat(2_001)] }, 'commands'],
    ['many commands', { commands: Array.from({ length: 11 }, () => 'true') }, 'commands'],
    ['no time', { commands: ['true'], timeout_seconds: 0 }, 'timeout_seconds'],
    ['no schema', { result_schema: { type: 'colour' } }, 'is no JSON Schema that can be checked'],
    [
      'a schema from elsewhere',
      { result_schema: { $ref: 'https://example.org/x' } },
      'leads out of the schema',
    ],
    [
      'a long schema',
      { result_schema: { description: 'x'.repeat(SCHEMA_CHARS) } },
      'characters as JSON; at most 20000',
    ],
    ['a deep schema', { result_schema: nested(5_000, 'not') }, 'nested more than 100 deep'],
    ['another field', { until: 'done' }, 'until'],
  ])('of %s is refused in words', (_, done_when, words) => {
    expect(spawning(done_when)).toMatchObject({ do: 'error', text: expect.stringContaining(words) });
  });
});

describe('a result', () => {
  test.each<[string, Json, string]>([
    ['too deep', nested(6_000, 'a'), 'nested more than 100 deep'],
    ['too large', { text: 'x'.repeat(200_000) }, 'at most 200000 are taken'],
    ['unfit', 'words', 'does not fit the schema'],
  ])('that is %s comes back in words', (_, result, words) => {
    expect(intent('submit_result', { result }, submitting)).toMatchObject({
      do: 'unfit',
      text: expect.stringContaining(words),
    });
  });

  test('is handed in by those of whom one is asked, and by nobody else', () => {
    expect(intent('submit_result', { result: { a: 1 } }, submitting)).toEqual({
      do: 'submit',
      result: '{\n  "a": 1\n}',
    });
    expect(intent('submit_result', {}, submitting)).toMatchObject({ do: 'error' });
    expect(intent('submit_result', { result: 1 })).toMatchObject({ do: 'error' });
  });
});

test('a call that can’t be read is an error in words, not one that is made and paid for again', () => {
  const broken = makeToolset({
    repositories: [],
    models: ['m'],
    maxMinutes: 60,
    maxUsd: 2,
    canWork: true,
    canFetch: false,
    judge() {
      throw new Error('the judge is out');
    },
    choose: () => ({ ok: true, model: 'm', priced: true }),
  });
  const call = { id: 'toolu_1', name: 'bash', input: { command: 'ls' } };
  expect(broken.intend(call, worker)).toEqual({
    summary: 'bash: ls',
    intent: { do: 'error', text: 'This call of bash could not be read: the judge is out' },
  });
});

test('tools depend on what kind of session it is, and on nothing that siblings differ in', () => {
  const { schemas } = toolset();
  expect(schemas({ ...worker })).toEqual(schemas({ kind: 'subagent', mayDelegate: true, role: 'worker' }));
  const named = (caller: ToolCaller) => schemas(caller).map(({ name }) => name);
  expect(named(submitting).filter((name) => !named(worker).includes(name))).toEqual(['submit_result']);
  const report = (plans: boolean) => schemas({ ...worker, plans }).find(({ name }) => name === 'report');
  expect(JSON.stringify(report(true))).toContain('"plan"');
  expect(JSON.stringify(report(false))).not.toContain('"plan"');
});
