/** What passes: the call is made again until it is answered, the answer comes once, and nothing is lost or doubled. */
import { describe, expect, test } from 'vitest';
import type { Fault, ScriptFunction } from '../../src/simulator/script.ts';
import { cast, isMain, spawn } from './cast.ts';
import { openHouse } from './harness.ts';

const failures: Readonly<Record<string, Fault>> = {
  'a 408': { status: 408 },
  'a 409': { status: 409 },
  'a 429 without retry-after': { status: 429 },
  'a 429 with retry-after in milliseconds': { status: 429, retryAfterMs: 40 },
  'a 500': { status: 500 },
  "a proxy's 502 in HTML": { status: 502, body: 'html' },
  'a 503 that says not to retry': { status: 503, shouldRetry: false },
  'a 504': { status: 504 },
  'a 529': { status: 529 },
  'a cut before the first event': { cutAfterEvent: 0 },
  'a cut in the middle of the words': { cutAfterEvent: 6 },
  'a cut before the last event': { cutAfterEvent: 9 },
  'an error event in the middle': { errorAfterEvent: 5, type: 'overloaded_error' },
  'an error event of an unknown type': { errorAfterEvent: 2, type: 'weather_error' },
  'no message_stop': { noMessageStop: true },
};
/** What is no failure at all, though it looks unusual. */
const oddities: Readonly<Record<string, Fault>> = {
  'an unknown event': { unknownEvent: true },
  'pieces that end inside characters': { splitUtf8: true },
};
const words = 'Ein schöner Tag — 😀 — für alle.';

/** Each chat says which fault its first request meets. */
function faulty(faults: Readonly<Record<string, Fault>>): ScriptFunction {
  const struck = new Set<string>();
  return (request) => {
    const name = Object.keys(faults).find((one) => request.lastUserText.includes(`Meet ${one}.`));
    const fault = name === undefined ? undefined : faults[name];
    if (name === undefined || fault === undefined || struck.has(name)) return { text: words, chunk: 6 };
    struck.add(name);
    return { text: words, chunk: 6, faults: [fault] };
  };
}

describe('failures that pass', () => {
  test('are tried again: each chat is answered once, with the words of one answer', async () => {
    const house = await openHouse({ script: faulty(failures) });
    const results = await Promise.all(
      Object.keys(failures).map(async (name) => {
        const chat = await house.client.newChat();
        const feed = chat.feed();
        await chat.say(`Meet ${name}.`);
        await feed.first('turn.ended');
        const asked = house.requests.filter((one) => one.lastUserText.includes(`Meet ${name}.`)).length;
        return { name, asked, said: await chat.said(), stop: feed.all('turn.ended').map(({ stop }) => stop) };
      }),
    );
    expect(results).toEqual(
      Object.keys(failures).map((name) => ({ name, asked: 2, said: [words], stop: ['done'] })),
    );
  });

  test('oddities of the stream are not failures', async () => {
    const house = await openHouse({ script: faulty(oddities) });
    for (const name of Object.keys(oddities)) {
      const chat = await house.client.newChat();
      const feed = chat.feed();
      await chat.say(`Meet ${name}.`);
      await feed.first('turn.ended');
      expect(await chat.said()).toEqual([words]);
    }
    expect(house.requests).toHaveLength(2);
  });

  test('words of a broken answer are void: readers are told, and then shown the whole answer', async () => {
    const house = await openHouse({
      script: { rows: [{ reply: { text: words, chunk: 6, faults: [{ cutAfterEvent: 6, times: 1 }] } }] },
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await feed.connected();
    await chat.say('Speak.');
    await feed.first('turn.ended');
    const shown = feed.all('delta');
    const voided = shown.findIndex(({ offset }, at) => at > 0 && offset === 0);
    expect(voided).toBeGreaterThan(0);
    expect(shown[voided]?.text).toBe('');
    expect(
      shown
        .slice(voided)
        .map(({ text }) => text)
        .join(''),
    ).toBe(words);
    expect(new Set(shown.map(({ message }) => message)).size).toBe(1);
  });

  test('a long pause is told to the person, and the answer comes after it', async () => {
    const soon = new Date(Date.now() + 1_500).toUTCString();
    const house = await openHouse({
      script: {
        rows: [
          {
            when: { lastUserText: 'By seconds' },
            reply: { text: 'In time.', faults: [{ status: 429, retryAfter: 1, times: 1 }] },
          },
          {
            when: { lastUserText: 'By date' },
            reply: { text: 'On the day.', faults: [{ status: 429, retryAfter: soon, times: 1 }] },
          },
          {
            when: { lastUserText: 'Be patient' },
            reply: { text: 'Thank you.', faults: [{ status: 529, times: 3 }] },
          },
        ],
      },
    });
    const said = await Promise.all(
      ['By seconds', 'By date', 'Be patient'].map(async (order) => {
        const chat = await house.client.newChat();
        const feed = chat.feed();
        await chat.say(order);
        await feed.first('turn.ended');
        return { said: await chat.said(), notices: feed.all('notice').map(({ text }) => text) };
      }),
    );
    expect(said.map((one) => one.said)).toEqual([['In time.'], ['On the day.'], ['Thank you.']]);
    expect(said[2]?.notices).toEqual([
      'The model API is overloaded; trying again by itself. Nothing is lost.',
    ]);
  });

  test('a "not before" of days is told with its date, ends with a restart, and is found out anew', async () => {
    const days = 200_000;
    const house = await openHouse({
      script: {
        rows: [{ reply: { text: 'At last.', faults: [{ status: 429, retryAfter: days, times: 1 }] } }],
      },
    });
    const refused = await house.client.newChat();
    const waiting = await house.client.newChat();
    const began = Date.now();
    const feeds = [refused.feed(), waiting.feed()];
    await refused.say('Anybody?');
    await feeds[0]?.first('notice');
    await waiting.say('Anybody else?');
    // The second one was never sent, and hears of it all the same.
    // It is told to the minute, rounded up.
    const dates = [0, 120].map((more) => {
      return new Date(began + (days + more) * 1_000).toISOString().slice(0, 10);
    });
    const told = await Promise.all(feeds.map((feed) => feed.first('notice')));
    for (const { text } of told) {
      expect(text).toMatch(
        /^The model API says that the limit of requests is reached; trying again at [\d-]{10} [\d:]{5} UTC\. Nothing is lost\.$/,
      );
      expect(dates.some((date) => text.includes(date))).toBe(true);
    }
    expect(house.requests).toHaveLength(1);
    await house.stop();
    await house.start();
    await Promise.all(feeds.map((feed) => feed.first('turn.ended')));
    expect([await refused.said(), await waiting.said()]).toEqual([['At last.'], ['At last.']]);
  });

  test("one chat's failures don't hold up another chat, nor a stalled subagent its parent", async () => {
    const house = await openHouse({
      script: cast({
        main: (request) => {
          if (request.lastUserText.includes('Fail')) return { faults: [{ status: 500 }] };
          if (request.lastUserText.includes('Begin')) return { toolCalls: [spawn('Stall for ever.')] };
          return { text: 'Here I am.' };
        },
        'Stall for ever': { text: 'I…', faults: [{ stallAfterEvent: 3 }] },
      }),
    });
    const failing = await house.client.newChat();
    await failing.say('Fail, and fail again.');
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Begin.');
    await feed.first('turn.ended');
    await house.simulator.until(() => house.requests.some((request) => !isMain(request)));
    await chat.say('Are you there?');
    await feed.first('turn.ended', ({ turn }) => turn === 2);
    expect((await chat.said()).at(-1)).toBe('Here I am.');
    expect(await failing.view()).toMatchObject({ status: 'working' });
    await failing.stop();
  });
});
