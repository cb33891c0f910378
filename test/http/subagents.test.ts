import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Workshop } from '../../src/core/ports.ts';
import { nowhere } from '../../src/gateway/gateway.ts';
import { type Door, openDoor } from './door.ts';

const one = z.object({
  subagent: z.object({ id: z.string(), path: z.string(), status: z.string(), pendingSteers: z.number() }),
});
const list = z.object({ subagents: z.array(z.object({ path: z.string(), status: z.string() })) });

async function spawned(door: Door, chat: string, body: object) {
  const { status, body: answer } = await door.post(`/v1/chats/${chat}/subagents`, body);
  expect(status).toBe(202);
  return one.parse(answer).subagent;
}

/** A chat with boss, which has pawn below it; both held at a gate of their name. */
async function family(door: Door): Promise<string> {
  const id = await door.chat();
  await spawned(door, id, { task: 'spawn:pawn hold:boss', label: 'boss' });
  await door.until(() => Object.keys(door.runtime.state(id)?.tree.cards ?? {}).length === 2);
  await door.until(() => door.model.calls === 3);
  return id;
}

describe('a subagent', () => {
  test('is spawned by a person, and listed with the whole tree, newest first', async () => {
    const door = openDoor();
    const id = await family(door);
    const listed = await door.get(`/v1/chats/${id}/subagents`);
    expect(listed).toMatchObject({ status: 200, body: { next: null } });
    expect(list.parse(listed.body).subagents.map((subagent) => subagent.path)).toEqual(['boss/pawn', 'boss']);
    expect(listed.body).toMatchObject({
      subagents: [
        { label: 'pawn', attempt: 1, activity: 'thinking', share: { minutes: 60 }, announcement: 'none' },
        { label: 'boss', steps: 2 },
      ],
    });
  });

  test.each(['boss/pawn', 'boss%2Fpawn', 'pawn'])('is found as %s, whatever is asked of it', async (name) => {
    const door = openDoor();
    const id = await family(door);
    const at = `/v1/chats/${id}/subagents/${name}`;
    const shown = await door.get(at);
    expect(one.parse(shown.body).subagent.path).toBe('boss/pawn');
    expect(await door.get(`${at}/messages`)).toMatchObject({
      status: 200,
      body: { messages: [{ role: 'user', text: 'hold:pawn' }], next: null },
    });
    expect((await door.get(`${at}/events`, { accept: 'application/json' })).status).toBe(200);
    expect((await door.post(`${at}/steer`, { message: 'look left' })).status).toBe(202);
    expect(await door.post(`${at}/kill`)).toMatchObject({ status: 200, body: { killed: ['pawn'] } });
  });

  test('is found by its id and by a prefix of at least six characters', async () => {
    const door = openDoor();
    const id = await door.chat();
    const made = await spawned(door, id, { task: 'hold:a', label: 'a' });
    expect((await door.get(`/v1/chats/${id}/subagents/${made.id}`)).status).toBe(200);
    expect((await door.get(`/v1/chats/${id}/subagents/${made.id.slice(0, 8)}`)).status).toBe(200);
    expect((await door.get(`/v1/chats/${id}/subagents/${made.id.slice(0, 5)}`)).status).toBe(404);
  });

  test('that is not there is 404 and names those that are; one of two is 409 and names both', async () => {
    const door = openDoor();
    const id = await family(door);
    const other = await door.chat();
    await spawned(door, id, { task: 'hold:other', label: 'pawn' });
    for (const [method, rest, body] of [
      ['get', '', undefined],
      ['get', '/messages', undefined],
      ['get', '/events', undefined],
      ['post', '/steer', { message: 'x' }],
      ['post', '/kill', {}],
    ] as const) {
      const ask = (chat: string, target: string) => {
        const path = `/v1/chats/${chat}/subagents/${target}${rest}`;
        return method === 'get' ? door.get(path) : door.post(path, body);
      };
      expect(await ask(id, 'nobody')).toMatchObject({
        status: 404,
        body: { detail: expect.stringContaining('boss') },
      });
      expect(await ask(id, 'pawn')).toMatchObject({
        status: 409,
        body: { detail: expect.stringMatching(/boss\/pawn.* and pawn/) },
      });
      expect(await ask(other, 'boss')).toMatchObject({ status: 404 });
      expect(await ask('chat_nowhere', 'boss')).toMatchObject({ status: 404 });
    }
    expect(door.failures).toEqual([]);
  });

  test('is shown with its whole task and its whole result, however long', async () => {
    const door = openDoor();
    const id = await door.chat();
    const task = `Look at this. ${'x'.repeat(60_000)}`;
    await spawned(door, id, { task, label: 'reader' });
    await door.until(
      () =>
        door.runtime.state(id)?.tree.cards[Object.keys(door.runtime.state(id)?.tree.cards ?? {})[0] ?? '']
          ?.status === 'completed',
    );
    const { body } = await door.get(`/v1/chats/${id}/subagents/reader`);
    expect(body).toMatchObject({
      subagent: {
        task,
        status: 'completed',
        result: expect.stringContaining('heard: '),
        share: { minutes: 60 },
      },
    });
    const listed = await door.get(`/v1/chats/${id}/subagents`);
    expect(JSON.stringify(listed.body).length).toBeLessThan(2_000);
  });

  test('shows a steer from its acceptance until it is read', async () => {
    const door = openDoor();
    const id = await door.chat();
    await spawned(door, id, { task: 'hold:a', label: 'a' });
    await door.until(() => door.model.calls === 1);
    const steer = await door.post(`/v1/chats/${id}/subagents/a/steer`, { message: 'say less' });
    expect(steer).toMatchObject({ status: 202, body: { steer: { state: 'queued' } } });
    for (let look = 0; look < 20; look++) {
      const { body } = await door.get(`/v1/chats/${id}/subagents/a`);
      expect(one.parse(body).subagent.pendingSteers).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    door.model.release('a');
    await door.until(async () => {
      const { body } = await door.get(`/v1/chats/${id}/subagents/a`);
      const { status, pendingSteers } = one.parse(body).subagent;
      return status === 'completed' && pendingSteers === 0;
    });
    expect((await door.get(`/v1/chats/${id}/subagents/a/messages`)).body).toMatchObject({
      messages: [
        { text: 'hold:a' },
        { role: 'user', text: 'say less', from: { principal: 'admin' } },
        { role: 'assistant' },
        { role: 'assistant' },
      ],
    });
  });

  test('that has ended is resumed by a steer, under the same id', async () => {
    const door = openDoor();
    const id = await door.chat();
    const made = await spawned(door, id, { task: 'quick', label: 'a' });
    const status = () => door.runtime.state(id)?.tree.cards[made.id];
    await door.until(() => status()?.status === 'completed');
    expect((await door.post(`/v1/chats/${id}/subagents/a/steer`, { message: 'again' })).status).toBe(202);
    await door.until(() => status()?.attempt === 2 && status()?.status === 'completed');
    expect((await door.get(`/v1/chats/${id}/subagents/a`)).body).toMatchObject({
      subagent: { id: made.id, attempt: 2, result: expect.stringContaining('again') },
    });
  });

  test('that never began is resumed without what it waited for, and whoever steers it is told so', async () => {
    const door = openDoor();
    const id = await door.chat();
    const first = await spawned(door, id, { task: 'hold:a', label: 'a' });
    const later = await spawned(door, id, { task: 'then', label: 'b', after: ['a'] });
    await door.post(`/v1/chats/${id}/subagents/${first.id}/kill`, {});
    const status = () => door.runtime.state(id)?.tree.cards[later.id];
    await door.until(() => status()?.status === 'failed');
    const words = { message: 'Begin all the same.', id: 'once' };
    const told = await door.post(`/v1/chats/${id}/subagents/b/steer`, words);
    expect(told).toMatchObject({
      status: 202,
      body: { steer: { state: 'queued', note: expect.stringContaining('without what it waited for') } },
    });
    await door.until(() => status()?.attempt === 2 && status()?.status === 'completed');
    expect(await door.post(`/v1/chats/${id}/subagents/b/steer`, words)).toMatchObject({
      status: 200,
      body: told.body,
    });
    // From then on it has begun like any other.
    const again = await door.post(`/v1/chats/${id}/subagents/b/steer`, { message: 'Once more.' });
    expect(again.body).toEqual({ steer: { id: expect.any(String), state: 'queued' } });
  });

  test('is killed with those below it; what had ended is told apart; all ends every one', async () => {
    const door = openDoor();
    const id = await family(door);
    await spawned(door, id, { task: 'quick', label: 'done' });
    await spawned(door, id, { task: 'hold:left', label: 'left' });
    await door.until(() =>
      list
        .parse({ subagents: Object.values(door.runtime.state(id)?.tree.cards ?? {}) })
        .subagents.some((card) => card.status === 'completed'),
    );
    const kill = (target: string) => door.post(`/v1/chats/${id}/subagents/${target}/kill`);
    const first = await kill('boss');
    expect(first.status).toBe(200);
    expect(first.body).toEqual({
      killed: expect.arrayContaining(['boss', 'pawn']),
      unconfirmed: [],
      alreadyEnded: [],
    });
    expect((await kill('boss')).body).toEqual({ killed: [], unconfirmed: [], alreadyEnded: ['boss'] });
    expect((await kill('done')).body).toEqual({ killed: [], unconfirmed: [], alreadyEnded: ['done'] });
    expect((await kill('all')).body).toEqual({ killed: ['left'], unconfirmed: [], alreadyEnded: [] });
    expect((await kill('all')).body).toEqual({ killed: [], unconfirmed: [], alreadyEnded: [] });
  });

  test('whose processes are not confirmed dead in time is named as unconfirmed', async () => {
    let sweeping = 0;
    const workshop: Workshop = {
      run: (_, __, { signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', reject)),
      open: async () => ({ kind: 'ready', note: 'a folder' }),
      close: async () => undefined,
      async sweep() {
        sweeping += 1;
        return { left: ['pid 7'] };
      },
      verify: nowhere.verify,
      worktrees: nowhere.worktrees,
      unlanded: async () => [],
      discard: async () => ({ kept: [], left: [] }),
      outputs: async () => [],
      dropOutput: async () => 0,
    };
    const door = openDoor({ workshop });
    const id = await door.chat();
    await spawned(door, id, { task: 'bash! please', label: 'a' });
    await door.until(async () => {
      const { body } = await door.get(`/v1/chats/${id}/subagents/a/events`, { accept: 'application/json' });
      return JSON.stringify(body).includes('tool.started');
    });
    const kill = door.post(`/v1/chats/${id}/subagents/a/kill`);
    await door.until(() => sweeping > 0);
    await door.until(() => Object.values(door.runtime.state(id)?.tree.cards ?? {})[0]?.status === 'killed');
    door.clock.advance(4_500);
    expect((await kill).body).toEqual({ killed: [], unconfirmed: ['a'], alreadyEnded: [] });
    await door.until(async () => {
      const { body } = await door.get(`/v1/chats/${id}/subagents/a`);
      return JSON.stringify(body).includes('"unconfirmed":["pid 7"]');
    });
  });

  test('all is a word for kill only', async () => {
    const door = openDoor();
    const id = await family(door);
    expect((await door.get(`/v1/chats/${id}/subagents/all`)).status).toBe(404);
    expect((await door.post(`/v1/chats/${id}/subagents/all/steer`, { message: 'x' })).status).toBe(404);
    expect((await door.post(`/v1/chats/${id}/subagents`, { task: 'x', label: 'all' })).status).toBe(422);
  });

  test('over the limit of the day is refused, and nothing is left of it', async () => {
    const door = openDoor({ maxSpawns: 1 });
    const id = await door.chat();
    await spawned(door, id, { task: 'hold:a', label: 'a' });
    const before = door.store.session(id)?.seq;
    expect(await door.post(`/v1/chats/${id}/subagents`, { task: 'more' })).toMatchObject({
      status: 429,
      body: { detail: expect.stringContaining('limit of 1 spawns') },
    });
    expect(Object.keys(door.runtime.state(id)?.tree.cards ?? {})).toHaveLength(1);
    expect(door.store.session(id)?.seq).toBeGreaterThanOrEqual(before ?? 0);
  });

  test('says what was done otherwise than asked', async () => {
    const door = openDoor();
    const id = await door.chat();
    const { status, body } = await door.post(`/v1/chats/${id}/subagents`, {
      task: 'hold:a',
      model: 'claude-opus-5-5',
      thinking: 'off',
    });
    expect(status).toBe(202);
    expect(
      z.object({ subagent: z.object({ model: z.string() }), note: z.string().min(1) }).parse(body).subagent
        .model,
    ).toBe('claude-opus-5-5');
  });
});
