/** Questions of subagents: answered by the model above or by a person, once, through whatever happens meanwhile. */
import { describe, expect, test } from 'vitest';
import type { ParsedRequest } from '../../src/simulator/request.ts';
import { ask, cast, type Part, resultOf, spawn, subagents } from './cast.ts';
import type { Answer, Chat } from './client.ts';
import type { FeedReader } from './feed-reader.ts';
import { type House, openHouse, openProcessHouse } from './harness.ts';

const WHICH = 'Which colour?\nRed or blue; I would take red.';

/** A painter who asks for the colour and paints in it. */
const painter: Part = [
  { text: 'I prime the wall.', toolCalls: [ask(WHICH)], gate: 'primed' },
  (request) => ({ text: `Painted. ${resultOf(request, 'report').replaceAll('\n', ' ')}` }),
];

/** Spawns when it is told to, and otherwise says what it can. */
function main(otherwise: (request: ParsedRequest) => Part = () => ({ text: 'Well.' })): Part {
  return (request) => {
    if (request.lastUserText.includes('Paint it.')) {
      return { toolCalls: [spawn('Paint the wall.', { label: 'painter' })] };
    }
    const line = otherwise(request);
    return typeof line === 'function' ? line(request) : 'length' in line ? {} : line;
  };
}

function answerBy(house: House, chat: Chat, target: string, request: string, text: string): Promise<Answer> {
  return house.client.post(chat.path(`/subagents/${encodeURIComponent(target)}/answer`), { request, text });
}

async function asked(house: House): Promise<{ chat: Chat; feed: FeedReader; request: string }> {
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Paint it.');
  // What comes while a turn goes on is told in it.
  await feed.first('turn.ended');
  house.simulator.open('primed');
  const { request } = await feed.first('input.requested');
  await feed.first('subagent.updated', ({ subagent }) => subagent.status === 'input_required');
  return { chat, feed, request: request.id };
}

describe('a question', () => {
  test('wakes the assistant, which answers it, and the subagent goes on with the answer', async () => {
    const house = await openHouse({
      script: cast({
        main: main((request) => {
          if (request.lastUserText.includes('Which colour?')) {
            return { toolCalls: [subagents('list'), subagents('show', { target: 'painter' })] };
          }
          const id = /Asks, and waits for your answer \(request (\S+)\)/.exec(
            resultOf(request, 'subagents'),
          )?.[1];
          if (id === undefined) return { text: 'Well.' };
          const answer = { target: 'painter', request: id, message: 'Blue, as the door.' };
          return { toolCalls: [subagents('answer', answer)] };
        }),
        'Paint the wall': painter,
      }),
    });
    const { chat, feed, request } = await asked(house);
    const ended = await feed.first('subagent.ended');
    expect(ended.subagent).toMatchObject({
      status: 'completed',
      attempt: 1,
      result: 'Painted. Answered by the session above you: Blue, as the door.',
    });
    expect(feed.all('input.answered')).toMatchObject([
      { subagentId: ended.subagent.id, request: { id: request }, outcome: 'answered', by: 'parent' },
    ]);
    expect(feed.all('turn.started').map(({ because }) => because)).toContainEqual(['question']);
    const told = house.requests.find((one) => one.lastUserText.includes('Which colour?'));
    expect(told?.lastUserText).toMatch(/^<gateway-note>\n[\s\S]*\n--- question (\w{8})\nWhich colour\?\n/);
    const listed = house.requests.map((one) => resultOf(one, 'subagents')).find((text) => text !== '');
    expect(listed).toContain('input_required');
    expect(listed).toContain(`asks ${request}: Which colour?`);
    expect(await chat.subagent('painter')).not.toHaveProperty('inputRequest');
  });

  test('is answered by a person while the assistant talks of something else', async () => {
    const house = await openHouse({ script: cast({ main: main(), 'Paint the wall': painter }) });
    const { chat, feed, request } = await asked(house);
    expect(await chat.subagent('painter')).toMatchObject({
      status: 'input_required',
      inputRequest: { id: request, kind: 'question', title: 'Which colour?', detail: WHICH },
    });
    expect((await chat.view()).subagents).toEqual({ input_required: 1 });
    const own = chat.feed({ subagent: 'painter' });
    expect((await own.first('input.requested')).request.id).toBe(request);
    expect((await answerBy(house, chat, 'painter', request, 'Green.')).status).toBe(200);
    const { subagent } = await feed.first('subagent.ended');
    expect(subagent.result).toBe('Painted. Answered by a person (admin): Green.');
    expect(await own.first('input.answered')).toMatchObject({ outcome: 'answered', by: 'person' });
  });

  test('answered by two at the same moment is answered once; the other is told so', async () => {
    const house = await openHouse({ script: cast({ main: main(), 'Paint the wall': painter }) });
    const { chat, feed, request } = await asked(house);
    // They come in at the same time, so which of them comes first is nobody's to say.
    const colours = ['Blue.', 'Red.', 'Green.'];
    const answers = await Promise.all(colours.map((text) => answerBy(house, chat, 'painter', request, text)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    const first = colours[answers.findIndex(({ status }) => status === 200)];
    const { subagent } = await feed.first('subagent.ended');
    expect(subagent.result).toBe(`Painted. Answered by a person (admin): ${first}`);
    expect(feed.all('input.answered')).toHaveLength(1);
    expect((await answerBy(house, chat, 'painter', request, 'Red.')).status).toBe(409);
  });

  test('waits through kills of the gateway, none of which counts against it', async () => {
    const house = await openProcessHouse({ script: cast({ main: main(), 'Paint the wall': painter }) });
    const { chat, feed, request } = await asked(house);
    await feed.first('turn.ended', () => feed.all('turn.ended').length === feed.all('turn.started').length);
    for (let n = 0; n < 5; n++) {
      await house.gateway.end('SIGKILL');
      await house.start();
    }
    expect(await chat.subagent('painter')).toMatchObject({ inputRequest: { id: request } });
    expect((await answerBy(house, chat, 'painter', request, 'Blue.')).status).toBe(200);
    const { subagent } = await feed.first('subagent.ended');
    expect(subagent).toMatchObject({
      status: 'completed',
      result: 'Painted. Answered by a person (admin): Blue.',
    });
    expect(feed.all('input.requested')).toHaveLength(1);
    await house.stop();
    const types = house.log(subagent.id).map(({ event }) => event.type);
    expect(types).not.toContain('session.resumed');
  });

  test('is withdrawn when its asker is killed', async () => {
    const house = await openHouse({ script: cast({ main: main(), 'Paint the wall': painter }) });
    const { chat, feed, request } = await asked(house);
    expect(await chat.kill('painter')).toMatchObject({ killed: ['painter'] });
    expect(await feed.first('input.answered')).toMatchObject({
      request: { id: request },
      outcome: 'withdrawn',
    });
    expect((await answerBy(house, chat, 'painter', request, 'Blue.')).status).toBe(409);
    expect((await chat.subagent('painter')).result).toBe(
      'Killed by a person.\n\nIts latest words:\nI prime the wall.',
    );
  });

  test('gives way to a steer, which is read at once', async () => {
    const house = await openHouse({
      script: cast({
        main: main(),
        'Paint the wall': [
          { toolCalls: [ask(WHICH)] },
          (request) => ({ text: `${resultOf(request, 'report')} ${request.lastUserText}` }),
        ],
      }),
    });
    const { chat, feed } = await asked(house);
    await chat.steer('painter', 'Leave it white.');
    const { subagent } = await feed.first('subagent.ended');
    expect(subagent.result).toBe(
      'Not answered: newer words came instead. <steer from="person">\nLeave it white.\n</steer>',
    );
  });

  test('of a grandchild goes up to its parent, which asks in its turn, and the answers come down', async () => {
    const house = await openHouse({
      script: cast({
        main: (request) =>
          request.lastUserText.includes('Begin')
            ? { toolCalls: [spawn('Lead the work.', { label: 'boss' })] }
            : { text: 'Well.' },
        'Lead the work': (request) => {
          const heard = resultOf(request, 'report');
          if (request.lastUserText.includes('Which colour?')) {
            return { toolCalls: [ask('My painter wants to know: red or blue?')] };
          }
          if (heard !== '') {
            return { toolCalls: [subagents('answer', { target: 'painter', message: heard })] };
          }
          if (request.answers === 0) return { toolCalls: [spawn('Paint the wall.', { label: 'painter' })] };
          const news = /\n(Painted\.[\s\S]*)\n<\/subagent-announcement/.exec(request.lastUserText)?.[1];
          return { text: news ?? 'I wait.' };
        },
        'Paint the wall': painter,
      }),
    });
    house.simulator.open('primed');
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Begin.');
    const first = await feed.first('input.requested', ({ request }) =>
      request.title.startsWith('My painter'),
    );
    await feed.first(
      'subagent.updated',
      ({ subagent }) => subagent.label === 'boss' && subagent.status === 'input_required',
    );
    expect(await chat.subagents()).toMatchObject([
      { path: 'boss/painter', status: 'input_required', inputRequest: { title: 'Which colour?' } },
      { path: 'boss', status: 'input_required' },
    ]);
    expect((await answerBy(house, chat, 'boss', first.request.id, 'Blue.')).status).toBe(200);
    const { subagent } = await feed.first('subagent.ended', (one) => one.subagent.label === 'boss');
    expect(subagent.result).toBe(
      'Painted. Answered by the session above you: Answered by a person (admin): Blue.',
    );
    expect(feed.all('input.answered').map(({ by }) => by)).toEqual(['person', 'parent']);
  });
});
