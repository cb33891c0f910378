/**
 * Brings an answer to the client: pace, gates in mid-stream, and everything that can go wrong on the way.
 * Owns the response's bytes and timing; what they say is decided elsewhere.
 */
import type { ServerResponse } from 'node:http';
import type { Gates } from './gates.ts';
import type { Disturbance } from './player.ts';
import { type StreamEvent, serverSentEvent } from './stream-events.ts';

/** A client's presence: ends when its connection does. */
export interface Presence {
  readonly left: boolean;
  /** Calls `then` when the client leaves; the returned function forgets it. */
  onLeave(then: () => void): () => void;
}

export function presenceOf(response: ServerResponse): Presence {
  const listeners = new Set<() => void>();
  let left = false;
  response.once('close', () => {
    left = true;
    for (const listener of [...listeners]) listener();
  });
  return {
    get left() {
      return left;
    },
    onLeave(then) {
      if (left) queueMicrotask(then);
      listeners.add(then);
      return () => listeners.delete(then);
    },
  };
}

/** Resolves after `ms`, or when the client leaves. */
export function pause(ms: number, presence: Presence): Promise<void> {
  if (presence.left) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      forget();
      resolve();
    };
    const timer = setTimeout(done, ms);
    const forget = presence.onLeave(done);
  });
}

export interface Course {
  readonly headers: Readonly<Record<string, string>>;
  readonly tokensPerSecond: number | undefined;
  readonly gate: { readonly name: string; readonly afterEvent: number } | undefined;
  readonly disturbance: Disturbance | undefined;
  readonly gates: Gates;
  readonly presence: Presence;
  /** Called as the first byte goes out, and with each count of events sent. */
  onStart(): void;
  onEvents(sent: number): void;
}

/** Sends a stream of events. Resolves to how it ended. */
export async function deliverStream(
  response: ServerResponse,
  events: readonly StreamEvent[],
  course: Course,
): Promise<'whole' | 'disturbed' | 'left'> {
  const { presence, disturbance, gate, tokensPerSecond } = course;
  const planned = disturbance?.unknownEvent === true ? withUnknown(events) : events;
  const end = disturbance?.end;
  const sent =
    end?.kind === 'unfinished' ? planned.slice(0, -1) : planned.slice(0, end?.afterEvent ?? undefined);

  course.onStart();
  response.writeHead(200, course.headers);
  if (tokensPerSecond === undefined && gate === undefined && disturbance === undefined) {
    course.onEvents(sent.length);
    response.end(sent.map((event) => event.text).join(''));
    return 'whole';
  }
  response.flushHeaders();

  const begun = performance.now();
  let characters = 0;
  let batch = '';
  let held = 0;
  for (const [index, event] of sent.entries()) {
    if (gate?.afterEvent === index) {
      await write(response, batch, presence);
      batch = '';
      course.onEvents(index);
      const before = performance.now();
      await course.gates.pass(gate.name, presence.onLeave);
      held += performance.now() - before;
    }
    characters += event.characters;
    const due = tokensPerSecond === undefined ? 0 : begun + held + (characters / 4 / tokensPerSecond) * 1000;
    const wait = due - performance.now();
    if (wait > 1) {
      await write(response, batch, presence);
      batch = '';
      course.onEvents(index);
      await pause(wait, presence);
    }
    if (presence.left) return 'left';
    if (disturbance?.splitUtf8 === true) await writeSplit(response, event.text, presence);
    else batch += event.text;
  }
  if (gate !== undefined && gate.afterEvent >= sent.length)
    await course.gates.pass(gate.name, presence.onLeave);
  await write(response, batch, presence);
  course.onEvents(sent.length);
  if (presence.left) return 'left';
  if (end === undefined) {
    response.end();
    return 'whole';
  }
  await finishBadly(response, end, presence);
  return 'disturbed';
}

async function finishBadly(
  response: ServerResponse,
  end: NonNullable<Disturbance['end']>,
  presence: Presence,
): Promise<void> {
  switch (end.kind) {
    case 'cut':
      response.destroy();
      return;
    case 'stall':
      if (!presence.left) await new Promise<void>((resolve) => presence.onLeave(resolve));
      return;
    case 'error':
      response.end(serverSentEvent('error', { error: { type: end.type, message: end.message } }));
      return;
    case 'unfinished':
      response.end();
  }
}

function withUnknown(events: readonly StreamEvent[]): StreamEvent[] {
  const unknown = { text: serverSentEvent('weather_report', { outlook: 'unknown' }), characters: 0 };
  return [...events.slice(0, 1), unknown, ...events.slice(1)];
}

/** Writes and waits until the socket has taken it, so that what follows can't overtake it. */
async function write(
  response: ServerResponse,
  bytes: string | Uint8Array,
  presence: Presence,
): Promise<void> {
  if (bytes.length === 0 || presence.left) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      forget();
      resolve();
    };
    const forget = presence.onLeave(done);
    response.write(bytes, done);
  });
}

/** Writes text in pieces that end inside characters, if some of them can be split. */
async function writeSplit(response: ServerResponse, text: string, presence: Presence): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  let from = 0;
  for (const [at, byte] of bytes.entries()) {
    // The first byte of a longer character ends a piece; the others follow in the next.
    if (byte < 0xc0) continue;
    await write(response, bytes.subarray(from, at + 1), presence);
    await new Promise((resolve) => setImmediate(resolve));
    from = at + 1;
  }
  await write(response, bytes.subarray(from), presence);
}
