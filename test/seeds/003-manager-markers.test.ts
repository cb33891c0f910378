/**
 * The signals of a manager that speaks in markers, and its example of a task for a worker, letter by letter: what it
 * reports is told to people, what it hands over is done, and it goes on until it says that all is done.
 */
import { expect, test } from 'vitest';
import { cast, firstWords } from '../e2e/cast.ts';
import { openHouse } from '../e2e/harness.ts';

const task = `Create database models for user management:
- User model with email, password_hash, created_at
- Session model for authentication tokens
- Use SQLAlchemy ORM
- Include migration scripts

Output expected:
- models.py with all models
- migrations/001_initial.py

Context:
- Project uses PostgreSQL
- Follow existing code patterns in src/`;

test('a manager hands over a block, reports what becomes of it, goes on, and ends', async () => {
  const house = await openHouse({
    config: { markers: ['manager'] },
    script: cast({
      main: ({ lastUserText, answers }) => {
        if (answers === 0) {
          return {
            text: `Models first.\n\n[WORKER_ASSIGNED: Worker-A - database models]\n[TASK FOR WORKER]\n${task}\n`,
            chunk: 5,
          };
        }
        if (lastUserText.includes('<subagent-announcement')) {
          return {
            text: 'The models are there.\n\n[WORKER_COMPLETED: Worker-A]\n[SUBTASK_COMPLETE: 1]\n[CONTINUE: integrate and test]',
          };
        }
        if (lastUserText.includes('Go on')) {
          return {
            text: 'All of it works together.\n\n[MILESTONE_COMPLETE: api]\n[ALL_WORKERS_COMPLETE]\n[TASK_COMPLETE]',
          };
        }
        return { text: 'Worker-A is at it.' };
      },
      'Create database models': {
        text: 'models.py and migrations/001_initial.py are written.',
        gate: 'models',
      },
    }),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Build a complete web API with user authentication');
  await feed.first('turn.ended');
  house.simulator.open('models');
  await feed.first('turn.ended', ({ turn }) => turn === 2);

  const [worker, ...others] = await chat.subagents();
  expect(others).toEqual([]);
  expect(worker).toMatchObject({ role: 'worker', status: 'completed' });
  expect(house.requests.some((request) => firstWords(request).endsWith(task))).toBe(true);
  expect(await chat.said()).toEqual([
    'Models first.',
    'Worker-A is at it.',
    'The models are there.',
    'All of it works together.',
  ]);
  expect(feed.all('notice').map(({ text }) => text)).toEqual([
    'The assistant reports: worker assigned: Worker-A - database models',
    'The assistant reports: worker completed: Worker-A; subtask complete: 1',
    'The assistant reports: milestone complete: api; all workers complete; task complete',
  ]);
  expect(feed.all('turn.started').map(({ because }) => because)).toEqual([['message'], ['announcement']]);
});
