/**
 * A manager's plan of four subtasks, one of them its own: who waits waits, what is told of each is what happened, and
 * MANAGER_PLAN.md in the chat's /tmp says so at each moment.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cast, resultOf } from '../e2e/cast.ts';
import { openHouse } from '../e2e/harness.ts';

const plan = (input: object) => ({ name: 'plan', input: { ...input } });

const handedOut = plan({
  action: 'set',
  main_task: 'Build a complete web API with user authentication',
  tasks: [
    {
      id: 'Worker-A',
      title: 'Create database models and migrations',
      task: 'Model the users. SQLAlchemy, PostgreSQL. Hand back models.py and migrations/001_initial.py.',
      retries: 1,
    },
    {
      id: 'Worker-B',
      title: 'Implement authentication endpoints',
      task: 'Write the endpoints for signing in and out, on top of the models.',
      after: ['Worker-A'],
    },
    { id: 'Worker-C', title: 'Write API documentation', task: 'Document the API for its users.' },
    {
      id: 'Manager',
      title: 'Integrate and test all components',
      role: 'manager',
      after: ['Worker-A', 'Worker-B', 'Worker-C'],
    },
  ],
});

const subtasks = `# MANAGER_PLAN.md

## Main Task
Build a complete web API with user authentication

## Subtasks
1. [Worker-A] Create database models and migrations
2. [Worker-B] Implement authentication endpoints (after: Worker-A)
3. [Worker-C] Write API documentation
4. [Manager] Integrate and test all components (after: Worker-A, Worker-B, Worker-C)
`;

/** The file as it is to stand, with how each is and what the log tells behind its first line. */
function file(status: readonly string[], log: readonly string[]): string {
  const happened = ['Distributed tasks to Worker-A, Worker-B, Worker-C', ...log].map(
    (line) => `- T+0: ${line}`,
  );
  return `${subtasks}\n## Status\n${status.map((line) => `- ${line}`).join('\n')}\n\n## Progress Log\n${happened.join('\n')}\n`;
}

test('four subtasks: begun, waited for, integrated, and never a word in the file that did not happen', async () => {
  const shown: string[] = [];
  const house = await openHouse({
    script: cast({
      main: (request) => {
        if (request.answers === 0) return { toolCalls: [handedOut] };
        const seen = resultOf(request, 'plan');
        if (seen.startsWith('#')) shown.push(seen);
        const { lastUserText } = request;
        if (lastUserText.includes('Status?')) return { toolCalls: [plan({ action: 'show' })] };
        if (lastUserText.includes('label="worker-b"')) return { gate: 'tested', toolCalls: [integrated] };
        return { text: 'I see.' };
      },
      'Write the endpoints': [{ gate: 'endpoints', text: 'Four endpoints.' }],
      'Model the users': [{ gate: 'models', text: 'models.py and migrations/001_initial.py.' }],
      'Document the API': [{ gate: 'docs', text: 'docs/api.md.' }],
    }),
  });
  const integrated = plan({ action: 'update', tasks: [{ id: 'Manager', status: 'completed' }] });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  const stands = (status: readonly string[], log: readonly string[]) =>
    expect
      .poll(
        () =>
          readFileSync(join(house.data, 'tmp', chat.id, 'MANAGER_PLAN.md'), 'utf8').replaceAll(
            /T\+\d+min/g,
            'T+0',
          ),
        { timeout: 30_000 },
      )
      .toBe(file(status, log));

  await chat.say('Build a complete web API with user authentication');
  await feed.first('turn.ended');
  await house.simulator.until(() => house.simulator.counts.inFlight === 2);
  const pending = 'Manager: PENDING - waiting for Worker-A, Worker-B, Worker-C';
  const begun = [
    'Worker-A: IN_PROGRESS - Create database models and migrations',
    'Worker-B: PENDING - waiting for Worker-A',
    'Worker-C: IN_PROGRESS - Write API documentation',
    pending,
  ];
  await stands(begun, []);

  // The model is shown the same.
  await chat.say('Status?');
  await feed.first('turn.ended', ({ turn }) => turn === 2);
  expect(shown[0]?.replaceAll(/T\+\d+min/g, 'T+0')).toBe(file(begun, []));

  house.simulator.open('models');
  await feed.first('subagent.ended');
  await stands(
    [
      'Worker-A: COMPLETED',
      'Worker-B: IN_PROGRESS - Implement authentication endpoints',
      'Worker-C: IN_PROGRESS - Write API documentation',
      'Manager: PENDING - waiting for Worker-B, Worker-C',
    ],
    ['Worker-A completed', 'Worker-B started'],
  );
  house.simulator.open('docs');
  await feed.first('subagent.ended', ({ subagent }) => subagent.label === 'worker-c');
  house.simulator.open('endpoints');
  await feed.first('subagent.ended', ({ subagent }) => subagent.label === 'worker-b');
  const done = ['Worker-A: COMPLETED', 'Worker-B: COMPLETED', 'Worker-C: COMPLETED'];
  const ended = ['Worker-A completed', 'Worker-B started', 'Worker-C completed', 'Worker-B completed'];
  await stands([...done, 'Manager: IN_PROGRESS - Integrate and test all components'], ended);
  house.simulator.open('tested');
  await stands([...done, 'Manager: COMPLETED'], [...ended, 'Manager completed']);
});
