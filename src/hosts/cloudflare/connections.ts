/**
 * Owns how many requests of one object wait for an answer's headers at the same time, for the platform allows six
 * and holds up whatever comes on top. Never looks at what is asked or answered.
 */
import { makePlaces } from './places.ts';

/** `model`: calls of the Messages API, which people wait for. `page`: pages of the web. */
export type ConnectionKind = 'model' | 'page';

/**
 * The platform's `fetch`, which may have to wait in line first.
 * @param onTurn called when the wait is over and the request begins
 */
export type QueuedFetch = (
  input: RequestInfo | URL,
  init?: RequestInit,
  onTurn?: () => void,
) => Promise<Response>;

export interface Connections {
  /** The platform's `fetch` for one kind of request. */
  fetch(kind: ConnectionKind): QueuedFetch;
  readonly waitingForHeaders: number;
  /** The most that ever waited for headers at once. */
  readonly peak: number;
  /** Requests that have not begun. */
  readonly inLine: number;
}

/** What pages leave free, so that a model call need not wait for a slow server. */
const forModels = 2;

/**
 * A model call goes before pages that wait. That holds no page up for long: a session makes hardly more than one at
 * a time.
 * @param most requests that may wait for headers at once
 */
export function makeConnections(
  most = 6,
  // Called without an object of its own: the platform's refuses any `this`.
  fetch: typeof globalThis.fetch = (input, init) => globalThis.fetch(input, init),
): Connections {
  const places = makePlaces<ConnectionKind>(most, { model: most, page: Math.max(1, most - forModels) });

  async function ask(
    kind: ConnectionKind,
    ...[input, init, onTurn]: Parameters<QueuedFetch>
  ): Promise<Response> {
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    const leave = await places.enter(kind, signal);
    try {
      onTurn?.();
      return await fetch(input, init);
    } finally {
      leave();
    }
  }

  return {
    fetch:
      (kind) =>
      (...request) =>
        ask(kind, ...request),
    get waitingForHeaders() {
      return places.taken;
    },
    get peak() {
      return places.peak;
    },
    get inLine() {
      return places.waiting;
    },
  };
}
