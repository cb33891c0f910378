/**
 * All sessions of this process: finds or loads the actor that a command is for, takes up at the start what
 * was at work, and brings all of it to rest at the end. Owns no rule of a session.
 */
import type { Command, Refusal, Rules } from '../core/commands.ts';
import type { Recorded } from '../core/events.ts';
import type { Ephemeral } from '../core/feed.ts';
import type { CallOutcome, Clock, KeptWork, Model, Skills, Store, Workshop } from '../core/ports.ts';
import type { Session } from '../core/session.ts';
import { isDead } from '../core/subagents.ts';
import type { Effect } from '../core/wants.ts';
import { type Actor, makeActor, type Outcome, type RepeatKey } from './actor.ts';
import { type Broadcast, makeBroadcast } from './broadcast.ts';
import type { Hear, Intend } from './calls.ts';
import { type Committer, makeCommitter } from './committer.ts';
import { runEffect } from './effects.ts';
import { type Elsewhere, type MailCommand, makeSessions, type Sent, type Sessions } from './elsewhere.ts';
import type { Hold } from './gate.ts';
import { makeInspect } from './inspect.ts';
import { type Lanes, makeLanes } from './lanes.ts';
import { type Metrics, makeMetrics } from './metrics.ts';
import { countOwned } from './owned-figures.ts';
import { makeRemoval, type RemovalLog } from './removal.ts';
import { makeRetention, type Retained, type Retention } from './retention.ts';
import { makeTally } from './tally.ts';
import { type ChatWorktrees, makeChatWorktrees } from './worktrees.ts';

export interface RuntimePorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly model: Model;
  readonly workshop: Workshop;
  readonly skills?: Skills;
  readonly rules: Rules;
  readonly intend: Intend;
  /** Absent: words are words, in every session. */
  readonly hear?: Hear;
  /** Model calls in flight: a ceiling for this process, or lanes that several processes share. */
  readonly maxModelCalls: number | Lanes;
  readonly mainToolMs: number;
  /** For how long what is over is kept; absent: for ever. */
  readonly retained?: Retained;
  /** Absent: every session is kept in this process. */
  readonly elsewhere?: Elsewhere;
  /** Whether a session that is found at work was taken out of memory for no reason of its own; absent: no. */
  readonly evicted?: (session: string) => boolean;
  /** Told how a session stands: when it is loaded, and after each of its commits. Returns at once, and never throws. */
  readonly stands?: (session: Session) => void;
  /** Called before a chat's logs are removed, again after a crash: whatever lists it forgets it. */
  readonly unlist?: (chat: string) => Promise<void>;
  readonly random: () => number;
  /** A commit failed: nothing of it was acknowledged, and the process must end. */
  readonly fatal: (error: unknown) => void;
  readonly log: RuntimeLog;
}

export interface RuntimeLog extends RemovalLog {
  readonly retried: (
    session: string,
    failure: Extract<CallOutcome, { kind: 'again' }>,
    attempt: number,
  ) => void;
  /** No model call starts for now. */
  readonly held?: (hold: Hold) => void;
  readonly gaveUp: (session: string, to: string, refusal: Refusal) => void;
  readonly unreached: (session: string, to: string, error: unknown) => void;
  readonly broken: (session: string, effect: Effect, error: unknown) => void;
}

export interface Runtime {
  /** Resolves once what the command led to is durable. Rejects never for a reason of the session's. */
  send(session: string, command: Command, key?: RepeatKey): Promise<Outcome>;
  /** A session's committed state; undefined when there is no such session. */
  state(session: string): Session | undefined;
  /** The same, only if it is in memory already. */
  live(session: string): Session | undefined;
  /** Resolves when all of `targets` are confirmed dead in `chat`'s tree, or after `ms`. */
  confirmDead(chat: string, targets: readonly string[], ms: number): Promise<void>;
  /**
   * Waits until a chat that is being deleted is gone, at most `ms`: what was kept of its work, or undefined if it
   * isn't through.
   */
  gone(chat: string, ms: number): Promise<readonly KeptWork[] | undefined>;
  /** Removes a session of this process, whatever it is doing. Safe to repeat. */
  remove(session: string): Promise<void>;
  /** Takes up every session that was at work. Returns at once; the work goes on in the background. */
  start(): void;
  /** Ends all that runs, writes the last word of a clean stop, commits. Resolves when all has ended. */
  stop(): Promise<void>;
  /** Any session of the tree, wherever it is kept. */
  readonly sessions: Sessions;
  readonly retention: Retention;
  readonly worktrees: ChatWorktrees;
  readonly broadcast: Broadcast;
  readonly lanes: Lanes;
  readonly committer: Committer;
  readonly actors: number;
  /** What is counted of this process; a host and its doors add their own. */
  readonly metrics: Metrics;
}

/** Actors at rest that are kept in memory. */
const KEPT_AT_REST = 200;
/** Sessions taken up in one turn of the event loop at a start. */
const TAKEN_UP_PER_TURN = 4;
const PROGRESS_MS = 1_000;

export function makeRuntime(ports: RuntimePorts): Runtime {
  const { store, clock } = ports;
  const actors = new Map<string, Actor>();
  const broadcast = makeBroadcast();
  const elsewhere: Elsewhere = ports.elsewhere ?? (() => undefined);
  const lanes =
    typeof ports.maxModelCalls === 'number'
      ? makeLanes(ports.maxModelCalls, clock, {
          random: ports.random,
          held: (hold) => ports.log.held?.(hold),
        })
      : ports.maxModelCalls;
  const metrics = makeMetrics();
  const tally = makeTally(metrics, { store, clock });
  const committer = makeCommitter(store, clock, ports.fatal, tally.wrote);
  const progressed = new Set<string>();
  let stopping = false;

  const sessions = makeSessions({ store, live, elsewhere });
  const worktrees = makeChatWorktrees({ workshop: ports.workshop, sessions });
  const removal = makeRemoval({
    store,
    elsewhere,
    ...(ports.unlist ? { unlist: ports.unlist } : {}),
    clock,
    committer,
    broadcast,
    workshop: ports.workshop,
    fatal: ports.fatal,
    log: ports.log,
    inMemory: (ids) => ids.flatMap((id) => actors.get(id) ?? []),
    forget: (id) => actors.delete(id),
  });
  const retention = makeRetention({
    store,
    sessions,
    clock,
    workshop: ports.workshop,
    retained: ports.retained ?? {},
    state: (session) => runtime.state(session),
    send: (session, command) => send(session, command),
    failed: (error) => ports.log.retentionFailed(error),
  });

  const effectPorts = {
    ...ports,
    model: tally.model(ports.model),
    removal,
    lanes,
    broadcast,
    inspect: makeInspect({
      sessions,
      worktrees,
      now: () => clock.now(),
      ...(ports.skills ? { skills: ports.skills } : {}),
    }),
    reach: async (session: string, mail: MailCommand): Promise<Sent> =>
      elsewhere(session)?.send(mail) ?? {
        outcome: await send(session, mail),
        last: mail.mails.at(-1)?.n ?? 0,
      },
    failed: (actor: Actor, failure: Extract<CallOutcome, { kind: 'again' }>, attempt: number) => {
      tally.retried(failure.why);
      ports.log.retried(actor.id, failure, attempt);
    },
    gaveUp: (actor: Actor, to: string, refusal: Refusal) => ports.log.gaveUp(actor.id, to, refusal),
    unreached: (actor: Actor, to: string, error: unknown) => ports.log.unreached(actor.id, to, error),
    broken: (actor: Actor, effect: Effect, error: unknown) => ports.log.broken(actor.id, effect, error),
  };

  function actorOf(id: string): Actor {
    const known = actors.get(id);
    if (known) {
      // Most recently used last: the oldest at rest are forgotten first.
      actors.delete(id);
      actors.set(id, known);
      return known;
    }
    const actor = makeActor(id, {
      store,
      clock,
      committer,
      rules: ports.rules,
      run: (one, effect) => runEffect(one, effect, effectPorts),
      published,
    });
    // Before it is one of them: it is at rest itself until its first command, and must not be forgotten.
    forget();
    actors.set(id, actor);
    if (actor.state) {
      tally.loaded(actor.state);
      ports.stands?.(actor.state);
    }
    // A session that wants something and is not in memory was at work when its host went down.
    if (actor.state && store.session(id)?.wants) {
      const evicted = ports.evicted?.(id) ?? false;
      void actor.send({ type: 'host.started', ...(evicted ? { evicted } : {}) }).then(actor.wake);
    }
    return actor;
  }

  function forget(): void {
    if (actors.size <= KEPT_AT_REST) return;
    let excess = actors.size - KEPT_AT_REST;
    for (const [id, actor] of actors) {
      if (excess <= 0) return;
      if (!actor.atRest) continue;
      actors.delete(id);
      excess -= 1;
    }
  }

  async function send(session: string, command: Command, key?: RepeatKey): Promise<Outcome> {
    if (stopping) throw new Error('the gateway is stopping');
    return actorOf(session).send(command, key);
  }

  function live(session: string): Session | undefined {
    return actors.get(session)?.state;
  }

  function published(actor: Actor, events: readonly Recorded[]): void {
    for (const { event } of events) {
      if (event.type === 'step.answered' || event.type === 'step.abandoned') broadcast.silence(actor.id);
    }
    if (actor.state) tally.committed(actor.state, events);
    broadcast.events(actor.id, events);
    if (actor.state) ports.stands?.(actor.state);
    progress(actor);
  }

  /** Tells the chat what a subagent does now, at most once a second each. */
  function progress(actor: Actor): void {
    const { state } = actor;
    if (!state?.spec || progressed.has(actor.id)) return;
    const chat = elsewhere(state.chat);
    if (!chat && !broadcast.hears(state.chat)) return;
    progressed.add(actor.id);
    const event: Ephemeral = {
      name: 'progress',
      data: {
        subagentId: state.id,
        steps: state.attemptSteps,
        activity: state.activity,
        usage: state.usage,
      },
    };
    if (chat) chat.tell(event);
    else broadcast.ephemeral(state.chat, event);
    clock.after(PROGRESS_MS, () => {
      progressed.delete(actor.id);
      const now = actor.state;
      const isNews =
        now &&
        (now.activity !== state.activity ||
          now.attemptSteps !== state.attemptSteps ||
          now.usage !== state.usage);
      if (isNews) progress(actor);
    });
  }

  const runtime: Runtime = {
    sessions,
    worktrees,
    retention,
    broadcast,
    lanes,
    committer,
    metrics,
    send,
    gone: removal.gone,
    remove: removal.here,
    live,
    get actors() {
      return actors.size;
    },
    state(session) {
      return live(session) ?? (store.session(session) ? actorOf(session).state : undefined);
    },
    confirmDead(chat, targets, ms) {
      const dead = (): boolean => {
        const tree = actorOf(chat).state?.tree;
        return targets.every((id) => {
          const card = tree?.cards[id];
          return card === undefined || isDead(card);
        });
      };
      return new Promise((resolve) => {
        if (dead()) return resolve();
        const finish = (): void => {
          cancel();
          unfollow();
          resolve();
        };
        const cancel = clock.after(ms, finish);
        const unfollow = broadcast.follow(chat, {
          onEvents: (events) => {
            if (events.some(({ event }) => event.type === 'mail.accepted') && dead()) finish();
          },
          onEphemeral: () => {},
        });
      });
    },
    start() {
      const ids = store.wanting();
      const takeUp = (from: number): void => {
        if (stopping || from >= ids.length) return;
        for (const id of ids.slice(from, from + TAKEN_UP_PER_TURN)) actorOf(id);
        clock.soon(() => takeUp(from + TAKEN_UP_PER_TURN));
      };
      takeUp(0);
      retention.start();
    },
    async stop() {
      stopping = true;
      retention.stop();
      const all = [...actors.values()];
      await Promise.all(all.map((actor) => actor.close()));
      lanes.close();
      const last = all
        .filter((actor) => actor.state && !actor.atRest)
        .map((actor) => actor.send({ type: 'host.stopping' }));
      committer.flush();
      await Promise.all(last);
    },
  };
  countOwned(metrics, runtime);
  return runtime;
}
