/** The care of a chat at the HTTP door: what is set of it, where it is listed, how it goes, what is taken along. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Workshop } from '../../src/core/ports.ts';
import { nowhere } from '../../src/gateway/gateway.ts';
import { type Door, openDoor } from './door.ts';
import { type SseReader, sseReader } from './sse.ts';

const chatShape = z.object({ chat: z.record(z.string(), z.unknown()) });

async function shown(door: Door, id: string): Promise<Record<string, unknown>> {
  return chatShape.parse((await door.get(`/v1/chats/${id}`)).body).chat;
}

async function listed(door: Door, query = ''): Promise<string[]> {
  const { body } = await door.get(`/v1/chats${query}`);
  return z
    .object({ chats: z.array(z.object({ id: z.string() })) })
    .parse(body)
    .chats.map(({ id }) => id);
}

async function follow(door: Door, path: string): Promise<SseReader> {
  return sseReader(await door.request('GET', path, undefined, { accept: 'text/event-stream' }));
}

describe('a chat without a title', () => {
  test('is called by its first message, and an own title stays', async () => {
    const door = openDoor();
    const id = await door.chat();
    const own = await door.chat({ title: 'Mine' });
    for (const chat of [id, own]) {
      await door.post(`/v1/chats/${chat}/messages`, { text: '\n## **Plan** the `move`\nand the rest' });
      await door.post(`/v1/chats/${chat}/messages`, { text: 'Another thing' });
    }
    expect((await shown(door, id)).title).toBe('Plan the move');
    expect((await shown(door, own)).title).toBe('Mine');
  });
});

describe('a change', () => {
  test('sets what is given, leaves the rest, and is told to those who follow', async () => {
    const door = openDoor();
    const id = await door.chat({ title: 'Before' });
    const reader = await follow(door, `/v1/chats/${id}/events?after=0`);
    const { status, body } = await door.patch(`/v1/chats/${id}`, { title: 'After' });
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { chat: { title: 'After', status: 'idle' } },
    });
    await door.patch(`/v1/chats/${id}`, { title: 'After' });
    await door.patch(`/v1/chats/${id}`, { model: 'claude-opus-5-5', archived: true });
    await reader.until(() => reader.events.filter((one) => one.event === 'chat.updated').length === 2);
    const told = reader.events.flatMap(({ event, data }) => (event === 'chat.updated' ? [data] : []));
    expect(told).toMatchObject([{ title: 'After' }, { model: 'claude-opus-5-5', archived: true }]);
    expect(await shown(door, id)).toMatchObject({ title: 'After', model: 'claude-opus-5-5', archived: true });
    // The live prefix keeps the model that it began with.
    expect(door.runtime.state(id)).toMatchObject({
      model: 'claude-sonnet-5-5',
      chosenModel: 'claude-opus-5-5',
    });
    expect(await shown(door.restart(), id)).toMatchObject({ title: 'After', model: 'claude-opus-5-5' });
    await reader.leave();
  });

  test.each([
    [{ title: ' ' }, 'title', /blank/],
    [{ title: null }, 'title', /must be a string/],
    [{ title: 'a\u0007' }, 'title', /control character/],
    [{ model: 'nope' }, 'model', /^There is no model "nope"\. There are: claude/],
    [{ archived: 'yes' }, 'archived', /true or false/],
    [{ budgetUsd: 0 }, 'budgetUsd', /more than 0/],
    [{ budgetUsd: 1e12 }, 'budgetUsd', /at most/],
    [{ owner: 'eve' }, 'owner', /is not a field here/],
  ])('of %j is 422 and changes nothing', async (body, field, words) => {
    const door = openDoor();
    const id = await door.chat({ title: 'Before' });
    const before = door.store.session(id)?.seq;
    expect(await door.patch(`/v1/chats/${id}`, body)).toMatchObject({
      status: 422,
      body: { errors: [{ path: field, message: expect.stringMatching(words) }] },
    });
    expect(door.store.session(id)?.seq).toBe(before);
  });
});

describe('an archived chat', () => {
  test('is listed by itself, goes on working, and comes back with a message', async () => {
    const door = openDoor();
    const [a, b] = [await door.chat(), await door.chat()];
    await door.post(`/v1/chats/${a}/subagents`, { task: 'hold:it', label: 'it' });
    await door.patch(`/v1/chats/${a}`, { archived: true });
    expect(await listed(door)).toEqual([b]);
    expect(await listed(door, '?archived=true')).toEqual([a]);
    expect(await listed(door, '?archived=false')).toEqual([b]);
    door.model.release('it');
    await door.until(() => door.runtime.state(a)?.turns === 1 && door.runtime.state(a)?.status === 'idle');
    expect(await listed(door.restart(), '?archived=true')).toEqual([a]);
    await door.post(`/v1/chats/${a}/messages`, { text: 'and now?' });
    expect(await listed(door)).toEqual([b, a]);
    expect(await listed(door, '?archived=true')).toEqual([]);
  });
});

describe('a deleted chat', () => {
  const paths = ['', '/messages', '/events', '/export', '/subagents', '/subagents/boss'];

  test('is gone with its whole tree, its feeds end, and its name may be used again', async () => {
    const door = openDoor();
    const id = await door.chat({ id: 'mine' });
    const other = await door.chat();
    await door.post(`/v1/chats/${id}/subagents`, { task: 'spawn:pawn hold:boss', label: 'boss' });
    await door.until(() => Object.keys(door.runtime.state(id)?.tree.cards ?? {}).length === 2);
    const readers = [
      await follow(door, `/v1/chats/${id}/events`),
      await follow(door, `/v1/chats/${id}/subagents/boss/events`),
    ];
    // Each has told where it stands, so it follows from here on.
    for (const reader of readers) await reader.read();
    const ended = readers.map((reader) => reader.start());
    const sessions = door.store.sessions(id).map((row) => row.id);
    expect(sessions.length).toBe(3);
    expect(await door.remove(`/v1/chats/${id}`)).toMatchObject({
      status: 200,
      body: { deleted: id, kept: [] },
    });
    await Promise.all(ended);
    expect(readers[0]?.events.map((one) => one.event)).toContain('chat.deleting');
    for (const session of sessions) expect(door.store.session(session)).toBeUndefined();
    expect(door.store.sessions(id)).toEqual([]);
    for (const path of paths) expect((await door.get(`/v1/chats/${id}${path}`)).status).toBe(404);
    expect((await door.remove(`/v1/chats/${id}`)).status).toBe(404);
    expect((await door.patch(`/v1/chats/${id}`, { title: 'x' })).status).toBe(404);
    expect(await listed(door)).toEqual([other]);
    expect(await door.chat({ id: 'mine' })).toBe(id);
    await door.post(`/v1/chats/${id}/messages`, { text: 'anew' });
    await door.until(() => door.runtime.state(id)?.status === 'idle');
    expect((await shown(door, id)).subagents).toEqual({});
    expect(door.failures).toEqual([]);
  });

  test('that takes long is answered 202, is not there for anything else, and goes in a later life', async () => {
    let stuck = true;
    const kept = [
      { session: 'x', path: '/w', repository: 'app', branch: 'subagent/boss', commits: 2, files: 3 },
    ];
    const workshop: Workshop = {
      run: async () => ({ ok: true, text: 'done' }),
      open: async () => ({ kind: 'ready', note: 'a folder' }),
      close: async () => undefined,
      sweep: async () => ({ left: [] }),
      verify: nowhere.verify,
      worktrees: nowhere.worktrees,
      unlanded: async () => [],
      discard: () => (stuck ? new Promise(() => {}) : Promise.resolve({ kept, left: [] })),
      outputs: async () => [],
      dropOutput: async () => 0,
    };
    const door = openDoor({ workshop });
    const id = await door.chat();
    const reader = await follow(door, `/v1/chats/${id}/events`);
    const answer = door.remove(`/v1/chats/${id}`);
    await reader.until(() => reader.events.some((one) => one.event === 'chat.deleting'));
    expect((await door.get(`/v1/chats/${id}`)).status).toBe(404);
    expect((await door.post(`/v1/chats/${id}/messages`, { text: 'hello?' })).status).toBe(404);
    expect(await listed(door)).toEqual([]);
    door.clock.advance(5_000);
    expect(await answer).toMatchObject({ status: 202, body: { deleting: id } });
    await reader.leave();

    stuck = false;
    const next = door.restart();
    const { status, body } = await next.remove(`/v1/chats/${id}`);
    // It may have gone before it was asked for again.
    if (status === 200) expect(body).toMatchObject({ kept: [{ path: '/w', branch: 'subagent/boss' }] });
    else expect(status).toBe(404);
    await next.until(() => next.store.session(id) === undefined);
    expect((await next.remove(`/v1/chats/${id}`)).status).toBe(404);
  });

  test('goes while messages stream in, and takes them along', async () => {
    const door = openDoor();
    const id = await door.chat();
    await door.post(`/v1/chats/${id}/messages`, { text: 'hold:long' });
    await door.until(() => door.model.calls === 1);
    const said = Array.from({ length: 20 }, (_, n) =>
      door.post(`/v1/chats/${id}/messages`, { text: `${n}` }),
    );
    const gone = door.remove(`/v1/chats/${id}`);
    const late = Array.from({ length: 20 }, (_, n) =>
      door.post(`/v1/chats/${id}/messages`, { text: `${n}` }),
    );
    expect((await gone).status).toBe(200);
    for (const { status } of await Promise.all([...said, ...late])) expect([202, 404]).toContain(status);
    await door.until(() => door.store.session(id) === undefined);
    expect(door.store.wanting()).toEqual([]);
    expect(door.failures).toEqual([]);
  });
});
