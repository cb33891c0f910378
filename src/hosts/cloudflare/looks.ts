/**
 * What a session's alarm is for: to look whether what should run does, and to see to what has no other occasion. Owns
 * when somebody looks again, and the host's own facts that say so; decides nothing about the session.
 */
import type { Clock } from '../../core/ports.ts';
import type { Session } from '../../core/session.ts';
import { isEnded, ownCards } from '../../core/subagents.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Alarm } from './alarm.ts';
import type { Objects, SessionMethods } from './bindings.ts';
import { isUnlisted, type Listing } from './listing.ts';
import type { SessionStore } from './session-store.ts';

/** While anything is wanted, somebody looks this often whether it runs; each look keeps the object in memory. */
export const KEEP_MS = 20_000;
/** How often a session at rest asks after its live subagents, in case one's own alarm was lost. */
const WATCH_MS = 300_000;
/** An instance that has lived so long with a step under way is not brought down by it. */
const STEADY_MS = 15_000;
/** So often in a row, with no step answered between: then it may be the session after all. */
const MOST_EVICTIONS = 10;
const DAY_MS = 24 * 3_600_000;

const notes = {
  /** This instance was at work for a while: if it is gone later, the session was not the cause. */
  steady: 'steady',
  /** How often in a row such an instance was gone. */
  evictions: 'evictions',
  /** When what ended long ago was last looked for. */
  swept: 'swept',
} as const;

type Notes = Pick<SessionStore, 'note' | 'setNote'>;

/**
 * Whether the instance before this one was put out of memory for no reason of the session's. To be asked once, when the
 * session is opened.
 */
export function wasEvicted(store: Notes): boolean {
  const steady = store.note(notes.steady) !== undefined;
  store.setNote(notes.steady, undefined);
  if (!steady) return false;
  const times = Number(store.note(notes.evictions) ?? 0) + 1;
  store.setNote(notes.evictions, String(times));
  return times <= MOST_EVICTIONS;
}

/** A step was answered: whatever comes now is another one's doing. */
export function stepsOn(store: Notes): void {
  store.setNote(notes.evictions, undefined);
}

export interface Looks {
  /** Looks at the session, as its alarm does. */
  look(): Promise<void>;
  /** Says when somebody must look again, if at all. */
  again(): void;
  /** Has its subagents opened that may be at work, and theirs: each goes on by itself if it should. */
  nudge(): void;
}

export function makeLooks(
  session: string,
  ports: {
    readonly store: Pick<SessionStore, 'session' | 'note' | 'setNote'>;
    readonly runtime: Pick<Runtime, 'state' | 'live' | 'retention'>;
    readonly alarm: Alarm;
    readonly listing: Pick<Listing, 'tell'>;
    readonly sessions: Objects<SessionMethods>;
    readonly clock: Clock;
    /** Subagents that ended are kept so long; 0: for ever. */
    readonly keptDays: number;
    readonly failed: (error: unknown) => void;
  },
): Looks {
  const { store, runtime, alarm, listing, clock, keptDays, failed } = ports;
  const opened = clock.now();

  const live = (state: Session) => ownCards(state.tree).filter((card) => !isEnded(card.status));

  /** Those that may be in the middle of something: one that waits for its place is not, and there may be many. */
  async function nudge(state: Session): Promise<void> {
    const moving = live(state).filter(({ status }) => status !== 'queued' && status !== 'blocked');
    await Promise.all(moving.map(({ id }) => ports.sessions.getByName(id).nudge().catch(failed)));
  }

  async function sweep(state: Session): Promise<void> {
    const last = Number(store.note(notes.swept) ?? 0);
    if (keptDays === 0 || state.kind !== 'main' || clock.now() - last < DAY_MS) return;
    if (ownCards(state.tree).length === live(state).length) return;
    store.setNote(notes.swept, String(clock.now()));
    await runtime.retention.sweepChat(session, keptDays * DAY_MS);
  }

  function again(): void {
    const row = store.session(session);
    const state = runtime.live(session);
    if (!row || !state) return;
    if (row.wants || isUnlisted(store)) return alarm.within(KEEP_MS);
    if (live(state).length > 0) alarm.within(WATCH_MS);
    else if (keptDays > 0 && ownCards(state.tree).length > 0 && state.kind === 'main') alarm.within(DAY_MS);
  }

  return {
    again,
    nudge() {
      again();
      const state = runtime.live(session);
      if (state) void nudge(state);
    },
    async look() {
      alarm.wentOff();
      const state = runtime.state(session);
      if (!state) return;
      again();
      const wants = store.session(session)?.wants ?? false;
      // One that was only just opened has shown nothing yet: it may have been this session that brought it down.
      if (wants && clock.now() - opened >= STEADY_MS) store.setNote(notes.steady, 'yes');
      await listing.tell().catch(failed);
      if (wants) return;
      await nudge(state);
      await sweep(state);
    },
  };
}
