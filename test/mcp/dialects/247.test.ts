/** 247's eight tools: its names, answers and error codes, over what the gateway really does. */
import { existsSync } from 'node:fs';
import { setTimeout as rest } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { dialect247 } from '../../../src/mcp/dialects/247.ts';
import { ask, bash, cast } from '../../e2e/cast.ts';
import { openHouse } from '../../e2e/harness.ts';
import { git, repository } from '../../workshop/setup.ts';
import { speak, tokenOf } from './orchestra.ts';

describe('a session', () => {
  test('is spawned in a worktree, listed, waited for, read, and archived without its work being lost', async () => {
    const app = repository();
    const house = await openHouse({
      config: { repositories: { app } },
      script: cast({
        'Paint it red': [
          { text: 'I \u001b[1mpaint\u001b[0m.', toolCalls: [bash('echo red > colour.txt')] },
          { text: 'Painted.\nIn red.' },
        ],
      }),
    });
    const { call, parent } = speak(house, dialect247);
    const spawned = await call('spawn_session', {
      prompt: 'Paint it red.',
      project: 'app',
      worktree: true,
      branchName: 'fix/colour',
      trustMode: true,
      timeout: 120_000,
      unheardOf: 1,
    });
    expect(spawned.json).toEqual({
      success: true,
      sessionName: 'app--spawn-fix-colour',
      branchName: 'subagent/app--spawn-fix-colour',
    });
    const name = 'app--spawn-fix-colour';
    const [subagent] = await parent.client.subagents(await parent.chat('247'));
    expect(subagent).toMatchObject({ share: { minutes: 2 }, trust: 'auto' });

    const waited = await call('wait_for_completion', { name, timeout: 60_000, pollInterval: 100 });
    expect(waited.json).toMatchObject({
      completed: true,
      finalStatus: 'idle',
      outcome: 'completed',
      timedOut: false,
    });
    expect((await call('list_sessions', { project: 'app', status: 'idle' })).json).toMatchObject({
      total: 1,
      sessions: [
        { name, project: 'app', status: 'idle', attentionReason: 'task_complete', outcome: 'completed' },
      ],
    });
    expect((await call('list_sessions', { status: 'working' })).json).toEqual({ sessions: [], total: 0 });
    expect((await call('list_sessions', { project: 'other' })).json).toMatchObject({ total: 0 });
    const status = (await call('get_session_status', { name })).json;
    expect(status).toMatchObject({
      name,
      status: 'idle',
      lastEvent: 'completed',
      branchName: 'subagent/app--spawn-fix-colour',
      linesAdded: 1,
      linesRemoved: 0,
    });
    expect(existsSync(String(status.worktreePath))).toBe(true);

    expect((await call('get_session_output', { name })).json).toMatchObject({
      sessionName: name,
      output: '> Paint it red.\nI paint.\nPainted.\nIn red.',
      totalLines: 4,
      returnedLines: 4,
      isRunning: false,
      source: 'database',
    });
    expect((await call('get_session_output', { name, lines: 2, format: 'raw' })).json).toMatchObject({
      output: 'Painted.\nIn red.',
      totalLines: 4,
      returnedLines: 2,
    });
    expect((await call('get_session_output', { name, lines: 3, format: 'raw' })).json.output).toContain(
      'I \u001b[1mpaint\u001b[0m.',
    );

    const archived = await call('archive_session', { name });
    expect(archived.json).toMatchObject({ success: true, session: { name, status: 'idle' } });
    expect(archived.json.message).toContain('subagent/app--spawn-fix-colour');
    expect(git(app, 'show', 'subagent/app--spawn-fix-colour:colour.txt')).toBe('red');
    // What was archived was seen: it is kept as long as the configuration says, and not for ever.
    expect((await parent.client.news(await parent.chat('247'))).news).toEqual([]);
    expect((await call('list_sessions')).json).toEqual({ sessions: [], total: 0 });
    expect((await call('list_sessions', { status: 'archived' })).json).toMatchObject({
      total: 1,
      sessions: [{ name, archivedAt: expect.any(Number) }],
    });
    expect((await call('get_session_output', { name, lines: 1 })).json).toMatchObject({ output: 'In red.' });
    // Words bring it back, and to the list.
    expect((await call('send_input', { name, text: 'Once more.' })).json).toMatchObject({
      success: true,
      did: 'resumed',
    });
    await call('wait_for_completion', { name });
    expect((await call('list_sessions')).json).toMatchObject({ total: 1 });
  });

  test('needs attention when it asks; only yes lets it act, no is told with its reason, words answer a question', async () => {
    const app = repository();
    const house = await openHouse({
      config: { repositories: { app } },
      script: cast({
        'Change it': [
          { text: 'I change it.', toolCalls: [bash('touch first.txt')] },
          { toolCalls: [bash('touch second.txt')] },
          { toolCalls: [ask('Which name?\nOld or new?')] },
          { text: 'Changed.' },
        ],
      }),
    });
    const { call } = speak(house, dialect247);
    const { sessionName: name } = (await call('spawn_session', { prompt: 'Change it.', project: 'app' }))
      .json;
    expect(name).toMatch(/^app--spawn-[a-z]+-\d\d$/);
    const attention = async (): Promise<unknown> => (await call('wait_for_completion', { name })).json;

    expect(await attention()).toMatchObject({
      completed: true,
      finalStatus: 'needs_attention',
      attentionReason: 'permission',
    });
    const { output } = (await call('get_session_output', { name })).json;
    expect(output).toMatch(/^> Change it\.\nI change it\.\n\[permission\] .*touch first\.txt/s);
    expect((await call('get_session_status', { name })).json).toMatchObject({
      status: 'needs_attention',
      attentionReason: 'permission',
      asks: expect.stringContaining('touch first.txt'),
    });
    const unclear = await call('send_input', { name, text: 'Well, perhaps.' });
    expect(unclear.isError).toBe(true);
    expect(unclear.json).toMatchObject({
      success: false,
      status: 400,
      error: expect.stringMatching(/neither yes nor no/),
    });
    expect((await call('list_sessions', { status: 'needs_attention' })).json).toMatchObject({ total: 1 });
    expect((await call('send_input', { name, text: 'y' })).json).toEqual({
      success: true,
      sessionName: name,
      bytesSent: 1,
      did: 'answered',
    });
    expect(await attention()).toMatchObject({ attentionReason: 'permission' });
    await call('send_input', { name, text: 'No, one file is enough.' });
    expect(await attention()).toMatchObject({ attentionReason: 'input' });
    await call('send_input', { name, text: 'The new one.' });
    expect(await attention()).toMatchObject({ finalStatus: 'idle', outcome: 'completed' });
    const told = house.requests.flatMap(({ toolResults }) => toolResults.map(({ text }) => text)).join('\n');
    expect(told).toMatch(/one file is enough\.[\s\S]*The new one\./);
    expect(git(app, 'ls-tree', '--name-only', `subagent/${name}`)).toMatch(/first\.txt/);
    expect(git(app, 'ls-tree', '--name-only', `subagent/${name}`)).not.toMatch(/second\.txt/);
  });

  test('that is stopped keeps what it had not committed; one that waits for a place is init; a wait ends with its client', async () => {
    const app = repository();
    const house = await openHouse({
      config: { repositories: { app }, maxChildren: 1 },
      script: cast({
        'Work for long': [{ toolCalls: [bash('echo half > work.txt; sleep 600')] }, { text: 'Never.' }],
      }),
    });
    const { call } = speak(house, dialect247);
    const long = { prompt: 'Work for long.', project: 'app', trustMode: true };
    const { sessionName: name } = (await call('spawn_session', { ...long, branchName: 'one' })).json;
    const second = (await call('spawn_session', { ...long, project: 'app@main', branchName: 'two' })).json
      .sessionName;
    expect((await call('get_session_status', { name: second })).json).toMatchObject({
      status: 'init',
      lastEvent: 'Waits for a free place',
    });
    expect((await call('wait_for_completion', { name: second, timeout: 0 })).json).toMatchObject({
      completed: false,
      finalStatus: 'timeout',
      timedOut: true,
    });
    const client = new AbortController();
    const waiting = call('wait_for_completion', { name }, client.signal);
    const steered = await call('send_input', { name, text: 'Be quick.' });
    expect(steered.json).toMatchObject({ success: true, did: 'steered' });
    client.abort();
    expect((await waiting).json).toMatchObject({ completed: false });
    expect((await call('get_session_status', { name })).json).toMatchObject({ status: 'working' });
    const written = async (): Promise<number> =>
      Number((await call('get_session_status', { name })).json.linesAdded ?? 0);
    while ((await written()) === 0) await rest(20);

    const stopped = await call('stop_session', { name });
    expect(stopped.json).toMatchObject({
      success: true,
      message: expect.stringContaining('subagent/app--spawn-one'),
      session: { status: 'idle', outcome: 'killed' },
    });
    expect(git(app, 'show', 'subagent/app--spawn-one:work.txt')).toBe('half');
    expect((await call('stop_session', { name })).json).toMatchObject({
      success: true,
      message: expect.stringContaining('had ended already (killed)'),
    });
    expect((await call('get_session_output', { name })).json).toMatchObject({ isRunning: false });
    // One at work is ended by being archived.
    expect((await call('archive_session', { name: second })).json).toMatchObject({
      success: true,
      session: { outcome: 'killed' },
    });
  });
});

test('what is wrong is answered in words, with the codes that its clients know, and changes nothing', async () => {
  const app = repository();
  const house = await openHouse({
    config: { repositories: { app, web: app }, maxSpawns: 1, subagentMinutes: 10 },
    script: cast({ 'Say hello': [{ text: 'Hello.' }] }),
  });
  const { call, parent } = speak(house, dialect247);
  const hello = { prompt: 'Say hello.', project: 'app' };
  const rows = [
    {
      given: { ...hello, project: '../etc' },
      errorCode: 'PROJECT_NOT_ALLOWED',
      status: 400,
      error: /app, web/,
    },
    { given: { prompt: 'Say hello.' }, errorCode: 'PROJECT_NOT_ALLOWED', status: 400, error: /name one/ },
    { given: { ...hello, timeout: 3_600_000 }, status: 422, error: /^timeout is more/ },
    { given: { ...hello, prompt: ' ' }, status: 422, error: /^prompt is blank/ },
    { given: { ...hello, model: 'gpt' }, status: 422, error: /^There is no model "gpt"/ },
  ];
  for (const { given, error, ...rest } of rows) {
    const refused = await call('spawn_session', given);
    expect(refused.isError).toBe(true);
    expect(refused.json).toMatchObject({ success: false, error: expect.stringMatching(error), ...rest });
  }
  expect((await call('spawn_session', { project: 'app' })).text).toMatch(/`prompt`: is required/);
  expect((await call('list_sessions')).json).toEqual({ sessions: [], total: 0 });

  const { sessionName: name } = (await call('spawn_session', hello)).json;
  expect((await call('spawn_session', hello)).json).toMatchObject({
    success: false,
    errorCode: 'CAPACITY_EXCEEDED',
    status: 429,
  });
  await call('wait_for_completion', { name });
  for (const text of [' ', '']) {
    expect((await call('send_input', { name, text })).json).toMatchObject({ success: false, status: 400 });
  }
  expect((await call('send_input', { name, text: 'ye', sendEnter: false })).json).toMatchObject({
    success: false,
    error: expect.stringMatching(/^Nothing was sent/),
  });

  const missing = 'Session not found: nobody';
  expect((await call('get_session_status', { name: 'nobody' })).json).toEqual({ error: missing });
  expect((await call('get_session_output', { name: 'nobody' })).json).toEqual({ error: missing });
  expect((await call('wait_for_completion', { name: 'nobody' })).json).toMatchObject({
    completed: false,
    finalStatus: 'not_found',
    error: missing,
  });
  for (const tool of ['stop_session', 'archive_session']) {
    expect((await call(tool, { name: 'nobody' })).json).toEqual({
      success: false,
      error: missing,
      status: 404,
    });
  }

  // A session of somebody else's, by its name and by its id, is none.
  const other = speak(house, dialect247, { token: await tokenOf(house, 'bob', ['chat', 'answer', 'read']) });
  const [subagent] = await parent.client.subagents(await parent.chat('247'));
  for (const theirs of [name, subagent?.id]) {
    expect((await other.call('get_session_status', { name: theirs })).json).toHaveProperty('error');
    expect((await other.call('stop_session', { name: theirs })).json).toMatchObject({ status: 404 });
    expect((await other.call('send_input', { name: theirs, text: 'yes' })).json).toMatchObject({
      status: 404,
    });
  }
  expect((await other.call('list_sessions')).json).toEqual({ sessions: [], total: 0 });
  // A token that may only read is told so by the gateway.
  const reader = speak(house, dialect247, { token: await tokenOf(house, 'eve', ['read']) });
  const refused = await reader.call('spawn_session', hello);
  expect(refused.json).toMatchObject({ success: false, status: 403 });
});
