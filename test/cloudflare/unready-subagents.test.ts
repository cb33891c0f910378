/** Subagents whose objects are full, of another release or not born yet: read, followed, ended and deleted all the same. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { childId } from '../../src/core/ids.ts';
import type { ParsedRequest } from '../../src/simulator/request.ts';
import type { Reply } from '../../src/simulator/script.ts';
import { sseReader } from '../http/sse.ts';
import { adminToken, bearer, openWorkerHouse, type WorkerHouse } from './worker-house.ts';

const quiet = ({ toolNames }: ParsedRequest): Reply => ({
  text: toolNames.includes('stay_silent') ? 'Well.' : 'Done.',
});

const long = 'All of it, to the last word. '.repeat(1_000).trim();

/** A subagent that has filled its object when it comes to its gate. */
function talkative({ answers, toolNames }: ParsedRequest): Reply {
  if (toolNames.includes('stay_silent')) return { text: 'Well.' };
  if (answers === 6) return { gate: 'held', text: 'Done.' };
  return { text: long, toolCalls: [{ name: 'report', input: { progress: 'more to come' } }] };
}

const pageSchema = z.object({
  events: z.array(z.object({ id: z.number(), event: z.string(), data: z.unknown() })),
  next: z.number(),
});

async function spawned(house: WorkerHouse, chat: string, label: string): Promise<string> {
  const { status, body } = await house.post(`/v1/chats/${chat}/subagents`, { task: 'Tell it all.', label });
  expect(status, JSON.stringify(body)).toBe(202);
  return z.object({ subagent: z.object({ id: z.string() }) }).parse(body).subagent.id;
}

/** Deletes a chat, however often that must be asked for. */
async function deleted(house: WorkerHouse, chat: string): Promise<void> {
  const remove = async () => (await house.request('DELETE', `/v1/chats/${chat}`)).status;
  expect([200, 202]).toContain(await remove());
  await expect.poll(remove).toBe(404);
  expect((await house.get(`/v1/chats/${chat}`)).status).toBe(404);
  expect((await house.get('/v1/chats')).body).toEqual({ chats: [], next: null });
}

const tables = "SELECT name FROM sqlite_master WHERE name = 'events'";

describe('a subagent whose object is full', () => {
  test('is killed although a steer that it can not take was sent before; its chat is deleted', async () => {
    const house = await openWorkerHouse(talkative, { TIDINGS_OBJECT_BYTES: '200000' });
    const { simulator } = house;
    const chat = await house.chat();
    const at = `/v1/chats/${chat}/subagents`;
    for (const label of ['one', 'two']) await spawned(house, chat, label);
    await simulator.until(() => simulator.waiting('held') === 2);
    const steered = await house.post(`${at}/one/steer`, { message: 'And now?' });
    expect(steered.status).toBe(202);
    // It was sent, and did not get in.
    const { body } = await house.get(`${at}/one`);
    expect(body).toMatchObject({ subagent: { status: 'running', pendingSteers: 1 } });
    expect((await house.post(`${at}/one/kill`)).body).toEqual({
      killed: ['one'],
      unconfirmed: [],
      alreadyEnded: [],
    });
    await simulator.until(() => simulator.counts.aborted === 1);
    expect(simulator.waiting('held')).toBe(1);

    expect((await house.post(`${at}/two/steer`, { message: 'And now?' })).status).toBe(202);
    expect((await house.request('DELETE', `/v1/chats/${chat}`)).status).toBe(200);
    await simulator.until(() => simulator.counts.aborted === 2);
    expect((await house.get(`/v1/chats/${chat}`)).status).toBe(404);
  });
});

describe('a subagent whose object a later release wrote', () => {
  test('is told of in words, its chat goes on, and is deleted with it', async () => {
    const house = await openWorkerHouse(quiet);
    const chat = await house.chat();
    const at = `/v1/chats/${chat}`;
    const child = await spawned(house, chat, 'pawn');
    const status = async () => (await house.get(`${at}/subagents/pawn`)).body;
    await expect.poll(status).toMatchObject({ subagent: { status: 'completed' } });
    await house.rest(chat);
    await house.rows(child, "INSERT INTO schema (number, name) VALUES (99, 'of a later release')");
    await house.restart();
    for (const path of [
      '/subagents/pawn',
      '/subagents/pawn/messages',
      '/subagents/pawn/events',
      '/export',
      '/export?format=markdown',
    ]) {
      expect(await house.get(`${at}${path}`), path).toMatchObject({
        status: 503,
        body: {
          type: '/docs#unavailable',
          detail: expect.stringContaining('was written by a later release'),
          requestId: expect.stringMatching(/./),
        },
      });
    }
    expect((await house.get(`${at}/subagents`)).body).toMatchObject({ subagents: [{ id: child }] });
    await house.talk(chat, 'Hello.');
    await deleted(house, chat);
    expect(await house.rows(child, tables)).toEqual([]);
  });
});

describe('a subagent whose task is still on its way', () => {
  test('is followed from its beginning, in pages and as a stream', async () => {
    const house = await openWorkerHouse(quiet);
    const chat = await house.chat();
    const child = childId(chat, 'person.0');
    await house.debug({ what: 'behind', session: child });
    expect(await spawned(house, chat, 'pawn')).toBe(child);
    await expect.poll(() => house.debug({ what: 'came', session: child })).toBeGreaterThan(0);
    expect(await house.rows(child, tables)).toEqual([]);
    const path = `/v1/chats/${chat}/subagents/pawn/events`;
    const page = () => house.get(path, { accept: 'application/json' });
    expect(await page()).toMatchObject({ status: 200, body: { events: [], next: 0 } });
    const response = await fetch(`${house.url}${path}`, { headers: bearer(adminToken) });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const stream = sseReader(response);

    await house.debug({ what: 'mend', session: child });
    await stream.until(() => stream.events.some(({ event }) => event === 'turn.ended'));
    await stream.leave();
    const { events } = pageSchema.parse((await page()).body);
    const kept = stream.events.filter(({ id }) => id !== undefined);
    expect(kept.map(({ id, event }) => ({ id: Number(id), event }))).toEqual(
      events.slice(0, kept.length).map(({ id, event }) => ({ id, event })),
    );
  });
});
