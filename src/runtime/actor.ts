/**
 * One session's loop: a command in, its events committed, what runs made equal to what is wanted. The fold
 * runs ahead of the disk; nobody outside sees, hears or runs anything that isn't committed.
 */
import type { Answer, Command, Refusal, Rules } from '../core/commands.ts';
import { decide } from '../core/decide.ts';
import { decodeEvent, encodeEvent, type Recorded } from '../core/events.ts';
import { evolve } from '../core/evolve.ts';
import type { Clock, Commit, LogRow, SessionRow, Store } from '../core/ports.ts';
import { sayingsOf } from '../core/sayings.ts';
import { FOLD_VERSION, hasEnded, type Session } from '../core/session.ts';
import { makeTranscript, mayBear, type Transcript } from '../core/transcript.ts';
import { type Effect, wants } from '../core/wants.ts';
import { type CallsUnderWay, makeCallsUnderWay } from './calls-under-way.ts';
import type { Committer } from './committer.ts';
import { makeReconciler, type Running } from './reconcile.ts';
import { makeWorkClock, type WorkClock } from './work-clock.ts';

/** A request that may come again: the same id and hash is answered as the first time. */
export interface RepeatKey {
  readonly id: string;
  readonly hash: string;
}

export type Outcome =
  | { readonly ok: true; readonly answer: Answer; readonly repeated: boolean }
  | { readonly ok: false; readonly refusal: Refusal };

export interface Actor {
  readonly id: string;
  /** The committed state: what may be shown. Undefined until the session's birth is committed. */
  readonly state: Session | undefined;
  /** Decides, and resolves once what was decided is durable. */
  send(command: Command, key?: RepeatKey): Promise<Outcome>;
  /** Starts what is wanted: after a cold load, once. */
  wake(): void;
  /** The transcript as committed, read from the log if it isn't at hand. */
  transcript(): Transcript;
  readonly work: WorkClock;
  /** Calls that are under way, or on their way to being settled after they were given up. */
  readonly calls: CallsUnderWay;
  /** Nothing runs, nothing is wanted, nothing waits: it may be forgotten. */
  readonly atRest: boolean;
  /** Resolves when all that was aborted so far has ended. */
  ended(): Promise<void>;
  /** The session is about to be removed: it takes nothing more, and what runs is aborted. */
  drop(): void;
  /** Aborts all that runs and starts nothing more. Resolves when it has ended. */
  close(): Promise<void>;
}

export interface ActorPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly committer: Committer;
  readonly rules: Rules;
  /** Runs one effect to its end; what it comes to, it sends as a command. */
  readonly run: (actor: Actor, effect: Effect) => Running;
  readonly published: (actor: Actor, events: readonly Recorded[]) => void;
}

/** Events of a session between two snapshots. */
const SNAPSHOT_EVERY = 100;
const PAGE = 1_000;

export function makeActor(id: string, ports: ActorPorts): Actor {
  const { store, clock, committer, rules } = ports;
  const loaded = load(id, store);
  let ahead = loaded?.state;
  let committed = ahead;
  let snapshotSeq = loaded?.snapshotSeq ?? 0;
  let uncommitted = 0;
  let held: Transcript | undefined;
  let dropped = false;
  let shelf: Shelf = loaded?.shelf ?? { archived: false, endedAt: null };
  const pendingKeys = new Map<string, { key: RepeatKey; outcome: Promise<Outcome> }>();
  const work = makeWorkClock(clock);

  const actor: Actor = {
    id,
    work,
    calls: makeCallsUnderWay(),
    get state() {
      return committed;
    },
    get atRest() {
      return uncommitted === 0 && reconciler.idle && (!committed || wants(committed).length === 0);
    },
    send(command, key) {
      if (!key) return perform(command);
      const repeated = seenBefore(key);
      if (repeated) return repeated;
      const outcome = perform(command, key);
      pendingKeys.set(key.id, { key, outcome });
      return outcome.finally(() => pendingKeys.delete(key.id));
    },
    wake: () => reconcile(),
    transcript() {
      const state = committed;
      if (!state) throw new Error(`session ${id} has no log`);
      if (!held || held.seq < state.prefixSeq) held = makeTranscript();
      if (held.seq === state.seq) return held;
      const from = Math.max(held.seq, state.prefixSeq - 1);
      for (const row of rowsOf(store, id, from)) if (mayBear(row.event)) held.add(decodeEvent(row));
      return held;
    },
    ended: () => reconciler.ended(),
    drop() {
      dropped = true;
      reconciler.drop();
    },
    close: () => reconciler.close(),
  };
  const reconciler = makeReconciler((effect) => ports.run(actor, effect), reconcile);

  function perform(command: Command, key?: RepeatKey): Promise<Outcome> {
    if (dropped) {
      return Promise.resolve({
        ok: false,
        refusal: { kind: 'not_found', message: `session ${id} was removed` },
      });
    }
    const worked = Math.floor(work.unrecorded());
    const decision = decide(ahead, command, { at: clock.now(), worked, rules });
    if (!decision.ok) return Promise.resolve({ ok: false, refusal: decision.refusal });
    const outcome: Outcome = { ok: true, answer: decision.answer, repeated: false };
    const { events, state } = decision;
    if (events.length === 0 && !key) {
      // A repeated command, too, is acknowledged only after what it repeats is durable.
      return uncommitted === 0 ? Promise.resolve(outcome) : afterPending(outcome);
    }
    const isBirth = ahead === undefined;
    // Its whole log passes through here: nothing of it need be read back for the first request.
    if (isBirth) held = makeTranscript();
    ahead = state;
    work.recorded(worked);
    work.touch();
    uncommitted += 1;
    return new Promise((resolve) => {
      committer.add(commitOf(state, events, isBirth, key, decision.answer), () => {
        uncommitted -= 1;
        committed = state;
        if (held) for (const recorded of events) held.add(recorded);
        ports.published(actor, events);
        if (uncommitted === 0) reconcile();
        resolve(outcome);
      });
    });
  }

  function afterPending(outcome: Outcome): Promise<Outcome> {
    return new Promise((resolve) => {
      const look = (): void => (uncommitted === 0 ? resolve(outcome) : clock.soon(look));
      clock.soon(look);
    });
  }

  function seenBefore(key: RepeatKey): Promise<Outcome> | undefined {
    const pending = pendingKeys.get(key.id);
    if (pending) {
      if (pending.key.hash !== key.hash) return Promise.resolve(otherBody(key));
      return pending.outcome.then((first) => (first.ok ? { ...first, repeated: true } : first));
    }
    const stored = store.key(id, key.id);
    if (!stored) return undefined;
    if (stored.hash !== key.hash) return Promise.resolve(otherBody(key));
    const answer: Answer = JSON.parse(stored.answer);
    return Promise.resolve({ ok: true, answer, repeated: true });
  }

  function commitOf(
    state: Session,
    events: readonly Recorded[],
    isBirth: boolean,
    key: RepeatKey | undefined,
    answer: Answer,
  ): Commit {
    const snapshots = state.turn === undefined && state.seq - snapshotSeq >= SNAPSHOT_EVERY;
    if (snapshots) snapshotSeq = state.seq;
    const before = shelf;
    shelf = shelfOf(state);
    return {
      session: id,
      ...(isBirth
        ? {
            create: {
              chat: state.chat,
              parent: state.spec?.parent ?? null,
              kind: state.kind,
              owner: state.owner,
              createdAt: state.createdAt,
            },
          }
        : {}),
      events: events.map(({ seq, at, worked, event }) => ({ seq, at, event: encodeEvent(event, worked) })),
      wants: wants(state).length > 0,
      ...(state.kind === 'main' ? { sayings: sayingsOf(events) } : {}),
      ...(shelf.archived === before.archived ? {} : { archived: shelf.archived }),
      ...(shelf.endedAt === before.endedAt ? {} : { endedAt: shelf.endedAt }),
      ...(key ? { key: { ...key, answer: JSON.stringify(answer) } } : {}),
      ...(snapshots
        ? { snapshot: { seq: state.seq, version: FOLD_VERSION, state: JSON.stringify(state) } }
        : {}),
    };
  }

  function reconcile(): void {
    if (committed && uncommitted === 0) reconciler.reconcile(wants(committed));
  }

  return actor;
}

function otherBody(key: RepeatKey): Outcome {
  return {
    ok: false,
    refusal: {
      kind: 'exists',
      message: `the id ${key.id} was used before with another body: use a new id, or send the same body again`,
    },
  };
}

/** What the store finds a session by, besides its name. */
type Shelf = Pick<SessionRow, 'archived' | 'endedAt'>;

function shelfOf(state: Session): Shelf {
  return { archived: state.archived, endedAt: hasEnded(state) ? (state.endedAt ?? null) : null };
}

/** Folds a session's log, from its latest snapshot on. */
function load(id: string, store: Store): { state: Session; snapshotSeq: number; shelf: Shelf } | undefined {
  const row = store.session(id);
  if (!row) return undefined;
  const snapshot = store.snapshot(id);
  const usable = snapshot?.version === FOLD_VERSION ? snapshot : undefined;
  let state: Session | undefined = usable ? JSON.parse(usable.state) : undefined;
  for (const recorded of read(store, id, usable?.seq ?? 0)) state = evolve(state, recorded);
  return state && { state, snapshotSeq: usable?.seq ?? 0, shelf: row };
}

/** The committed events after `after`, in order. */
export function* read(store: Store, id: string, after: number): Generator<Recorded> {
  for (const row of rowsOf(store, id, after)) yield decodeEvent(row);
}

/** In pages, so that no log is in memory whole. */
function* rowsOf(store: Store, id: string, after: number): Generator<LogRow> {
  let last = after;
  for (;;) {
    const rows = store.events(id, last, PAGE);
    yield* rows;
    const end = rows[rows.length - 1];
    if (!end || rows.length < PAGE) return;
    last = end.seq;
  }
}
