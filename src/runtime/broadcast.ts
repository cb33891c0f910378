/**
 * Who listens to which session: hands committed events and ephemeral ones to listeners in this process.
 * Keeps nothing but the words of an answer under way, for those who join in its middle.
 */
import type { Recorded } from '../core/events.ts';
import type { Ephemeral } from '../core/feed.ts';

export interface Listener {
  /** Events of one commit, in order. */
  readonly onEvents: (events: readonly Recorded[]) => void;
  readonly onEphemeral: (event: Ephemeral) => void;
  /** The session was removed: nothing more comes. */
  readonly onEnd?: () => void;
}

export interface Broadcast {
  /** Listens from now on; the words shown so far of an answer under way come first. */
  follow(session: string, listener: Listener): () => void;
  hears(session: string): boolean;
  events(session: string, events: readonly Recorded[]): void;
  ephemeral(session: string, event: Ephemeral): void;
  /** Adds words to the answer under way; `undefined` voids what was shown of it. */
  words(session: string, answer: { turn: number; message: string }, delta: string | undefined): void;
  /** The session was removed. */
  end(session: string): void;
  /** The answer under way is finished or given up. */
  silence(session: string): void;
}

export function makeBroadcast(): Broadcast {
  const listeners = new Map<string, Set<Listener>>();
  const speaking = new Map<string, { turn: number; message: string; text: string }>();

  const each = (session: string, tell: (listener: Listener) => void): void => {
    for (const listener of [...(listeners.get(session) ?? [])]) tell(listener);
  };

  return {
    follow(session, listener) {
      const all = listeners.get(session) ?? new Set();
      all.add(listener);
      listeners.set(session, all);
      const now = speaking.get(session);
      if (now && now.text !== '') {
        const { turn, message, text } = now;
        listener.onEphemeral({ name: 'delta', data: { turn, message, offset: 0, text } });
      }
      return () => {
        all.delete(listener);
        if (all.size === 0 && listeners.get(session) === all) listeners.delete(session);
      };
    },
    hears: (session) => listeners.has(session),
    events(session, events) {
      each(session, (listener) => listener.onEvents(events));
    },
    ephemeral(session, event) {
      each(session, (listener) => listener.onEphemeral(event));
    },
    words(session, { turn, message }, delta) {
      const before = speaking.get(session);
      const text = before?.message === message ? before.text : '';
      if (delta === undefined) {
        speaking.delete(session);
        if (text === '') return;
        each(session, (one) =>
          one.onEphemeral({ name: 'delta', data: { turn, message, offset: 0, text: '' } }),
        );
        return;
      }
      speaking.set(session, { turn, message, text: text + delta });
      if (!listeners.has(session)) return;
      const event: Ephemeral = { name: 'delta', data: { turn, message, offset: text.length, text: delta } };
      each(session, (listener) => listener.onEphemeral(event));
    },
    end(session) {
      speaking.delete(session);
      each(session, (listener) => listener.onEnd?.());
    },
    silence(session) {
      speaking.delete(session);
    },
  };
}
