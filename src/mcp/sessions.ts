/**
 * What clients of revisions before 2026-07-28 leave behind between their requests: which resources a session subscribed
 * to, and which of its requests are at work. Kept in this process and nowhere else; where that saw too little of a session
 * to know, the session is told of everything, so nothing is lost with it.
 */
import type { RequestId } from '@modelcontextprotocol/server';

/** Addresses that one session may subscribe to. */
const MOST_SUBSCRIPTIONS = 1_000;
/** Sessions that are remembered: those that were heard of latest. */
const MOST_SESSIONS = 10_000;

/** As ids are made here: what a client sends as one is not kept whatever it is. */
const idShape = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface McpSession {
  /** @returns false: it subscribes to as many as one may already */
  subscribe(uri: string): boolean;
  unsubscribe(uri: string): void;
  /** Whether it is to be told of this resource. */
  wants(uri: string): boolean;
  /** Calls with what the session is told beside the feed. @returns ends it */
  hear(listener: (uri: string) => void): () => void;
  tell(uri: string): void;
  /** Runs a request, whose signal aborts with the given one and when it is cancelled. */
  work<Result>(
    id: RequestId,
    signal: AbortSignal,
    run: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result>;
  /** What is not at work here is not known, and nothing happens. */
  cancel(id: RequestId): void;
}

interface Kept extends McpSession {
  /** From now on it may have subscribed elsewhere. */
  lose(): void;
}

/** @param whole whether all that it subscribes to is known here: it began here, and nobody else answers it */
export function makeSession(whole: boolean): McpSession {
  return kept(whole);
}

function kept(whole: boolean): Kept {
  const subscribed = new Set<string>();
  const listeners = new Set<(uri: string) => void>();
  const atWork = new Map<RequestId, AbortController>();
  let known = whole;
  return {
    subscribe(uri) {
      if (!subscribed.has(uri) && subscribed.size >= MOST_SUBSCRIPTIONS) return false;
      subscribed.add(uri);
      return true;
    },
    unsubscribe: (uri) => void subscribed.delete(uri),
    wants: (uri) => !known || subscribed.has(uri),
    hear(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    tell(uri) {
      for (const listener of listeners) listener(uri);
    },
    async work(id, signal, run) {
      const cancelled = new AbortController();
      atWork.set(id, cancelled);
      try {
        return await run(AbortSignal.any([signal, cancelled.signal]));
      } finally {
        if (atWork.get(id) === cancelled) atWork.delete(id);
      }
    },
    cancel: (id) => atWork.get(id)?.abort(),
    lose() {
      known = false;
    },
  };
}

/** The sessions of one client: the same id of another one's is another session. */
export interface SessionsOfOne {
  /** @returns its id, which nobody can guess */
  begin(): string;
  /** Undefined: there is no such id. One that did not begin here is known from now on. */
  find(id: string | null): McpSession | undefined;
}

export interface Sessions {
  of(client: readonly string[]): SessionsOfOne;
}

/** @param alone whether every request of every session comes to this process */
export function makeSessions(alone: boolean): Sessions {
  const all = new Map<string, Kept>();

  function keep(name: string, session: Kept): McpSession {
    // Those heard of latest stand last.
    all.delete(name);
    all.set(name, session);
    for (const [oldest, one] of all) {
      if (all.size <= MOST_SESSIONS) break;
      one.lose();
      all.delete(oldest);
    }
    return session;
  }

  return {
    of(client) {
      const nameOf = (id: string): string => JSON.stringify([...client, id]);
      return {
        begin() {
          const id = crypto.randomUUID();
          keep(nameOf(id), kept(alone));
          return id;
        },
        find(id) {
          if (id === null || !idShape.test(id)) return undefined;
          const name = nameOf(id);
          return keep(name, all.get(name) ?? kept(false));
        },
      };
    },
  };
}
