/**
 * What a finished world left behind, laid out for judging: every log with the state after each of its events, and
 * which events became durable together. Folds anew, from the first event on; trusts no state that the world held.
 */
import type { Recorded } from '../../../src/core/events.ts';
import { evolve } from '../../../src/core/evolve.ts';
import type { Session } from '../../../src/core/session.ts';
import { CHAT } from '../people.ts';
import type { World } from '../world.ts';

export interface Commit {
  /** Indexes into the log, `to` inclusive. */
  readonly from: number;
  readonly to: number;
  readonly transaction: number;
}

export interface History {
  readonly id: string;
  /** For messages: the path of a subagent, or `main`. */
  readonly name: string;
  readonly log: readonly Recorded[];
  /** After each event. */
  readonly states: readonly Session[];
  readonly commits: readonly Commit[];
  readonly end: Session;
}

export interface Chronicle {
  readonly world: World;
  readonly sessions: ReadonlyMap<string, History>;
  readonly main: History | undefined;
}

/** The chronicle, and what hindered it: a log that can't be folded. */
export function chronicleOf(world: World): { chronicle: Chronicle; violations: string[] } {
  const violations: string[] = [];
  const sessions = new Map<string, History>();
  const commits = new Map<string, Commit[]>();
  for (const { session, events, transaction } of world.witness.written) {
    const own = commits.get(session) ?? [];
    commits.set(session, own);
    const [first] = events;
    const last = events.at(-1);
    if (first && last) own.push({ from: first.seq - 1, to: last.seq - 1, transaction });
  }
  for (const [id, log] of world.witness.logs) {
    const states: Session[] = [];
    let state: Session | undefined;
    try {
      for (const recorded of log) {
        state = evolve(state, recorded);
        states.push(state);
      }
    } catch (error) {
      violations.push(`the log of ${id} can't be folded: ${String(error)}`);
    }
    if (state) {
      const name = state.spec?.path ?? 'main';
      sessions.set(id, { id, name, log, states, commits: commits.get(id) ?? [], end: state });
    }
  }
  return { chronicle: { world, sessions, main: sessions.get(CHAT) }, violations };
}

/** The commit that an event of the log was in. */
export function commitAt(history: History, index: number): Commit {
  const found = history.commits.find(({ from, to }) => from <= index && index <= to);
  if (!found) throw new Error(`event ${index} of ${history.name} was in no commit`);
  return found;
}

/** The events of the commit that holds the event at `index`. */
export function together(history: History, index: number): readonly Recorded[] {
  const { from, to } = commitAt(history, index);
  return history.log.slice(from, to + 1);
}

/** A session's state as it was durable after a transaction of the world. */
export function stateAfter(history: History, transaction: number): Session | undefined {
  const commit = history.commits.findLast((one) => one.transaction <= transaction);
  return commit && history.states[commit.to];
}
