/** Objects that can't take more, or can't be read by this release: refused in words, and nothing is lost. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { ParsedRequest } from '../../src/simulator/request.ts';
import type { Reply } from '../../src/simulator/script.ts';
import { follow } from './socket-client.ts';
import { directoryName, openWorkerHouse } from './worker-house.ts';

const long = 'All of it, to the last word. '.repeat(1_000).trim();

function talkative({ answers, lastUserText, toolNames, transcriptText }: ParsedRequest): Reply {
  if (!toolNames.includes('stay_silent')) {
    if (transcriptText.includes('And now?')) return { text: 'Once more.' };
    if (answers === 6) return { text: long };
    return { text: long, toolCalls: [{ name: 'report', input: { progress: 'more to come' } }] };
  }
  if (lastUserText.includes('A lot')) return { text: long };
  return { text: 'Well.' };
}

const room = { TIDINGS_OBJECT_BYTES: '200000' };
const more = { TIDINGS_OBJECT_BYTES: '40000000' };

const subagentSchema = z.object({
  subagent: z.object({ id: z.string(), status: z.string(), attempt: z.number(), pendingSteers: z.unknown() }),
});

describe('a chat whose object is full', () => {
  test('takes no more words and says so; it is read, exported, followed and ended as before', async () => {
    const house = await openWorkerHouse(talkative, room);
    const chat = await house.chat();
    const words = `A lot, please. ${'Word. '.repeat(15_000)}`.trim();
    await house.talk(chat, words);
    const at = `/v1/chats/${chat}`;
    const [before] = await house.rows(chat, 'SELECT seq FROM session');
    for (const [path, body] of [
      ['messages', { text: 'More?', id: 'more' }],
      ['subagents', { task: 'x' }],
    ] as const) {
      expect(await house.post(`${at}/${path}`, body), path).toMatchObject({
        status: 507,
        body: {
          type: '/docs#full',
          detail: expect.stringMatching(
            /has filled the room of its object.*nothing of it is lost.*Export it/,
          ),
        },
      });
    }
    expect(await house.rows(chat, 'SELECT seq FROM session')).toEqual([before]);
    expect((await house.get(`${at}/messages`)).body).toMatchObject({
      messages: [{ text: words }, { text: long }],
    });
    expect((await house.get(`${at}/export`)).body).toContain('All of it, to the last word.');
    expect((await house.get(`${at}/export?format=markdown`)).body).toContain('All of it, to the last word.');
    const reader = await follow(house, chat, { after: 0 });
    await reader.until(({ frames }) => frames.some(({ event }) => event === 'turn.ended'));
    expect((await house.post(`${at}/stop`, { subagents: true })).status).toBe(200);
    expect((await house.get('/v1/chats')).body).toMatchObject({ chats: [{ id: chat }] });
    // Another has an object, and so a room, of its own.
    await house.talk(await house.chat(), 'Hello.');

    await house.restart(more);
    const said = await house.post(`${at}/messages`, { text: 'More?', id: 'more' });
    expect(said.status).toBe(202);
    await house.rest(chat);
    await house.restart(room);
    expect((await house.request('DELETE', at)).status).toBe(200);
    expect((await house.get(at)).status).toBe(404);
  });

  test('gets what is written to it when there is room again: what can not be taken in stays with its sender', async () => {
    const house = await openWorkerHouse(talkative, room);
    const chat = await house.chat();
    const at = `/v1/chats/${chat}/subagents`;
    expect((await house.post(at, { task: 'Tell it all.', label: 'teller' })).status).toBe(202);
    await house.rest(chat);
    const teller = async () => subagentSchema.parse((await house.get(`${at}/teller`)).body).subagent;
    await expect.poll(async () => (await teller()).status).toBe('completed');
    const { id } = await teller();
    const seq = () => house.rows(id, 'SELECT seq FROM session');
    const before = await seq();
    expect((await house.post(`${at}/teller/steer`, { message: 'And now?' })).status).toBe(202);
    const undelivered = async () => (await teller()).pendingSteers;
    await expect.poll(undelivered).not.toEqual([]);
    expect(await seq()).toEqual(before);
    await house.restart(room);
    expect((await house.get(`${at}/teller`)).status).toBe(200);
    expect(await seq()).toEqual(before);

    await house.restart(more);
    await expect.poll(async () => (await teller()).attempt, { timeout: 45_000 }).toBe(2);
    await expect.poll(async () => (await teller()).status).toBe('completed');
    await house.rest(chat);
    const { body } = await house.get(`${at}/teller/messages`);
    const { messages } = z.object({ messages: z.array(z.object({ text: z.string() })) }).parse(body);
    expect(messages.filter(({ text }) => text.includes('And now?'))).toHaveLength(1);
    expect(messages.at(-1)?.text).toBe('Once more.');
  });

  test('is killed although it is full, and so is what works for a full one when it is deleted', async () => {
    const house = await openWorkerHouse((request) => {
      const reply = talkative(request);
      return request.answers === 6 ? { ...reply, gate: 'held' } : reply;
    }, room);
    const chat = await house.chat();
    const at = `/v1/chats/${chat}`;
    for (const label of ['one', 'two']) {
      expect((await house.post(`${at}/subagents`, { task: 'Tell it all.', label })).status).toBe(202);
    }
    await house.simulator.until(() => house.simulator.waiting('held') === 2);
    expect((await house.post(`${at}/subagents/one/kill`)).body).toEqual({
      killed: ['one'],
      unconfirmed: [],
      alreadyEnded: [],
    });
    await house.talk(chat, `A lot, please. ${'Word. '.repeat(15_000)}`);
    expect((await house.post(`${at}/messages`, { text: 'More?' })).status).toBe(507);
    expect((await house.request('DELETE', at)).status).toBe(200);
    expect((await house.get(at)).status).toBe(404);
  });
});

describe('storage that a later release wrote', () => {
  test('is told of in words and left as it is; other chats go on, and that release finds all', async () => {
    const house = await openWorkerHouse(talkative);
    const [later, other] = [await house.chat(), await house.chat()];
    await house.talk(later, 'Hello.');
    await house.rows(later, "INSERT INTO schema (number, name) VALUES (99, 'of a later release')");
    await house.restart();
    const dump = async () => [
      await house.rows(later, 'SELECT * FROM session'),
      await house.rows(later, 'SELECT count(*), max(key) FROM events'),
    ];
    const before = await dump();
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['GET', '/messages', undefined],
      ['GET', '/events', undefined],
      ['POST', '/messages', { text: 'Hello?' }],
      ['DELETE', '', undefined],
    ] as const) {
      expect(await house.request(method, `/v1/chats/${later}${path}`, body)).toMatchObject({
        status: 503,
        body: {
          type: '/docs#unavailable',
          detail: expect.stringContaining('was written by a later release'),
          requestId: expect.stringMatching(/./),
        },
      });
    }
    await expect(house.call(later, 'nudge')).rejects.toThrow('was written by a later release');
    await house.call(later, 'ring');
    expect((await house.get('/v1/chats')).body).toMatchObject({ chats: [{ id: other }], next: null });
    expect(String(await house.debug({ what: 'printed' }))).toContain('was written by a later release');
    await house.talk(other, 'Hello.');
    expect(await dump()).toEqual(before);

    await house.rows(later, 'DELETE FROM schema WHERE number = 99');
    await house.talk(later, 'And now?');
    expect((await house.get('/v1/chats')).body).toMatchObject({ chats: [{ id: other }, { id: later }] });
  });

  test('of the directory is told of in words, and nothing is changed', async () => {
    const house = await openWorkerHouse(talkative);
    const chat = await house.chat();
    await house.host.rows('DirectoryObject', directoryName, "INSERT INTO schema VALUES (99, 'later')");
    await house.restart();
    for (const path of ['/v1/chats', `/v1/chats/${chat}`, '/v1/tokens']) {
      expect(await house.get(path), path).toMatchObject({
        status: 503,
        body: { type: '/docs#unavailable', detail: expect.stringContaining('directory') },
      });
    }
    expect((await house.get('/healthz')).status).toBe(200);
    await house.host.rows('DirectoryObject', directoryName, 'DELETE FROM schema WHERE number = 99');
    expect((await house.get(`/v1/chats/${chat}`)).status).toBe(200);
  });
});
