import { connect } from 'node:net';
import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';
import { startSimulator } from '../../src/simulator/server.ts';
import { lookTool, model, raw, simulate, textIn } from './harness.ts';

describe('through the official SDK', () => {
  test('a text is streamed and adds up', async () => {
    const { say, simulator } = await simulate({
      script: { rows: [{ reply: { text: 'Grüße, and 👋 to you.', chunk: 1 } }] },
    });
    const message = await say('Hello');
    expect(textIn(message)).toBe('Grüße, and 👋 to you.');
    expect(message).toMatchObject({ stop_reason: 'end_turn', model, role: 'assistant' });
    expect(simulator.violations).toEqual([]);
  });

  test('the same answer comes whole without streaming', async () => {
    const { client } = await simulate({ script: { rows: [{ reply: { text: 'Hi.' } }] } });
    const message = await client.messages.create({
      model,
      max_tokens: 1000,
      messages: [{ role: 'user', content: 'Hello' }],
    });
    expect(message.content).toEqual([{ type: 'text', text: 'Hi.', citations: null }]);
  });

  test('a tool call, its result and the answer to it make a conversation', async () => {
    const { client, simulator } = await simulate({
      script: {
        rows: [
          {
            when: { answers: 0 },
            reply: {
              thinking: 'Where is it?',
              text: 'I look.',
              toolCalls: [{ name: 'look', input: { at: 'home', depth: { n: 2 } } }, { name: 'look' }],
            },
          },
          { when: { toolResult: 'found' }, reply: { thinking: 'There.', text: 'It is there.' } },
        ],
      },
    });
    const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'Where is it?' }];
    const ask = () =>
      client.messages
        .stream({ model, max_tokens: 1000, tools: [lookTool], messages, thinking: { type: 'adaptive' } })
        .finalMessage();
    const first = await ask();
    expect(first.stop_reason).toBe('tool_use');
    expect(first.content.map(({ type }) => type)).toEqual(['thinking', 'text', 'tool_use', 'tool_use']);
    expect(first.content[2]).toMatchObject({ name: 'look', input: { at: 'home', depth: { n: 2 } } });
    expect(first.content[3]).toMatchObject({ input: {} });
    messages.push(
      { role: 'assistant', content: first.content },
      {
        role: 'user',
        content: first.content.flatMap((block) =>
          block.type === 'tool_use'
            ? [{ type: 'tool_result', tool_use_id: block.id, content: 'found' } as const]
            : [],
        ),
      },
    );
    const second = await ask();
    expect(textIn(second)).toBe('It is there.');
    messages.push({ role: 'assistant', content: second.content }, { role: 'user', content: 'Sure?' });
    await ask();
    expect(simulator.violations).toEqual([]);
  });

  test('thinking comes back only with the prefix it was thought behind', async () => {
    const { client, simulator } = await simulate({
      script: { rows: [{ reply: { thinking: 'Hm.', text: 'Hi.' } }] },
    });
    const thinking = { type: 'adaptive', display: 'summarized' } as const;
    const question: Anthropic.MessageParam = { role: 'user', content: 'Hello' };
    const first = await client.messages.create({ model, max_tokens: 100, thinking, messages: [question] });
    expect(first.content[0]).toMatchObject({ type: 'thinking', thinking: 'Hm.' });
    const next = (opening: string) =>
      client.messages.create({
        model,
        max_tokens: 100,
        thinking,
        messages: [
          { role: 'user', content: opening },
          { role: 'assistant', content: first.content },
          { role: 'user', content: 'Well?' },
        ],
      });
    await next('Hello');
    await expect(next('Hello!')).rejects.toThrow(Anthropic.BadRequestError);
    expect(simulator.violations.map(({ id, request }) => [id, request])).toEqual([
      ['thinking.bound-elsewhere', 2],
    ]);
  });

  test('thoughts are left out where the request switches them off, and only signed where it hides them', async () => {
    const { client } = await simulate({ script: { rows: [{ reply: { thinking: 'Hm.', text: 'Hi.' } }] } });
    const ask = (id: string, thinking: Anthropic.ThinkingConfigParam) =>
      client.messages.create({
        model: id,
        max_tokens: 2000,
        thinking,
        messages: [{ role: 'user', content: 'Hello' }],
      });
    const off = await ask('claude-haiku-5-5', { type: 'disabled' });
    expect(off.content.map(({ type }) => type)).toEqual(['text']);
    const hidden = await ask(model, { type: 'adaptive' });
    expect(hidden.content[0]).toMatchObject({ thinking: '', signature: expect.stringMatching(/^sim1\./) });
    const older = await ask('claude-haiku-4-5', { type: 'enabled', budget_tokens: 1024 });
    expect(older.content[0]).toMatchObject({ thinking: 'Hm.' });
  });

  test('a breach of the rules is the error that the SDK has for it', async () => {
    const { client, simulator } = await simulate();
    const send = (more: Partial<Anthropic.MessageCreateParamsNonStreaming>) =>
      client.messages.create({
        model,
        max_tokens: 100,
        messages: [{ role: 'user', content: 'Hello' }],
        ...more,
      });
    await expect(send({ messages: [{ role: 'user', content: ' ' }] })).rejects.toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      requestID: expect.stringMatching(/^req_/),
    });
    await expect(send({ model: 'claude-opus-9' })).rejects.toThrow(Anthropic.NotFoundError);
    expect(simulator.requests.map(({ outcome, status }) => [outcome, status])).toEqual([
      ['refused', 400],
      ['refused', 404],
    ]);
    expect(simulator.requests[0]?.violations[0]?.id).toBe('messages.blank-text');
  });

  test('a simulator with a key lets no other in', async () => {
    const { simulator, say } = await simulate({ apiKey: 'sk-right' });
    await expect(say('Hello')).rejects.toThrow(Anthropic.AuthenticationError);
    const right = new Anthropic({ baseURL: simulator.url, apiKey: 'sk-right' });
    await right.messages.create({ model, max_tokens: 10, messages: [{ role: 'user', content: 'Hello' }] });
    expect(JSON.stringify(simulator.requests)).not.toMatch(/sk-(right|test)/);
  });

  test('models are listed and tokens counted', async () => {
    const { client, simulator } = await simulate();
    const ids: string[] = [];
    for await (const { id } of client.models.list()) ids.push(id);
    expect(ids).toContain(model);
    expect((await client.models.retrieve(model)).max_tokens).toBe(128_000);
    const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'x'.repeat(4000) }];
    const { input_tokens } = await client.messages.countTokens({ model, messages });
    expect(input_tokens).toBeGreaterThanOrEqual(1000);
    expect(simulator.violations).toEqual([]);
  });
});

describe('the stream', () => {
  test('has its events in the order of the API, with pings, empty first inputs and a late signature', async () => {
    const { simulator } = await simulate({
      script: {
        rows: [
          {
            reply: {
              thinking: 'Hm.',
              text: 'Hi there.',
              toolCalls: [{ name: 'look', input: { at: 'x' } }],
              chunk: 5,
            },
          },
        ],
      },
    });
    const { response, text } = await raw(simulator.url, {
      tools: [lookTool],
      thinking: { type: 'adaptive', display: 'summarized' },
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(response.headers.get('request-id')).toMatch(/^req_/);
    const events = text
      .trim()
      .split('\n\n')
      .map((event) => JSON.parse(event.split('\ndata: ')[1] ?? ''));
    expect(
      events.map(({ type, index, delta }) =>
        [type, index, delta?.type].filter((x) => x !== undefined).join(' '),
      ),
    ).toEqual([
      'message_start',
      'content_block_start 0',
      'ping',
      'content_block_delta 0 thinking_delta',
      'content_block_delta 0 signature_delta',
      'content_block_stop 0',
      'content_block_start 1',
      'content_block_delta 1 text_delta',
      'content_block_delta 1 text_delta',
      'content_block_stop 1',
      'content_block_start 2',
      'content_block_delta 2 input_json_delta',
      'content_block_delta 2 input_json_delta',
      'content_block_delta 2 input_json_delta',
      'content_block_stop 2',
      'message_delta',
      'message_stop',
    ]);
    expect(events[11].delta.partial_json).toBe('');
    expect(events[0].message).toMatchObject({ content: [], stop_reason: null });
    expect(events[15]).toMatchObject({
      delta: { stop_reason: 'tool_use' },
      usage: { input_tokens: events[0].message.usage.input_tokens, output_tokens: 6 },
    });
    expect(simulator.requests[0]?.events).toBe(events.length);
  });
});

describe('requests that no SDK would send', () => {
  test.each([
    ['no key', { 'x-api-key': '' }, 401],
    ['an unknown version', { 'anthropic-version': '1999-01-01' }, 400],
  ])('%s', async (_what, headers, status) => {
    const { simulator } = await simulate();
    const { response, text } = await raw(simulator.url, {}, headers);
    expect(response.status).toBe(status);
    expect(JSON.parse(text)).toMatchObject({
      type: 'error',
      error: { message: expect.any(String) },
      request_id: response.headers.get('request-id'),
    });
  });

  test('a body over 32 MB is refused as too large', async () => {
    const { simulator } = await simulate();
    const { response, text } = await raw(simulator.url, { padding: 'x'.repeat(33 * 1024 * 1024) });
    expect(response.status).toBe(413);
    expect(JSON.parse(text).error.type).toBe('request_too_large');
    expect(simulator.violations.map(({ id }) => id)).toEqual(['size.too-large']);
  });

  test('broken JSON, other methods and other paths', async () => {
    const { simulator } = await simulate();
    const headers = { 'x-api-key': 'k', 'anthropic-version': '2026-10-21' };
    const broken = await fetch(`${simulator.url}/v1/messages`, { method: 'POST', headers, body: '{"model"' });
    expect(broken.status).toBe(400);
    expect((await fetch(`${simulator.url}/v1/messages`)).status).toBe(404);
    expect((await fetch(`${simulator.url}/v1/messages`, { method: 'PUT' })).status).toBe(405);
    expect((await fetch(`${simulator.url}/v2/messages`, { method: 'POST' })).status).toBe(404);
    expect(await (await fetch(simulator.url)).text()).toContain('simulator');
  });

  test('a lenient simulator answers what the rules refuse', async () => {
    const { simulator } = await simulate({ strict: false });
    const { response } = await raw(simulator.url, { messages: [], model: 'anything' });
    expect(response.status).toBe(200);
    expect(simulator.violations).toEqual([]);
  });
});

test('a client that dies while it sends has broken no rule', async () => {
  const { simulator } = await simulate();
  const socket = connect(simulator.port, '127.0.0.1');
  socket.write('POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{"model":');
  await simulator.until(() => simulator.counts.requests === 1);
  socket.destroy();
  await simulator.until(() => simulator.counts.aborted === 1);
  expect(simulator.violations).toEqual([]);
});

describe('records', () => {
  test('tell when a request came, was read and was answered, and with what', async () => {
    const { simulator, say } = await simulate({
      script: { rows: [{ name: 'greeting', reply: { text: 'Hi.' } }] },
    });
    await say('Hello');
    const [record] = simulator.requests;
    expect(record).toMatchObject({
      index: 0,
      path: '/v1/messages',
      outcome: 'answered',
      row: 'greeting',
      stop: 'end_turn',
    });
    expect(record?.body).toMatchObject({ messages: [{ content: 'Hello' }] });
    const times = [record?.at, record?.bodyAt, record?.firstByteAt, record?.endedAt];
    expect(times).toEqual(times.toSorted((a, b) => Number(a) - Number(b)));
    expect(times).not.toContain(undefined);
  });

  test.each([
    ['none', 0],
    [2, 2],
  ] as const)('keep %s when told so, and count all the same', async (record, kept) => {
    const { simulator, say } = await simulate({ record });
    for (const words of ['a', 'b', 'c']) await say(words);
    expect(simulator.requests).toHaveLength(kept);
    expect(simulator.counts).toMatchObject({ requests: 3, answered: 3, inFlight: 0, mostInFlight: 1 });
  });
});

test('a port that is taken is refused', async () => {
  const { simulator } = await simulate();
  await expect(startSimulator({ port: simulator.port })).rejects.toThrow('EADDRINUSE');
});

test('closing ends replies that are held', async () => {
  const { simulator, say } = await simulate({ script: { rows: [{ reply: { gate: 'never' } }] } });
  const answer = say('Hello');
  answer.catch(() => {});
  await simulator.until(() => simulator.waiting('never') === 1);
  await simulator.close();
  await expect(answer).rejects.toThrow(Anthropic.APIConnectionError);
});
