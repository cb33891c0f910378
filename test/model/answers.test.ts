/** What comes out of a stream that arrives whole. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCatalogue } from '../../src/model/catalogue.ts';
import {
  block,
  end,
  listener,
  manualClock,
  modelAt,
  request,
  type StandIn,
  type StreamEvent,
  shapes,
  sse,
  start,
  startStandIn,
  streams,
  textBlock,
  thinkingBlock,
  toolBlock,
} from './stand-in.ts';

let api: StandIn;
beforeAll(async () => {
  api = await startStandIn();
});
afterAll(() => api.stop());

async function answerTo(events: readonly StreamEvent[]) {
  api.answer = streams(...events);
  const heard = listener();
  const outcome = await modelAt(api.url).call(request, heard);
  return { outcome, heard };
}

async function answered(events: readonly StreamEvent[]) {
  const { outcome } = await answerTo(events);
  if (outcome.kind !== 'answered') throw new Error(JSON.stringify(outcome));
  return outcome;
}

describe('the request', () => {
  test('is the given one and asks for a stream, with credentials and version', async () => {
    const { outcome } = await answerTo(shapes.text ?? []);
    expect(outcome.kind).toBe('answered');
    const sent = api.heard.at(-1);
    expect(sent?.path).toBe('/v1/messages');
    expect(JSON.parse(sent?.body ?? '')).toEqual({ ...request, stream: true });
    expect(sent?.headers.authorization).toBe('Bearer sk-test');
    expect(sent?.headers['anthropic-version']).toBe('2026-10-21');
  });

  test('carries the token when there is only a token, and the key when there are both', async () => {
    api.answer = streams(...(shapes.text ?? []));
    const bare = { baseURL: api.url };
    await modelAt(api.url, { ...bare, apiKey: 'key', authToken: 'token' }).call(request, listener());
    expect(api.heard.at(-1)?.headers.authorization).toBe('Bearer key');
    const { makeModel } = await import('../../src/model/client.ts');
    const { realClock } = await import('./stand-in.ts');
    const common = { ...bare, catalogue: makeCatalogue(), clock: realClock };
    await makeModel({ ...common, authToken: 'token' }).call(request, listener());
    expect(api.heard.at(-1)?.headers.authorization).toBe('Bearer token');
    await makeModel(common).call(request, listener());
    expect(api.heard.at(-1)?.headers.authorization).toBeUndefined();
    expect(api.heard.at(-1)?.headers['x-api-key']).toBeUndefined();
  });

  test.each([
    [{ apiKey: 'ключ' }, /API key/],
    [{ apiKey: 'two words' }, /API key/],
    [{ authToken: 'a\nb' }, /auth token/],
    [{ baseURL: 'localhost:1' }, /base URL/],
    [{ baseURL: 'ftp://somewhere' }, /base URL/],
    [{ baseURL: '' }, /base URL/],
  ])('is impossible with %j, which is said at once', (options, words) => {
    expect(() => modelAt(api.url, options)).toThrow(words);
  });
});

describe('an answer', () => {
  test('of text arrives whole, and piece by piece on the way', async () => {
    const { outcome, heard } = await answerTo(shapes.text ?? []);
    expect(outcome).toMatchObject({
      kind: 'answered',
      stop: 'end_turn',
      content: [{ type: 'text', text: 'Hello there' }],
    });
    expect(heard.text).toBe('Hello there');
    expect(heard.alive).toBeGreaterThan(0);
  });

  test('keeps thinking as it came, with its signature, before the text; thinking is not shown', async () => {
    const { outcome, heard } = await answerTo(shapes['thinking and text'] ?? []);
    expect(outcome).toMatchObject({
      content: [
        { type: 'thinking', thinking: 'hm', signature: 'sig' },
        { type: 'text', text: 'Hi!' },
      ],
    });
    expect(heard.text).toBe('Hi!');
  });

  test('keeps omitted and redacted thinking', async () => {
    const events = [
      start(),
      ...thinkingBlock(0, '', 'sig'),
      ...block(1, { type: 'redacted_thinking', data: 'opaque' }),
      ...textBlock(2, 'ok'),
      ...end('end_turn'),
    ];
    expect((await answered(events)).content).toEqual([
      { type: 'thinking', thinking: '', signature: 'sig' },
      { type: 'redacted_thinking', data: 'opaque' },
      { type: 'text', text: 'ok' },
    ]);
  });

  test('keeps tool calls with their input read, in order', async () => {
    expect(await answered(shapes['two tool calls'] ?? [])).toMatchObject({
      stop: 'tool_use',
      content: [
        { type: 'text', text: 'Looking' },
        { type: 'tool_use', id: 'toolu_1', name: 'look', input: { a: 1 } },
        { type: 'tool_use', id: 'toolu_2', name: 'look', input: { b: [2] } },
      ],
    });
  });

  test('has an empty input where a call came without any', async () => {
    const { content } = await answered([start(), ...toolBlock(0, 'toolu_1', ''), ...end('tool_use')]);
    expect(content).toEqual([{ type: 'tool_use', id: 'toolu_1', name: 'look', input: {} }]);
  });

  test('has an input that says the same after it was stored as before', async () => {
    const { content } = await answered([
      start(),
      ...toolBlock(0, 'toolu_1', '{"huge":1e999,"minus":-0,"__proto__":{"x":1}}'),
      ...end('tool_use'),
    ]);
    expect(JSON.stringify(content)).toContain('"input":{"huge":null,"minus":0,"__proto__":{"x":1}}');
    expect(JSON.parse(JSON.stringify(content))).toEqual(content);
  });

  test('loses fields that are null and keeps those that are not', async () => {
    const { content } = await answered([
      start(),
      ...textBlock(0, 'see'),
      ...block(
        1,
        { type: 'text', text: '', citations: [] },
        { type: 'text_delta', text: 'cited' },
        { type: 'citations_delta', citation: { type: 'char_location', cited_text: 'x' } },
      ),
      ...block(2, {
        type: 'tool_use',
        id: 't1',
        name: 'look',
        input: {},
        caller: { type: 'direct' },
        toolset_name: null,
      }),
      ...end('tool_use'),
    ]);
    expect(content).toEqual([
      { type: 'text', text: 'see' },
      { type: 'text', text: 'cited', citations: [{ type: 'char_location', cited_text: 'x' }] },
      { type: 'tool_use', id: 't1', name: 'look', input: {}, caller: { type: 'direct' } },
    ]);
  });

  test('has no blank texts, and may be empty', async () => {
    const blank = [start(), ...textBlock(0, '\n', ' \t'), ...textBlock(1), ...end('end_turn')];
    expect((await answered(blank)).content).toEqual([]);
    expect((await answered([start(), ...end('end_turn')])).content).toEqual([]);
  });

  test('never ends on thinking, which could not be sent back', async () => {
    const only = [start(), ...thinkingBlock(0, 'hm', 'sig'), ...end('end_turn')];
    expect((await answered(only)).content).toEqual([]);
    const behind = [start(), ...textBlock(0, 'a'), ...thinkingBlock(1, 'hm', 'sig'), ...end('max_tokens')];
    expect((await answered(behind)).content).toEqual([{ type: 'text', text: 'a' }]);
  });

  test('keeps the same letters wherever the bytes were split', async () => {
    const words = 'grüße 👩‍👩‍👧 naïve — 漢字 \u2028 end';
    const bytes = Buffer.from([start(), ...textBlock(0, words), ...end('end_turn')].map(sse).join(''));
    for (const size of [1, 2, 3, 7]) {
      api.answer = async (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        for (let at = 0; at < bytes.length; at += size) {
          response.write(bytes.subarray(at, at + size));
          if (at % 50 === 0) await new Promise(setImmediate);
        }
        response.end();
      };
      const heard = listener();
      const outcome = await modelAt(api.url).call(request, heard);
      expect(outcome).toMatchObject({ kind: 'answered', content: [{ type: 'text', text: words }] });
      expect(heard.text).toBe(words);
    }
  });

  test('ignores pings, comments, and events, deltas and fields that nobody knows yet', async () => {
    const odd: StreamEvent[] = [
      { type: 'ping' },
      { type: 'weather_report', sky: 'blue' },
      { type: 'content_block_delta', index: 0, delta: { type: 'mood_delta', mood: 'fine' } },
    ];
    const [first, begin, ...rest] = shapes.text ?? [];
    if (first === undefined || begin === undefined) throw new Error('no shape');
    const withOdd = [first, begin, ...rest.flatMap((event) => [event, ...odd.slice(0, 2)])];
    withOdd.splice(3, 0, ...odd.slice(2));
    api.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      const text = withOdd.map(sse).join(': keep-alive\n\n');
      response.end(`event: chatter\ndata: not json\n\n${text}`.replaceAll('\n', '\r\n'));
    };
    const outcome = await modelAt(api.url).call(request, listener());
    expect(outcome).toMatchObject({ kind: 'answered', content: [{ type: 'text', text: 'Hello there' }] });
  });

  test('is handed over at its end, though the connection stays open behind it', async () => {
    api.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write((shapes.text ?? []).map(sse).join(''));
    };
    expect((await modelAt(api.url).call(request, listener())).kind).toBe('answered');
  });

  test('leaves its connection fit for the next call, even if the stream is closed a little later', async () => {
    const own = await startStandIn();
    const model = modelAt(own.url);
    for (let call = 0; call < 5; call++) {
      const closed = new Promise<void>((resolve) => {
        own.answer = (response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          response.write((shapes.text ?? []).map(sse).join(''));
          setTimeout(() => response.end(resolve), 5);
        };
      });
      expect((await model.call(request, listener())).kind).toBe('answered');
      await closed;
      // Turns of the event loop, in which the end is read by our side.
      for (let turns = 0; turns < 50; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(own.connections).toBe(1);
    await own.stop();
  });

  test('closes its connection itself if the server does not close the stream', async () => {
    const own = await startStandIn();
    const clock = manualClock();
    own.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write((shapes.text ?? []).map(sse).join(''));
    };
    expect((await modelAt(own.url, { clock }).call(request, listener())).kind).toBe('answered');
    expect(clock.pending()).toBe(1);
    clock.advance(2_000);
    await own.closed(1);
    await own.stop();
  });
});

describe('an answer that stops', () => {
  test('at max_tokens in the middle of text keeps the text', async () => {
    const outcome = await answered([start(), ...textBlock(0, 'and th'), ...end('max_tokens')]);
    expect(outcome).toMatchObject({ stop: 'max_tokens', content: [{ text: 'and th' }] });
  });

  test.each(['max_tokens', 'model_context_window_exceeded', 'refusal'] as const)(
    'at %s in the middle of a tool call keeps what stood before it',
    async (stop) => {
      for (const json of [['{"path": "a'], ['{"path": "a"}'], ['']]) {
        const outcome = await answered([
          start(),
          ...textBlock(0, 'Now'),
          ...toolBlock(1, 'toolu_1', '{"a":1}'),
          ...toolBlock(2, 'toolu_2', ...json),
          ...end(stop),
        ]);
        expect(outcome.stop).toBe(stop);
        expect(outcome.content.map((kept) => kept.id ?? kept.text)).toEqual(['Now', 'toolu_1']);
      }
    },
  );

  test('at max_tokens in the middle of thinking drops the thinking that has no signature', async () => {
    const cut = [start(), ...thinkingBlock(0, 'let me'), ...end('max_tokens')];
    expect((await answered(cut)).content).toEqual([]);
    const before = [start(), ...thinkingBlock(0, 'let me'), ...textBlock(1, 'a'), ...end('max_tokens')];
    expect((await answered(before)).content).toEqual([{ type: 'text', text: 'a' }]);
  });

  test('as pause_turn comes back as it is, to be sent again', async () => {
    const events = [
      start(),
      ...thinkingBlock(0, 'search', 'sig'),
      ...block(
        1,
        { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} },
        { type: 'input_json_delta', partial_json: '{"query":"x"}' },
      ),
      ...end('pause_turn'),
    ];
    expect(await answered(events)).toMatchObject({
      stop: 'pause_turn',
      content: [
        { type: 'thinking', thinking: 'search', signature: 'sig' },
        { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'x' } },
      ],
    });
  });

  test('with a search keeps its call, its results and what is cited of them as they came', async () => {
    const result = {
      type: 'web_search_tool_result',
      tool_use_id: 'srvtoolu_1',
      content: [
        {
          type: 'web_search_result',
          url: 'https://a.example/',
          title: 'A',
          encrypted_content: 'x',
          page_age: null,
        },
      ],
      caller: { type: 'direct' },
    };
    const citation = {
      type: 'web_search_result_location',
      url: 'https://a.example/',
      title: 'A',
      cited_text: 'words',
      encrypted_index: 'y',
    };
    const { content, usage } = await answered([
      start(),
      ...block(
        0,
        { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} },
        { type: 'input_json_delta', partial_json: '{"query":"q"}' },
      ),
      ...block(1, result),
      ...block(
        2,
        { type: 'text', text: '', citations: null },
        { type: 'text_delta', text: 'So it is.' },
        { type: 'citations_delta', citation },
      ),
      ...end('end_turn', null, {
        output_tokens: 7,
        server_tool_use: { web_search_requests: 2, web_fetch_requests: 0 },
      }),
    ]);
    expect(content).toEqual([
      { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'q' } },
      result,
      { type: 'text', text: 'So it is.', citations: [citation] },
    ]);
    expect(usage.usd).toBeGreaterThan(0.02);
    expect(usage.usd).toBeLessThan(0.021);
  });

  test('as pause_turn may end on thinking', async () => {
    const events = [start(), ...textBlock(0, 'a'), ...thinkingBlock(1, 'hm', 'sig'), ...end('pause_turn')];
    expect((await answered(events)).content.at(-1)).toMatchObject({ type: 'thinking', signature: 'sig' });
  });

  test('as a refusal tells its category, if it has one', async () => {
    const named = end('refusal', { type: 'refusal', category: 'cyber', explanation: 'no' });
    expect(await answered([start(), ...named])).toMatchObject({ stop: 'refusal', category: 'cyber' });
    const nameless = end('refusal', { type: 'refusal', category: null, explanation: null });
    expect(await answered([start(), ...nameless])).not.toHaveProperty('category');
  });

  test('for a reason nobody knows yet goes on if calls are open, and is done if not', async () => {
    expect((await answered([start(), ...textBlock(0, 'x'), ...end('stop_sequence')])).stop).toBe('end_turn');
    expect((await answered([start(), ...textBlock(0, 'x'), ...end('sunset')])).stop).toBe('end_turn');
    expect((await answered([start(), ...toolBlock(0, 't', '{}'), ...end('sunset')])).stop).toBe('tool_use');
    expect((await answered([start(), ...toolBlock(0, 't', '{}'), ...end('end_turn')])).stop).toBe('tool_use');
  });
});

describe('what an answer cost', () => {
  test('is its cumulative counts at the prices of the model', async () => {
    const events = [
      start({
        input_tokens: 1_000,
        cache_read_input_tokens: 50_000,
        cache_creation_input_tokens: 3_000,
        cache_creation: { ephemeral_5m_input_tokens: 2_000, ephemeral_1h_input_tokens: 1_000 },
        output_tokens: 1,
      }),
      ...textBlock(0, 'x'),
      ...end('end_turn', null, {
        input_tokens: null,
        cache_read_input_tokens: 50_000,
        cache_creation_input_tokens: 3_000,
        output_tokens: 400,
      }),
    ];
    const { usage } = await answered(events);
    expect(usage).toMatchObject({
      inputTokens: 1_000,
      outputTokens: 400,
      cacheReadTokens: 50_000,
      cacheWriteTokens: 3_000,
    });
    // Sonnet 5.5: $2 in, $10 out; reads a tenth, writes 1.25 and 2 times the input price.
    expect(usage.usd).toBeCloseTo((1_000 * 2 + 50_000 * 0.2 + 2_000 * 2.5 + 1_000 * 4 + 400 * 10) / 1e6, 12);
  });

  test('is 0 where no price is known', async () => {
    api.answer = streams(...(shapes.text ?? []));
    const outcome = await modelAt(api.url).call({ ...request, model: 'somebody-elses' }, listener());
    expect(outcome).toMatchObject({ usage: { inputTokens: 10, outputTokens: 7, usd: 0 } });
  });
});
