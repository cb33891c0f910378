/** What it costs to wake a long chat, to wait for the model API, and to follow a chat in which nothing happens. */
import { z } from 'zod';
import { sseReader } from '../../test/http/sse.ts';
import type { ObjectFigures } from '../../test/workerd/meter.ts';
import { each, type Ground, openGround, pause, type Spent, spentBetween } from './ground.ts';
import { script } from './turns.ts';

const FIRST_LOOK_MS = 25_000;

async function own({ meter }: Ground, session: string): Promise<ObjectFigures> {
  const figures = (await meter.figures()).objects.SessionObject?.[session];
  if (!figures) throw new Error(`nothing was counted of ${session}`);
  return figures;
}

/** A chat whose log has at least so many events, put to sleep: rows that are read to show it, and for its next turn. */
export async function waking(
  events: number,
): Promise<{ readonly events: number; readonly shown: number; readonly turn: number }> {
  const calls = 250;
  const steps = Math.ceil(events / (2 * calls + 10));
  const ground = await openGround(({ toolResults, lastUserText }) => {
    const done = Number(toolResults[0]?.input.target ?? 0);
    if (lastUserText.includes('One more.') || done >= steps) return { text: 'That was all.' };
    const look = { name: 'subagents', input: { action: 'show', target: `${done + 1}` } };
    return { toolCalls: Array.from({ length: calls }, () => look) };
  });
  try {
    const { client, simulator, host } = ground;
    const chat = await client.newChat();
    await chat.say('Look again and again.');
    await simulator.until(() => simulator.counts.answered > steps, 120_000);
    while ((await chat.view()).status !== 'idle') await pause(50);
    const [row] = await host.rows('SessionObject', { name: chat.id }, 'SELECT seq FROM session');
    await host.evict('SESSIONS', chat.id);
    const asleep = await own(ground, chat.id);
    await chat.view();
    const shown = await own(ground, chat.id);
    await host.evict('SESSIONS', chat.id);
    const since = simulator.counts.answered;
    await chat.say('One more.');
    await simulator.until(() => simulator.counts.answered > since, 120_000);
    await pause(500);
    const spoken = await own(ground, chat.id);
    return {
      events: z.object({ seq: z.number() }).parse(row).seq,
      shown: shown.rowsRead - asleep.rowsRead,
      turn: spoken.rowsRead - shown.rowsRead,
    };
  } finally {
    await ground.close();
  }
}

/** Words that take longer than is looked, at five tokens a second. */
const slowWords = 'slowly '.repeat(2_000);

/** A session that waits: for the end of an answer, or because the API said "not before". A second of it. */
export async function waitingFor(what: 'an answer' | 'not before', seconds: number): Promise<Spent> {
  const ground = await openGround(() =>
    what === 'an answer'
      ? { text: slowWords, tokensPerSecond: 5 }
      : { text: 'At last.', faults: [{ status: 429, retryAfter: 86_400 }] },
  );
  try {
    const chat = await ground.client.newChat();
    await chat.say('Are you there?');
    // The first look is behind it, after which each is like the one before.
    await pause(FIRST_LOOK_MS);
    const before = await ground.meter.figures();
    await pause(seconds * 1_000);
    return each(spentBetween(before, await ground.meter.figures()), seconds);
  } finally {
    await ground.close();
  }
}

export interface Followed {
  /** Requests to the object while nothing happened. */
  readonly requests: number;
  readonly leftMemory: boolean;
  /** Whether the reader was told of what happened after that. */
  readonly told: boolean;
}

/** One reader of a chat at rest, which then hears a turn. */
export async function followed(by: 'events' | 'socket', seconds: number): Promise<Followed> {
  const ground = await openGround(script);
  try {
    const { client, host, token, simulator } = ground;
    const chat = await client.newChat();
    await chat.say('Hello.');
    await simulator.until(() => simulator.counts.answered === 1, 60_000);
    // The alarm of that turn has gone off by then.
    await pause(25_000);
    const headers = { authorization: `Bearer ${token}` };
    let told = (): boolean => false;
    if (by === 'events') {
      const reader = sseReader(await fetch(`${host.url}${chat.path('/events')}`, { headers }));
      void reader.start().catch(() => {});
      told = () => reader.events.some(({ event }) => event === 'turn.ended');
    } else {
      const { path } = z.object({ path: z.string() }).parse((await client.post(chat.path('/tickets'))).body);
      const socket = new WebSocket(`${host.url.replace('http', 'ws')}${path}`);
      const heard: string[] = [];
      socket.addEventListener('message', ({ data }) => heard.push(String(data)));
      await new Promise((resolve) => socket.addEventListener('open', resolve));
      const pinging = setInterval(() => socket.send('ping'), 5_000);
      socket.addEventListener('close', () => clearInterval(pinging));
      told = () => heard.some((text) => text.includes('"turn.ended"'));
    }
    await pause(2_000);
    const before = await own(ground, chat.id);
    await pause(seconds * 1_000);
    const quiet = await own(ground, chat.id);
    await chat.say('Still there?');
    await pause(2_000);
    const after = await own(ground, chat.id);
    const calls = ({ calls: all }: ObjectFigures) => Object.values(all).reduce((sum, n) => sum + n, 0);
    return { requests: calls(quiet) - calls(before), leftMemory: after.lives > before.lives, told: told() };
  } finally {
    await ground.close();
  }
}
