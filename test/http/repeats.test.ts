import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Door, openDoor } from './door.ts';

/** Every POST, with a body that does something and one that differs. */
const posts = [
  { name: 'a message', path: '/messages', body: { text: 'hello' }, other: { text: 'bye' }, first: 202 },
  {
    name: 'a spawn',
    path: '/subagents',
    body: { task: 'hold:b', label: 'b' },
    other: { task: 'hold:c' },
    first: 202,
  },
  {
    name: 'a steer',
    path: '/subagents/a/steer',
    body: { message: 'left' },
    other: { message: 'right' },
    first: 202,
  },
  { name: 'a kill', path: '/subagents/a/kill', body: {}, other: undefined, first: 200 },
  { name: 'a stop', path: '/stop', body: { subagents: true }, other: { subagents: false }, first: 200 },
] as const;

async function atWork(door: Door): Promise<string> {
  const id = await door.chat();
  await door.post(`/v1/chats/${id}/subagents`, { task: 'hold:a', label: 'a' });
  await door.post(`/v1/chats/${id}/messages`, { text: 'hold:main' });
  await door.until(() => door.model.calls === 2);
  return id;
}

/** How often each kind of thing was done, by its traces in the chat's log. */
function deeds(door: Door, id: string): Record<string, number> {
  const count: Record<string, number> = {};
  for (const row of door.store.events(id, 0, 10_000)) {
    for (const [kind, trace] of [
      ['messages', /"type":"mail.accepted","sender":"person"/],
      ['spawns', /"type":"subagent.spawned"/],
      ['steers', /"type":"mail.posted".*"kind":"steer"/],
      ['kills', /"type":"mail.posted".*"kind":"kill"/],
      ['parkings', /"type":"session.parked"/],
    ] as const) {
      if (trace.test(row.event)) count[kind] = (count[kind] ?? 0) + 1;
    }
  }
  return count;
}

describe.each(posts)('$name with an id', ({ path, body, other, first }) => {
  test('that comes again is answered again, and done once', async () => {
    const door = openDoor();
    const id = await atWork(door);
    const ask = () => door.post(`/v1/chats/${id}${path}`, { ...body, id: 'request-1' });
    const one = await ask();
    expect(one.status).toBe(first);
    const done = deeds(door, id);
    const again = await ask();
    expect(again.status).toBe(200);
    if (path === '/messages' || path.endsWith('/steer')) expect(again.body).toEqual(one.body);
    expect(deeds(door, id)).toEqual(done);
  });

  test('that comes many times at once is done once', async () => {
    const door = openDoor();
    const id = await atWork(door);
    const before = deeds(door, id);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => door.post(`/v1/chats/${id}${path}`, { ...body, id: 'at-once' })),
    );
    const statuses = answers.map((one) => one.status).sort();
    expect(statuses.filter((status) => status === first).length).toBeGreaterThanOrEqual(1);
    if (first !== 200) expect(statuses).toEqual([...Array.from({ length: 9 }, () => 200), first]);
    const after = deeds(door, id);
    const added = Object.keys(after).filter((kind) => after[kind] !== before[kind]);
    for (const kind of added) expect((after[kind] ?? 0) - (before[kind] ?? 0)).toBe(1);
  });

  test('that comes again after a restart is answered again, and done once', async () => {
    const door = openDoor();
    const id = await atWork(door);
    const one = await door.post(`/v1/chats/${id}${path}`, { ...body, id: 'request-1' });
    const later = door.restart();
    const again = await later.post(`/v1/chats/${id}${path}`, { ...body, id: 'request-1' });
    expect(again.status).toBe(200);
    if (path === '/messages' || path.endsWith('/steer')) expect(again.body).toEqual(one.body);
    const { messages = 0, spawns = 0, steers = 0, kills = 0 } = deeds(later, id);
    expect(messages).toBe(path === '/messages' ? 2 : 1);
    expect(spawns).toBe(path === '/subagents' ? 2 : 1);
    expect(steers).toBe(path.endsWith('/steer') ? 1 : 0);
    expect(kills).toBe(path.endsWith('/kill') || path === '/stop' ? 1 : 0);
  });

  test('with another body under the same id is refused and does nothing', async () => {
    const door = openDoor();
    const id = await atWork(door);
    await door.post(`/v1/chats/${id}${path}`, { ...body, id: 'request-1' });
    const done = deeds(door, id);
    // A kill has no other body: another target under its id is another request all the same.
    const refused = other
      ? await door.post(`/v1/chats/${id}${path}`, { ...other, id: 'request-1' })
      : await door.post(`/v1/chats/${id}/subagents/all/kill`, { id: 'request-1' });
    expect(refused).toMatchObject({ status: 409, body: { type: '/docs#id-reused' } });
    expect(deeds(door, id)).toEqual(done);
    const later = door.restart();
    expect(
      other
        ? await later.post(`/v1/chats/${id}${path}`, { ...other, id: 'request-1' })
        : await later.post(`/v1/chats/${id}/subagents/all/kill`, { id: 'request-1' }),
    ).toMatchObject({ status: 409 });
  });
});

describe('a request with an id', () => {
  test('is the same in whatever order its fields come', async () => {
    const door = openDoor();
    const id = await door.chat();
    const path = `/v1/chats/${id}/messages`;
    await door.post(path, '{"id":"x","text":"hi","interrupt":false}');
    expect((await door.post(path, '{"interrupt":false,"text":"hi","id":"x"}')).status).toBe(200);
  });

  test('on another path under the same id is another request', async () => {
    const door = openDoor();
    const id = await atWork(door);
    await door.post(`/v1/chats/${id}/stop`, { id: 'x' });
    expect((await door.post(`/v1/chats/${id}/resume`, { id: 'x' })).status).toBe(409);
  });

  test('that found nothing to do does nothing later, either', async () => {
    const door = openDoor();
    const id = await door.chat();
    const kill = () => door.post(`/v1/chats/${id}/subagents/all/kill`, { id: 'x' });
    const one = await kill();
    await door.post(`/v1/chats/${id}/subagents`, { task: 'hold:a', label: 'a' });
    expect(await kill()).toMatchObject({ status: 200, body: one.body });
    expect(Object.values(door.runtime.state(id)?.tree.cards ?? {})).toMatchObject([{ status: 'running' }]);
    expect((await door.post(`/v1/chats/${id}/stop`, { id: 'x' })).status).toBe(409);
  });

  test('to another chat under the same id is another request', async () => {
    const door = openDoor();
    for (const id of [await door.chat(), await door.chat()]) {
      expect((await door.post(`/v1/chats/${id}/messages`, { text: 'hi', id: 'x' })).status).toBe(202);
    }
  });

  test('may have the longest id there is, and no longer one', async () => {
    const door = openDoor();
    const id = await door.chat();
    const path = `/v1/chats/${id}/messages`;
    expect((await door.post(path, { text: 'hi', id: `aZ09_.:-${'x'.repeat(56)}` })).status).toBe(202);
    for (const wrong of ['', 'x'.repeat(65), 'a b', 'ä', 'a/b', 7, null]) {
      expect(await door.post(path, { text: 'hi', id: wrong })).toMatchObject({
        status: 422,
        body: { errors: [{ path: 'id' }] },
      });
    }
  });

  test('that was refused can be mended and sent again under its id', async () => {
    const door = openDoor();
    const id = await door.chat();
    expect((await door.post(`/v1/chats/${id}/subagents`, { task: ' ', id: 'x' })).status).toBe(422);
    expect((await door.post(`/v1/chats/${id}/subagents`, { task: 'hold:a', id: 'x' })).status).toBe(202);
    expect((await door.post(`/v1/chats/${id}/subagents/nobody/kill`, { id: 'y' })).status).toBe(404);
    expect((await door.post(`/v1/chats/${id}/subagents/all/kill`, { id: 'y' })).status).toBe(200);
  });

  test('is answered as the first time even if its target can no longer be told apart', async () => {
    const door = openDoor();
    const id = await door.chat();
    await door.post(`/v1/chats/${id}/subagents`, { task: 'spawn:twin hold:boss', label: 'boss' });
    await door.until(() => door.model.calls === 3);
    const steer = () => door.post(`/v1/chats/${id}/subagents/twin/steer`, { message: 'left', id: 'x' });
    const one = await steer();
    expect(one.status).toBe(202);
    await door.post(`/v1/chats/${id}/subagents`, { task: 'hold:other', label: 'twin' });
    expect(await steer()).toMatchObject({ status: 200, body: one.body });
    expect((await door.post(`/v1/chats/${id}/subagents/twin/steer`, { message: 'left' })).status).toBe(409);
  });
});

describe('a spawn with an id', () => {
  test('is answered as the first time, whatever has become of its subagent', async () => {
    const door = openDoor();
    const id = await door.chat();
    const spawn = () => door.post(`/v1/chats/${id}/subagents`, { task: 'quick', label: 'a', id: 'x' });
    const one = await spawn();
    expect(one).toMatchObject({
      status: 202,
      body: { subagent: { status: 'running', share: { minutes: 60 } } },
    });
    await door.until(
      () => Object.values(door.runtime.state(id)?.tree.cards ?? {})[0]?.status === 'completed',
    );
    // A log that has grown by more than one page since.
    for (let n = 0; n < 60; n++) await door.post(`/v1/chats/${id}/messages`, { text: `${n}` });
    await door.until(() => door.runtime.state(id)?.status === 'idle');
    expect(await spawn()).toMatchObject({ status: 200, body: one.body });
    expect(
      (await door.restart().post(`/v1/chats/${id}/subagents`, { task: 'quick', label: 'a', id: 'x' })).body,
    ).toEqual(one.body);
  });

  test('that had to wait for a place is answered again as waiting', async () => {
    const door = openDoor();
    const id = await door.chat();
    for (let n = 0; n < 8; n++)
      await door.post(`/v1/chats/${id}/subagents`, { task: 'hold:all', label: `s${n}` });
    const spawn = () => door.post(`/v1/chats/${id}/subagents`, { task: 'quick', label: 'last', id: 'x' });
    const one = await spawn();
    expect(one).toMatchObject({ status: 202, body: { subagent: { status: 'queued' } } });
    // A clock that moves, as it does: the place came in another commit.
    door.clock.advance(5);
    door.model.release('all');
    await door.until(() =>
      Object.values(door.runtime.state(id)?.tree.cards ?? {}).every((card) => card.status === 'completed'),
    );
    expect(await spawn()).toMatchObject({ status: 200, body: one.body });
  });
});

describe('a chat made with an id', () => {
  const body = { title: 'One', id: 'make-1' };

  test('is made once, however often it is asked for', async () => {
    const door = openDoor();
    const answers = await Promise.all(Array.from({ length: 10 }, () => door.post('/v1/chats', body)));
    expect(answers.map((one) => one.status).sort()).toEqual([...Array.from({ length: 9 }, () => 200), 201]);
    for (const one of answers) expect(one.body).toEqual(answers[0]?.body);
    expect((await door.get('/v1/chats')).body).toMatchObject({ chats: [{ title: 'One' }], next: null });
  });

  test('is the same after a restart', async () => {
    const door = openDoor();
    const made = await door.post('/v1/chats', body);
    expect(made.status).toBe(201);
    expect(await door.restart().post('/v1/chats', body)).toMatchObject({ status: 200, body: made.body });
  });

  test('is refused with another body, also when both come at once', async () => {
    const door = openDoor();
    const both = await Promise.all([
      door.post('/v1/chats', body),
      door.post('/v1/chats', { ...body, title: 'Two' }),
    ]);
    expect(both.map((one) => one.status).sort()).toEqual([201, 409]);
    expect(await door.restart().post('/v1/chats', { ...body, title: 'Three' })).toMatchObject({
      status: 409,
      body: { type: '/docs#id-reused' },
    });
  });

  test('is answered as it was made, whatever was said in it since', async () => {
    const door = openDoor();
    const made = await door.post('/v1/chats', body);
    const id = await door.chat({ title: 'Other' });
    expect(made.body).not.toMatchObject({ chat: { id } });
    const own = z.object({ chat: z.object({ id: z.string() }) }).parse(made.body).chat.id;
    await door.post(`/v1/chats/${own}/messages`, { text: 'hello' });
    await door.until(() => door.runtime.state(own)?.usage.outputTokens === 5);
    expect(await door.post('/v1/chats', body)).toMatchObject({ status: 200, body: made.body });
  });

  test('leaves its id free for what is said in it', async () => {
    const door = openDoor();
    const id = await door.chat(body);
    expect((await door.post(`/v1/chats/${id}/messages`, { text: 'hi', id: 'make-1' })).status).toBe(202);
  });

  test('is answered as made even when its model is gone from the configuration', async () => {
    const door = openDoor();
    const named = { model: 'claude-haiku-5-5', id: 'x' };
    const made = await door.post('/v1/chats', named);
    const poorer = openDoor(
      { ports: { resolveModel: (name) => ({ unknown: name, known: [], message: 'There is none.' }) } },
      door.store,
    );
    expect(await poorer.post('/v1/chats', named)).toMatchObject({ status: 200, body: made.body });
    expect((await poorer.post('/v1/chats', { model: 'claude-haiku-5-5' })).status).toBe(422);
  });
});
