/** Limits: how many work at once, how deep, how many a day, how long; each refusal in words that help. */
import { describe, expect, test } from 'vitest';
import { alive, oddSleep } from '../workshop/setup.ts';
import { bash, cast, resultOf, spawn } from './cast.ts';
import { openHouse } from './harness.ts';
import { testWithProcesses } from './hosts.ts';

describe('places', () => {
  test('those beyond the limit queue, start by themselves in order, and never fail', async () => {
    const labels = ['a', 'b', 'c', 'd', 'e'];
    const house = await openHouse({
      env: { TIDINGS_MAX_CHILDREN: '2' },
      script: cast({
        main: (request) => {
          if (request.lastUserText.includes('Begin')) {
            return { toolCalls: labels.map((label) => spawn(`Share ${label}.`, { label })) };
          }
          return { text: 'Well.' };
        },
        Share: { text: 'Done.', gate: 'share' },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Begin.');
    await house.simulator.until(() => house.simulator.waiting('share') === 2);
    await feed.first('turn.ended');
    const results = house.requests
      .find((request) => request.toolResults.length === 5)
      ?.toolResults.map((result) => JSON.parse(result.text));
    expect(results?.map(({ state }) => state)).toEqual(['running', 'running', 'queued', 'queued', 'queued']);
    expect((await chat.view()).subagents).toEqual({ running: 2, queued: 3 });

    for (let ended = 1; ended <= labels.length; ended += 1) {
      house.simulator.release('share');
      await feed.until(() => feed.all('subagent.ended').length === ended);
      const left = Math.min(2, labels.length - ended);
      await house.simulator.until(() => house.simulator.waiting('share') === left);
    }
    await feed.until(() => feed.all('announcement.read').length === labels.length);
    const started = house.requests
      .filter((request) => request.lastUserText.startsWith('Share'))
      .map((request) => request.lastUserText);
    expect(started.slice(2)).toEqual(['Share c.', 'Share d.', 'Share e.']);
    expect((await chat.view()).subagents).toEqual({ completed: 5 });
  });

  test('one that waits for its own subagents holds no place', async () => {
    const house = await openHouse({
      env: { TIDINGS_MAX_CHILDREN: '1' },
      script: cast({
        main: (request) => {
          if (request.lastUserText.includes('Begin')) {
            return {
              toolCalls: [spawn('Lead slowly.', { label: 'boss' }), spawn('Come next.', { label: 'next' })],
            };
          }
          return { text: 'Well.' };
        },
        'Lead slowly': [
          { toolCalls: [spawn('Carry slowly.', { label: 'pawn' })] },
          { text: 'I wait.' },
          { text: 'Led.' },
        ],
        'Carry slowly': { text: 'Carried.', gate: 'pawn' },
        'Come next': { text: 'Came.' },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Begin.');
    await feed.first('subagent.ended', ({ subagent }) => subagent.label === 'next');
    expect(await chat.subagent('boss')).toMatchObject({ status: 'waiting' });
    house.simulator.open('pawn');
    await feed.first('subagent.ended', ({ subagent }) => subagent.label === 'boss');
  });
});

describe('depth and the day', () => {
  test('at the bottom there is no tool to spawn with, and a call of it all the same is told so', async () => {
    const house = await openHouse({
      env: { TIDINGS_MAX_DEPTH: '1' },
      script: cast({
        main: [{ toolCalls: [spawn('Go down.', { label: 'down' })] }, { text: 'Well.' }],
        'Go down': [
          { toolCalls: [spawn('Deeper.')] },
          (request) => ({ text: resultOf(request, 'sessions_spawn') }),
        ],
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Go down.');
    const ended = await feed.first('subagent.ended');
    expect(ended.subagent.result).toContain('There is no tool sessions_spawn; there is');
    const child = house.requests.find((request) => request.lastUserText === 'Go down.');
    expect(child?.toolNames).toContain('report');
    expect(child?.toolNames).not.toContain('sessions_spawn');
    expect(child?.toolNames).not.toContain('subagents');
    expect(await chat.subagents()).toHaveLength(1);
  });

  test("beyond the day's limit a spawn is refused in words, by the assistant and by a person", async () => {
    const house = await openHouse({
      env: { TIDINGS_MAX_SPAWNS: '2', TIDINGS_MAX_DEPTH: '1' },
      script: cast({
        main: (request) => {
          if (request.lastUserText.includes('Begin')) {
            return { toolCalls: ['x', 'y', 'z'].map((label) => spawn(`Piece ${label}.`, { label })) };
          }
          return { text: 'Well.' };
        },
        Piece: { text: 'Done.' },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Begin.');
    await feed.until(() => feed.all('announcement.read').length === 2);
    const results = house.requests.find((request) => request.toolResults.length === 3)?.toolResults;
    expect(results?.map((result) => result.isError)).toEqual([false, false, true]);
    expect(results?.[2]?.text).toMatch(/^Not spawned: the day's limit of 2 spawns .* do the work yourself/);
    await expect(chat.spawn({ task: 'One more.' })).rejects.toThrow(/answered 429.*day's limit of 2/);
    expect(await chat.subagents()).toHaveLength(2);
  });
});

describe('time', () => {
  testWithProcesses(
    'at its time limit a subagent ends with what it had, and its processes with it',
    async () => {
      const sleep = oddSleep();
      const house = await openHouse({
        // Enough for one answer of the model and the start of a command, on a busy machine too.
        env: { TIDINGS_SUBAGENT_MINUTES: '0.05' },
        script: cast({
          main: [{ toolCalls: [spawn('Take long.', { label: 'long' })] }, { text: 'Well.' }],
          'Take long': [{ text: 'I found one half.', toolCalls: [bash(`setsid ${sleep} & sleep 300`)] }],
        }),
      });
      const chat = await house.client.newChat();
      const feed = chat.feed();
      await chat.say('Take your time.');
      const ended = await feed.first('subagent.ended');
      expect(ended.subagent).toMatchObject({ status: 'timed_out', reason: 'limit' });
      expect(ended.subagent.result).toMatch(/^Its time of 3s at work was up\.\n\n.*\nI found one half\.$/);
      await feed.first('announcement.read');
      while (alive(sleep) > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    },
  );

  test('one that makes no progress is ended as idle', async () => {
    const house = await openHouse({
      env: { TIDINGS_IDLE_MINUTES: '0.01' },
      script: cast({
        main: [{ toolCalls: [spawn('Stall.', { label: 'stall' })] }, { text: 'Well.' }],
        Stall: { text: 'I am about to…', faults: [{ stallAfterEvent: 4 }] },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Stall.');
    const ended = await feed.first('subagent.ended');
    expect(ended.subagent).toMatchObject({ status: 'timed_out', reason: 'idle' });
    await feed.first('announcement.read');
    await house.simulator.until(() => house.simulator.counts.inFlight === 0);
  });

  test('a spawn can only narrow its time', async () => {
    const house = await openHouse({
      env: { TIDINGS_SUBAGENT_MINUTES: '5' },
      script: cast({
        main: [
          {
            toolCalls: [
              spawn('Hurry.', { label: 'hurry', limits: { minutes: 0.01 } }),
              spawn('Linger.', { label: 'linger', limits: { minutes: 6 } }),
            ],
          },
          { text: 'Well.' },
        ],
        Hurry: { text: 'Never.', gate: 'shut' },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Begin.');
    const ended = await feed.first('subagent.ended');
    expect(ended.subagent).toMatchObject({ label: 'hurry', status: 'timed_out', reason: 'limit' });
    await feed.first('turn.ended');
    const refusal = house.requests.find((request) => request.toolResults.length === 2)?.toolResults[1];
    expect(refusal).toMatchObject({ isError: true });
    expect(refusal?.text).toMatch(/limits|minutes/);
    expect(await chat.subagents()).toHaveLength(1);
  });

  testWithProcesses(
    "a main session's tool ends at its time with what it printed and the advice to hand it over",
    async () => {
      const sleep = oddSleep();
      const house = await openHouse({
        // A command says its first word within it.
        env: { TIDINGS_MAIN_TOOL_SECONDS: '2' },
        script: cast({
          main: [{ toolCalls: [bash(`echo begun; ${sleep}`)] }, { text: 'I hand it over.' }],
        }),
      });
      const chat = await house.client.newChat();
      const feed = chat.feed();
      await chat.say('Do it yourself.');
      await feed.first('turn.ended');
      const [result] = house.requests.at(-1)?.toolResults ?? [];
      expect(result).toMatchObject({ isError: true });
      expect(result?.text).toMatch(/^begun\n\[ended after 2 s, .*sessions_spawn/);
      expect(alive(sleep)).toBe(0);
    },
  );
});
