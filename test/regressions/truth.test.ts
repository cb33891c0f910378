/** How things stand is what happened, not what somebody's silence or the last output looks like. */
import { expect, test } from 'vitest';
import { bash, cast, spawn } from '../e2e/cast.ts';
import { openHouse } from '../e2e/harness.ts';

test('a subagent that ends without a word is not completed, and the output of its last tool is not its result', async () => {
  const house = await openHouse({
    script: cast({
      main: [{ toolCalls: [spawn('Mumble.', { label: 'mumbler' })] }, { text: 'Well.' }],
      Mumble: [{ toolCalls: [bash('echo the output of a tool')] }, {}],
    }),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Begin.');
  const ended = await feed.first('subagent.ended');
  expect(ended.subagent).toMatchObject({ status: 'failed', reason: 'empty' });
  expect(ended.subagent.result).not.toContain('the output of a tool');
});

test('words before a tool call are not the result of one that then falls silent, but its partial work', async () => {
  const house = await openHouse({
    script: cast({
      main: [{ toolCalls: [spawn('Trail off.', { label: 'trail' })] }, { text: 'Well.' }],
      'Trail off': [{ text: 'I am going to look.', toolCalls: [bash('true')] }, {}],
    }),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Begin.');
  const ended = await feed.first('subagent.ended');
  expect(ended.subagent).toMatchObject({ status: 'failed', reason: 'empty' });
  expect(ended.subagent.result).toMatch(/^It ended without a result[\s\S]*I am going to look\.$/);
});

test('the clock of a time limit starts at work: who waited in the queue for all that time is not late', async () => {
  const house = await openHouse({
    // Enough for two answers of the model and a command, on a busy machine too.
    env: { TIDINGS_MAX_CHILDREN: '1', TIDINGS_SUBAGENT_MINUTES: '0.05' },
    script: cast({
      main: (request) => {
        if (request.lastUserText.includes('Begin')) {
          return {
            toolCalls: [
              spawn('Take all the time.', { label: 'slow' }),
              spawn('Be quick.', { label: 'quick' }),
            ],
          };
        }
        return { text: 'Well.' };
      },
      'Take all the time': { text: 'Never.', gate: 'shut' },
      'Be quick': [{ toolCalls: [bash('true')] }, { text: 'Quick.' }],
    }),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Begin.');
  const slow = await feed.first('subagent.ended', ({ subagent }) => subagent.label === 'slow');
  expect(slow.subagent).toMatchObject({ status: 'timed_out', reason: 'limit' });
  const quick = await feed.first('subagent.ended', ({ subagent }) => subagent.label === 'quick');
  expect(quick.subagent).toMatchObject({ status: 'completed', result: 'Quick.' });
});

test('a slow healthy turn is not taken for a dead one', async () => {
  const house = await openHouse({
    env: { TIDINGS_IDLE_MINUTES: '0.03' },
    script: cast({
      main: [{ toolCalls: [spawn('Speak slowly.', { label: 'slow' })] }, { text: 'Well.' }],
      // Far longer than the idle limit, but never silent for as long.
      'Speak slowly': { text: 'w o r d '.repeat(30), chunk: 4, tokensPerSecond: 16 },
    }),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Begin.');
  const ended = await feed.first('subagent.ended');
  expect(ended.subagent).toMatchObject({ status: 'completed', attempt: 1, steps: 1 });
  expect(house.simulator.counts).toMatchObject({ aborted: 0 });
});
