import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Door, openDoor } from './door.ts';

const asking = z.object({
  subagent: z.object({
    id: z.string(),
    status: z.string(),
    inputRequest: z.object({ id: z.string(), kind: z.string(), title: z.string(), detail: z.string() }),
  }),
});

/** A chat whose subagent `a` asks "colour?", its own model at a gate that is never opened. */
async function asked(door: Door) {
  const chat = await door.chat();
  await door.post(`/v1/chats/${chat}/messages`, { text: 'hold:main' });
  await door.post(`/v1/chats/${chat}/subagents`, { task: 'ask:colour?', label: 'a' });
  await door.until(
    () => Object.values(door.runtime.state(chat)?.tree.cards ?? {})[0]?.status === 'input_required',
  );
  const { subagent } = asking.parse((await door.get(`/v1/chats/${chat}/subagents/a`)).body);
  const at = `/v1/chats/${chat}/subagents/a`;
  return { chat, at, subagent, request: subagent.inputRequest.id };
}

async function status(door: Door, at: string): Promise<unknown> {
  const { body } = await door.get(at);
  return z.object({ subagent: z.object({ status: z.string() }) }).parse(body).subagent.status;
}

describe('POST …/answer', () => {
  test('answers what a subagent asks, which goes on with it', async () => {
    const door = openDoor();
    const { chat, at, subagent, request } = await asked(door);
    expect(subagent).toMatchObject({
      status: 'input_required',
      inputRequest: { kind: 'question', title: 'colour?', detail: 'colour?' },
    });
    expect((await door.get(`/v1/chats/${chat}`)).body).toMatchObject({
      chat: { subagents: { input_required: 1 } },
    });
    expect(await door.post(`${at}/answer`, { request, text: 'blue' })).toMatchObject({
      status: 200,
      body: { answer: { subagentId: subagent.id, request } },
    });
    await door.until(async () => (await status(door, at)) === 'completed');
    expect((await door.get(at)).body).not.toHaveProperty('subagent.inputRequest');
  });

  test('shows question and answer on the feeds of the chat and of the asker', async () => {
    const door = openDoor();
    const { chat, at, subagent, request } = await asked(door);
    await door.post(`${at}/answer`, { request, text: 'blue' });
    await door.until(async () => (await status(door, at)) === 'completed');
    const shown = async (path: string) => {
      const { body } = await door.get(`${path}/events?after=0`, { accept: 'application/json' });
      const { events } = z
        .object({ events: z.array(z.object({ event: z.string(), data: z.unknown() })) })
        .parse(body);
      return events.filter(({ event }) => event.startsWith('input.') || event === 'subagent.updated');
    };
    const asks = { id: request, kind: 'question', title: 'colour?', detail: 'colour?' };
    expect(await shown(`/v1/chats/${chat}`)).toMatchObject([
      { event: 'subagent.updated', data: { subagent: { status: 'running' } } },
      { event: 'input.requested', data: { subagentId: subagent.id, request: asks } },
      { event: 'subagent.updated', data: { subagent: { status: 'input_required', inputRequest: asks } } },
      {
        event: 'input.answered',
        data: { subagentId: subagent.id, request: asks, outcome: 'answered', by: 'person', text: 'blue' },
      },
      { event: 'subagent.updated', data: { subagent: { status: 'running' } } },
    ]);
    expect(await shown(at)).toMatchObject([
      { event: 'input.requested', data: { session: subagent.id, request: asks } },
      { event: 'input.answered', data: { session: subagent.id, outcome: 'answered', by: 'person' } },
    ]);
  });

  test('gives the second answer 409, at once and whenever later, and changes nothing', async () => {
    const door = openDoor();
    const { at, request } = await asked(door);
    const [one, two] = await Promise.all([
      door.post(`${at}/answer`, { request, text: 'blue' }),
      door.post(`${at}/answer`, { request, text: 'red', id: 'two' }),
    ]);
    expect(one.status).toBe(200);
    expect(two).toMatchObject({ status: 409, body: { type: '/docs#conflict' } });
    await door.until(async () => (await status(door, at)) === 'completed');
    expect(await door.post(`${at}/answer`, { request, text: 'red' })).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('was answered already') },
    });
  });

  test('gives the same answer again to the same id and body, through a restart too', async () => {
    const door = openDoor();
    const { at, request } = await asked(door);
    const body = { request, text: 'blue', id: 'mine' };
    const first = await door.post(`${at}/answer`, body);
    expect(first.status).toBe(200);
    expect(await door.post(`${at}/answer`, body)).toMatchObject({ status: 200, body: first.body });
    const later = door.restart();
    expect(await later.post(`${at}/answer`, body)).toMatchObject({ status: 200, body: first.body });
    expect(await later.post(`${at}/answer`, { ...body, text: 'red' })).toMatchObject({
      status: 409,
      body: { type: '/docs#id-reused' },
    });
  });

  test('is 404 for a request that never was, and for a subagent that isn’t there', async () => {
    const door = openDoor();
    const { chat, at, request } = await asked(door);
    expect(await door.post(`${at}/answer`, { request: 'q1', text: 'blue' })).toMatchObject({
      status: 404,
      body: { detail: `"a" made no request "q1"; open is ${request} (colour?).` },
    });
    const path = `/v1/chats/${chat}/subagents/nobody/answer`;
    expect((await door.post(path, { request, text: 'blue' })).status).toBe(404);
    expect(await status(door, at)).toBe('input_required');
  });

  test.each([
    [{ text: 'blue' }, 'request', 'is missing'],
    [{ request: '', text: 'blue' }, 'request', ''],
    [{ request: 'x' }, 'text', 'is missing'],
    [{ request: 'x', text: ' \n' }, 'text', 'must not be blank'],
    [{ request: 'x', text: 'x'.repeat(100_001) }, 'text', 'must be at most 100000'],
    [{ request: 'x', text: 'x', decide: 'allow' }, 'decide', 'is not a field here'],
    [{ request: 'x', decision: 'maybe' }, 'decision', ''],
  ])('is 422 for %j', async (body, path, words) => {
    const door = openDoor();
    const { at } = await asked(door);
    expect(await door.post(`${at}/answer`, body)).toMatchObject({
      status: 422,
      body: { errors: [{ path, message: expect.stringContaining(words) }] },
    });
    expect(await status(door, at)).toBe('input_required');
  });
});

test('a question is withdrawn by a kill, and waits through a restart', async () => {
  const first = openDoor();
  const { at, request } = await asked(first);
  await first.runtime.stop();
  const door = first.restart();
  expect((await door.get(at)).body).toMatchObject({ subagent: { inputRequest: { id: request } } });
  expect(await door.post(`${at}/kill`)).toMatchObject({ status: 200, body: { killed: ['a'] } });
  expect((await door.get(at)).body).not.toHaveProperty('subagent.inputRequest');
  expect((await door.post(`${at}/answer`, { request, text: 'blue' })).status).toBe(409);
});
