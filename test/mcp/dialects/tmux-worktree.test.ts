/** tmux-worktree's five tools: its names and answers, over what the gateway really does. */
import { setTimeout as rest } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { tmuxWorktree } from '../../../src/mcp/dialects/tmux-worktree.ts';
import { ask, bash, cast, type Part } from '../../e2e/cast.ts';
import { type House, openHouse } from '../../e2e/harness.ts';
import { git, repository } from '../../workshop/setup.ts';
import { speak, type Tongue, tokenOf } from './orchestra.ts';

const messageSchema = z.object({
  id: z.string(),
  worker_id: z.string().nullable(),
  message_type: z.string(),
  content: z.looseObject({ summary: z.string() }),
  created_at: z.iso.datetime(),
  redelivered: z.boolean().optional(),
});
const polledSchema = z.object({
  success: z.literal(true),
  orchestrator_id: z.string(),
  message_count: z.number(),
  messages: z.array(messageSchema),
});

async function poll(
  { call }: Tongue,
  id: string,
  acknowledge?: string,
): Promise<z.infer<typeof messageSchema>[]> {
  const { json } = await call('poll_messages', {
    orchestrator_id: id,
    ...(acknowledge ? { acknowledge } : {}),
  });
  const { messages, message_count } = polledSchema.parse(json);
  expect(messages).toHaveLength(message_count);
  return messages;
}

/** Polls as the poller of such a client does, with shorter rests: until there is a message. */
async function untilMessage(tongue: Tongue, id: string): Promise<z.infer<typeof messageSchema>[]> {
  for (;;) {
    const messages = await poll(tongue, id);
    if (messages.length > 0) return messages;
    await rest(50);
  }
}

async function orchestrate({ call }: Tongue): Promise<string> {
  const { json } = await call('create_orchestrator_session', {});
  expect(json.orchestrator_id).toMatch(/^orch_[a-z0-9]{8}$/);
  return String(json.orchestrator_id);
}

async function open(
  parts: Readonly<Record<string, Part>>,
): Promise<{ app: string; house: House; tongue: Tongue }> {
  const app = repository();
  const house = await openHouse({ config: { repositories: { app } }, script: cast(parts) });
  return { app, house, tongue: speak(house, tmuxWorktree) };
}

describe('a worker', () => {
  test('tells the orchestrator by itself what it came to, with its branch and pull request, and how it failed', async () => {
    const { app, tongue } = await open({
      'Add auth': [
        {
          toolCalls: [
            bash('git checkout -q develop 2>/dev/null; echo ok > auth.txt; git log --format=%s -1'),
          ],
        },
        { text: 'Auth is there: https://github.com/acme/app/pull/12\n\nAll tests pass.' },
      ],
      'Think for long': { text: 'Never.', gate: 'long' },
    });
    git(app, 'branch', 'develop');
    const { call } = tongue;
    const created = await call('create_orchestrator_session', { project_dir: '../work/app/' });
    expect(created.json).toMatchObject({
      success: true,
      project_dir: '../work/app/',
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    const id = String(created.json.orchestrator_id);
    expect(await poll(tongue, id)).toEqual([]);
    const started = await call('start_worktree_session', {
      branch: 'feat/add-auth',
      orchestratorId: id,
      prompt: 'Add auth.',
      taskType: 'pr',
    });
    expect(started.json).toMatchObject({
      success: true,
      branch: 'subagent/feat-add-auth',
      orchestrator_id: id,
      worker_id: expect.stringMatching(/^sub_/),
    });
    const lost = await call('start_worktree_session', {
      branch: 'feat/lost',
      fromRef: 'nowhere',
      orchestratorId: id,
      prompt: 'Add auth.',
    });
    const { worker_id: long } = (
      await call('start_worktree_session', { branch: 'long', orchestratorId: id, prompt: 'Think for long.' })
    ).json;
    const order = { orchestrator_id: id, worker_id: long, content: { summary: 'It takes too long.' } };
    expect((await call('send_message', { ...order, message_type: 'answer' })).json).toMatchObject({
      status: 'steered',
    });
    expect((await call('send_message', { ...order, message_type: 'stop' })).json).toMatchObject({
      success: true,
      status: 'stopped',
      worker_id: long,
    });
    const found = new Map<string, z.infer<typeof messageSchema>>();
    while (found.size < 3) {
      const messages = await untilMessage(tongue, id);
      for (const one of messages) found.set(one.worker_id ?? '', one);
    }
    expect(found.get(String(started.json.worker_id))).toMatchObject({
      id: expect.stringMatching(/^msg_\d+$/),
      message_type: 'task_complete',
      content: {
        summary: 'Auth is there: https://github.com/acme/app/pull/12',
        details: 'Auth is there: https://github.com/acme/app/pull/12\n\nAll tests pass.',
        pr_url: 'https://github.com/acme/app/pull/12',
        branch: 'subagent/feat-add-auth',
      },
    });
    expect(found.get(String(lost.json.worker_id))).toMatchObject({
      message_type: 'task_failed',
      content: { summary: expect.stringMatching(/nowhere/), error: 'failed: workspace' },
    });
    expect(found.get(String(long))).toMatchObject({
      message_type: 'task_failed',
      content: { error: 'killed' },
    });
    expect(git(app, 'show', 'subagent/feat-add-auth:auth.txt')).toBe('ok');
    const status = (await call('get_orchestrator_status', { orchestrator_id: id })).json;
    expect(status).toMatchObject({ success: true, orchestrator_id: id, total_messages: 3 });
    expect(status.workers).toMatchObject([
      { worker_id: long, status: 'ended', state: 'killed' },
      { worker_id: lost.json.worker_id, status: 'ended', state: 'failed' },
      { worker_id: started.json.worker_id, status: 'completed', branch: 'subagent/feat-add-auth' },
    ]);
  });

  test('hands in its plan and asks, as questions that send_message answers', async () => {
    const { app, house, tongue } = await open({
      'Tidy up': [
        { toolCalls: [{ name: 'report', input: { plan: 'I remove the readme.\nThen nothing is left.' } }] },
        { toolCalls: [{ name: 'report', input: { plan: 'I move the readme.' } }] },
        { toolCalls: [ask('Where to?\nTo docs or away?')] },
        { toolCalls: [bash('mkdir docs && git mv README.md docs/')] },
        { text: 'Tidy.' },
      ],
    });
    const { call } = tongue;
    const id = await orchestrate(tongue);
    const { worker_id } = (
      await call('start_worktree_session', {
        branch: 'chore/tidy',
        planMode: true,
        orchestratorId: id,
        prompt: 'Tidy up.',
      })
    ).json;
    const answer = (summary: string, more: object = {}) =>
      call('send_message', {
        orchestrator_id: id,
        message_type: 'answer',
        worker_id,
        content: { summary, ...more },
      });
    const [plan] = await untilMessage(tongue, id);
    expect(plan).toMatchObject({
      worker_id,
      message_type: 'question',
      content: { summary: 'I remove the readme.', question: 'I remove the readme.\nThen nothing is left.' },
    });
    expect((await call('get_orchestrator_status', { orchestrator_id: id })).json).toMatchObject({
      workers: [{ status: 'active', state: 'input_required', asks: 'I remove the readme.' }],
    });
    expect((await answer('Hm.')).text).toMatch(/^Error: .*neither yes nor no/);
    expect((await answer('No.', { details: 'Keep it.' })).json).toMatchObject({
      success: true,
      status: 'answered',
    });
    const [second] = await untilMessage(tongue, id);
    expect(second).toMatchObject({ content: { question: 'I move the readme.' } });
    await answer('Approve');
    const [question] = await untilMessage(tongue, id);
    expect(question).toMatchObject({
      content: { summary: 'Where to?', question: 'Where to?\nTo docs or away?' },
    });
    await answer('To docs.');
    const [ended] = await untilMessage(tongue, id);
    expect(ended).toMatchObject({ message_type: 'task_complete', worker_id });
    const told = house.requests.flatMap(({ toolResults }) => toolResults.map(({ text }) => text)).join('\n');
    expect(told).toMatch(/Keep it\.[\s\S]*To docs\./);
    expect(git(app, 'show', 'subagent/chore-tidy:docs/README.md')).toBe('# Thing');
  });
});

describe('messages', () => {
  test('come again after they were fetched and never seen, through a restart, until they were seen', async () => {
    const { house, tongue } = await open({ 'Say hello': [{ text: 'Hello.' }] });
    const id = await orchestrate(tongue);
    const outside = {
      orchestrator_id: id,
      message_type: 'task_complete',
      content: { summary: 'Done elsewhere.', branch: 'feat/x', extra: 1 },
      worker_id: 'window-3',
    };
    const sent = (await tongue.call('send_message', outside)).json;
    expect(sent).toMatchObject({ success: true, orchestrator_id: id, status: 'unread' });
    const first = await poll(tongue, id);
    expect(first).toMatchObject([
      { id: sent.message_id, worker_id: 'window-3', content: { summary: 'Done elsewhere.', extra: 1 } },
    ]);
    expect(first[0]).not.toHaveProperty('redelivered');
    // Whoever fetched it died, and the gateway with it.
    await house.stop();
    await house.start();
    const poller = speak(house, tmuxWorktree);
    expect(await poll(poller, id)).toEqual(first.map((one) => ({ ...one, redelivered: true })));
    expect(await poll(poller, id)).toEqual([]);

    // Whoever acknowledges is told once; what came meanwhile is not lost by it.
    await poller.call('send_message', { ...outside, message_type: 'question', worker_id: undefined });
    const [second] = await poll(poller, id);
    expect(second).toMatchObject({ worker_id: null, message_type: 'question' });
    await poller.call('send_message', { ...outside, content: { summary: 'Third.' } });
    expect(await poll(poller, id, second?.id)).toMatchObject([{ content: { summary: 'Third.' } }]);
    expect((await poller.call('get_orchestrator_status', { orchestrator_id: id })).json).toMatchObject({
      unread_count: 1,
      total_messages: 3,
    });
    // A client that has gone was handed nothing.
    await poller.call('send_message', { ...outside, content: { summary: 'Fourth.' } });
    await poller.call('poll_messages', { orchestrator_id: id }, AbortSignal.abort());
    expect(await poll(poller, id)).toMatchObject([
      { content: { summary: 'Third.' }, redelivered: true },
      { content: { summary: 'Fourth.' } },
    ]);
    // What a person says in the chat is a message, too.
    const { chats } = await poller.parent.client.listChats();
    await poller.parent.client.send(chats.find(({ title }) => title.includes(id))?.id ?? '', {
      text: 'Stop it!',
    });
    expect((await poll(poller, id)).at(-1)).toMatchObject({
      worker_id: null,
      content: { summary: 'admin says: Stop it!', question: 'Stop it!' },
    });
  });

  test('are those of one orchestrator, for all of its owner and for nobody else; what is wrong changes nothing', async () => {
    const { house, tongue } = await open({ 'Say hello': [{ text: 'Hello.' }] });
    const [one, two] = [await orchestrate(tongue), await orchestrate(tongue)];
    const report = (id: string) => ({
      orchestrator_id: id,
      message_type: 'task_complete',
      content: { summary: `For ${id}.` },
    });
    await tongue.call('send_message', report(one));
    expect(await poll(tongue, two)).toEqual([]);
    // Two clients, one orchestrator: each hears of it, and both start workers for it.
    const second = speak(house, tmuxWorktree, { as: 'second' });
    expect(await poll(tongue, one)).toHaveLength(1);
    expect(await poll(second, one)).toMatchObject([{ content: { summary: `For ${one}.` } }]);
    const hello = { branch: 'hello', prompt: 'Say hello.', orchestratorId: one };
    const workers = await Promise.all(
      [tongue, second].map(({ call }) => call('start_worktree_session', hello)),
    );
    expect(workers.map(({ json }) => json.branch).sort()).toEqual(['subagent/hello', 'subagent/hello-2']);

    const before = (await tongue.parent.client.listChats()).chats.length;
    const bob = speak(house, tmuxWorktree, {
      token: await tokenOf(house, 'bob', ['chat', 'answer', 'read']),
    });
    const [worker] = workers;
    const rows = [
      { name: 'poll_messages', input: { orchestrator_id: 'orch_abc12345' } },
      { name: 'poll_messages', input: { orchestrator_id: '../chats' } },
      { name: 'get_orchestrator_status', input: { orchestrator_id: 'orch_abc12345' } },
      { name: 'send_message', input: report('orch_abc12345') },
      { name: 'start_worktree_session', input: { ...hello, orchestratorId: 'orch_abc12345' } },
    ];
    for (const { name, input } of rows) {
      expect((await tongue.call(name, input)).text).toMatch(/^Error: Orchestrator session '.*' not found$/);
    }
    for (const { name, input } of rows.slice(2)) {
      const theirs = {
        ...input,
        ...('branch' in input ? { orchestratorId: one } : { orchestrator_id: one }),
      };
      expect((await bob.call(name, theirs)).text).toMatch(/^Error: Orchestrator session '.*' not found$/);
    }
    const answer = { orchestrator_id: two, message_type: 'answer', content: { summary: 'Yes.' } };
    const wrong = [
      { name: 'send_message', input: answer, words: /worker_id is missing/ },
      { name: 'send_message', input: { ...answer, worker_id: worker?.json.worker_id }, words: /no subagent/ },
      { name: 'send_message', input: { ...answer, message_type: 'shout' }, words: /message_type/ },
      { name: 'send_message', input: { ...report(one), content: {} }, words: /content\.summary/ },
      { name: 'start_worktree_session', input: { prompt: 'Say hello.' }, words: /`branch`: is required/ },
      {
        name: 'start_worktree_session',
        input: { branch: 'x', orchestratorId: one },
        words: /prompt is missing/,
      },
      { name: 'start_worktree_session', input: { branch: ' ', prompt: 'Go.' }, words: /branch is blank/ },
      {
        name: 'poll_messages',
        input: { orchestrator_id: one, acknowledge: 'x' },
        words: /no id of a message/,
      },
      { name: 'poll_messages', input: { orchestrator_id: one, acknowledge: 'msg_99999' }, words: /future/ },
      {
        name: 'create_orchestrator_session',
        input: { project_dir: '/etc' },
        words: /"\/etc" is no configured/,
      },
    ];
    for (const { name, input, words } of wrong) {
      const { text, isError } = await tongue.call(name, input);
      expect(text).toMatch(words);
      expect(isError).toBe(true);
    }
    expect((await tongue.parent.client.listChats()).chats).toHaveLength(before);
  });
});
