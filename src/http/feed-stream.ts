/**
 * A session's feed as a stream of server-sent events: first what the log holds after the reader's cursor, then
 * what happens, without a gap and without a repeat. Owns one reader's buffer; never waits for a slow one.
 */
import { decodeEvent, type Recorded } from '../core/events.ts';
import { project } from '../core/feed.ts';
import { openFeeds } from './meter.ts';
import type { AppPorts } from './ports.ts';

const HEARTBEAT_MS = 15_000;
/** How soon a reader that was cut off should come back. */
const RETRY_MS = 2_000;
/** Log rows read in one go while a reader catches up, and characters after which it gets what there is. */
const ROWS = 100;
const CHUNK = 262_144;
/** Characters that may wait for a reader that takes nothing. */
const MAX_WAITING = 1_048_576;

export interface FeedReader {
  readonly session: string;
  /** The last sequence number that it has seen. */
  readonly after: number;
  /** Whether it named none: it is told where it stands, so that it can come back without a gap. */
  readonly fromNow: boolean;
  /** Calls once it may no longer read, at once if that is so; the returned function ends that. */
  readonly onceRevoked: (ended: () => void) => () => void;
  /** Called when it is cut off: its connection is to be ended. Absent: the stream breaks off by itself. */
  readonly hangUp?: () => void;
}

/**
 * Nothing is held and nobody is listened to before the first read, so a stream that is thrown away costs
 * nothing. While the reader catches up, it sets the pace and nothing is buffered: what is committed meanwhile
 * is read from the log. Only once it has everything does it listen, and only then can it be too slow.
 */
export function feedStream(
  { store, clock, runtime }: Pick<AppPorts, 'store' | 'clock' | 'runtime'>,
  reader: FeedReader,
): ReadableStream<Uint8Array> {
  const { session } = reader;
  const encoder = new TextEncoder();
  let seen = reader.after;
  let waiting: string[] = [];
  let size = 0;
  let state: 'new' | 'catching up' | 'live' | 'ended' = 'new';
  let asked = false;
  let unfollow = (): void => {};
  let unwatch = (): void => {};
  let unbeat = (): void => {};
  let sink: ReadableStreamDefaultController<Uint8Array> | undefined;

  function end(): void {
    if (state !== 'new' && state !== 'ended') openFeeds(runtime.metrics).add(-1);
    state = 'ended';
    waiting = [];
    size = 0;
    unfollow();
    unbeat();
    unwatch();
  }

  function push(text: string): void {
    if (state === 'ended') return;
    if (state === 'live' && waiting.length > 0 && size + text.length > MAX_WAITING)
      return cutOff('the reader is too slow');
    waiting.push(text);
    size += text.length;
    flush();
  }

  function flush(): void {
    if (!asked || waiting.length === 0 || !sink) return;
    const chunk = encoder.encode(waiting.join(''));
    asked = false;
    waiting = [];
    size = 0;
    sink.enqueue(chunk);
  }

  function cutOff(why: string): void {
    end();
    if (reader.hangUp) {
      sink?.close();
      reader.hangUp();
    } else {
      sink?.error(new Error(why));
    }
  }

  function show(recorded: Recorded): void {
    if (recorded.seq <= seen) return;
    seen = recorded.seq;
    const text = framed(recorded, () => durableFrame(session, recorded));
    if (text !== '') push(text);
  }

  /** One page of the log. Who has been given all of it goes live in the same breath: nothing falls between. */
  function catchUp(): void {
    if (state !== 'catching up') return;
    try {
      const rows = store.events(session, seen, ROWS);
      for (const row of rows) {
        if (size > CHUNK) return;
        show(decodeEvent(row));
      }
      if (waiting.length > 0) return;
      if (rows.length < ROWS) goLive();
      else clock.soon(catchUp);
    } catch (error) {
      end();
      sink?.error(error);
    }
  }

  /** The session is gone, and nothing more comes of it. */
  function over(): void {
    flush();
    end();
    sink?.close();
  }

  function goLive(): void {
    if (!store.session(session)) return over();
    state = 'live';
    unfollow = runtime.broadcast.follow(session, {
      onEvents: (events) => {
        for (const recorded of events) show(recorded);
      },
      onEnd: over,
      onEphemeral: (event) => push(framed(event, () => frame(event.name, event.data))),
    });
  }

  function beat(): void {
    unbeat = clock.after(HEARTBEAT_MS, () => {
      if (waiting.length === 0) push(': still here\n\n');
      if (state !== 'ended') beat();
    });
  }

  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        sink = controller;
        asked = true;
        if (state === 'new') {
          state = 'catching up';
          openFeeds(runtime.metrics).add(1);
          beat();
          unwatch = reader.onceRevoked(() => cutOff('the token was revoked'));
          push(`: ${session}\nretry: ${RETRY_MS}\n${reader.fromNow ? `id: ${seen}\n` : ''}\n`);
          return;
        }
        if (waiting.length === 0) catchUp();
        flush();
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}

/** An event is written out once for all its readers: however many are slow, they hold the same text. */
const frames = new WeakMap<object, string>();

function framed(event: object, write: () => string): string {
  const known = frames.get(event);
  if (known !== undefined) return known;
  const text = write();
  frames.set(event, text);
  return text;
}

function durableFrame(session: string, recorded: Recorded): string {
  const event = project(session, recorded);
  return event ? `id: ${recorded.seq}\n${frame(event.name, event.data)}` : '';
}

function frame(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
