/** Answers that are not plain: cut, paused, declined, empty. The next request is valid, and nobody is left waiting. */
import { describe, expect, test } from 'vitest';
import { bash, cast, spawn } from './cast.ts';
import { openHouse } from './harness.ts';
import { testWithProcesses } from './hosts.ts';

describe('an answer that is cut by max_tokens', () => {
  test('in the middle of its words stands as it is, and the model goes on', async () => {
    const house = await openHouse({
      script: cast({
        main: [
          { text: 'The first half and the second', stop: 'max_tokens', cutAt: 14 },
          { text: ' and the second half.' },
        ],
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Tell me all.');
    await feed.first('turn.ended');
    expect(await chat.said()).toEqual(['The first half', ' and the second half.']);
    expect(feed.all('message').map(({ message }) => message.partial ?? false)).toEqual([false, true, false]);
    expect(house.requests[1]?.lastUserText).toMatch(/^<gateway-note>\nYour answer was cut/);
    expect(feed.all('turn.ended')).toHaveLength(1);
  });

  testWithProcesses('in the middle of a tool call never runs that call', async () => {
    const house = await openHouse({
      script: cast({
        main: [
          {
            text: 'I look.',
            toolCalls: [bash('touch first'), bash('touch second; echo a rather long command line')],
            stop: 'max_tokens',
          },
          { toolCalls: [bash('ls')] },
          { text: 'Looked.' },
        ],
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Look.');
    await feed.first('turn.ended');
    const listed = house.requests.at(-1)?.toolResults[0];
    expect(listed?.text).toBe('first');
    expect(feed.all('tool.started').map(({ summary }) => summary)).toEqual(['bash: touch first', 'bash: ls']);
  });

  test('again and again ends the turn with what there is', async () => {
    const house = await openHouse({
      script: cast({ main: { text: 'On and on and on', stop: 'max_tokens', cutAt: 9 } }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Go on.');
    await feed.first('turn.ended');
    expect(house.requests).toHaveLength(4);
    expect((await feed.first('notice')).text).toContain('4 times in a row');
    expect((await chat.view()).status).toBe('idle');
  });
});

test('a pause is sent back as it is, and the turn goes on', async () => {
  const house = await openHouse({
    script: cast({ main: [{ text: 'I search.', stop: 'pause_turn' }, { text: 'Found.' }] }),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Search for it.');
  await feed.first('turn.ended');
  expect(house.requests).toHaveLength(2);
  expect(house.requests[1]?.messages.map(({ role }) => role)).toEqual(['user', 'assistant']);
  expect(await chat.said()).toEqual(['I search.', 'Found.']);
});

describe('an answer that is declined', () => {
  test('parks the chat with words, and newer words of the person go on', async () => {
    const house = await openHouse({
      script: cast({
        main: (request) =>
          request.lastUserText.includes('Instead')
            ? { text: 'Gladly.' }
            : { stop: 'refusal', category: 'cyber', text: 'I c' },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Do something bad.');
    await feed.first('turn.ended');
    expect(await chat.view()).toMatchObject({ status: 'parked', reason: 'refused' });
    expect((await feed.first('notice')).text).toMatch(/declined to answer \(cyber\).*put it differently/);
    expect(await chat.said()).toEqual([]);
    await chat.say('Instead, do something good.');
    await feed.first('message', ({ message }) => message.text === 'Gladly.');
  });

  test('fails a subagent as refused', async () => {
    const house = await openHouse({
      script: cast({
        main: [{ toolCalls: [spawn('Do evil.', { label: 'evil' })] }, { text: 'Well.' }],
        'Do evil': { stop: 'refusal', category: 'bio' },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Begin.');
    const ended = await feed.first('subagent.ended');
    expect(ended.subagent).toMatchObject({ status: 'failed', reason: 'refused' });
    await feed.first('announcement.read');
  });
});

describe('an empty answer', () => {
  test('ends a turn of the chat without a message, and the next request is valid', async () => {
    let asked = 0;
    const house = await openHouse({
      script: () => {
        asked += 1;
        return asked === 1 ? {} : { text: 'Now I speak.' };
      },
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Say nothing.');
    await feed.first('turn.ended');
    await chat.say('And now?');
    await feed.first('turn.ended', ({ turn }) => turn === 2);
    expect(await chat.said()).toEqual(['Now I speak.']);
    expect(house.requests[1]?.messages.map(({ role }) => role)).toEqual(['user', 'user']);
  });

  test('of a subagent is asked about once; still empty, it has failed, not completed', async () => {
    const house = await openHouse({
      script: cast({
        main: [
          { toolCalls: [spawn('Say nothing.', { label: 'mute' }), spawn('Speak late.', { label: 'late' })] },
          { text: 'Well.' },
        ],
        'Say nothing': {},
        'Speak late': (request) =>
          request.lastUserText.includes('You ended without a result') ? { text: 'Here it is.' } : {},
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Begin.');
    const mute = await feed.first('subagent.ended', ({ subagent }) => subagent.label === 'mute');
    expect(mute.subagent).toMatchObject({ status: 'failed', reason: 'empty' });
    const late = await feed.first('subagent.ended', ({ subagent }) => subagent.label === 'late');
    expect(late.subagent).toMatchObject({ status: 'completed', result: 'Here it is.' });
    expect(house.requests.filter((request) => request.lastUserText.includes('Say nothing.'))).toHaveLength(2);
  });

  test('of blanks only is never stored', async () => {
    const house = await openHouse({
      script: cast({ main: [{ text: ' \n ', toolCalls: [bash('true')] }, { text: 'Done.' }] }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Work in silence.');
    await feed.first('turn.ended');
    expect(await chat.said()).toEqual(['Done.']);
    expect(house.requests[1]?.messages[1]?.blocks.map(({ type }) => type)).toEqual(['tool_use']);
  });
});

test('thoughts stay where they were, signed, through tool calls and the next turn', async () => {
  const house = await openHouse({
    script: cast({
      main: [
        { thinking: 'I should look first.', text: 'I look.', toolCalls: [bash('echo seen')] },
        { thinking: 'Now I know.', text: 'Seen.' },
        { thinking: 'Again.', text: 'Seen again.' },
      ],
    }),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Look.');
  await feed.first('turn.ended');
  await chat.say('Again.');
  await feed.first('turn.ended', ({ turn }) => turn === 2);
  const types = house.requests.at(-1)?.messages.flatMap(({ blocks }) => blocks.map(({ type }) => type));
  expect(types).toEqual(['text', 'thinking', 'text', 'tool_use', 'tool_result', 'thinking', 'text', 'text']);
});
