/** What is the socket's own in following a feed: the tickets, the questions, the way back to streams, many tabs. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  type ClientOptions,
  type FollowState,
  makeClient,
  type StreamedEvent,
} from '../../src/client/index.ts';
import { bearer, giveToken } from '../cloudflare/worker-house.ts';
import { TOKEN } from '../http/door.ts';
import { shareNodeHouse } from '../http/socket-house.ts';
import { words } from '../http/socket-promises.ts';
import { shareSetting } from './setting.ts';

const setting = shareSetting();
const house = shareNodeHouse(() => ({ text: words }));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function follow(chat: string, options: ClientOptions = { feed: 'socket' }) {
  const client = makeClient({ url: setting.proxy.url, token: TOKEN, ...options });
  const events: StreamedEvent[] = [];
  const states: FollowState[] = [];
  const stop = new AbortController();
  const end = client.follow(chat, {
    after: 0,
    signal: stop.signal,
    onEvents: (came) => void events.push(...came),
    onState: (state) => void states.push(state),
  });
  return {
    client,
    events,
    states,
    end,
    live: () => expect.poll(() => states.at(-1)?.state).toBe('live'),
    async stop() {
      stop.abort();
      expect(await end).toBe('aborted');
    },
  };
}

/** The requests that the gateway answered about a chat, without the chat. */
const asked = (chat: string): string[] =>
  setting.door.answered.filter((one) => one.includes(chat)).map((one) => one.replace(chat, '…'));
const streamed = 'GET /v1/chats/…/events 200';
const opened = 'GET /sockets/… 101';

/** A browser's way to one host: six at a time, and each until its answer is over. */
function sixAtATime(): typeof fetch {
  let free = 6;
  const waiting: (() => void)[] = [];
  const done = (): void => {
    free += 1;
    waiting.shift()?.();
  };
  return async (input, init) => {
    while (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    free -= 1;
    const response = await fetch(input, init).catch((error: unknown) => {
      done();
      throw error;
    });
    if (!response.body) {
      done();
      return response;
    }
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    response.body.pipeTo(writable).then(done, done);
    return new Response(readable, response);
  };
}

describe('a chat that is followed over a socket', () => {
  test('leaves a browser its connections: beside thirty tabs everything else is answered', async () => {
    const chat = await house.chat();
    const browser = { url: house.url, token: house.token, fetch: sixAtATime(), feed: 'socket' } as const;
    const tabs = Array.from({ length: 30 }, () => follow(chat, browser));
    for (const tab of tabs) await tab.live();
    const client = makeClient(browser);
    await client.send(chat, { text: 'Hello.' });
    expect((await client.chat(chat)).id).toBe(chat);
    for (const { events } of tabs) {
      await expect.poll(() => events.some(({ event }) => event === 'turn.ended')).toBe(true);
    }
    for (const tab of tabs) await tab.stop();
  });

  test('ends as signed-out when its token is revoked, while it is live', async () => {
    const token = await giveToken(house, 'ada', ['chat']);
    const reader = follow(await house.chat(bearer(token)), { url: house.url, token, feed: 'socket' });
    await reader.live();
    await house.post('/v1/tokens/revoke', { name: 'ada' });
    expect(await reader.end).toBe('signed-out');
    // The closing says so: nothing else had to be asked.
    expect(reader.states.map(({ state }) => state)).toEqual(['connecting', 'live']);
  });

  test('ends as gone when it is deleted, while it is live', async () => {
    const chat = await setting.door.chat();
    const reader = follow(chat);
    await reader.live();
    await reader.client.deleteChat(chat);
    expect(await reader.end).toBe('gone');
    expect(reader.states.map(({ state }) => state)).toEqual(['connecting', 'live']);
  });

  test('comes back when the gateway was stopped and started', async () => {
    const chat = await house.chat();
    const { port } = new URL(house.url);
    const reader = follow(chat, { url: house.url, token: house.token, feed: 'socket' });
    await reader.live();
    await house.stop();
    await expect.poll(() => reader.states.at(-1)?.state).toBe('connecting');
    await house.start({ PORT: port });
    await reader.live();
    await house.talk(chat, 'Hello again.');
    await expect.poll(() => reader.events.some(({ event }) => event === 'turn.ended')).toBe(true);
    await reader.stop();
  });

  test('says that it takes what comes, after a hundred thousand characters, and asks every fifteen seconds', async () => {
    const { door } = setting;
    const sent: unknown[] = [];
    let pongs = 0;
    class Overheard extends WebSocket {
      constructor(...given: ConstructorParameters<typeof WebSocket>) {
        super(...given);
        this.addEventListener('message', ({ data }) => {
          if (data === 'pong') pongs += 1;
        });
      }

      override send(data: Parameters<WebSocket['send']>[0]): void {
        sent.push(data);
        super.send(data);
      }
    }
    vi.stubGlobal('WebSocket', Overheard);
    const chat = await door.chat();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const reader = follow(chat);
    await door.until(() => reader.states.at(-1)?.state === 'live');
    await door.post(`/v1/chats/${chat}/messages`, { text: 'hold:told' });
    // A message comes with its text twice.
    for (let said = 1; said <= 4; said += 1) {
      await door.post(`/v1/chats/${chat}/messages`, { text: 'x'.repeat(30_000) });
    }
    await door.until(() => reader.events.filter(({ event }) => event === 'message').length > 4);
    expect(sent).toEqual(['ping', 'ping']);
    for (let quarters = 1; quarters <= 20; quarters += 1) {
      await vi.advanceTimersByTimeAsync(15_000);
      // Whoever is answered stays.
      await door.until(() => sent.length === 2 + quarters && pongs === sent.length);
      expect(reader.states.at(-1)?.state).toBe('live');
    }
    expect(asked(chat).filter((one) => one === opened)).toHaveLength(1);
    door.model.release('told');
    await reader.stop();
  });

  test('is asked at once by whoever comes back to its page, and given up if no answer comes', async () => {
    const { door, proxy } = setting;
    const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
    vi.stubGlobal('document', page);
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
    vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
    const chat = await door.chat();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const reader = follow(chat);
    await door.until(() => reader.states.at(-1)?.state === 'live');
    // As after a sleep of the machine: the time went on, and no timer did.
    vi.setSystemTime(Date.now() + 3_600_000);
    page.dispatchEvent(new Event('visibilitychange'));
    await proxyQuiet();
    await vi.advanceTimersByTimeAsync(6_000);
    expect(reader.states.at(-1)?.state).toBe('live');
    expect(asked(chat).filter((one) => one === opened)).toHaveLength(1);

    proxy.way = 'stalled';
    vi.setSystemTime(Date.now() + 3_600_000);
    page.dispatchEvent(new Event('visibilitychange'));
    await vi.advanceTimersByTimeAsync(5_000);
    await door.until(() => reader.states.at(-1)?.state === 'connecting');
    expect(reader.states.at(-1)).toMatchObject({ because: 'Nothing came any more.' });
    proxy.way = 'open';
    await vi.advanceTimersByTimeAsync(1_000);
    await door.until(() => reader.states.at(-1)?.state === 'live');
    await reader.stop();
  });
});

/** Long enough for an answer over loopback: turns of the event loop, in which it comes. */
async function proxyQuiet(): Promise<void> {
  for (let turns = 0; turns < 200; turns += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('where there is no socket', () => {
  test('because the gateway has none, the stream is read, and no socket is asked for again', async () => {
    const chat = await setting.door.chat();
    const reader = follow(chat, {
      feed: 'socket',
      fetch: (input, init) => fetch(String(input).replace('/tickets', '/tickets-that-are-not'), init),
    });
    await reader.live();
    setting.proxy.cut();
    await expect.poll(() => asked(chat).filter((one) => one === streamed)).toHaveLength(3);
    await setting.client.send(chat, { text: 'said' });
    await expect.poll(() => reader.events.length).toBeGreaterThan(0);
    expect(asked(chat).filter((one) => one.includes('tickets'))).toHaveLength(1);
    await reader.stop();
  });

  test('because something on the way lets none through, the stream is read after three tries', async () => {
    const chat = await setting.door.chat();
    const reader = follow(chat, {
      feed: 'socket',
      async fetch(input, init) {
        const response = await fetch(input, init);
        if (!String(input).endsWith('/tickets')) return response;
        return Response.json({ path: '/nowhere?ticket=x' });
      },
    });
    await reader.live();
    expect(reader.states.slice(1, -1)).toMatchObject([
      { attempts: 1, because: 'No WebSocket could be opened.' },
      { attempts: 2, because: 'No WebSocket could be opened.' },
    ]);
    expect(asked(chat).filter((one) => one.includes('tickets'))).toHaveLength(3);
    await setting.client.send(chat, { text: 'said' });
    await expect.poll(() => reader.events.length).toBeGreaterThan(0);
    await reader.stop();
  });

  test('because this is no browser, the stream is read unless a socket is asked for', async () => {
    const { door } = setting;
    const [one, other] = [await door.chat(), await door.chat()];
    const program = follow(one, {});
    await program.live();
    expect(asked(one)).toContain(streamed);
    await program.stop();
    vi.stubGlobal('document', { visibilityState: 'visible' });
    const page = follow(other, {});
    await page.live();
    expect(asked(other)).toContain(opened);
    await page.stop();
  });
});
