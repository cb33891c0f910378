/**
 * One reader of a session's feed, however it reaches it: first what the log holds after its cursor, then what happens,
 * without a gap and without a repeat, until it is too slow, may not read any more or the session is gone. Owns where the
 * reader stands; how events are written and carried is its sink's.
 */
import { decodeEvent, type Recorded } from '../core/events.ts';
import { project } from '../core/feed.ts';
import { openFeeds } from './meter.ts';
import type { AppPorts } from './ports.ts';

const HEARTBEAT_MS = 15_000;
/** Log rows read in one go while a reader catches up, and characters after which it gets what there is. */
const ROWS = 100;
const CHUNK = 262_144;
/** Characters that may wait for a reader that takes nothing. */
const MAX_WAITING = 1_048_576;

export interface FeedReader {
  readonly session: string;
  /** The last sequence number that it has seen. */
  readonly after: number;
  /** Calls once it may no longer read, at once if that is so; the returned function ends that. */
  readonly onceRevoked: (ended: () => void) => () => void;
}

/** Why a feed ended by itself. */
export type FeedEnd =
  | { readonly why: 'slow' | 'revoked' | 'gone' }
  | { readonly why: 'failed'; readonly error: unknown };

/** The way to a reader. None of its functions may throw. */
export interface FeedSink {
  /** Takes an event. */
  take(text: string): void;
  /** Characters that it took and that the reader has not taken. */
  waiting(): number;
  /** Called now and then: whoever listens shall hear that this is still here. */
  beat(): void;
  /** Nothing more comes. Not called after `stop`. */
  ended(end: FeedEnd): void;
  readonly write: WriteEvent;
}

export interface FeedReading {
  start(): void;
  /** The reader has taken what there was: says so each time, until the end. */
  taken(): void;
  stop(): void;
}

/** An event as text, '' for none; `about` is the same object whoever it is written for. */
export type WriteEvent = (about: object, make: () => ToldEvent | undefined) => string;

/** `seq` only for what is kept. */
export interface ToldEvent {
  readonly name: string;
  readonly data: object;
  readonly seq?: number;
}

/**
 * Nobody is listened to before the start. While the reader catches up, it sets the pace and nothing is buffered: what
 * is committed meanwhile is read from the log. Only once it has everything does it listen, and only then can it be too
 * slow.
 */
export function readFeed(
  { store, clock, runtime }: Pick<AppPorts, 'store' | 'clock' | 'runtime'>,
  { session, after, onceRevoked }: FeedReader,
  sink: FeedSink,
): FeedReading {
  let seen = after;
  let state: 'new' | 'catching up' | 'live' | 'ended' = 'new';
  let unfollow = (): void => {};
  let unwatch = (): void => {};
  let unbeat = (): void => {};

  function stop(): void {
    if (state !== 'new' && state !== 'ended') openFeeds(runtime.metrics).add(-1);
    state = 'ended';
    unfollow();
    unbeat();
    unwatch();
  }

  function end(how: FeedEnd): void {
    if (state === 'ended') return;
    stop();
    sink.ended(how);
  }

  function send(text: string): void {
    if (state === 'ended' || text === '') return;
    const waiting = sink.waiting();
    if (state === 'live' && waiting > 0 && waiting + text.length > MAX_WAITING) return end({ why: 'slow' });
    sink.take(text);
  }

  function show(recorded: Recorded): void {
    if (recorded.seq <= seen) return;
    seen = recorded.seq;
    const told = (): ToldEvent | undefined => {
      const event = project(session, recorded);
      return event && { ...event, seq: recorded.seq };
    };
    send(sink.write(recorded, told));
  }

  /** One page of the log. Who has been given all of it goes live in the same breath: nothing falls between. */
  function catchUp(): void {
    if (state !== 'catching up') return;
    try {
      const rows = store.events(session, seen, ROWS);
      for (const row of rows) {
        if (sink.waiting() > CHUNK) return;
        show(decodeEvent(row));
      }
      if (sink.waiting() > 0) return;
      if (rows.length < ROWS) goLive();
      else clock.soon(catchUp);
    } catch (error) {
      end({ why: 'failed', error });
    }
  }

  function goLive(): void {
    if (!store.session(session)) return end({ why: 'gone' });
    state = 'live';
    unfollow = runtime.broadcast.follow(session, {
      onEvents: (events) => {
        for (const recorded of events) show(recorded);
      },
      onEnd: () => end({ why: 'gone' }),
      onEphemeral: (event) => send(sink.write(event, () => event)),
    });
  }

  function beat(): void {
    unbeat = clock.after(HEARTBEAT_MS, () => {
      sink.beat();
      if (state !== 'ended') beat();
    });
  }

  return {
    start() {
      state = 'catching up';
      openFeeds(runtime.metrics).add(1);
      beat();
      unwatch = onceRevoked(() => end({ why: 'revoked' }));
    },
    taken() {
      if (sink.waiting() === 0) catchUp();
    },
    stop,
  };
}

/** Writes each event once for all its readers: however many are slow, they hold the same text. */
export function writtenOnce(write: (event: ToldEvent) => string): WriteEvent {
  const texts = new WeakMap<object, string>();
  return (about, make) => {
    const known = texts.get(about);
    if (known !== undefined) return known;
    const event = make();
    const text = event ? write(event) : '';
    texts.set(about, text);
    return text;
  };
}
