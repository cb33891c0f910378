/** Killing and stopping: what is confirmed is dead, with everything below it; nothing else is touched. */
import { describe, expect, test } from 'vitest';
import { alive, oddSleep } from '../workshop/setup.ts';
import { bash, cast, resultOf, spawn, subagents } from './cast.ts';
import { openHouse } from './harness.ts';
import { testWithProcesses } from './hosts.ts';

/** A command that leaves the shell that started it, and everything a shell could end it by. */
function doubleForked(sleep: string): string {
  return `(setsid setsid ${sleep} >/dev/null 2>&1 &) ; echo forked; sleep 300`;
}

describe('a kill', () => {
  testWithProcesses('over HTTP ends a subagent with the process that it had double-forked', async () => {
    const sleep = oddSleep();
    const house = await openHouse({
      script: cast({
        main: [{ toolCalls: [spawn('Serve it.', { label: 'server' })] }, { text: 'It serves.' }],
        'Serve it': [{ text: 'I start it.', toolCalls: [bash(doubleForked(sleep))] }, { text: 'Never.' }],
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Serve it.');
    await feed.first('turn.ended');
    await chat.feed({ subagent: 'server' }).first('tool.started', ({ name }) => name === 'bash');
    while (alive(sleep) === 0) await new Promise((resolve) => setTimeout(resolve, 5));

    expect(await chat.kill('server')).toEqual({ killed: ['server'], unconfirmed: [], alreadyEnded: [] });
    expect(alive(sleep)).toBe(0);
    expect(await chat.kill('server')).toEqual({ killed: [], unconfirmed: [], alreadyEnded: ['server'] });
    const ended = await feed.first('subagent.ended');
    expect(ended.subagent).toMatchObject({ status: 'killed', attempt: 1 });
    // Its partial work is kept, and its parent hears of a kill that was not its own.
    expect((await chat.subagent('server')).result).toBe(
      'Killed by a person.\n\nIts latest words:\nI start it.',
    );
    await feed.first('announcement.read');
  });

  testWithProcesses(
    'by the assistant answers when it is confirmed, and does not wake it with what it did itself',
    async () => {
      const house = await openHouse({
        script: cast({
          main: (request) => {
            if (request.lastUserText.includes('Begin')) {
              return { toolCalls: [spawn('Wait here.', { label: 'waiter' })] };
            }
            if (request.lastUserText.includes('End it')) {
              return { toolCalls: [subagents('kill', { target: 'waiter' })] };
            }
            if (resultOf(request, 'subagents') !== '') return { text: 'It is ended.' };
            return { text: 'Well.' };
          },
          'Wait here': { toolCalls: [bash('sleep 300')] },
        }),
      });
      const chat = await house.client.newChat();
      const feed = chat.feed();
      await chat.say('Begin.');
      await feed.first('turn.ended');
      await chat.feed({ subagent: 'waiter' }).first('tool.started');
      await chat.say('End it.');
      await feed.first('turn.ended', ({ turn }) => turn === 2);
      expect(JSON.parse(resultOf(house.requests.at(-1), 'subagents'))).toMatchObject({
        killed: ['waiter'],
        unconfirmed: [],
        alreadyEnded: [],
      });
      // The news is there, and waits for the next step, which somebody else's words bring.
      expect(await chat.subagent('waiter')).toMatchObject({ status: 'killed' });
      await chat.say('Anything else?');
      await feed.first('turn.ended', ({ turn }) => turn === 3);
      expect(feed.all('announcement.read')).toHaveLength(1);
      expect(feed.all('turn.started').map(({ because }) => because)).toEqual([
        ['message'],
        ['message'],
        ['message'],
      ]);
    },
  );

  testWithProcesses('reaches grandchildren, and leaves the others alone', async () => {
    const sleeps = [oddSleep(), oddSleep()];
    const house = await openHouse({
      script: cast({
        main: [
          {
            toolCalls: [
              spawn('Lead the work.', { label: 'boss' }),
              spawn('Stand apart.', { label: 'other' }),
            ],
          },
          { text: 'Led.' },
        ],
        'Lead the work': [
          {
            toolCalls: [spawn('Carry left.', { label: 'left' }), spawn('Carry right.', { label: 'right' })],
          },
          { text: 'I wait.' },
        ],
        'Carry left': { toolCalls: [bash(doubleForked(sleeps[0] ?? ''))] },
        'Carry right': { toolCalls: [bash(doubleForked(sleeps[1] ?? ''))] },
        'Stand apart': { text: 'Apart.', gate: 'other' },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Have it led.');
    await feed.first('subagent.updated', ({ subagent }) => subagent.status === 'waiting');
    for (const sleep of sleeps) {
      while (alive(sleep) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }

    const report = await chat.kill('boss');
    expect({ ...report, killed: report.killed.toSorted() }).toEqual({
      killed: ['boss', 'left', 'right'],
      unconfirmed: [],
      alreadyEnded: [],
    });
    expect(sleeps.map(alive)).toEqual([0, 0]);
    expect(await chat.subagent('other')).toMatchObject({ status: 'running' });
    expect(await chat.kill('all')).toMatchObject({ killed: ['other'] });
    expect((await chat.view()).subagents).toEqual({ killed: 4 });
  });

  test('of a tree that waits for the model gives up its calls, and leaves the others alone', async () => {
    const house = await openHouse({
      script: cast({
        main: (request) => {
          if (request.lastUserText.includes('Begin')) {
            return {
              toolCalls: [
                spawn('Lead the work.', { label: 'boss' }),
                spawn('Stand apart.', { label: 'other' }),
              ],
            };
          }
          if (request.lastUserText.includes('End it')) {
            return { toolCalls: [subagents('kill', { target: 'boss' })] };
          }
          if (resultOf(request, 'subagents') !== '') return { text: 'It is ended.' };
          return { text: 'Well.' };
        },
        'Lead the work': [
          {
            toolCalls: [spawn('Carry left.', { label: 'left' }), spawn('Carry right.', { label: 'right' })],
          },
          { text: 'I wait.' },
        ],
        Carry: { text: 'Carried.', gate: 'carry' },
        'Stand apart': { text: 'Apart.', gate: 'other' },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Begin.');
    await feed.first('subagent.updated', ({ subagent }) => subagent.status === 'waiting');
    await house.simulator.until(
      () => house.simulator.waiting('carry') === 2 && house.simulator.waiting('other') === 1,
    );
    await feed.first('turn.ended');
    await chat.say('End it.');
    await feed.first('turn.ended', ({ turn }) => turn === 2);
    const report = JSON.parse(resultOf(house.requests.at(-1), 'subagents'));
    expect({ ...report, killed: report.killed.toSorted() }).toMatchObject({
      killed: ['boss', 'left', 'right'],
      unconfirmed: [],
      alreadyEnded: [],
    });
    await house.simulator.until(() => house.simulator.counts.inFlight === 1);
    expect(await chat.subagent('other')).toMatchObject({ status: 'running' });
    await expect(chat.kill('nobody')).rejects.toThrow(/answered 404.*there (is|are) .*other/i);
    expect(await chat.kill('all')).toMatchObject({ killed: ['other'] });
    expect((await chat.view()).subagents).toEqual({ killed: 4 });
    await house.simulator.until(() => house.simulator.counts.inFlight === 0);
  });

  test('of a queued subagent ends it before it has begun', async () => {
    const house = await openHouse({
      env: { TIDINGS_MAX_CHILDREN: '1' },
      script: cast({
        main: [
          { toolCalls: [spawn('Go first.', { label: 'first' }), spawn('Go second.', { label: 'second' })] },
          { text: 'Two.' },
        ],
        'Go first': { text: 'First.', gate: 'first' },
        'Go second': { text: 'Second.' },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Two, please.');
    await feed.first('turn.ended');
    expect(await chat.subagent('second')).toMatchObject({ status: 'queued' });
    expect(await chat.kill('second')).toMatchObject({ killed: ['second'] });
    house.simulator.open('first');
    await feed.until(() => feed.all('announcement.read').length === 2);
    expect(house.requests.some((request) => request.lastUserText.includes('Go second'))).toBe(false);
  });

  testWithProcesses('of somebody who is not there names those who are', async () => {
    const house = await openHouse({
      script: cast({
        main: [{ toolCalls: [spawn('Hold on.', { label: 'holder' })] }, { text: 'Well.' }],
        'Hold on': { toolCalls: [bash('sleep 300')] },
      }),
    });
    const chat = await house.client.newChat();
    await chat.say('Begin.');
    await chat.feed().first('turn.ended');
    await expect(chat.kill('nobody')).rejects.toThrow(/answered 404.*there is holder/i);
    expect(await chat.subagent('holder')).toMatchObject({ status: 'running' });
    expect(await chat.kill('all')).toMatchObject({ killed: ['holder'] });
  });
});

describe('a stop', () => {
  test('ends the turn and leaves subagents at work; resume goes on', async () => {
    const house = await openHouse({
      script: cast({
        main: (request) => {
          if (request.lastUserText.includes('Begin'))
            return { toolCalls: [spawn('Carry on.', { label: 'carrier' })] };
          if (request.lastUserText.includes('<subagent-announcement')) return { text: 'Carried on.' };
          if (request.lastUserText.includes('Ponder')) {
            return { text: 'Pondering all of it…', gate: { name: 'ponder', afterEvent: 5 }, chunk: 4 };
          }
          return { text: 'Well.' };
        },
        'Carry on': { text: 'On.', gate: 'carrier' },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Begin.');
    await feed.first('turn.ended');
    await chat.say('Ponder.');
    await feed.first('delta', ({ text }) => text.startsWith('Pond'));
    await chat.say('And then the tests.');
    await chat.stop();
    expect(await feed.first('turn.ended', ({ turn }) => turn === 2)).toMatchObject({ stop: 'stopped' });
    // What it was to read next it will not read, and people are told.
    expect(await feed.first('notice')).toMatchObject({
      level: 'warning',
      text: 'Not read, since it was stopped: "And then the tests". Send it again if it still holds.',
    });
    expect(await chat.view()).toMatchObject({ status: 'parked', reason: 'stopped' });
    expect(feed.all('step.abandoned')).toMatchObject([{ because: 'stop' }]);

    house.simulator.open('carrier');
    await feed.first('subagent.ended');
    // News does not wake who was stopped.
    expect(await chat.view()).toMatchObject({ status: 'parked' });
    await chat.resume();
    await feed.first('announcement.read');
    await feed.first('message', ({ message }) => message.text === 'Carried on.');
    expect(feed.all('announcement.read')).toHaveLength(1);
    expect(house.requests.some(({ transcriptText }) => transcriptText.includes('the tests'))).toBe(false);
  });

  test('with subagents reaches a whole tree that waits for the model', async () => {
    const house = await openHouse({
      script: cast({
        main: [{ toolCalls: [spawn('Lead on.', { label: 'boss' })] }, { text: 'Led.' }, { text: 'Well.' }],
        'Lead on': [{ toolCalls: [spawn('Carry all.', { label: 'pawn' })] }, { text: 'I wait.' }],
        'Carry all': { text: 'Carried.', gate: 'carry' },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Lead.');
    await feed.first('subagent.updated', ({ subagent }) => subagent.status === 'waiting');
    await house.simulator.until(() => house.simulator.waiting('carry') === 1);
    await chat.steer('pawn', 'Carry less.');
    await chat.stop({ subagents: true });
    await feed.until(() => feed.all('subagent.ended').length === 2);
    // Told up the tree, by way of one that has ended, too.
    expect((await feed.first('notice')).text).toMatch(
      /^boss\/pawn ended without having read "Carry less"\. /,
    );
    await house.simulator.until(() => house.simulator.counts.inFlight === 0);
    expect((await chat.view()).subagents).toEqual({ killed: 2 });
    await chat.say('Go on.');
    await feed.first('turn.ended', ({ turn }) => turn === 2);
    expect(await chat.view()).toMatchObject({ status: 'idle' });
  });

  testWithProcesses('with subagents reaches the whole tree', async () => {
    const sleep = oddSleep();
    const house = await openHouse({
      script: cast({
        main: [{ toolCalls: [spawn('Lead on.', { label: 'boss' })] }, { text: 'Led.' }, { text: 'Well.' }],
        'Lead on': [{ toolCalls: [spawn('Carry all.', { label: 'pawn' })] }, { text: 'I wait.' }],
        'Carry all': { toolCalls: [bash(doubleForked(sleep))] },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Lead.');
    await feed.first('subagent.updated', ({ subagent }) => subagent.status === 'waiting');
    while (alive(sleep) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await chat.stop({ subagents: true });
    await feed.until(() => feed.all('subagent.ended').length === 2);
    await house.simulator.until(() => house.simulator.counts.inFlight === 0);
    expect((await chat.view()).subagents).toEqual({ killed: 2 });
    while (alive(sleep) > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await chat.say('Go on.');
    await feed.first('turn.ended', ({ turn }) => turn === 2);
    expect(await chat.view()).toMatchObject({ status: 'idle' });
  });
});
