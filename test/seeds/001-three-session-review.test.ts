/** The example of 247's orchestrator: three sessions look through three folders of a repository, side by side. */
import { expect } from 'vitest';
import { z } from 'zod';
import { ask, bash, cast } from '../e2e/cast.ts';
import { openHouse } from '../e2e/harness.ts';
import { testWithProcesses } from '../e2e/hosts.ts';
import { connectOverHttp } from '../mcp/client.ts';
import { git, repository } from '../workshop/setup.ts';

const sessionSchema = z.looseObject({
  name: z.string(),
  status: z.enum(['init', 'working', 'needs_attention', 'idle']),
  attentionReason: z.enum(['permission', 'input', 'plan_approval', 'task_complete']).optional(),
  branchName: z.string().optional(),
});
const listSchema = z.object({ sessions: z.array(sessionSchema), total: z.number() });

testWithProcesses(
  'three sessions review a repository, are answered where they ask, and hand in their work',
  async () => {
    const app = repository({
      'auth/login.js': 'const secret = "12345";\n',
      'api/routes.js': 'app.get("/run", (q) => exec(q.cmd));\n',
      'db/users.js': 'query("select 1");\n',
    });
    const house = await openHouse({
      config: { repositories: { app }, mcp: { dialects: ['247'] } },
      script: cast({
        'Look through auth/': [
          {
            text: 'A secret stands in the code.',
            toolCalls: [bash('echo "const secret = env.SECRET;" > auth/login.js')],
          },
          { text: 'auth/: the secret comes from the environment now.' },
        ],
        'Look through api/': [
          { toolCalls: [ask('Is /run needed?\nIt runs whatever it is sent. I would take it out.')] },
          { toolCalls: [bash('git rm -q api/routes.js')] },
          { text: 'api/: /run is gone.' },
        ],
        'Look through db/': [{ toolCalls: [bash('cat db/users.js')] }, { text: 'db/: nothing to mend.' }],
      }),
    });
    const orchestrator = await connectOverHttp(`${house.url}/mcp/247`, house.token, 'legacy');
    const call = async (tool: string, input: object = {}) =>
      z.record(z.string(), z.unknown()).parse(JSON.parse((await orchestrator.call(tool, input)).text));

    // Spawn 3 sessions: no project is named, since there is only one.
    const names: string[] = [];
    for (const folder of ['auth/', 'api/', 'db/']) {
      const prompt = `Look through ${folder} for holes in its security, and mend them.`;
      const spawned = await call('spawn_session', { prompt, worktree: true });
      expect(spawned).toMatchObject({ success: true });
      names.push(String(spawned.sessionName));
    }

    // Monitor loop: whoever needs attention is read and answered.
    const read: string[] = [];
    for (;;) {
      const { sessions, total } = listSchema.parse(await call('list_sessions'));
      expect(total).toBe(3);
      for (const { name, status, attentionReason } of sessions) {
        if (status !== 'needs_attention') continue;
        read.push(String((await call('get_session_output', { name, lines: 20 })).output));
        const text = attentionReason === 'permission' ? 'yes' : 'No, take it out.';
        expect(await call('send_input', { name, text })).toMatchObject({ success: true, sessionName: name });
      }
      const busy = sessions.find(({ status }) => status !== 'idle');
      if (!busy) break;
      await call('wait_for_completion', { name: busy.name });
    }
    expect(read.join('\n')).toMatch(/\[permission\] .*auth\/login\.js/);
    expect(read.join('\n')).toMatch(/\[input\] Is \/run needed\?/);

    // Wait and collect.
    const findings: string[] = [];
    for (const name of names) {
      expect(await call('wait_for_completion', { name })).toMatchObject({
        completed: true,
        finalStatus: 'idle',
      });
      findings.push(String((await call('get_session_output', { name, lines: 1 })).output));
    }
    expect(findings).toEqual([
      'auth/: the secret comes from the environment now.',
      'api/: /run is gone.',
      'db/: nothing to mend.',
    ]);
    const branches = z
      .array(z.string())
      .parse(
        await Promise.all(names.map(async (name) => (await call('get_session_status', { name })).branchName)),
      );
    const [auth = '', api = '', db = ''] = branches;
    expect(git(app, 'diff', '--name-status', 'main', auth)).toBe('M\tauth/login.js');
    expect(git(app, 'diff', '--name-status', 'main', api)).toBe('D\tapi/routes.js');
    expect(git(app, 'diff', '--name-status', 'main', db)).toBe('');
    expect(git(app, 'status', '--porcelain')).toBe('');

    // Off the list once they are read; what has landed nowhere stays on its branch.
    for (const name of names)
      expect(await call('archive_session', { name })).toMatchObject({ success: true });
    expect(await call('list_sessions')).toEqual({ sessions: [], total: 0 });
    expect(
      git(app, 'branch', '--list', 'subagent/*', '--format=%(refname:short)').split('\n').sort(),
    ).toEqual([auth, api].sort());
  },
);
