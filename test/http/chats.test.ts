import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { openDoor } from './door.ts';

const page = z.object({ chats: z.array(z.object({ id: z.string() })), next: z.string().nullable() });
const messages = z.object({
  messages: z.array(z.object({ seq: z.number(), role: z.string(), text: z.string() })),
  next: z.number().nullable(),
});

describe('a chat', () => {
  test('is made with what was asked for, and shown as the contract says', async () => {
    const door = openDoor();
    const made = await door.post('/v1/chats', { title: 'Plans', model: 'claude-haiku-5-5' });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      chat: {
        id: expect.stringMatching(/^chat_/),
        title: 'Plans',
        status: 'idle',
        model: 'claude-haiku-5-5',
        lead: 'assistant',
        owner: 'admin',
        usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0 },
        budget: {
          usd: 1_000,
          day: '2023-11-14',
          spent: { usd: 0, tokens: 0 },
          reserved: { usd: 0, tokens: 0 },
          free: { usd: 1_000 },
        },
        createdAt: expect.any(Number),
        subagents: {},
      },
    });
    const { chat } = z.object({ chat: z.object({ id: z.string() }) }).parse(made.body);
    expect(await door.get(`/v1/chats/${chat.id}`)).toMatchObject({ status: 200, body: made.body });
  });

  test('needs nothing at all to be made, not even a body', async () => {
    const door = openDoor();
    expect(await door.post('/v1/chats')).toMatchObject({
      status: 201,
      body: { chat: { title: '', model: 'claude-sonnet-5-5' } },
    });
  });

  test('with a model that nobody knows is refused with those there are', async () => {
    const door = openDoor();
    const { status, body } = await door.post('/v1/chats', { model: 'gpt-4' });
    expect(status).toBe(422);
    expect(body).toMatchObject({
      errors: [{ path: 'model', message: expect.stringContaining('claude-haiku-5-5') }],
    });
    expect(await door.get('/v1/chats')).toMatchObject({ body: { chats: [] } });
  });

  test('takes a message, durably, and shows the answer and what it cost', async () => {
    const door = openDoor();
    const id = await door.chat();
    const said = await door.post(`/v1/chats/${id}/messages`, { text: 'Hello there' });
    expect(said).toMatchObject({
      status: 202,
      body: {
        message: {
          role: 'user',
          text: 'Hello there',
          parts: [{ type: 'text', text: 'Hello there' }],
          from: { principal: 'admin', channel: 'http' },
        },
      },
    });
    expect(door.store.events(id, 0, 10).some((row) => row.event.includes('Hello there'))).toBe(true);
    await door.until(() => door.runtime.state(id)?.status === 'idle');
    const read = await door.get(`/v1/chats/${id}/messages`);
    expect(read.body).toMatchObject({
      messages: [
        { role: 'user', text: 'Hello there' },
        { role: 'assistant', text: expect.stringContaining('Hello there') },
      ],
      next: null,
    });
    expect((await door.get(`/v1/chats/${id}`)).body).toMatchObject({
      chat: { usage: { inputTokens: 10, usd: 0.01 } },
    });
  });

  test('takes a message in parts, joined as one', async () => {
    const door = openDoor();
    const id = await door.chat();
    const parts = [
      { type: 'text', text: 'One' },
      { type: 'text', text: 'Two' },
    ];
    expect(await door.post(`/v1/chats/${id}/messages`, { parts })).toMatchObject({
      status: 202,
      body: { message: { text: 'One\nTwo', parts } },
    });
  });

  test('half of a surrogate pair is replaced, so that every text can be sent on', async () => {
    const door = openDoor();
    const id = await door.chat();
    expect((await door.post(`/v1/chats/${id}/messages`, '{"text":"a\\ud800b"}')).body).toMatchObject({
      message: { text: 'a\ufffdb' },
    });
    expect(
      (await door.post(`/v1/chats/${id}/messages`, '{"parts":[{"type":"text","text":"\\udc00!"}]}')).body,
    ).toMatchObject({ message: { text: '\ufffd!', parts: [{ text: '\ufffd!' }] } });
  });

  test('an interrupting message gives up the call under way', async () => {
    const door = openDoor();
    const id = await door.chat();
    await door.post(`/v1/chats/${id}/messages`, { text: 'hold:forever' });
    await door.until(() => door.model.calls === 1);
    await door.post(`/v1/chats/${id}/messages`, { text: 'never mind', interrupt: true });
    await door.until(() => door.runtime.state(id)?.step === undefined || door.model.calls === 2);
    expect(door.store.events(id, 0, 100).some((row) => row.event.includes('step.abandoned'))).toBe(true);
  });

  test('reads its messages in pages that join without gap or repeat', async () => {
    const door = openDoor();
    const id = await door.chat();
    for (let n = 0; n < 7; n++) {
      await door.post(`/v1/chats/${id}/messages`, { text: `message ${n}` });
      await door.until(() => door.runtime.state(id)?.status === 'idle');
    }
    const whole = messages.parse((await door.get(`/v1/chats/${id}/messages`)).body);
    expect(whole.messages).toHaveLength(14);
    const joined: typeof whole.messages = [];
    let after: number | null = 0;
    while (after !== null) {
      const one = messages.parse((await door.get(`/v1/chats/${id}/messages?after=${after}&limit=3`)).body);
      expect(one.messages.length).toBeLessThanOrEqual(3);
      joined.push(...one.messages);
      after = one.next;
    }
    expect(joined).toEqual(whole.messages);
    expect((await door.get(`/v1/chats/${id}/messages?after=999999`)).body).toEqual({
      messages: [],
      next: null,
    });
  });

  test('a limit that is too high is lowered', async () => {
    const door = openDoor();
    const id = await door.chat();
    expect((await door.get(`/v1/chats/${id}/messages?limit=999999999`)).status).toBe(200);
    expect((await door.get('/v1/chats?limit=100000')).status).toBe(200);
  });

  test('is stopped in its turn, says so, and goes on when it is resumed', async () => {
    const door = openDoor();
    const id = await door.chat();
    await door.post(`/v1/chats/${id}/messages`, { text: 'hold:long' });
    await door.until(() => door.model.calls === 1);
    expect((await door.get(`/v1/chats/${id}`)).body).toMatchObject({ chat: { status: 'working' } });
    expect(await door.post(`/v1/chats/${id}/stop`)).toMatchObject({
      status: 200,
      body: { chat: { status: 'parked' } },
    });
    const { body } = await door.get(`/v1/chats/${id}/events`, { accept: 'application/json' });
    expect(body).toMatchObject({
      events: expect.arrayContaining([
        expect.objectContaining({ event: 'turn.ended', data: expect.objectContaining({ stop: 'stopped' }) }),
      ]),
    });
    expect(await door.post(`/v1/chats/${id}/resume`, {})).toMatchObject({ status: 200 });
    await door.until(() => door.runtime.state(id)?.status !== 'parked');
  });

  test('is stopped with its whole tree', async () => {
    const door = openDoor();
    const id = await door.chat();
    await door.post(`/v1/chats/${id}/subagents`, { task: 'hold:a', label: 'a' });
    await door.until(() => door.model.calls === 1);
    expect((await door.post(`/v1/chats/${id}/stop`, { subagents: true })).status).toBe(200);
    await door.until(async () => {
      const { body } = await door.get(`/v1/chats/${id}`);
      return z.object({ chat: z.object({ subagents: z.object({ killed: z.literal(1) }) }) }).safeParse(body)
        .success;
    });
  });

  test('that the API refuses is parked with a reason, and a notice says what to do', async () => {
    const door = openDoor();
    const id = await door.chat();
    await door.post(`/v1/chats/${id}/messages`, { text: 'refuse' });
    await door.until(() => door.runtime.state(id)?.status === 'parked');
    expect((await door.get(`/v1/chats/${id}`)).body).toMatchObject({
      chat: { status: 'parked', reason: 'auth' },
    });
    const read = messages.parse((await door.get(`/v1/chats/${id}/messages`)).body);
    expect(read.messages.at(-1)).toMatchObject({
      role: 'notice',
      text: expect.stringContaining('ANTHROPIC_API_KEY'),
    });
  });

  test('counts the cost of its subagents as its own, while they work and after', async () => {
    const door = openDoor();
    const id = await door.chat();
    await door.post(`/v1/chats/${id}/subagents`, { task: 'spawn:pawn hold:boss', label: 'boss' });
    await door.until(() => Object.keys(door.runtime.state(id)?.tree.cards ?? {}).length === 2);
    await door.until(() => door.model.calls === 3);
    const usage = z.object({ chat: z.object({ usage: z.object({ outputTokens: z.number() }) }) });
    await door.until(
      async () => usage.parse((await door.get(`/v1/chats/${id}`)).body).chat.usage.outputTokens === 10,
    );
    door.model.release('pawn');
    await door.until(async () => {
      const { chat } = usage.parse((await door.get(`/v1/chats/${id}`)).body);
      // Three answers of boss, one of pawn, one of the main session.
      return chat.usage.outputTokens === 25;
    });
  });
});

describe('the list of chats', () => {
  test('is newest first, in pages that join without gap or repeat', async () => {
    const door = openDoor();
    const made: string[] = [];
    for (let n = 0; n < 9; n++) {
      door.clock.advance(1);
      made.unshift(await door.chat({ title: `chat ${n}` }));
    }
    const read: string[] = [];
    let next: string | null = '';
    while (next !== null) {
      const { body } = await door.get(`/v1/chats?limit=4${next === '' ? '' : `&before=${next}`}`);
      const one = page.parse(body);
      read.push(...one.chats.map((chat) => chat.id));
      next = one.next;
    }
    expect(read).toEqual(made);
  });

  test('holds no subagents, and no subagent passes for a chat', async () => {
    const door = openDoor();
    const id = await door.chat();
    const { body } = await door.post(`/v1/chats/${id}/subagents`, { task: 'hold:a' });
    const { subagent } = z.object({ subagent: z.object({ id: z.string() }) }).parse(body);
    await door.until(() => door.model.calls === 1);
    expect(page.parse((await door.get('/v1/chats')).body).chats).toHaveLength(1);
    expect((await door.get(`/v1/chats/${subagent.id}`)).status).toBe(404);
    expect((await door.post(`/v1/chats/${subagent.id}/messages`, { text: 'hi' })).status).toBe(404);
    expect((await door.get(`/v1/chats?before=${subagent.id}`)).status).toBe(422);
  });
});
