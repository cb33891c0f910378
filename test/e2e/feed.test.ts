/** The feed as readers live with it: words that are under way, connections that break, requests that come twice. */
import { describe, expect, test } from 'vitest';
import { cast, spawn } from './cast.ts';
import type { DataOf } from './feed-reader.ts';
import { openHouse } from './harness.ts';

describe('words under way', () => {
  test('who joins in the middle is given the text so far, and then what follows', async () => {
    const text = 'One two three four five six seven eight nine ten.';
    const house = await openHouse({
      script: () => ({ text, chunk: 6, gate: { name: 'words', afterEvent: 7 } }),
    });
    const chat = await house.client.newChat();
    const early = chat.feed();
    await chat.say('Count.');
    await early.until(() => joined(early.all('delta')) === text.slice(0, 24));
    const late = chat.feed({ after: 'now' });
    const first = await late.first('delta');
    expect(first).toMatchObject({ offset: 0, text: text.slice(0, 24) });
    house.simulator.open('words');
    const message = await late.first('message');
    for (const reader of [early, late]) {
      await reader.first('message', (data) => data.message.role === 'assistant');
      const deltas = reader.all('delta');
      expect(joined(deltas)).toBe(text);
      expect(deltas.map(({ offset }) => offset)).toEqual(offsetsOf(deltas));
      expect(deltas.every((delta) => delta.message === message.message.id)).toBe(true);
    }
    expect(late.all('delta').length).toBeLessThan(early.all('delta').length);
  });

  test('a gateway that went down in the middle of an answer gives the whole answer after its start', async () => {
    const house = await openHouse({
      script: cast({ main: { text: 'All of it.', chunk: 2, gate: { name: 'words', afterEvent: 5 } } }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Speak.');
    await feed.first('delta');
    await house.stop();
    house.simulator.open('words');
    await house.start();
    await feed.first('turn.ended');
    expect(await chat.said()).toEqual(['All of it.']);
    expect(feed.all('step.abandoned')).toEqual([]);
  });
});

describe('a reader that comes back', () => {
  test('has every later event once, whenever it was cut off', async () => {
    const house = await openHouse({
      // Six at once are little of it, so nobody is asked.
      env: { TIDINGS_CHAT_BUDGET_USD: '1000' },
      script: cast({
        main: (request) => {
          if (request.lastUserText.includes('The end.')) return { text: 'It has ended.' };
          // The words of two rounds may be read in one step.
          const rounds = [...request.lastUserText.matchAll(/Begin round (\d)/g)].map(([, round]) => round);
          if (rounds.length === 0) return { text: 'Well.' };
          const pieces = Array.from({ length: 6 }, (_, n) => `Piece ${n}`);
          return {
            toolCalls: rounds.flatMap((round) => pieces.map((one) => spawn(`${one} of round ${round}.`))),
          };
        },
        Piece: [{ toolCalls: [{ name: 'report', input: { progress: 'on it' } }] }, { text: 'Done.' }],
      }),
    });
    const chat = await house.client.newChat();
    const steady = chat.feed({ durableOnly: true });
    const shaky = chat.feed({ durableOnly: true });
    for (let round = 1; round <= 5; round += 1) {
      await chat.say(`Begin round ${round}.`);
      // What was said last comes over the newest connection, so there is one to cut.
      await shaky.until(() => shaky.connections >= round && shaky.entries.length >= round * 15);
      shaky.drop();
    }
    await steady.until(() => steady.all('announcement.read').length === 30);
    await chat.say('The end.');
    for (const feed of [steady, shaky]) {
      await feed.until(
        () =>
          feed.entries.at(-1)?.name === 'turn.ended' &&
          feed.all('message').some(({ message }) => message.text === 'It has ended.'),
      );
    }
    expect(shaky.connections).toBeGreaterThan(5);
    expect(shaky.entries).toEqual(steady.entries);
    expect(await chat.events()).toEqual(steady.entries);
  });

  test('a cursor of another world is refused with the range', async () => {
    const house = await openHouse({ script: () => ({ text: 'Well.' }) });
    const chat = await house.client.newChat();
    for (const cursor of ['999999', '-1', 'x', '1.5', '%00']) {
      const answer = await house.client.get(chat.path(`/events?after=${cursor}`));
      expect(answer).toMatchObject({ status: 400, body: { detail: expect.stringMatching(/from 0 to \d+/) } });
    }
  });
});

describe('a request that comes twice', () => {
  test('is done once, and answered as the first time, through a restart too', async () => {
    const house = await openHouse({
      script: cast({ main: { text: 'Well.' }, Toil: { text: 'Toiled.' } }),
    });
    const once = await house.client.newChat({ id: 'my-chat' });
    const feed = once.feed();
    const message = await once.say('Once.', { id: 'm1' });
    const spawned = await once.spawn({ task: 'Toil.', id: 's1' });
    await feed.first('announcement.read');
    const steer = await once.steer(spawned.id, 'Toil again.', { id: 't1' });
    await feed.first('announcement.read', ({ attempt }) => attempt === 2);
    await house.stop();
    await house.start();

    expect((await house.client.newChat({ id: 'my-chat' })).id).toBe(once.id);
    expect(await once.say('Once.', { id: 'm1' })).toEqual(message);
    expect((await once.spawn({ task: 'Toil.', id: 's1' })).id).toBe(spawned.id);
    expect(await once.steer(spawned.id, 'Toil again.', { id: 't1' })).toBe(steer);
    expect(await house.client.post(once.path('/messages'), { text: 'Once.', id: 'm1' })).toMatchObject({
      status: 200,
    });
    const other = await house.client.post(once.path('/messages'), { text: 'Twice.', id: 'm1' });
    expect(other).toMatchObject({ status: 409 });
    expect((await once.messages()).filter(({ text }) => text === 'Once.')).toHaveLength(1);
    expect(await once.subagents()).toMatchObject([{ attempt: 2, announcement: 'read' }]);
  });
});

function joined(deltas: readonly DataOf<'delta'>[]): string {
  return deltas.map(({ text }) => text).join('');
}

function offsetsOf(deltas: readonly DataOf<'delta'>[]): number[] {
  let offset = 0;
  return deltas.map(({ text }) => {
    offset += text.length;
    return offset - text.length;
  });
}
