/** A bare HTTP server that answers as a test says: bytes, silence, or a socket cut. It checks nothing. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Clock, ModelRequest } from '../../src/core/ports.ts';
import { makeCatalogue } from '../../src/model/catalogue.ts';
import { type ModelOptions, makeModel } from '../../src/model/client.ts';

export interface Heard {
  readonly path: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface StandIn {
  readonly url: string;
  readonly heard: Heard[];
  /** What the next requests get. */
  answer: (response: ServerResponse, n: number) => void;
  /** Connections that were opened so far. */
  connections: number;
  /** Resolves when a connection has been closed by the other side or ours; counts all so far. */
  closed(count: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startStandIn(): Promise<StandIn> {
  let closedSoFar = 0;
  const waiting: { count: number; go: () => void }[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      standIn.heard.push({
        path: request.url,
        headers: request.headers,
        body: Buffer.concat(parts).toString(),
      });
      standIn.answer(response, standIn.heard.length - 1);
    });
  });
  server.on('connection', (socket) => {
    standIn.connections++;
    socket.on('error', () => undefined);
    socket.on('close', () => {
      closedSoFar++;
      for (const waiter of waiting) if (closedSoFar >= waiter.count) waiter.go();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const standIn: StandIn = {
    url: `http://127.0.0.1:${port}`,
    heard: [],
    answer: (response) => response.writeHead(500).end(),
    connections: 0,
    closed: (count) =>
      new Promise((resolve) => {
        if (closedSoFar >= count) resolve();
        else waiting.push({ count, go: resolve });
      }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return standIn;
}

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, fire) => {
    const timer = setTimeout(fire, ms);
    return () => clearTimeout(timer);
  },
  soon: (fire) => void setImmediate(fire),
};

/** A clock that moves only when told to. */
export function manualClock(start = Date.parse('2026-11-20T12:00:00Z')) {
  let passed = 0;
  const timers = new Set<{ at: number; fire: () => void }>();
  return {
    now: () => start + passed,
    monotonic: () => passed,
    after: (ms: number, fire: () => void) => {
      const timer = { at: passed + ms, fire };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    soon: (fire: () => void) => void setImmediate(fire),
    advance(ms: number) {
      passed += ms;
      for (const timer of [...timers]) if (timer.at <= passed && timers.delete(timer)) timer.fire();
    },
    /** Timers that are set. */
    pending: () => timers.size,
  };
}

export function modelAt(url: string, options: Partial<ModelOptions> = {}) {
  return makeModel({
    apiKey: 'sk-test',
    baseURL: url,
    catalogue: makeCatalogue(),
    clock: realClock,
    ...options,
  });
}

export const request: ModelRequest = {
  model: 'claude-sonnet-5-5',
  max_tokens: 32_000,
  system: [{ type: 'text', text: 'You are a test.' }],
  tools: [{ name: 'look', description: 'Looks.', input_schema: { type: 'object', properties: {} } }],
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
};

/** A listener that keeps what it was told. */
export function listener(signal: AbortSignal = new AbortController().signal) {
  const told = {
    signal,
    text: '',
    alive: 0,
    onText: (delta: string) => {
      told.text += delta;
    },
    onBilled: () => {},
    onAlive: () => {
      told.alive++;
      told.heard?.();
    },
    heard: undefined as (() => void) | undefined,
  };
  return told;
}

// ───────────────────────────────────────────────────────────── streams

export type StreamEvent = { readonly type: string; readonly [key: string]: unknown };

export function sse(event: StreamEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

export const start = (
  usage: Record<string, unknown> = { input_tokens: 10, output_tokens: 1 },
): StreamEvent => ({
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    content: [],
    model: 'm',
    stop_reason: null,
    usage,
  },
});

export const block = (
  index: number,
  content: Record<string, unknown>,
  ...deltas: object[]
): StreamEvent[] => [
  { type: 'content_block_start', index, content_block: content },
  ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
  { type: 'content_block_stop', index },
];

export const textBlock = (index: number, ...parts: string[]): StreamEvent[] =>
  block(
    index,
    { type: 'text', text: '', citations: null },
    ...parts.map((text) => ({ type: 'text_delta', text })),
  );

export const thinkingBlock = (index: number, thinking: string, signature?: string): StreamEvent[] =>
  block(
    index,
    { type: 'thinking', thinking: '', signature: '' },
    ...(thinking === '' ? [] : [{ type: 'thinking_delta', thinking }]),
    ...(signature === undefined ? [] : [{ type: 'signature_delta', signature }]),
  );

export const toolBlock = (index: number, id: string, ...json: string[]): StreamEvent[] =>
  block(
    index,
    { type: 'tool_use', id, name: 'look', input: {} },
    ...json.map((partial_json) => ({ type: 'input_json_delta', partial_json })),
  );

export const end = (
  stop: string | null,
  details: object | null = null,
  usage: object = { output_tokens: 7 },
) => [
  {
    type: 'message_delta',
    delta: { stop_reason: stop, stop_sequence: null, stop_details: details },
    usage,
  },
  { type: 'message_stop' },
];

/** Answers with these events and ends the stream properly. */
export function streams(...events: StreamEvent[]) {
  return (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(events.map(sse).join(''));
  };
}

export const shapes: Readonly<Record<string, readonly StreamEvent[]>> = {
  text: [start(), ...textBlock(0, 'Hel', 'lo ', 'there'), ...end('end_turn')],
  'thinking and text': [
    start(),
    ...thinkingBlock(0, 'hm', 'sig'),
    ...textBlock(1, 'Hi', '!'),
    ...end('end_turn'),
  ],
  'two tool calls': [
    start(),
    ...textBlock(0, 'Looking'),
    ...toolBlock(1, 'toolu_1', '', '{"a":', '1}'),
    ...toolBlock(2, 'toolu_2', '{"b"', ':[2]}'),
    ...end('tool_use'),
  ],
};
