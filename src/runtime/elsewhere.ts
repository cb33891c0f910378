/**
 * Sessions wherever they are kept: in this process, or as objects of their own that a host reaches by messages. Owns
 * the one way to read any of them; what is asked of a session goes to its own loop, here or there.
 */
import type { Command } from '../core/commands.ts';
import type { Ephemeral } from '../core/feed.ts';
import { type Glance, glanceOf } from '../core/glance.ts';
import type { LogRow, SessionRow, Store } from '../core/ports.ts';
import type { Session } from '../core/session.ts';
import type { Outcome } from './actor.ts';

export type MailCommand = Extract<Command, { type: 'mail' }>;

/** What became of mail, as far as it was handed over: up to `last`, since a call may not carry all of it. */
export interface Sent {
  readonly outcome: Outcome;
  readonly last: number;
}

/** A session that is kept elsewhere. Each call may reject: it could not be reached, and nothing is known of it. */
export interface Peer {
  /** Hands it mail, or the first of it. */
  send(mail: MailCommand): Promise<Sent>;
  row(): Promise<SessionRow | undefined>;
  /** Events of its log after `after`, ascending, at most `limit`. */
  events(after: number, limit: number): Promise<readonly LogRow[]>;
  glance(): Promise<Glance | undefined>;
  /** Tells whoever follows it; lost if it can't be reached. */
  tell(event: Ephemeral): void;
  /** Removes it with all that is stored of it. Safe to repeat. */
  remove(): Promise<void>;
}

/** Where a session is, if it isn't here. */
export type Elsewhere = (session: string) => Peer | undefined;

export interface Sessions {
  row(session: string): Promise<SessionRow | undefined>;
  events(session: string, after: number, limit: number): Promise<readonly LogRow[]>;
  /** How it stands at this moment; undefined: at rest, and its latest news tells all of it. */
  glance(session: string): Promise<Glance | undefined>;
}

export function makeSessions(ports: {
  readonly store: Pick<Store, 'session' | 'events'>;
  /** A session of this process, if it is in memory. */
  readonly live: (session: string) => Session | undefined;
  readonly elsewhere: Elsewhere;
}): Sessions {
  const { store, live, elsewhere } = ports;
  return {
    row: async (session) => elsewhere(session)?.row() ?? store.session(session),
    events: async (session, after, limit) =>
      elsewhere(session)?.events(after, limit) ?? store.events(session, after, limit),
    async glance(session) {
      const peer = elsewhere(session);
      if (peer) return peer.glance();
      const state = live(session);
      return state && glanceOf(state);
    },
  };
}
