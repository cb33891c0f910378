/** News that other gateways have lost, told twice, or told to the wrong one. */
import { expect, test } from 'vitest';
import { cast, isMain, spawn } from '../e2e/cast.ts';
import { openHouse } from '../e2e/harness.ts';

test('news wakes an idle parent after a restart, though nobody speaks', async () => {
  const house = await openHouse({
    script: cast({
      main: (request) => {
        if (request.lastUserText.includes('Begin')) return { toolCalls: [spawn('Toil on.')] };
        return { text: request.lastUserText.includes('<subagent-announcement') ? 'It came.' : 'Begun.' };
      },
      'Toil on': { text: 'Toiled.', gate: 'toil' },
    }),
  });
  const chat = await house.client.newChat();
  await chat.say('Begin.');
  await chat.feed().first('turn.ended');
  await house.simulator.until(() => house.simulator.waiting('toil') === 1);
  await house.stop();
  house.simulator.open('toil');
  await house.start();
  const feed = chat.feed();
  await feed.first('announcement.read');
  await feed.first('turn.ended', ({ turn }) => turn === 2);
  expect((await chat.said()).at(-1)).toBe('It came.');
});

test('news is not lost or doubled when the request that holds it fails again and again', async () => {
  const house = await openHouse({
    script: {
      rows: [
        {
          when: { hasTool: 'stay_silent', lastUserText: 'Begin' },
          reply: { toolCalls: [spawn('Toil well.')] },
        },
        {
          when: { hasTool: 'stay_silent', lastUserText: '<subagent-announcement' },
          reply: {
            text: 'I heard it once.',
            faults: [
              { status: 529, times: 1 },
              { cutAfterEvent: 4, times: 1 },
              { errorAfterEvent: 3, type: 'api_error', times: 1 },
            ],
          },
        },
        { when: { hasTool: 'stay_silent' }, reply: { text: 'Begun.' } },
        { reply: { text: 'Toiled.' } },
      ],
    },
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Begin.');
  await feed.first('announcement.read');
  await feed.first('message', ({ message }) => message.text === 'I heard it once.');
  expect(feed.all('announcement.read')).toHaveLength(1);
  expect(house.requests.at(-1)?.transcriptText.match(/<subagent-announcement /g)).toHaveLength(1);
  expect((await chat.said()).filter((text) => text === 'I heard it once.')).toHaveLength(1);
});

test('the last of many endings is told like the first', async () => {
  const count = 12;
  const house = await openHouse({
    // Twelve at once are little of the budget, so nobody is asked.
    env: { TIDINGS_MAX_CHILDREN: '3', TIDINGS_CHAT_BUDGET_USD: '1000' },
    script: cast({
      main: (request) => {
        if (request.lastUserText.includes('Begin')) {
          return { toolCalls: Array.from({ length: count }, (_, n) => spawn(`Piece ${n}.`)) };
        }
        return { text: 'I wait for the rest.' };
      },
      Piece: { text: 'Done.' },
    }),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Begin.');
  await feed.until(() => feed.all('announcement.read').length === count);
  await feed.until(() => feed.all('turn.ended').length === feed.all('turn.started').length);
  expect(house.requests.at(-1)?.transcriptText.match(/<subagent-announcement /g)).toHaveLength(count);
  expect((await chat.view()).status).toBe('idle');
});

test('an ending is on the feed though no model can speak about it', async () => {
  const house = await openHouse({
    script: cast({
      main: (request) => {
        if (request.lastUserText.includes('Begin')) return { toolCalls: [spawn('Toil away.')] };
        if (request.lastUserText.includes('<subagent-announcement')) return { faults: [{ status: 500 }] };
        return { text: 'Begun.' };
      },
      'Toil away': { text: 'Toiled away.', gate: 'toil' },
    }),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Begin.');
  await feed.first('turn.ended');
  house.simulator.open('toil');
  const ended = await feed.first('subagent.ended');
  expect(ended.subagent).toMatchObject({ status: 'completed', result: 'Toiled away.' });
  await house.simulator.until(() => house.simulator.counts.faulted > 0);
  expect(feed.all('announcement.read')).toEqual([]);
  expect((await chat.subagents())[0]).toMatchObject({ announcement: 'pending' });
});

test('news goes to the chat that spawned, whichever chat spoke last', async () => {
  const house = await openHouse({
    script: cast({
      main: (request) => {
        const name = /Begin (\w+)/.exec(request.lastUserText)?.[1];
        if (name !== undefined) return { toolCalls: [spawn(`Toil for ${name}.`, { label: 'toil' })] };
        return { text: 'Well.' };
      },
      'Toil for one': { text: 'For one.', gate: 'one' },
      'Toil for two': { text: 'For two.', gate: 'two' },
    }),
  });
  const one = await house.client.newChat();
  const two = await house.client.newChat();
  const feeds = [one.feed(), two.feed()] as const;
  await one.say('Begin one.');
  await feeds[0].first('turn.ended');
  await two.say('Begin two.');
  await feeds[1].first('turn.ended');
  house.simulator.open('one');
  expect((await feeds[0].first('subagent.ended')).subagent.result).toBe('For one.');
  await feeds[0].first('announcement.read');
  await two.say('Still there?');
  await feeds[1].first('turn.ended', ({ turn }) => turn === 2);
  expect(feeds[1].all('subagent.ended')).toEqual([]);
  house.simulator.open('two');
  expect((await feeds[1].first('subagent.ended')).subagent.result).toBe('For two.');
  await feeds[1].first('announcement.read');
  expect(feeds[0].all('announcement.read')).toHaveLength(1);
});

test('a silence that is meant is not asked about, retried or told', async () => {
  const house = await openHouse({
    script: cast({
      main: (request) => {
        if (request.lastUserText.includes('Begin')) return { toolCalls: [spawn('Toil in silence.')] };
        if (request.lastUserText.includes('<subagent-announcement')) {
          return { toolCalls: [{ name: 'stay_silent' }] };
        }
        return { text: 'Begun.' };
      },
      'Toil in silence': { text: 'Toiled.', gate: 'toil' },
    }),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Begin.');
  await feed.first('turn.ended');
  house.simulator.open('toil');
  await feed.first('turn.ended', ({ turn }) => turn === 2);
  expect(await chat.view()).toMatchObject({ status: 'idle' });
  await house.stop();
  await house.start();
  expect(house.requests.filter(isMain)).toHaveLength(3);
  expect(await chat.said()).toEqual(['Begun.']);
  expect((await chat.subagents())[0]).toMatchObject({ announcement: 'read' });
});

test('a label that is taken gets a number, and its result is delivered all the same', async () => {
  const house = await openHouse({
    script: cast({
      main: (request) => {
        if (request.lastUserText.includes('Begin')) {
          return {
            toolCalls: ['first', 'second'].map((task) => spawn(`Toil ${task}.`, { label: 'toil' })),
          };
        }
        return { text: 'Well.' };
      },
      'Toil first': { text: 'The first.' },
      'Toil second': { text: 'The second.' },
    }),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Begin.');
  await feed.until(() => feed.all('announcement.read').length === 2);
  const results = house.requests.find((request) => request.toolResults.length === 2)?.toolResults;
  expect(JSON.parse(results?.[1]?.text ?? '')).toMatchObject({
    label: 'toil-2',
    note: expect.stringContaining('The label toil was taken; this one is called toil-2.'),
  });
  expect(await chat.subagent('toil-2')).toMatchObject({ result: 'The second.', announcement: 'read' });
  expect(await chat.subagent('toil')).toMatchObject({ result: 'The first.', announcement: 'read' });
});
