/**
 * What a way to a feed is: it opens one connection, reads it to its end, and says how that came. Owns what refusals mean
 * to whoever follows; the cursor, the back-off and the coming back are the follower's.
 */
import type { FollowEnd } from './follow.ts';
import { problemOf } from './request.ts';
import type { StreamedEvent } from './types.ts';

/** Where a reader stands; absent: it takes what comes from now on, until it is told where that is. */
export interface Place {
  cursor: number | undefined;
}

/** How a connection came to be none, in words; `retryAfterMs`: it was said when to come back. */
export interface Broken {
  readonly because: string;
  readonly retryAfterMs?: number;
}

export interface Ears {
  /** Aborted when this connection is wanted no longer, whyever. */
  readonly signal: AbortSignal;
  /**
   * It is open.
   * @param ask makes the other end say something; absent: it is heard from every 15 seconds by itself
   */
  live(ask?: () => void): void;
  /** The other end is there: something came. */
  heard(): void;
  /** What it throws is thrown on. */
  readonly onEvents: (events: readonly StreamedEvent[]) => void;
}

export interface FeedWay {
  /**
   * Keeps the place up to date as events come.
   * @throws UnreachableError, or a ProblemError for what no coming back would mend
   */
  connect(place: Place, ears: Ears): Promise<FollowEnd | Broken>;
}

export const cut: Broken = { because: 'The connection was cut.' };

/** @throws ProblemError for what no coming back would mend */
export async function refusalOf(response: Response): Promise<FollowEnd | Broken> {
  const problem = await problemOf(response);
  const { status, type, detail: because, retryAfterMs } = problem;
  if (status === 401) return 'signed-out';
  if (status === 403) return 'refused';
  if (status === 404) return 'gone';
  if (type.endsWith('#bad-cursor')) return 'reset';
  if (status < 500 && status !== 429) throw problem;
  return { because, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** Whether an event of this id is one that was taken already. */
export function isOld({ cursor }: Place, id: number | undefined): boolean {
  return id !== undefined && cursor !== undefined && id <= cursor;
}
