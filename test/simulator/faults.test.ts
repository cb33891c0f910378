import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';
import type { Fault, Reply } from '../../src/simulator/script.ts';
import { lookTool, model, raw, simulate, textIn } from './harness.ts';

const spoilt = (faults: Fault[], more: Reply = { text: 'Hi.' }) => ({
  script: { rows: [{ reply: { ...more, faults } }] },
});

describe('error responses', () => {
  test.each([
    [408, 'timeout_error', Anthropic.RequestTimeoutError],
    [409, 'conflict_error', Anthropic.ConflictError],
    [429, 'rate_limit_error', Anthropic.RateLimitError],
    [500, 'api_error', Anthropic.InternalServerError],
    [529, 'overloaded_error', Anthropic.OverloadedError],
  ])('%d is the %s that the SDK knows', async (status, type, kind) => {
    const { say, simulator } = await simulate(spoilt([{ status }]));
    const error = await say('Hello').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject({ status, type });
    expect(simulator.requests[0]).toMatchObject({ outcome: 'faulted', status, violations: [] });
  });

  test.each([
    [{ retryAfter: 7 }, { 'retry-after': '7' }],
    [{ retryAfter: 'Fri, 20 Nov 2026 12:00:00 GMT' }, { 'retry-after': 'Fri, 20 Nov 2026 12:00:00 GMT' }],
    [{}, { 'retry-after': null }],
    [
      { retryAfterMs: 5, shouldRetry: false },
      { 'retry-after-ms': '5', 'x-should-retry': 'false' },
    ],
  ])('a rate limit with %j says so in its headers', async (more, headers) => {
    const { say } = await simulate(spoilt([{ status: 429, ...more }]));
    const error = await say('Hello').catch((reason: unknown) => reason);
    if (!(error instanceof Anthropic.APIError)) throw new Error('expected an APIError');
    for (const [name, value] of Object.entries(headers)) expect(error.headers?.get(name)).toBe(value);
    expect(error.headers?.get('anthropic-ratelimit-requests-remaining')).toBe('0');
  });

  test("a proxy's HTML page", async () => {
    const { simulator } = await simulate(spoilt([{ status: 502, body: 'html' }]));
    const { response, text } = await raw(simulator.url);
    expect([response.status, response.headers.get('content-type')]).toEqual([502, 'text/html']);
    expect(text).toContain('<html>');
  });

  test('fail twice, then answer: the SDK gets there by itself', async () => {
    const { say, simulator } = await simulate(spoilt([{ status: 529, retryAfterMs: 1, times: 2 }]), 2);
    expect(textIn(await say('Hello'))).toBe('Hi.');
    expect(simulator.counts).toMatchObject({ faulted: 2, answered: 1 });
  });

  test('a fault that passes leaves its row to be used; one that stays uses it up', async () => {
    const rows = (fault: Fault) => ({
      script: {
        rows: [{ when: { times: 1 }, reply: { text: 'a', faults: [fault] } }, { reply: { text: 'b' } }],
      },
    });
    const passing = await simulate(rows({ status: 500, times: 1 }));
    await expect(passing.say('x')).rejects.toThrow(Anthropic.InternalServerError);
    expect(textIn(await passing.say('x'))).toBe('a');
    const staying = await simulate(rows({ status: 500 }));
    await expect(staying.say('x')).rejects.toThrow(Anthropic.InternalServerError);
    expect(textIn(await staying.say('x'))).toBe('b');
  });

  test('a fault can be imposed on whatever request comes next', async () => {
    const { say, simulator } = await simulate({ script: () => ({ text: 'Hi.' }) });
    simulator.fail({ status: 503, times: 2 });
    simulator.fail({ cutAfterEvent: 1 });
    await expect(say('x')).rejects.toMatchObject({ status: 503 });
    await expect(say('x')).rejects.toMatchObject({ status: 503 });
    await expect(say('x')).rejects.toThrow(Anthropic.AnthropicError);
    expect(textIn(await say('x'))).toBe('Hi.');
  });
});

describe('streams that break', () => {
  const shapes: [string, Reply][] = [
    ['a text', { text: 'Hello there', chunk: 4 }],
    ['a tool call', { toolCalls: [{ name: 'look', input: { at: 'home' } }], chunk: 4 }],
    ['thinking and text', { thinking: 'Hm.', text: 'Hi.' }],
  ];

  test.each(shapes)('%s can be cut after each of its events, and the SDK raises', async (_what, reply) => {
    const whole = await simulate({ script: { rows: [{ reply }] } });
    await whole.say('x', { tools: [lookTool] });
    const events = Number(whole.simulator.requests[0]?.events);
    expect(events).toBeGreaterThan(5);
    const { say, simulator } = await simulate({
      script: (request) => ({ ...reply, faults: [{ cutAfterEvent: request.index }] }),
    });
    for (let index = 0; index < events; index += 1) {
      const error = await say('x', { tools: [lookTool] }).catch((reason: unknown) => reason);
      expect(error, `cut after event ${index}`).toBeInstanceOf(Anthropic.AnthropicError);
      expect(simulator.requests[index]).toMatchObject({ events: index, outcome: 'faulted' });
    }
  });

  test('an error event in mid-stream has no status, but a type', async () => {
    const { say } = await simulate(spoilt([{ errorAfterEvent: 3, type: 'overloaded_error' }]));
    await expect(say('x')).rejects.toMatchObject({ status: undefined, type: 'overloaded_error' });
  });

  test('without streaming the same is an error response', async () => {
    const { client } = await simulate(spoilt([{ errorAfterEvent: 3, type: 'overloaded_error' }]));
    const request = { model, max_tokens: 10, messages: [{ role: 'user' as const, content: 'x' }] };
    await expect(client.messages.create(request)).rejects.toThrow(Anthropic.OverloadedError);
  });

  test('a stall sends nothing more until the client gives up', async () => {
    const { client, simulator } = await simulate(spoilt([{ stallAfterEvent: 4 }]));
    const stream = client.messages.stream({
      model,
      max_tokens: 100,
      messages: [{ role: 'user', content: 'x' }],
    });
    const answer = stream.finalMessage();
    answer.catch(() => {});
    await simulator.until(() => simulator.requests[0]?.events === 4);
    expect(simulator.counts.inFlight).toBe(1);
    stream.abort();
    await expect(answer).rejects.toThrow(Anthropic.APIUserAbortError);
    await simulator.until(() => simulator.counts.inFlight === 0);
  });

  test('a stream without its last event ends all the same', async () => {
    const { simulator } = await simulate(spoilt([{ noMessageStop: true }]));
    const { text } = await raw(simulator.url);
    expect(text).toContain('message_delta');
    expect(text).not.toContain('message_stop');
  });

  test('events of unknown types are there to be ignored', async () => {
    const { simulator, say } = await simulate(spoilt([{ unknownEvent: true }]));
    expect(textIn(await say('x'))).toBe('Hi.');
    expect((await raw(simulator.url)).text).toContain('event: weather_report');
  });

  test('characters split between pieces are put together again', async () => {
    const words = 'Grüße — 你好 👋🏽';
    const { simulator, say } = await simulate(
      spoilt([{ splitUtf8: true }, { unknownEvent: true }], { text: words }),
    );
    expect(textIn(await say('x'))).toBe(words);
    const response = await fetch(`${simulator.url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': 'k', 'anthropic-version': '2026-10-21' },
      body: JSON.stringify({
        model,
        max_tokens: 99,
        stream: true,
        messages: [{ role: 'user', content: 'x' }],
      }),
    });
    const broken: boolean[] = [];
    for await (const piece of response.body ?? [])
      broken.push(new TextDecoder().decode(piece).includes('\ufffd'));
    expect(broken).toContain(true);
  });
});
