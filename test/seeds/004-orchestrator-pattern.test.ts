/**
 * The orchestrator pattern, its calls as they are written for it: one subagent steered and killed by label, three at
 * once, a batch over repositories, and research that an implementation waits for.
 */
import { expect, test } from 'vitest';
import { bash, cast, firstWords, resultOf, spawn, subagents } from '../e2e/cast.ts';
import { openHouse } from '../e2e/harness.ts';

test('one is spawned with a label, listed, steered and killed by it, while the chat goes on', async () => {
  const house = await openHouse({
    script: cast({
      main: ({ lastUserText, ...request }) => {
        if (lastUserText.includes('Mend the login')) {
          return {
            toolCalls: [
              spawn('Mend the login in src/auth.ts. Commit with the message "fix: auth validation".', {
                label: 'auth-fix',
              }),
            ],
          };
        }
        if (lastUserText.includes('How is it')) return { toolCalls: [subagents('list')] };
        if (lastUserText.includes('the refresh')) {
          return {
            toolCalls: [
              subagents('steer', { target: 'auth-fix', message: 'Also check the token refresh logic' }),
            ],
          };
        }
        if (lastUserText.includes('Enough')) {
          return { toolCalls: [subagents('kill', { target: 'auth-fix' })] };
        }
        const told = ['list', 'queued', 'killed'].find((word) => lastUserText.includes(word));
        return {
          text: `Yes: ${told ?? resultOf({ lastUserText, ...request }, 'sessions_spawn').slice(0, 20)}`,
        };
      },
      'Mend the login': [
        { toolCalls: [bash('echo looking')], gate: 'looked' },
        { text: 'Never said.', gate: 'never' },
      ],
    }),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  const say = async (words: string, turn: number) => {
    await chat.say(words);
    await feed.first('turn.ended', (ended) => ended.turn === turn);
  };
  await say('Mend the login.', 1);
  await say('How is it going?', 2);
  const list = house.requests.map((request) => resultOf(request, 'subagents')).join('\n');
  expect(list).toMatch(/auth-fix \(sub_\w+\): running; for \w+; /);
  await say('Have it look at the refresh, too.', 3);
  house.simulator.open('looked');
  await house.simulator.until(() => house.simulator.waiting('never') === 1);
  expect(
    house.requests.some(({ lastUserText }) => lastUserText.includes('Also check the token refresh logic')),
  ).toBe(true);
  await say('Enough of it.', 4);
  const ended = await feed.first('subagent.ended');
  expect(ended.subagent).toMatchObject({ label: 'auth-fix', status: 'killed' });
  expect(house.requests.map((request) => resultOf(request, 'subagents')).join('\n')).toContain(
    '"killed":["auth-fix"]',
  );
});

test('three work at once and a batch goes over repositories: each result arrives by itself, and the chat stays free', async () => {
  const repos = ['app-1', 'app-2', 'app-3'];
  const workers = ['api-tests', 'docs-update', 'bug-fix'];
  const house = await openHouse({
    script: cast({
      main: ({ lastUserText }) => {
        if (lastUserText.includes('Three things')) {
          return { toolCalls: workers.map((label) => spawn(`See to ${label}.`, { label })) };
        }
        if (lastUserText.includes('All repositories')) {
          return {
            toolCalls: repos.map((repo) =>
              spawn(`Update dependencies in ~/repos/${repo} and run tests.`, { label: `update-${repo}` }),
            ),
          };
        }
        return { text: lastUserText.includes('weather') ? 'Sunny.' : 'I see.' };
      },
      'See to': (request) => ({
        text: `Done: ${/See to ([\w-]+)/.exec(firstWords(request))?.[1]}`,
        gate: 'three',
      }),
      'Update dependencies': (request) => ({ text: `Updated ${/app-\d/.exec(firstWords(request))?.[0]}` }),
    }),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Three things at once.');
  await house.simulator.until(() => house.simulator.waiting('three') === 3);
  await chat.say('And the weather?');
  await feed.first('message', ({ message }) => message.text === 'Sunny.');
  expect(feed.all('subagent.ended')).toEqual([]);
  house.simulator.open('three');
  for (const label of workers) {
    const { subagent } = await feed.first('subagent.ended', (ended) => ended.subagent.label === label);
    await feed.first('announcement.read', ({ subagentId }) => subagentId === subagent.id);
    expect(subagent.result).toBe(`Done: ${label}`);
  }
  await chat.say('All repositories, please.');
  for (const repo of repos) {
    const { subagent } = await feed.first(
      'subagent.ended',
      (ended) => ended.subagent.label === `update-${repo}`,
    );
    await feed.first('announcement.read', ({ subagentId }) => subagentId === subagent.id);
    expect(subagent.result).toBe(`Updated ${repo}`);
  }
});

test('research is written down, and the implementation that waits for it reads it', async () => {
  const house = await openHouse({
    script: cast({
      main: ({ lastUserText }) => {
        if (!lastUserText.includes('Build PKCE')) return { text: 'I see.' };
        return {
          toolCalls: [
            spawn('Research OAuth2 PKCE. Write what you find to /tmp/oauth-research.md', {
              label: 'research',
            }),
            spawn('Implement OAuth2 PKCE based on /tmp/oauth-research.md', {
              label: 'implement',
              after: ['research'],
            }),
          ],
        };
      },
      'Research OAuth2': [
        { toolCalls: [bash('echo "S256 only" > /tmp/oauth-research.md')] },
        { text: 'It is in /tmp/oauth-research.md.' },
      ],
      'Implement OAuth2': [
        { toolCalls: [bash('cat /tmp/oauth-research.md')] },
        (request) => ({ text: `Built with ${resultOf(request, 'bash').trim()}` }),
      ],
    }),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Build PKCE.');
  const { subagent } = await feed.first('subagent.ended', (ended) => ended.subagent.label === 'implement');
  expect(subagent.result).toContain('Built with');
  expect(subagent.result).toContain('S256 only');
  const [first] = house.requests.filter((request) => firstWords(request).includes('Implement OAuth2'));
  expect(first && firstWords(first)).toContain('It is in /tmp/oauth-research.md.');
});
