/** Steering: read by the next step, or at once; one that has ended is resumed as its next attempt. */
import { describe, expect, test } from 'vitest';
import { bash, cast, resultOf, spawn, subagents } from './cast.ts';
import { openHouse } from './harness.ts';
import { testWithProcesses } from './hosts.ts';

describe('steering', () => {
  test('a steer by a person is queued, read by the next step, and both are told', async () => {
    const house = await openHouse({
      script: cast({
        main: [
          { toolCalls: [spawn('Paint it.', { label: 'painter' })] },
          { text: 'It paints.' },
          { text: 'Painted.' },
        ],
        'Paint it': [
          { toolCalls: [bash('echo a first coat')], gate: 'first' },
          (request) => ({ text: request.lastUserText.includes('in blue') ? 'Blue.' : 'Grey.' }),
        ],
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Paint it.');
    await house.simulator.until(() => house.simulator.waiting('first') === 1);
    const steer = await chat.steer('painter', 'Paint it in blue.');
    const queued = await feed.first('steer.queued');
    expect(queued.steerId).toBe(steer);
    await feed.first('subagent.updated', ({ subagent }) => subagent.pendingSteers === 1);
    expect(await chat.subagent('painter')).toMatchObject({ pendingSteers: 1 });
    expect(feed.all('steer.read')).toEqual([]);

    house.simulator.open('first');
    const read = await feed.first('steer.read');
    expect(read).toMatchObject({ steerId: steer, subagentId: queued.subagentId, step: 2 });
    const ended = await feed.first('subagent.ended');
    expect(ended.subagent).toMatchObject({ result: 'Blue.', attempt: 1, pendingSteers: 0 });
    const taught = house.requests.find((request) => request.lastUserText.includes('in blue'));
    // Behind the result that is owed, as words from a person.
    expect(taught?.lastUserBlocks.map((block) => block.type)).toEqual(['tool_result', 'text']);
    expect(taught?.lastUserText).toBe('<steer from="person">\nPaint it in blue.\n</steer>');
  });

  test('the assistant steers by label, and the list shows the steer until it is read', async () => {
    const house = await openHouse({
      script: cast({
        main: (request) => {
          if (request.lastUserText.includes('Begin')) {
            return { toolCalls: [spawn('Count up.', { label: 'counter' })] };
          }
          if (request.lastUserText.includes('Tell it')) {
            return { toolCalls: [subagents('steer', { target: 'counter', message: 'Count down.' })] };
          }
          if (resultOf(request, 'subagents').includes('"queued"')) return { toolCalls: [subagents('list')] };
          return { text: 'Well.' };
        },
        'Count up': [
          { toolCalls: [bash('echo 1 2 3')], gate: 'first' },
          (request) => ({ text: request.transcriptText.includes('Count down.') ? '3 2 1' : '1 2 3' }),
        ],
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Begin.');
    await house.simulator.until(() => house.simulator.waiting('first') === 1);
    await feed.first('turn.ended');
    await chat.say('Tell it to count down.');
    await feed.first('turn.ended', ({ turn }) => turn === 2);
    const [answer, list] = house.requests
      .filter((request) => resultOf(request, 'subagents') !== '')
      .map((request) => resultOf(request, 'subagents'));
    expect(JSON.parse(answer ?? '')).toMatchObject({ status: 'queued', target: 'counter' });
    expect(list).toMatch(/^counter \(sub_\w+\): running; .*1 steer not read yet/);

    house.simulator.open('first');
    expect((await feed.first('subagent.ended')).subagent.result).toBe('3 2 1');
    const taught = house.requests.find((request) => request.lastUserText.includes('Count down.'));
    expect(taught?.lastUserText).toContain('<steer from="parent">');
  });

  test('one that has ended is resumed: same id and label, next attempt, announced anew', async () => {
    const house = await openHouse({
      script: cast({
        main: (request) => ({
          ...(request.lastUserText.includes('Begin')
            ? { toolCalls: [spawn('Summarise.', { label: 'sum' })] }
            : { text: request.lastUserText.includes('attempt="2"') ? 'Shorter now.' : 'Well.' }),
        }),
        Summarise: (request) => ({ text: request.lastUserText.includes('shorter') ? 'Short.' : 'Long.' }),
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Begin.');
    const first = await feed.first('announcement.read');
    await feed.until(() => feed.all('turn.ended').length === feed.all('turn.started').length);
    await chat.steer('sum', 'Make it shorter.');
    const again = await feed.first('subagent.ended', ({ subagent }) => subagent.attempt === 2);
    expect(again.subagent).toMatchObject({
      id: first.subagentId,
      label: 'sum',
      status: 'completed',
      result: 'Short.',
    });
    const read = await feed.first('announcement.read', ({ attempt }) => attempt === 2);
    expect(read.subagentId).toBe(first.subagentId);
    await feed.first('message', ({ message }) => message.text === 'Shorter now.');
    expect(feed.all('announcement.read')).toHaveLength(2);
    expect(await chat.subagents()).toHaveLength(1);
    // It remembers what it did: its transcript goes on.
    expect(house.requests.find((one) => one.lastUserText.includes('shorter'))?.transcriptText).toContain(
      'Long.',
    );
  });

  testWithProcesses('an interrupting steer gives up the running call, and is read at once', async () => {
    const house = await openHouse({
      script: cast({
        main: [
          { toolCalls: [spawn('Dig deep.', { label: 'digger' })] },
          { text: 'It digs.' },
          { text: 'Dug.' },
        ],
        'Dig deep': [
          { text: 'Digging.', toolCalls: [bash('echo digging; sleep 300')] },
          (request) => ({ text: request.lastUserText.includes('Stop digging') ? 'Stopped.' : 'Deep.' }),
        ],
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Dig.');
    const child = (await feed.first('subagent.spawned')).subagent;
    const own = chat.feed({ subagent: child.id });
    await own.first('tool.started', ({ name }) => name === 'bash');
    await chat.steer('digger', 'Stop digging.', { interrupt: true });
    const ended = await feed.first('subagent.ended');
    expect(ended.subagent).toMatchObject({ status: 'completed', result: 'Stopped.', attempt: 1 });
    expect(await own.first('step.abandoned')).toMatchObject({ because: 'interrupt' });
    const [closed] =
      house.requests.find((one) => one.lastUserText.includes('Stop digging'))?.toolResults ?? [];
    expect(closed).toMatchObject({ name: 'bash', isError: true });
    expect(closed?.text).toContain('Interrupted');
  });

  test('an interrupting steer gives up the answer under way, and is read at once', async () => {
    const house = await openHouse({
      script: cast({
        main: [
          { toolCalls: [spawn('Dig deep.', { label: 'digger' })] },
          { text: 'It digs.' },
          { text: 'Dug.' },
        ],
        'Dig deep': (request) =>
          request.lastUserText.includes('Stop digging')
            ? { text: 'Stopped.' }
            : { text: 'Digging, digging…', chunk: 4, gate: { name: 'dig', afterEvent: 5 } },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Dig.');
    await house.simulator.until(() => house.simulator.waiting('dig') === 1);
    const own = chat.feed({ subagent: 'digger' });
    await chat.steer('digger', 'Stop digging.', { interrupt: true });
    const ended = await feed.first('subagent.ended');
    expect(ended.subagent).toMatchObject({ status: 'completed', result: 'Stopped.', attempt: 1 });
    expect(await own.first('step.abandoned')).toMatchObject({ because: 'interrupt' });
    await house.simulator.until(() => house.simulator.counts.aborted === 1);
    expect(feed.all('steer.queued')).toHaveLength(1);
    await feed.first('announcement.read');
  });

  test('a person who interrupts voids the words under way and is answered next', async () => {
    const house = await openHouse({
      script: cast({
        main: (request) => {
          if (request.lastUserText.includes('Never mind')) return { text: 'As you like.' };
          return { text: 'It began long ago, when…', gate: { name: 'story', afterEvent: 5 }, chunk: 8 };
        },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Tell me a story.');
    const delta = await feed.first('delta');
    await chat.say('Never mind.', { interrupt: true });
    const abandoned = await feed.first('step.abandoned');
    expect(abandoned).toMatchObject({ because: 'interrupt', message: delta.message });
    await feed.first('turn.ended');
    expect(await chat.said()).toEqual(['As you like.']);
    // Both of the person's messages are in the request that was answered; the cut words are not.
    expect(house.requests.at(-1)?.messages.map(({ role }) => role)).toEqual(['user', 'user']);
    expect(house.requests.at(-1)?.lastUserText).toMatch(/Tell me a story\.[\s\S]*Never mind\./);
  });
});
