/**
 * The worked example of an orchestrator that speaks in markers: two workers side by side, and a reviewer when both are
 * done. The markers are its own, letter by letter; the rest is said in other words.
 */
import { expect, test } from 'vitest';
import { cast, firstWords } from '../e2e/cast.ts';
import { openHouse } from '../e2e/harness.ts';
import { git, repository } from '../workshop/setup.ts';

const jwt =
  'Implement JWT token service in src/auth/jwt.rs with sign, verify, and refresh methods. Add unit tests.';
const middleware =
  'Add authentication middleware in src/middleware/auth.rs that validates JWT tokens from the Authorization header. Return 401 for invalid/missing tokens.';
const review =
  'Review the JWT implementation in src/auth/jwt.rs and middleware in src/middleware/auth.rs for security issues, error handling, and edge cases.';

const plan = `Tokens, a middleware and tests: two of us can begin at once.

[CREATE_SESSION: org/repo ${jwt}]

[CREATE_SESSION: org/repo ${middleware}]
`;

const write = (path: string) => ({ name: 'write', input: { path, content: `// ${path}\n` } });

test('two workers and then a reviewer, asked for with markers, do the work, and their results come back', async () => {
  const repo = repository({ 'README.md': '# API\n' });
  const house = await openHouse({
    config: { repositories: { repo }, markers: ['sessions'] },
    script: cast({
      main: ({ lastUserText, transcriptText }) => {
        if (lastUserText.includes('Add authentication to the API')) return { text: plan, chunk: 7 };
        if (/SESSION_CREATED: \S+ reviewer/.test(lastUserText)) return { text: 'Now it is reviewed.' };
        if (lastUserText.includes('SESSION_CREATED')) return { text: 'Both are at work.' };
        if (lastUserText.includes('No way around')) return { text: 'Authentication is in, and reviewed.' };
        const done = transcriptText.match(/status="completed"/g)?.length ?? 0;
        return done < 2
          ? { text: 'One is done.' }
          : { text: `Both are done.\n\n[CREATE_REVIEWER: org/repo ${review}]` };
      },
      'Review the JWT': { text: 'No way around the check was found.' },
      'Implement JWT': [
        { toolCalls: [write('src/auth/jwt.rs')] },
        { text: 'Tokens are signed and checked.' },
      ],
      'Add authentication middleware': [
        { toolCalls: [write('src/middleware/auth.rs')] },
        { text: 'Requests without a token get 401.' },
      ],
    }),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Add authentication to the API');
  await feed.first('message', ({ message }) => message.text === 'Authentication is in, and reviewed.');

  const team = (await chat.subagents()).toReversed();
  expect(team.map(({ role, status, task }) => ({ role, status, task }))).toEqual([
    { role: 'worker', status: 'completed', task: jwt },
    { role: 'worker', status: 'completed', task: middleware },
    { role: 'reviewer', status: 'completed', task: review },
  ]);
  // What stands behind the project is truly the first message, and the work is on branches of the repository.
  for (const task of [jwt, middleware, review]) {
    expect(house.requests.some((request) => firstWords(request).endsWith(task))).toBe(true);
  }
  const [first, second, third] = team;
  expect(git(repo, 'show', `${first?.workspace?.branch}:src/auth/jwt.rs`)).toBe('// src/auth/jwt.rs');
  expect(git(repo, 'show', `${second?.workspace?.branch}:src/middleware/auth.rs`)).toContain('auth.rs');

  // The replies name each, and the results reach the one who asked.
  const heard = house.requests.map((request) => request.lastUserText).join('\n');
  for (const one of [first, second, third]) {
    expect(heard).toContain(`[SESSION_CREATED: ${one?.id} ${one?.role} ${one?.path} ${one?.id}]`);
  }
  for (const result of [
    'Tokens are signed and checked.',
    'Requests without a token get 401.',
    'No way around',
  ]) {
    expect(heard).toContain(result);
  }
  // The reviewer came after both had ended.
  const ended = [first, second].map((one) => one?.endedAt ?? Number.NaN);
  expect(third?.createdAt).toBeGreaterThanOrEqual(Math.max(...ended));

  // People never see a marker, neither while it streams nor in the end.
  const seen = [...feed.all('delta').map(({ text }) => text), ...(await chat.said())].join('\n');
  expect(seen).not.toMatch(/CREATE_|\[|org\/repo/);
  expect((await chat.said())[0]).toBe('Tokens, a middleware and tests: two of us can begin at once.');
});
