/** The gateway as a process: stopped, killed, frozen, started twice, started wrongly. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Recorded } from '../../src/core/events.ts';
import { alive, oddSleep } from '../workshop/setup.ts';
import { bash, cast, resultOf, spawn } from './cast.ts';
import { startGatewayProcess } from './gateway-child.ts';
import { freshFolder, openProcessHouse } from './harness.ts';
import { apiKey, environmentOf } from './house-environment.ts';

/** How often the session was taken up after its gateway went down without a last word. */
function crashesIn(log: readonly Recorded[]): number {
  return log.filter(({ event }) => event.type === 'session.resumed' && event.clean !== true).length;
}

describe('a clean stop', () => {
  test('ends with 143 whatever is under way, which goes on at the next start without counting as a crash', async () => {
    const sleep = oddSleep();
    const house = await openProcessHouse({
      script: cast({
        main: (request) => {
          if (request.lastUserText.includes('Begin')) {
            return {
              toolCalls: [spawn('Run it.', { label: 'run' }), spawn('Think it over.', { label: 'think' })],
            };
          }
          if (request.lastUserText.includes('Speak')) return { text: 'Speaking.', gate: 'speak' };
          return { text: 'Well.' };
        },
        'Run it': [
          { toolCalls: [bash(`setsid ${sleep} & sleep 300`)] },
          (request) => ({ text: resultOf(request, 'bash') }),
        ],
        'Think it over': { text: 'Thought.', gate: 'think' },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Begin.');
    await feed.first('turn.ended');
    await house.simulator.until(() => house.simulator.waiting('think') === 1);
    await chat.feed({ subagent: 'run' }).first('tool.started');
    while (alive(sleep) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await chat.say('Speak.');
    await house.simulator.until(() => house.simulator.waiting('speak') === 1);

    expect(await house.gateway.end('SIGTERM')).toEqual({ code: 143, signal: null });
    expect(alive(sleep)).toBe(0);
    house.simulator.open('speak');
    house.simulator.open('think');
    await house.start();
    await feed.until(() => feed.all('announcement.read').length === 2);
    expect(await chat.said()).toContain('Speaking.');
    const run = await feed.first('subagent.ended', ({ subagent }) => subagent.label === 'run');
    expect(run.subagent).toMatchObject({ status: 'completed', attempt: 1 });
    expect(run.subagent.result).toContain('outcome is unknown');

    await house.stop();
    const log = house.log(chat.id);
    expect(log.map(({ event }) => event.type)).toContain('host.stopped');
    expect(crashesIn(log)).toBe(0);
  });

  test('by Ctrl-C ends with 130', async () => {
    const house = await openProcessHouse();
    expect(await house.gateway.end('SIGINT')).toEqual({ code: 130, signal: null });
  });
});

describe('kill -9', () => {
  test('in the middle of everything loses nothing and tells nothing twice', async () => {
    const sleep = oddSleep();
    const house = await openProcessHouse({
      script: cast({
        main: (request) => {
          if (request.lastUserText.includes('Begin')) {
            return { toolCalls: [spawn('Run it.', { label: 'run' }), spawn('Think.', { label: 'think' })] };
          }
          if (request.lastUserText.includes('Speak')) return { text: 'Speaking.', gate: 'speak' };
          return { text: 'Well.' };
        },
        'Run it': [
          { toolCalls: [bash(`(setsid setsid ${sleep} &) ; sleep 300`)] },
          (request) => ({ text: resultOf(request, 'bash') }),
        ],
        Think: { text: 'Thought.', gate: 'think' },
      }),
    });
    const chat = await house.client.newChat({ id: 'c' });
    const feed = chat.feed();
    await chat.say('Begin.', { id: 'b' });
    await feed.first('turn.ended');
    await house.simulator.until(() => house.simulator.waiting('think') === 1);
    await chat.feed({ subagent: 'run' }).first('tool.started');
    while (alive(sleep) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const said = await chat.say('Speak.', { id: 's' });
    const steer = await chat.steer('think', 'Think twice.', { id: 't' });
    await house.simulator.until(() => house.simulator.waiting('speak') === 1);

    await house.gateway.end('SIGKILL');
    await house.start();
    // What an earlier gateway had started is dead before anything goes on.
    expect(alive(sleep)).toBe(0);
    house.simulator.open('speak');
    house.simulator.open('think');
    // The same requests again are answered as the first time and do nothing twice.
    expect((await house.client.newChat({ id: 'c' })).id).toBe(chat.id);
    expect(await chat.say('Speak.', { id: 's' })).toEqual(said);
    expect(await chat.steer('think', 'Think twice.', { id: 't' })).toBe(steer);
    await feed.until(() => feed.all('announcement.read').length === 2);
    await feed.first('message', ({ message }) => message.text === 'Speaking.');
    await feed.until(() => feed.all('turn.ended').length === feed.all('turn.started').length);
    const run = await feed.first('subagent.ended', ({ subagent }) => subagent.label === 'run');
    expect(run.subagent.result).toContain('outcome is unknown');
    expect((await chat.messages()).filter(({ text }) => text === 'Speak.')).toHaveLength(1);
    expect(feed.all('steer.read')).toHaveLength(1);
    expect((await chat.said()).filter((text) => text === 'Speaking.')).toHaveLength(1);

    await house.stop();
    expect(crashesIn(house.log(chat.id))).toBe(1);
  });

  test('again and again at one step parks the chat and fails the subagent; clean stops do not count', async () => {
    const house = await openProcessHouse({
      script: cast({
        main: (request) => {
          if (request.lastUserText.includes('Begin'))
            return { toolCalls: [spawn('Wait.', { label: 'waiter' })] };
          if (request.lastUserText.includes('Speak')) return { text: 'At last.', gate: 'speak' };
          return { text: 'Well.' };
        },
        Wait: { text: 'Waited.', gate: 'wait' },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Begin.');
    await feed.first('turn.ended');
    await chat.say('Speak.');
    const both = () => house.simulator.waiting('speak') === 1 && house.simulator.waiting('wait') === 1;
    for (const signal of ['SIGTERM', 'SIGKILL', 'SIGTERM', 'SIGKILL', 'SIGKILL', 'SIGKILL'] as const) {
      await house.simulator.until(both);
      await house.gateway.end(signal);
      await house.simulator.until(() => house.simulator.counts.inFlight === 0);
      await house.start();
    }
    const ended = await feed.first('subagent.ended');
    expect(ended.subagent).toMatchObject({ status: 'failed', reason: 'crash' });
    await feed.first('turn.ended', ({ stop }) => stop === 'parked');
    expect(await chat.view()).toMatchObject({ status: 'parked', reason: 'crash' });
    expect((await feed.first('notice')).text).toMatch(/went down 4 times .* Resume/);

    house.simulator.open('speak');
    await chat.resume();
    await feed.first('message', ({ message }) => message.text === 'At last.');
    await feed.first('announcement.read');
  });
});

test('a gateway that was frozen goes on where it was, and nothing counts as a crash', async () => {
  const house = await openProcessHouse({
    script: cast({
      main: (request) => {
        if (request.lastUserText.includes('Begin')) return { toolCalls: [spawn('Work.')] };
        return { text: 'Well.', chunk: 1, tokensPerSecond: 50 };
      },
      Work: [{ toolCalls: [bash('sleep 0.1; echo worked')] }, { text: 'Worked.', gate: 'work' }],
    }),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Begin.');
  await house.simulator.until(() => house.simulator.waiting('work') === 1);
  house.gateway.signal('SIGSTOP');
  house.simulator.open('work');
  const said = chat.say('Are you there?', { id: 'frozen' });
  await house.simulator.until(() => house.simulator.waiting('work') === 0);
  house.gateway.signal('SIGCONT');
  await said;
  await feed.first('announcement.read');
  await feed.until(() => feed.all('turn.ended').length === feed.all('turn.started').length);
  await house.stop();
  expect(crashesIn(house.log(chat.id))).toBe(0);
});

test('a second gateway on the data folder is refused and told who holds it', async () => {
  const house = await openProcessHouse({ script: () => ({ text: 'Well.' }) });
  const second = startGatewayProcess({
    cwd: house.folder,
    env: environmentOf(house.simulator, house.data),
  });
  expect(await second.exit()).toEqual({ code: 1, signal: null });
  expect(second.printed).toMatch(/in use by process \d+ .* Stop that process first, or set TIDINGS_DATA/);
  expect(second.printed).toContain(`process ${house.gateway.pid} `);
  expect(second.printed).not.toMatch(/\n\s+at /);
  const chat = await house.client.newChat();
  await chat.say('Still there?');
  await chat.feed().first('turn.ended');
});

test("the tools' environment holds no key, no token and no setting of the gateway", async () => {
  const token = 'a-token-of-these-tests';
  const house = await openProcessHouse({
    env: { TIDINGS_TOKEN: token, SECRET_OF_SOMEBODY: 'hidden' },
    script: cast({
      main: [
        { toolCalls: [bash('env; cat /proc/$PPID/environ 2>/dev/null | tr "\\0" "\\n" | grep -c KEY')] },
        { toolCalls: [spawn('Look around.')] },
        { text: 'Well.' },
      ],
      'Look around': [{ toolCalls: [bash('env')] }, { text: 'Looked.' }],
    }),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Show me your environment.');
  await feed.first('announcement.read');
  const seen = house.requests.map((request) => resultOf(request, 'bash')).filter((text) => text !== '');
  expect(seen).toHaveLength(2);
  for (const text of seen) {
    expect(text).toContain('PATH=');
    for (const secret of [apiKey, token, 'hidden', 'ANTHROPIC', 'TIDINGS_TOKEN', 'TIDINGS_DATA']) {
      expect(text).not.toContain(secret);
    }
  }
});

describe('a wrong configuration', () => {
  const wrong = [
    { env: { PORT: 'eighty' }, words: /PORT \(environment\).*"eighty".*whole number from 0 to 65535/ },
    { env: { TIDINGS_MAX_CHILDREN: '0' }, words: /TIDINGS_MAX_CHILDREN.*from 1 to/ },
    { env: { TIDINGS_MAX_CHILDERN: '3' }, words: /TIDINGS_MAX_CHILDERN.*did you mean TIDINGS_MAX_CHILDREN/ },
    { env: { TIDINGS_MODEL: 'gpt-9' }, words: /TIDINGS_MODEL.*"gpt-9".*claude/ },
    { env: { TIDINGS_HOST: '0.0.0.0' }, words: /TIDINGS_HOST.*TIDINGS_TOKEN/ },
    { file: '{"maxChildern": 3}', words: /maxChildern.*did you mean "?maxChildren/ },
    { file: '{"repositories": {"app": "./nowhere"}}', words: /repositories.*app.*no folder/ },
    { file: '{"port": 80', words: /tidings\.config\.json/ },
  ];
  test('stops start and config with code 2 and one line that names what is wrong', async () => {
    for (const { env = {}, file, words } of wrong) {
      const folder = freshFolder();
      if (file !== undefined) writeFileSync(join(folder, 'tidings.config.json'), file);
      const variables: Record<string, string> = { PATH: process.env.PATH ?? '', TIDINGS_DATA: 'data' };
      Object.assign(variables, env);
      const ends = ['start', 'config'].map((command) =>
        startGatewayProcess({ cwd: folder, env: variables, command }),
      );
      for (const one of ends) {
        expect(await one.exit()).toEqual({ code: 2, signal: null });
        expect(one.printed).toMatch(words);
        expect(one.printed.trim().split('\n')).toHaveLength(1);
      }
      expect(existsSync(join(folder, 'data'))).toBe(false);
    }
  });

  test('config shows what is in force and hides secrets; unknown commands end with 2', async () => {
    const folder = freshFolder();
    const env = environmentOf({ url: 'http://127.0.0.1:9' }, join(folder, 'data'));
    const config = startGatewayProcess({ cwd: folder, env, command: 'config' });
    expect(await config.exit()).toMatchObject({ code: 0 });
    expect(config.printed).toContain('maxChildren');
    expect(config.printed).not.toContain(apiKey);
    const unknown = startGatewayProcess({ cwd: folder, env, command: 'dance' });
    expect(await unknown.exit()).toMatchObject({ code: 2 });
    expect(unknown.printed).toContain('no command "dance"');
  });
});
