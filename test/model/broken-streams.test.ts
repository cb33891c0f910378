/** Streams that break off, go silent, report errors, or are no longer wanted. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallOutcome } from '../../src/core/ports.ts';
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
  toolBlock,
} from './stand-in.ts';

let api: StandIn;
beforeAll(async () => {
  api = await startStandIn();
});
afterAll(() => api.stop());

const call = (): Promise<CallOutcome> => modelAt(api.url).call(request, listener());

describe.each(Object.entries(shapes))('a stream of %s', (_name, events) => {
  const places = events.map((_event, index) => index);

  test.each(places)('that is cut before event %i is tried again as cut', async (index) => {
    api.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      const text = events.slice(0, index).map(sse).join('');
      if (text === '') setImmediate(() => response.destroy());
      else response.write(text, () => setImmediate(() => response.destroy()));
    };
    expect(await call()).toMatchObject({ kind: 'again', why: 'cut' });
  });

  test.each(places)('that is cut in the middle of event %i is tried again as cut', async (index) => {
    api.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const text = events
        .slice(0, index + 1)
        .map(sse)
        .join('');
      response.write(text.slice(0, -10), () => setImmediate(() => response.destroy()));
    };
    expect(await call()).toMatchObject({ kind: 'again', why: 'cut' });
  });

  test.each(places)('that ends properly but before event %i is tried again as cut', async (index) => {
    api.answer = streams(...events.slice(0, index));
    expect(await call()).toMatchObject({ kind: 'again', why: 'cut' });
  });

  test.each(places)('with an error event in place of event %i is what the error says', async (index) => {
    const error = (type: string): StreamEvent => ({ type: 'error', error: { type, message: 'in words' } });
    const before = events.slice(0, index);
    api.answer = streams(...before, error('overloaded_error'), ...events.slice(index));
    expect(await call()).toEqual({ kind: 'again', why: 'overloaded', message: 'overloaded_error: in words' });
    api.answer = streams(...before, error('invalid_request_error'));
    expect(await call()).toMatchObject({ kind: 'refused', why: 'invalid', status: 400 });
  });

  test.each(places)('that goes silent before event %i is given up as stalled', async (index) => {
    const own = await startStandIn();
    const clock = manualClock();
    const heard = listener();
    const text = `${events.slice(0, index).map(sse).join('')}: last words\n\n`;
    own.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(text);
    };
    // Once for the head of the answer, once for its bytes.
    const quiet = new Promise<void>((resolve) => {
      heard.heard = () => {
        if (heard.alive >= 2) resolve();
      };
    });
    let outcome: CallOutcome | undefined;
    const call = modelAt(own.url, { clock }).call(request, heard);
    const settled = call.then((result) => {
      outcome = result;
    });
    await quiet;
    clock.advance(119_999);
    await new Promise(setImmediate);
    expect(outcome).toBeUndefined();
    clock.advance(1);
    await settled;
    expect(outcome).toMatchObject({ kind: 'again', why: 'stalled' });
    await own.closed(1);
    expect(clock.pending()).toBe(0);
    await own.stop();
  });
});

describe('an error event', () => {
  test.each([
    ['rate_limit_error', { kind: 'again', why: 'rate_limited' }],
    ['overloaded_error', { kind: 'again', why: 'overloaded' }],
    ['api_error', { kind: 'again', why: 'server' }],
    ['timeout_error', { kind: 'again', why: 'server' }],
    ['error_of_tomorrow', { kind: 'again', why: 'server' }],
    ['invalid_request_error', { kind: 'refused', why: 'invalid', status: 400 }],
    ['authentication_error', { kind: 'refused', why: 'auth', status: 401 }],
    ['billing_error', { kind: 'refused', why: 'billing', status: 402 }],
    ['permission_error', { kind: 'refused', why: 'permission', status: 403 }],
    ['not_found_error', { kind: 'refused', why: 'not_found', status: 404 }],
    ['request_too_large', { kind: 'refused', why: 'too_large', status: 413 }],
  ])('of type %s is told by its type', async (type, expected) => {
    api.answer = streams(start(), { type: 'error', error: { type, message: 'm' }, request_id: 'req_9' });
    const outcome = await call();
    expect(outcome).toMatchObject(expected);
    expect(outcome).toHaveProperty('message', `${type}: m (request req_9)`);
  });

  test('closes the connection, though the server leaves it open', async () => {
    const own = await startStandIn();
    own.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(sse({ type: 'error', error: { type: 'api_error', message: 'm' } }));
    };
    expect((await modelAt(own.url).call(request, listener())).kind).toBe('again');
    await own.closed(1);
    await own.stop();
  });

  test.each(['data: not json', 'data: "just words"', 'data: {"type":"error"}', 'data: {"error":null}'])(
    'with %j is a fault of the server',
    async (data) => {
      api.answer = (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.end(`${sse(start())}event: error\n${data}\n\n`);
      };
      expect(await call()).toMatchObject({ kind: 'again', why: 'server' });
    },
  );
});

describe('a damaged stream', () => {
  test.each<[string, readonly StreamEvent[]]>([
    ['a tool call whose input is half', [start(), ...toolBlock(0, 't', '{"a"'), ...end('tool_use')]],
    ['a tool call whose input is a list', [start(), ...toolBlock(0, 't', '[1]'), ...end('tool_use')]],
    ['a tool call whose input is a word', [start(), ...toolBlock(0, 't', '"x"'), ...end('tool_use')]],
    [
      'a tool call without an id',
      [start(), ...block(0, { type: 'tool_use', name: 'look', input: {} }), ...end('tool_use')],
    ],
    ['a part of a block that never began', [start(), ...textBlock(0, 'a', 'b').slice(1), ...end('end_turn')]],
    ['a block without a content', [start(), { type: 'content_block_start', index: 0 }, ...end('end_turn')]],
    ['no reason for its stop', [start(), ...textBlock(0, 'a'), ...end(null)]],
    ['no message_delta', [start(), ...textBlock(0, 'a'), { type: 'message_stop' }]],
  ])('with %s is tried again as cut', async (_name, events) => {
    api.answer = streams(...events);
    expect(await call()).toMatchObject({ kind: 'again', why: 'cut' });
  });

  test('whose event is no JSON is tried again as cut', async () => {
    api.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(`${sse(start())}event: content_block_start\ndata: {"type":"con\n\n`);
    };
    expect(await call()).toMatchObject({ kind: 'again', why: 'cut' });
  });

  test('without a body is tried again', async () => {
    api.answer = (response) => response.writeHead(204).end();
    expect(await call()).toMatchObject({ kind: 'again', why: 'server' });
  });
});

describe('silence', () => {
  test('before the head of the answer is a stall as well', async () => {
    const clock = manualClock();
    const arrived = new Promise<void>((resolve) => {
      api.answer = () => resolve();
    });
    const outcome = modelAt(api.url, { clock, stallMs: 5_000 }).call(request, listener());
    await arrived;
    clock.advance(5_000);
    expect(await outcome).toEqual({
      kind: 'again',
      why: 'stalled',
      message: 'Nothing came from the Messages API for 5 seconds.',
    });
  });

  test('is broken by any byte: pings and comments keep a slow answer alive', async () => {
    const clock = manualClock();
    const steps = [
      'event: ping\ndata: {"type":"ping"}\n\n',
      ': still here\n\n',
      ...(shapes.text ?? []).map(sse),
    ];
    let write: (text: string) => void = () => undefined;
    api.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      write = (text) => void response.write(text);
    };
    const heard = listener();
    const next = () =>
      new Promise<void>((resolve) => {
        heard.heard = resolve;
      });
    const head = next();
    const outcome = modelAt(api.url, { clock }).call(request, heard);
    await head;
    for (const step of steps) {
      clock.advance(119_000);
      const arrived = next();
      write(step);
      await arrived;
    }
    expect(await outcome).toMatchObject({ kind: 'answered', content: [{ text: 'Hello there' }] });
  });
});

describe('an abort', () => {
  test('before the call sends nothing', async () => {
    const before = api.heard.length;
    const aborted = modelAt(api.url).call(request, listener(AbortSignal.abort()));
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    expect(api.heard.length).toBe(before);
  });

  test('before the answer begins closes the connection', async () => {
    const own = await startStandIn();
    const stop = new AbortController();
    const arrived = new Promise<void>((resolve) => {
      own.answer = () => resolve();
    });
    const outcome = modelAt(own.url).call(request, listener(stop.signal));
    const rejected = expect(outcome).rejects.toMatchObject({ name: 'AbortError' });
    await arrived;
    stop.abort();
    await rejected;
    await own.closed(1);
    await own.stop();
  });

  test('in the middle of the answer closes the connection and leaves no timer', async () => {
    const own = await startStandIn();
    const clock = manualClock();
    const stop = new AbortController();
    const heard = listener(stop.signal);
    own.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write([start(), ...textBlock(0, 'Once upon')].map(sse).join(''));
    };
    const begun = new Promise<void>((resolve) => {
      heard.onText = () => resolve();
    });
    const outcome = modelAt(own.url, { clock }).call(request, heard);
    const rejected = expect(outcome).rejects.toMatchObject({ name: 'AbortError' });
    await begun;
    stop.abort();
    await rejected;
    await own.closed(1);
    expect(clock.pending()).toBe(0);
    await own.stop();
  });

  test('after the answer changes nothing', async () => {
    const stop = new AbortController();
    api.answer = streams(...(shapes.text ?? []));
    const outcome = await modelAt(api.url).call(request, listener(stop.signal));
    stop.abort();
    expect(outcome.kind).toBe('answered');
  });
});
