/** What turns and subagents cost: their requests and rows, until the objects are at rest and their alarms have gone. */
import { z } from 'zod';
import type { ParsedRequest } from '../../src/simulator/request.ts';
import type { Reply } from '../../src/simulator/script.ts';
import type { Chat } from '../../test/e2e/client.ts';
import { each, type Ground, openGround, pause, type Spent, spentBetween, until } from './ground.ts';

/** The alarm that a turn set goes off by then, and finds nothing to do. */
const AT_REST_MS = 25_000;
const standingSchema = z.object({ wants: z.number(), news: z.number() });
const words = 'the quick brown fox jumps over the lazy dog and then it goes home to sleep. '.repeat(8);

/** `spawn N` spawns so many; all else is answered. */
export function script({ toolNames, toolResults, lastUserText }: ParsedRequest): Reply {
  const n = Number(/spawn (\d+)/.exec(lastUserText)?.[1] ?? 0);
  if (!toolNames.includes('stay_silent') || n === 0 || toolResults.length > 0) return { text: words };
  const toolCalls = Array.from({ length: n }, (_, i) => ({
    name: 'sessions_spawn',
    input: { label: `w-${i}`, task: words },
  }));
  return { text: 'On it.', toolCalls };
}

/** Until the model has answered so often since, and no more is under way. */
async function answered({ simulator }: Ground, since: number, times: number): Promise<void> {
  await simulator.until(() => simulator.counts.answered >= since + times, 120_000);
}

async function turn(ground: Ground, chat: Chat, text: string): Promise<void> {
  const since = ground.simulator.counts.answered;
  await chat.say(text);
  await answered(ground, since, 1);
}

/** One turn each of `n` chats that had one before. */
export async function oneTurn(n = 10): Promise<Spent> {
  const ground = await openGround(script);
  try {
    const chats = await Promise.all(Array.from({ length: n }, () => ground.client.newChat()));
    for (const chat of chats) await turn(ground, chat, words);
    await pause(AT_REST_MS);
    const before = await ground.meter.figures();
    for (const chat of chats) await turn(ground, chat, words);
    await pause(AT_REST_MS);
    return each(spentBetween(before, await ground.meter.figures()), n);
  } finally {
    await ground.close();
  }
}

/** So many turns of one chat, one right after the other; its birth included. */
export async function chatOf(turns = 100): Promise<Spent> {
  const ground = await openGround(script);
  try {
    const before = await ground.meter.figures();
    const chat = await ground.client.newChat();
    for (let i = 0; i < turns; i++) await turn(ground, chat, words);
    await pause(AT_REST_MS);
    return spentBetween(before, await ground.meter.figures());
  } finally {
    await ground.close();
  }
}

/** `n` subagents of one chat, from the message to the last one's news read. */
export async function subagents(
  n: number,
): Promise<{ readonly all: Spent; readonly main: number; readonly ms: number }> {
  const ground = await openGround(script);
  try {
    const chat = await ground.client.newChat();
    await turn(ground, chat, words);
    const before = await ground.meter.figures();
    const from = performance.now();
    await chat.say(`Please spawn ${n}.`);
    await until(async () => {
      const select = `SELECT wants, (SELECT count(*) FROM events WHERE text LIKE '%subagent-announcement%') AS news
        FROM session`;
      const [row] = await ground.host.rows('SessionObject', { name: chat.id }, select);
      const { wants, news } = standingSchema.parse(row);
      return news >= n && wants === 0;
    }, `the news of ${n} subagents is read`);
    const ms = performance.now() - from;
    await pause(AT_REST_MS);
    const after = await ground.meter.figures();
    const calls = (figures: typeof after) =>
      Object.values(figures.objects.SessionObject?.[chat.id]?.calls ?? {}).reduce((sum, one) => sum + one, 0);
    return { all: spentBetween(before, after), main: calls(after) - calls(before), ms };
  } finally {
    await ground.close();
  }
}
