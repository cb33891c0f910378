/** What markers mean: ordinary calls of ordinary tools, words for people, and replies in their own form. */
import { describe, expect, test } from 'vitest';
import type { Card } from '../../src/core/card.ts';
import { wordsDigest } from '../../src/core/ids.ts';
import type { ToolCall } from '../../src/core/ports.ts';
import type { Call } from '../../src/core/session.ts';
import { markerGroups, markersOf } from '../../src/markers/grammar.ts';
import { meaningOf } from '../../src/markers/meaning.ts';
import { readOrder } from '../../src/markers/project.ts';
import { readText } from '../../src/markers/reader.ts';
import { reply } from '../../src/markers/replies.ts';

const kinds = markersOf(markerGroups);

/** What an answer means where these repositories are, with the calls that were made of it. */
function meant(text: string, { repositories = ['app', 'site'], continued = 0 } = {}) {
  const asked: ToolCall[] = [];
  const meaning = meaningOf(readText([text], kinds), {
    repositories,
    continued,
    intend(call) {
      asked.push(call);
      const { task = '' } = call.input;
      return {
        summary: call.name,
        intent: {
          do: 'spawn',
          request: { task: String(task), role: 'worker', announce: 'each', notes: [] },
        },
      };
    },
  });
  return { ...meaning, asked };
}

describe('a project', () => {
  const order = (words: string, repositories = ['app', 'site']) => readOrder(words, repositories);

  test.each([
    ['acme/app mend it', { repo: 'app', task: 'mend it' }],
    ['app mend it', { repo: 'app', task: 'mend it' }],
    ['Acme/App@side mend it', { repo: 'app@side', task: 'mend it' }],
    ['app: mend it', { repo: 'app', task: 'mend it' }],
    ['acme/app --worktree mend it', { repo: 'app', task: 'mend it' }],
    ['app@v1.2 --worktree=Fix_1.x mend it', { repo: 'app@v1.2', label: 'fix-1-x', task: 'mend it' }],
    ['app', { repo: 'app', task: '' }],
    ['mend the app', { task: 'mend the app' }],
    ['src/auth/jwt.rs is broken', { task: 'src/auth/jwt.rs is broken' }],
    ['', { task: '' }],
  ])('%j is read as it is meant', (words, expected) => {
    expect(order(words)).toEqual({ ok: true, order: expected });
  });

  test.each([
    ['acme/other mend it', 'there is no project "acme/other"; there is app, site'],
    ['app --worktree=../x mend it', `a worktree's name is made of`],
    ['app --worktree=.x mend it', `a worktree's name is made of`],
    ['app --worktree= mend it', `a worktree's name is made of`],
  ])('%j is refused in words', (words, error) => {
    expect(order(words)).toEqual({ ok: false, error: expect.stringContaining(error) });
    expect(order('a/b do', [])).toEqual({
      ok: false,
      error: 'there is no project "a/b": this gateway has none, so leave the name out',
    });
  });
});

describe('markers', () => {
  test('are calls of the tools that there are for it, with all their rules', () => {
    const text =
      '[CREATE_SESSION: acme/app One.]\n[CREATE_REVIEWER: Two.]\n[STOP_SESSION: sub_12]\n[SESSION_STATUS]\n[TASK FOR WORKER: site]\nThree.';
    const { calls, asked } = meant(text);
    expect(asked.map(({ name, input }) => [name, input])).toEqual([
      ['sessions_spawn', { task: 'One.', role: 'worker', repo: 'app' }],
      ['sessions_spawn', { task: 'Two.', role: 'reviewer' }],
      ['subagents', { action: 'kill', target: 'sub_12' }],
      ['sessions_spawn', { task: 'Three.', role: 'worker', repo: 'site' }],
      ['subagents', { action: 'list' }],
    ]);
    expect(calls.map(({ spoken }) => spoken)).toEqual([
      'CREATE_SESSION',
      'CREATE_REVIEWER',
      'STOP_SESSION',
      'TASK FOR WORKER',
      'SESSION_STATUS',
    ]);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(5);
    expect(calls[4]?.input).toEqual({ action: 'list', form: 'json' });
  });

  test('name the words that ask for a session, and the same words the same way', () => {
    const [one, two, other] = meant(
      '[CREATE_SESSION: app One.]\n[create_session: acme/APP   One. ]\n[CREATE_SESSION: site One.]',
    ).calls.map(({ intent }) => (intent.do === 'spawn' ? intent.request.once : undefined));
    expect(one).toBe(wordsDigest(JSON.stringify(['worker', 'app', 'One.'])));
    expect(two).toBe(one);
    expect(other).not.toBe(one);
  });

  test('of a project that is not there, or that say nothing to do, come back as an error and ask no tool', () => {
    const { calls, asked } = meant(
      '[CREATE_SESSION: a/b x]\n[CREATE_SESSION: app]\n[TASK FOR WORKER: app and]\nx',
    );
    expect(asked).toEqual([]);
    expect(calls.map(({ intent }) => intent.do)).toEqual(['error', 'error', 'error']);
  });

  test('that signal are no calls, and CONTINUE is one unless all is done or it was too often', () => {
    expect(meant('[WORKER_ASSIGNED: a - b]\n[milestone_complete: 1]')).toEqual({
      calls: [],
      asked: [],
      told: 'worker assigned: a - b; milestone complete: 1',
    });
    expect(meant('[CONTINUE: on]').calls).toMatchObject([{ spoken: 'CONTINUE', intent: { do: 'progress' } }]);
    expect(meant('[CONTINUE: on]\n[TASK_COMPLETE]').calls).toEqual([]);
    expect(meant('[CONTINUE: on]', { continued: 49 }).calls).toHaveLength(1);
    expect(meant('[CONTINUE: on]', { continued: 50 }).calls).toEqual([]);
  });

  test('a thousand of them make no more than fifty calls, and words that are told are bounded', () => {
    const { calls, told } = meant('[CREATE_SESSION: app x]\n[WORKER_COMPLETED: yes]\n'.repeat(1_000));
    expect(calls).toHaveLength(51);
    expect(calls.at(-1)?.intent).toMatchObject({ do: 'error', text: expect.stringContaining('1850') });
    expect(told?.length).toBeLessThanOrEqual(2_000);
  });
});

describe('replies', () => {
  const call = (spoken: string, targets: string[] = []): Call => ({
    id: 'spoken_0',
    key: '1.0',
    name: 'x',
    summary: 'x',
    mode: 'session',
    readOnly: false,
    repeatable: false,
    processes: false,
    state: 'started',
    spoken,
    targets,
  });
  const card = (id: string, more: Partial<Card> = {}): Card => ({
    id,
    label: id,
    path: `boss/${id}`,
    parent: 'chat',
    task: 'x',
    role: 'reviewer',
    agent: 'tidings',
    model: 'm',
    status: 'killed',
    attempt: 1,
    createdAt: 0,
    steps: 0,
    activity: '',
    usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0 },
    share: { minutes: 1 },
    pendingSteers: 0,
    announcement: 'none',
    heard: 0,
    ...more,
  });
  const cards = { a: card('a'), b: card('b', { status: 'running' }) };

  test.each([
    ['CREATE_REVIEWER', true, '{"id":"a","note":"Go on."}', '[SESSION_CREATED: a reviewer boss/a a]\nGo on.'],
    ['CREATE_SESSION', false, 'Not spawned:\nno place.', '[SESSION_ERROR: Not spawned: no place.]'],
    ['SESSION_STATUS', true, '[]', '[SESSIONS: []]'],
    ['CONTINUE', true, 'Shown.', 'Go on with what you said comes next.'],
    ['STOP_SESSION', true, '{}', '[SESSION_ERROR: nothing was stopped: it had ended already]'],
    ['UNKNOWN', true, 'As it is.', 'As it is.'],
  ])('to %s are in their own form', (spoken, ok, text, expected) => {
    expect(reply(call(spoken), { ok, text }, cards)).toBe(expected);
  });

  test('say of each that was stopped whether it is dead', () => {
    expect(reply(call('STOP_SESSION', ['a', 'b']), { ok: true, text: '{}' }, cards)).toBe(
      '[SESSION_STOPPED: a boss/a]\n[SESSION_ERROR: b boss/b was told to end, but that it is dead is not known yet]',
    );
  });
});
