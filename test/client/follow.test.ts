/** A feed followed over a way that fails: nothing is lost, nothing comes twice, and each end has its name. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type FollowState, makeClient, type StreamedEvent } from '../../src/client/index.ts';
import { TOKEN } from '../http/door.ts';
import { shareSetting } from './setting.ts';

const setting = shareSetting();
afterEach(() => void vi.useRealTimers());

const textOf = (event: StreamedEvent): string[] =>
  event.event === 'message' && event.data.message.role === 'user' ? [event.data.message.text] : [];

type Feed = 'stream' | 'socket';

const clientOf = (feed: Feed) => makeClient({ url: setting.proxy.url, token: TOKEN, feed });

/** Follows from the beginning until aborted, and keeps what came. */
function readerOf(feed: Feed, chat: string, options: { after?: number } = { after: 0 }) {
  const events: StreamedEvent[] = [];
  const states: FollowState[] = [];
  const stop = new AbortController();
  const end = clientOf(feed).follow(chat, {
    ...options,
    signal: stop.signal,
    onEvents: (came) => void events.push(...came),
    onState: (state) => void states.push(state),
  });
  return {
    events,
    states,
    end,
    stop: () => stop.abort(),
    words: () => events.flatMap(textOf),
    ids: () => events.flatMap((one) => ('id' in one ? [one.id] : [])),
  };
}

describe.each(['stream', 'socket'] as const)('following a feed as a %s', (feed) => {
  const reader = (chat: string, options?: { after?: number }) => readerOf(feed, chat, options);

  test('over a connection that is cut again and again loses nothing and repeats nothing, for each of two readers', async () => {
    const { door, proxy, client } = setting;
    const chat = await door.chat();
    const readers = [reader(chat), reader(chat)];
    const said: string[] = [];
    for (let n = 0; n < 12; n += 1) {
      const text = `word ${n}`;
      said.push(text);
      await client.send(chat, { text });
      proxy.cut();
    }
    await expect.poll(() => readers.map((one) => one.words())).toEqual([said, said]);
    await door.until(() => door.runtime.state(chat)?.status === 'idle');
    const log = (await client.events(chat, { limit: 1_000 })).events.map(({ id }) => id);
    await expect.poll(() => readers.map((one) => one.ids())).toEqual([log, log]);
    for (const one of readers) one.stop();
    expect(await Promise.all(readers.map((one) => one.end))).toEqual(['aborted', 'aborted']);
  });

  test('comes back after an hour away with all that was missed, having told why it was away', async () => {
    const { door, proxy } = setting;
    const chat = await door.chat();
    const { events, states, words, stop, end } = reader(chat);
    await expect.poll(() => states.at(-1)?.state).toBe('live');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    proxy.way = 'barred';
    proxy.cut();
    await door.post(`/v1/chats/${chat}/messages`, { text: 'while you were out' });
    const before = proxy.connections;
    // A wait is only passed over once the try before it has failed, or the hour would pass in one of them.
    for (let passed = 0; passed < 3_600_000; passed += 15_000) {
      const tries = states.length;
      await vi.advanceTimersByTimeAsync(15_000);
      await door.until(() => states.length > tries);
    }
    expect(proxy.connections - before).toBeGreaterThan(200);
    expect(proxy.connections - before).toBeLessThan(600);
    const away = states.at(-1);
    expect(away).toMatchObject({ state: 'connecting', because: expect.stringContaining('No answer came') });
    expect(away?.state === 'connecting' && away.retryInMs).toBeLessThanOrEqual(15_000);
    proxy.way = 'open';
    await vi.advanceTimersByTimeAsync(15_000);
    vi.useRealTimers();
    await expect.poll(() => words()).toEqual(['while you were out']);
    expect(new Set(events).size).toBe(events.length);
    stop();
    expect(await end).toBe('aborted');
  });

  test('takes a connection on which nothing comes for 40 seconds for cut', async () => {
    const { door, proxy } = setting;
    const chat = await door.chat();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const { states, stop, end } = reader(chat);
    await door.until(() => states.at(-1)?.state === 'live');
    proxy.way = 'stalled';
    // A socket is asked after fifteen seconds, and it is the answer that does not come.
    await vi.advanceTimersByTimeAsync(feed === 'socket' ? 54_000 : 39_000);
    expect(states.at(-1)?.state).toBe('live');
    await vi.advanceTimersByTimeAsync(1_000);
    await door.until(() => states.at(-1)?.state === 'connecting');
    expect(states.at(-1)).toMatchObject({ because: 'Nothing came any more.' });
    proxy.way = 'open';
    await vi.advanceTimersByTimeAsync(1_000);
    await door.until(() => states.at(-1)?.state === 'live');
    stop();
    expect(await end).toBe('aborted');
  });

  test('without a cursor starts from now, and after a cut from where it stood', async () => {
    const { door, proxy, client } = setting;
    const chat = await door.chat();
    await client.send(chat, { text: 'before' });
    const { states, words, stop } = reader(chat, {});
    await expect.poll(() => states.at(-1)?.state).toBe('live');
    // Nothing has come yet that would have a cursor of its own.
    proxy.way = 'barred';
    proxy.cut();
    await door.post(`/v1/chats/${chat}/messages`, { text: 'meanwhile' });
    proxy.way = 'open';
    await expect.poll(() => words()).toEqual(['meanwhile']);
    stop();
  });

  test.each([
    ['gone', 'the chat is deleted', async (chat: string) => void (await setting.client.deleteChat(chat))],
    [
      'signed-out',
      'the token is revoked',
      async () => {
        setting.token = 'another-token-of-the-tests-0123456';
        setting.proxy.cut();
      },
    ],
  ])('ends as %s when %s', async (name, _, happen) => {
    const chat = await setting.door.chat();
    const { states, end } = reader(chat);
    await expect.poll(() => states.at(-1)?.state).toBe('live');
    await happen(chat);
    expect(await end).toBe(name);
  });

  test('ends as reset when the log is shorter than the cursor, as a restored backup is', async () => {
    const chat = await setting.door.chat();
    const { end } = reader(chat, { after: 1_000 });
    expect(await end).toBe('reset');
  });

  test('fails with what its own reader throws', async () => {
    const chat = await setting.door.chat();
    await setting.client.send(chat, { text: 'hello' });
    const wrong = new Error('the reader has a fault');
    const failing = clientOf(feed).follow(chat, {
      after: 0,
      onEvents() {
        throw wrong;
      },
    });
    await expect(failing).rejects.toBe(wrong);
  });

  test('is a stream of single events as well, which ends when nobody reads on', async () => {
    const chat = await setting.door.chat({ title: 'given' });
    await setting.client.send(chat, { text: 'one' });
    const names: string[] = [];
    for await (const event of clientOf(feed).stream(chat, { after: 0 })) {
      names.push(event.event);
      if (event.event === 'turn.ended') break;
    }
    expect(names.filter((one) => one !== 'delta')).toEqual([
      'message',
      'turn.started',
      'message',
      'turn.ended',
    ]);
    const stream = clientOf(feed).stream('chat_that_is_not');
    expect(await stream.next()).toEqual({ done: true, value: 'gone' });
  });
});

describe('following a feed', () => {
  test('gives all events of one piece of the stream together', async () => {
    const { door, client } = setting;
    const chat = await door.chat({ title: 'given' });
    await client.send(chat, { text: 'one' });
    await door.until(() => door.runtime.state(chat)?.status === 'idle');
    const pieces: number[] = [];
    const stop = new AbortController();
    await client.follow(chat, {
      after: 0,
      signal: stop.signal,
      onEvents(events) {
        pieces.push(events.length);
        stop.abort();
      },
    });
    expect(pieces).toEqual([4]);
  });
});
