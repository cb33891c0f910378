/**
 * A feed as it goes on: read by whichever way, taken up again by its cursor whenever it was cut. Owns the cursor, the
 * back-off and the states; says nothing about what the events mean, nor how they come.
 */
import { UnreachableError } from './errors.ts';
import type { Broken, FeedWay, Place } from './feed-way.ts';
import { watchSilence } from './silence.ts';
import type { StreamedEvent } from './types.ts';
import { backOff, pause } from './waiting.ts';

/** A connection that lived so long, or brought something, was a good one. */
const GOOD_MS = 5_000;

export type FollowState =
  | { readonly state: 'live' }
  | {
      readonly state: 'connecting';
      /** How many tries have failed since it was live; 0: this is the first. */
      readonly attempts: number;
      /** Since when it is not live, in milliseconds since the epoch. */
      readonly since: number;
      readonly retryInMs: number;
      /** What was wrong, in words; empty at the first try. */
      readonly because: string;
    };

/**
 * Why a feed is followed no longer: `gone`, the chat was deleted; `signed-out`, the token or the session is not valid
 * any more; `refused`, it may not read this; `reset`, the log is not the one that the cursor is of, as after a backup
 * was restored: load anew.
 */
export type FollowEnd = 'aborted' | 'gone' | 'signed-out' | 'refused' | 'reset';

export interface StreamOptions {
  /** A subagent, for its own feed. */
  readonly target?: string;
  /** The cursor to go on from, 0 for the beginning; absent: from now. */
  readonly after?: number;
  readonly signal?: AbortSignal;
}

export interface FollowOptions extends StreamOptions {
  /** All that came in one piece, in order. What it throws ends the following. */
  readonly onEvents: (events: readonly StreamedEvent[]) => void;
  readonly onState?: (state: FollowState) => void;
}

export async function followFeed(
  way: FeedWay,
  { after, signal, onEvents, onState }: FollowOptions,
): Promise<FollowEnd> {
  const place = { cursor: after };
  let attempts = 0;
  let since = globalThis.Date.now();
  onState?.({ state: 'connecting', attempts, since, retryInMs: 0, because: '' });

  for (;;) {
    const tried = signal?.aborted ? 'aborted' : await connect(way, place, { signal, onEvents, onState });
    if (typeof tried === 'string') return tried;
    if (signal?.aborted) return 'aborted';
    if (tried.wasLive) since = globalThis.Date.now();
    attempts = tried.wasGood ? 1 : attempts + 1;
    const retryInMs = Math.max(backOff(attempts), tried.retryAfterMs ?? 0);
    onState?.({ state: 'connecting', attempts, since, retryInMs, because: tried.because });
    await pause(retryInMs, signal);
  }
}

/** How a connection came to be none. */
interface Cut extends Broken {
  readonly wasLive: boolean;
  /** It did something; one that is cut as soon as it is opened is no better than one that can't be opened. */
  readonly wasGood: boolean;
}

type Follower = Pick<FollowOptions, 'onEvents'> & {
  readonly signal: AbortSignal | undefined;
  readonly onState: FollowOptions['onState'] | undefined;
};

async function connect(
  way: FeedWay,
  place: Place,
  { signal, onEvents, onState }: Follower,
): Promise<FollowEnd | Cut> {
  const connection = new AbortController();
  const abort = (): void => connection.abort();
  const watch = watchSilence(abort);
  signal?.addEventListener('abort', abort);
  const before = place.cursor;
  let opened: number | undefined;
  try {
    const end = await way.connect(place, {
      signal: connection.signal,
      live(ask) {
        opened = globalThis.Date.now();
        if (ask) watch.asks(ask);
        else watch.heard();
        onState?.({ state: 'live' });
      },
      heard: watch.heard,
      onEvents,
    });
    if (typeof end === 'string') return end;
    const wasLive = opened !== undefined;
    const lived = globalThis.Date.now() - (opened ?? Number.POSITIVE_INFINITY);
    return {
      ...end,
      ...(wasLive && watch.silent() ? { because: 'Nothing came any more.' } : {}),
      wasLive,
      wasGood: wasLive && (place.cursor !== before || lived > GOOD_MS),
    };
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error;
    return { because: error.message, wasLive: false, wasGood: false };
  } finally {
    watch.stop();
    connection.abort();
    signal?.removeEventListener('abort', abort);
  }
}

/** What comes is kept until it is asked for: whoever reads slower than a chat speaks takes `follow` instead. */
export async function* streamFeed(
  way: FeedWay,
  options: StreamOptions,
): AsyncGenerator<StreamedEvent, FollowEnd, undefined> {
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  if (options.signal?.aborted) abort();
  options.signal?.addEventListener('abort', abort);
  let waiting: StreamedEvent[] = [];
  let wake = (): void => {};
  const following = followFeed(way, {
    ...options,
    signal: stop.signal,
    onEvents(events) {
      waiting.push(...events);
      wake();
    },
  });
  // A failure is thrown where the next event would be, not beside it.
  following.catch(() => undefined);
  try {
    for (;;) {
      const more = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const events = waiting;
      waiting = [];
      yield* events;
      if (waiting.length > 0) continue;
      const end = await Promise.race([more, following]);
      if (end !== undefined && waiting.length === 0) return end;
    }
  } finally {
    options.signal?.removeEventListener('abort', abort);
    abort();
  }
}
