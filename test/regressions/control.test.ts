/** Steers, stops and a person's words that come at an awkward moment. */
import { expect, test } from 'vitest';
import { bash, cast, spawn } from '../e2e/cast.ts';
import { openHouse } from '../e2e/harness.ts';
import { testWithProcesses } from '../e2e/hosts.ts';

test('a child steered before a restart still answers, and its parent hears of it', async () => {
  const house = await openHouse({
    script: cast({
      main: (request) => {
        if (request.lastUserText.includes('Begin'))
          return { toolCalls: [spawn('Think.', { label: 'thinker' })] };
        return { text: 'Well.' };
      },
      Think: [
        { toolCalls: [{ name: 'report', input: { progress: 'thinking' } }], gate: 'think' },
        (request) => ({ text: request.transcriptText.includes('Think twice.') ? 'Twice.' : 'Once.' }),
      ],
    }),
  });
  const chat = await house.client.newChat();
  await chat.say('Begin.');
  await house.simulator.until(() => house.simulator.waiting('think') === 1);
  const steer = await chat.steer('thinker', 'Think twice.');
  await house.stop();
  house.simulator.open('think');
  await house.start();
  const feed = chat.feed();
  expect((await feed.first('subagent.ended')).subagent).toMatchObject({ result: 'Twice.', attempt: 1 });
  expect(await feed.first('steer.read')).toMatchObject({ steerId: steer });
  await feed.first('announcement.read');
});

test('a steer that comes with the last answer is still read before the subagent ends', async () => {
  const house = await openHouse({
    script: cast({
      main: [{ toolCalls: [spawn('Finish.', { label: 'finisher' })] }, { text: 'Begun.' }, { text: 'Well.' }],
      Finish: (request) => {
        if (request.lastUserText.includes('One more thing')) return { text: 'That, too.' };
        return { text: 'Finished.', gate: { name: 'finish', afterEvent: 5 } };
      },
    }),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Begin.');
  await chat.feed({ subagent: (await feed.first('subagent.spawned')).subagent.id, after: 0 }).first('delta');
  await chat.steer('finisher', 'One more thing.');
  await feed.first('subagent.updated', ({ subagent }) => subagent.pendingSteers === 1);
  house.simulator.open('finish');
  const ended = await feed.first('subagent.ended');
  expect(ended.subagent).toMatchObject({ result: 'That, too.', attempt: 1 });
  expect(feed.all('steer.read')).toHaveLength(1);
});

testWithProcesses(
  'words after a stop in the middle of tool calls are answered, and no call is left open',
  async () => {
    const house = await openHouse({
      script: cast({
        main: (request) => {
          if (request.lastUserText.includes('Work')) {
            return { toolCalls: [bash('sleep 300'), bash('echo never'), { name: 'rm', input: {} }] };
          }
          return { text: 'At your service.' };
        },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Work.');
    await feed.first('tool.started', ({ summary }) => summary.includes('sleep'));
    await chat.stop();
    await chat.say('Leave that.');
    await feed.first('message', ({ message }) => message.text === 'At your service.');
    const results = house.requests.at(-1)?.toolResults ?? [];
    expect(results.map(({ isError }) => isError)).toEqual([true, true, true]);
    expect(results.map(({ text }) => text).join('\n')).toMatch(/Stopped by a person\. It was not run\./);
    expect(results.map(({ text }) => text).join('\n')).toMatch(
      /Stopped by a person\. Its outcome is unknown/,
    );
  },
);

test("a person's words during the turn that reads news are answered in that turn", async () => {
  const house = await openHouse({
    script: cast({
      main: (request) => {
        if (request.lastUserText.includes('Begin')) return { toolCalls: [spawn('Toil.')] };
        if (request.lastUserText.includes('And me?')) return { text: 'And you.' };
        if (request.lastUserText.includes('<subagent-announcement')) return { text: 'News.', gate: 'news' };
        return { text: 'Begun.' };
      },
      Toil: { text: 'Toiled.', gate: 'toil' },
    }),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Begin.');
  await feed.first('turn.ended');
  house.simulator.open('toil');
  await house.simulator.until(() => house.simulator.waiting('news') === 1);
  await chat.say('And me?');
  house.simulator.open('news');
  await feed.first('message', ({ message }) => message.text === 'And you.');
  await feed.first('turn.ended', ({ turn }) => turn === 2);
  expect(await chat.said()).toEqual(['Begun.', 'News.', 'And you.']);
  expect(feed.all('turn.started')).toHaveLength(2);
});
