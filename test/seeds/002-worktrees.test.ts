/** The orchestrator mode of tmux-worktree, phases 0 to 3, on a real repository. Pull requests are local merges here. */
import { setTimeout as rest } from 'node:timers/promises';
import { expect } from 'vitest';
import { z } from 'zod';
import { bash, cast } from '../e2e/cast.ts';
import { openHouse } from '../e2e/harness.ts';
import { testWithProcesses } from '../e2e/hosts.ts';
import { connectOverHttp, type McpClient } from '../mcp/client.ts';
import { commit, git, repository } from '../workshop/setup.ts';

const messagesSchema = z.object({
  message_count: z.number(),
  messages: z.array(
    z.looseObject({
      id: z.string(),
      worker_id: z.string(),
      message_type: z.enum(['task_complete', 'task_failed', 'question']),
      content: z.looseObject({ summary: z.string(), branch: z.string() }),
    }),
  ),
});
type Message = z.infer<typeof messagesSchema>['messages'][number];

const plan = (text: string) => ({ toolCalls: [{ name: 'report', input: { plan: text } }] });

async function ask({ call }: McpClient, tool: string, input: object): Promise<Record<string, unknown>> {
  const { text, isError } = await call(tool, input);
  if (isError) throw new Error(text);
  return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
}

/** The poller of the background: exits as soon as there is a message. */
async function poller(client: McpClient, orchestrator_id: string): Promise<readonly Message[]> {
  for (;;) {
    const { message_count, messages } = messagesSchema.parse(
      await ask(client, 'poll_messages', { orchestrator_id }),
    );
    if (message_count > 0) return messages;
    await rest(50);
  }
}

testWithProcesses(
  'workers are started, plan, are approved, report, are reviewed, merged and cleaned up',
  async () => {
    const app = repository({ 'app.js': 'start();\n' });
    git(app, 'checkout', '-q', '-b', 'develop');
    commit(app, { 'develop.js': 'more();\n' }, 'more');
    git(app, 'checkout', '-q', 'main');
    const house = await openHouse({
      config: { repositories: { app }, mcp: { dialects: ['tmux-worktree'] } },
      script: cast({
        'users can sign in': [
          plan('I add auth.js.'),
          { toolCalls: [bash('echo "auth();" > auth.js && git add -A && git commit -qm "Add auth"')] },
          { text: 'Sign-in is there.' },
        ],
        'why skills': [
          plan('I read app.js.'),
          { toolCalls: [bash('cat app.js')] },
          { text: 'They are not listed.' },
        ],
        'metrics are collected': [
          plan('I add metrics.js.'),
          { toolCalls: [bash('test -f develop.js && echo "metrics();" > metrics.js')] },
          { text: 'Metrics are there.' },
        ],
      }),
    });
    const client = await connectOverHttp(`${house.url}/mcp/tmux-worktree`, house.token, 'modern');

    // Phase 0: an orchestrator, and somebody who polls for it.
    const { orchestrator_id, chat } = z
      .looseObject({ orchestrator_id: z.string(), chat: z.string() })
      .parse(await ask(client, 'create_orchestrator_session', {}));

    // Phase 1: delegation.
    const tasks = [
      { branch: 'feat/add-auth', prompt: 'Objective: users can sign in.' },
      {
        branch: 'research/skill-visibility',
        prompt: 'Objective: find out why skills of plugins are not shown.',
      },
      { branch: 'feat/add-metrics', fromRef: 'develop', prompt: 'Objective: metrics are collected.' },
    ];
    const workers = new Map<string, string>();
    for (const task of tasks) {
      const { worker_id } = await ask(client, 'start_worktree_session', {
        ...task,
        planMode: true,
        orchestratorId: orchestrator_id,
      });
      workers.set(String(worker_id), task.branch);
    }
    const done = new Map<string, Message>();
    const answered = new Set<string>();
    while (done.size < tasks.length) {
      for (const message of await poller(client, orchestrator_id)) {
        const branch = workers.get(message.worker_id) ?? '';
        if (message.message_type !== 'question') done.set(branch, message);
        else if (!answered.has(message.id)) {
          // A message may come twice; its id says that it is the same.
          answered.add(message.id);
          const { worker_id } = message;
          const content = { summary: 'yes' };
          await ask(client, 'send_message', { orchestrator_id, message_type: 'answer', worker_id, content });
        }
      }
    }
    expect(answered.size).toBe(3);
    expect([...done.values()].map(({ message_type }) => message_type)).toEqual(
      Array(3).fill('task_complete'),
    );
    expect(done.get('research/skill-visibility')?.content).toMatchObject({ summary: 'They are not listed.' });

    // Phase 2: review and merge.
    const auth = done.get('feat/add-auth')?.content.branch ?? '';
    const metrics = done.get('feat/add-metrics')?.content.branch ?? '';
    expect([auth, metrics]).toEqual(['subagent/feat-add-auth', 'subagent/feat-add-metrics']);
    expect(git(app, 'diff', '--name-status', `main...${auth}`)).toBe('A\tauth.js');
    expect(git(app, 'diff', '--name-status', `develop...${metrics}`)).toBe('A\tmetrics.js');
    const target = (label: string, action: string) => `/v1/chats/${chat}/subagents/${label}/${action}`;
    expect((await house.client.post(target('feat-add-auth', 'land'))).status).toBe(200);
    expect(git(app, 'show', 'main:auth.js')).toBe('auth();');
    // The other by hand, as `gh pr merge --squash` would.
    git(app, 'checkout', '-q', 'develop');
    git(app, 'merge', '--squash', metrics);
    git(app, 'commit', '-qm', 'Add metrics');
    git(app, 'checkout', '-q', 'main');
    expect(git(app, 'show', 'develop:metrics.js')).toBe('metrics();');

    // Phase 3: cleanup, of worktrees and branches.
    expect((await house.client.post(target('feat-add-auth', 'remove'))).status).toBe(200);
    expect((await house.client.post(target('research-skill-visibility', 'remove'))).status).toBe(200);
    // What was merged by hand is known by its content to nobody, so it is said that it may go.
    const byHand = await house.client.post(target('feat-add-metrics', 'remove'), { discard: true });
    expect(byHand.status).toBe(200);
    expect(git(app, 'branch', '--list', 'subagent/*')).toBe('');
    expect(git(app, 'worktree', 'list').split('\n')).toHaveLength(1);
    expect(await ask(client, 'get_orchestrator_status', { orchestrator_id })).toMatchObject({
      total_messages: 6,
      workers: [{ status: 'completed' }, { status: 'completed' }, { status: 'completed' }],
    });
  },
);
