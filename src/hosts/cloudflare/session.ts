/**
 * One session as its object keeps it: the runtime with its one actor, its store, its door, its alarm. Owns how these
 * are put together and when the alarm looks; decides nothing about the session.
 */
import type { DurableObjectState, WebSocket } from '@cloudflare/workers-types';
import { nanoid } from 'nanoid';
import { glanceOf } from '../../core/glance.ts';
import type { Session } from '../../core/session.ts';
import { isEnded, ownCards } from '../../core/subagents.ts';
import { makeRuntimeOf } from '../../gateway/gateway.ts';
import { makeApp } from '../../http/app.ts';
import { received } from '../../http/callers.ts';
import { ownFeed } from '../../http/feeds.ts';
import type { AppPorts } from '../../http/ports.ts';
import { localShelf } from '../../http/shelf.ts';
import { makeModel } from '../../model/client.ts';
import { remoteLanes } from '../../runtime/remote-lanes.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { makeFetchPolicy } from '../../tools/fetch-policy.ts';
import { type Alarm, makeAlarm } from './alarm.ts';
import { type Bindings, theOne } from './bindings.ts';
import { workerClock as clock } from './clock.ts';
import { allowedAt } from './config.ts';
import { makeConnections } from './connections.ts';
import { isTaskSince, takeMail } from './deliveries.ts';
import { callerHeader, forward } from './forward.ts';
import { type Host, hostOf } from './host.ts';
import { isUnlisted, type Listing, makeListing, mustBeListed } from './listing.ts';
import { type MailAnswer, progressSchema } from './messages.ts';
import { makePeers } from './peers.ts';
import { makeReaders } from './readers.ts';
import { version } from './release.ts';
import { roomIn } from './room.ts';
import { makeSessionSockets, type SessionSockets } from './session-sockets.ts';
import { openSessionStore, type SessionStore } from './session-store.ts';
import { durableSql, meteredSql } from './sql.ts';
import { fetchWorkshop } from './workshop.ts';

/** While anything is wanted, somebody looks this often whether it runs; each look keeps the object in memory. */
const KEEP_MS = 20_000;
/** How often a session at rest asks after its live subagents, in case one's own alarm was lost. */
const WATCH_MS = 300_000;
/** An instance that has lived so long with a step under way is not brought down by it. */
const STEADY_MS = 15_000;
const DAY_MS = 24 * 3_600_000;

/** The host's own facts about a session, kept with it. */
const notes = {
  /** This instance was at work for a while: if it is gone later, the session was not the cause. */
  steady: 'steady',
  /** When what ended long ago was last looked for. */
  swept: 'swept',
} as const;

export interface HostedSession {
  fetch(request: Request): Promise<Response>;
  mail(message: unknown): Promise<MailAnswer>;
  readonly store: SessionStore;
  readonly runtime: Runtime;
  readonly sockets: SessionSockets;
  view(): Promise<unknown>;
  glance(): unknown;
  tell(event: unknown): boolean;
  remove(): Promise<void>;
  revoked(digest: string): void;
  /** What the alarm is for. */
  look(): Promise<void>;
  closed(socket: WebSocket, code: number): void;
}

/** @param id the session's, which is the object's name */
export async function openSession(
  id: string,
  ctx: DurableObjectState,
  bindings: Bindings,
): Promise<HostedSession> {
  const host = await hostOf(bindings);
  const opened = clock.now();
  const { config, log } = host;
  const failed = (error: unknown): void => log.error({ session: id, err: error }, 'something went wrong');
  const alarm = makeAlarm(ctx.storage, { now: clock.now, failed });
  const store = listedStore(openSessionStore(meteredSql(durableSql(ctx.storage))), alarm);
  const directory = () => bindings.DIRECTORY.getByName(theOne);
  const steady = store.note(notes.steady) !== undefined;
  const readers = makeReaders(id, directory, failed);
  const listing = makeListing(id, {
    store,
    directory,
    leaving: () => runtime.state(id)?.deleting ?? false,
  });
  const runtime: Runtime = runtimeOf(id, host, { ctx, bindings, store, steady, listing });
  const sockets = makeSessionSockets(id, {
    ctx,
    store,
    broadcast: runtime.broadcast,
    readers,
    clock,
    newTicket: () => `tkt_${nanoid(32)}`,
  });
  const shelf = localShelf({ runtime, store, clock, budget: config.budget });
  /** When it was, in this life of the object: a task that was on its way meanwhile begins nothing anew. */
  let removedAt: number | undefined;
  /** Subagents that ended are kept so long; 0: for ever. */
  const keptDays = config.retention?.endedTreesDays ?? 0;
  const room = roomIn(ctx.storage.sql, config.objectBytes);
  const doorPorts: AppPorts = {
    runtime,
    store,
    shelf,
    clock,
    token: () => config.token,
    handed: (request) => received(request.headers.get(callerHeader) ?? '', readers.onceRevoked),
    allowed: (request) => allowedAt(config, request.url),
    newId: () => nanoid(),
    newChatId: () => id,
    about: { version, model: host.rules.model, simulator: false },
    resolveModel: host.catalogue.resolve,
    budget: config.budget,
    spawn: host.rules.toolset.spawn,
    elsewhere: (session) => (session === id ? undefined : forward(bindings, session)),
    sockets,
    full: room.full,
    ready: () => true,
    // A stream that is cut off ends in order: an error in it would take down whatever else the object is sending.
    hangUp: () => {},
    log: { answered: () => {}, failed: host.http.failed },
  };
  const app = makeApp(doorPorts);
  const feed = ownFeed(doorPorts, id);

  async function nudgeChildren(state: Session): Promise<void> {
    const live = ownCards(state.tree).filter((card) => !isEnded(card.status));
    await Promise.all(live.map((card) => bindings.SESSIONS.getByName(card.id).nudge().catch(failed)));
  }

  async function sweep(state: Session): Promise<void> {
    const last = Number(store.note(notes.swept) ?? 0);
    if (keptDays === 0 || state.kind !== 'main' || clock.now() - last < DAY_MS) return;
    if (!ownCards(state.tree).some((card) => isEnded(card.status))) return;
    store.setNote(notes.swept, String(clock.now()));
    await runtime.retention.sweepChat(id, keptDays * DAY_MS);
  }

  /** When somebody must look again, if at all. */
  function lookAgain(): void {
    const row = store.session(id);
    const state = runtime.live(id);
    if (!row || !state) return;
    if (row.wants || isUnlisted(store)) return alarm.within(KEEP_MS);
    const cards = ownCards(state.tree);
    if (cards.some((card) => !isEnded(card.status))) alarm.within(WATCH_MS);
    else if (keptDays > 0 && cards.length > 0 && state.kind === 'main') alarm.within(DAY_MS);
  }

  const hosted: HostedSession = {
    store,
    runtime,
    sockets,
    async fetch(request) {
      if (store.session(id)?.kind === 'subagent') return feed(request);
      const response = await app.fetch(request);
      // A chat is made when it can be found. All else was done, whether or not the list shows it yet.
      const made = new URL(request.url).pathname === '/v1/chats';
      await listing.tell().catch((error: unknown) => {
        if (made) throw error;
        failed(error);
      });
      return response;
    },
    async mail(message) {
      // A chat that was deleted and made anew gives its subagents the same ids.
      const anew = removedAt === undefined || runtime.state(id) !== undefined;
      if (anew || isTaskSince(removedAt, message)) return takeMail(id, message, { runtime, room });
      return { kind: 'refused', refusal: { kind: 'not_found', message: `session ${id} was removed` } };
    },
    view: async () => (await shelf.view(id)) ?? null,
    glance() {
      const state = runtime.state(id);
      return state ? glanceOf(state, store.session(id)?.wants ?? false) : null;
    },
    tell(event) {
      if (!runtime.broadcast.hears(id)) return false;
      runtime.broadcast.ephemeral(id, progressSchema.parse(event));
      return true;
    },
    remove() {
      removedAt = clock.now();
      return runtime.remove(id);
    },
    revoked: readers.revoked,
    async look() {
      alarm.wentOff();
      const state = runtime.state(id);
      if (!state) return;
      lookAgain();
      const wants = store.session(id)?.wants ?? false;
      // One that was only just opened has shown nothing yet: it may have been this session that brought it down.
      if (wants && clock.now() - opened >= STEADY_MS) store.setNote(notes.steady, 'yes');
      await listing.tell().catch(failed);
      if (!wants) {
        await nudgeChildren(state);
        await sweep(state);
      }
    },
    closed: (socket, code) => sockets.closed(socket, code),
  };

  store.setNote(notes.steady, undefined);
  if (store.session(id)?.wants) alarm.within(KEEP_MS);
  // Last: what fails before it leaves nothing running, and is tried again by the next that comes.
  sockets.resume();
  runtime.start();
  return hosted;

  /** The store, which sets the alarm with whatever wants anything, and notes what the directory is to hear. */
  function listedStore(durable: SessionStore, bell: Alarm): SessionStore {
    return {
      ...durable,
      commit(batch) {
        durable.commitWith(batch, () => {
          if (batch.some(({ create, archived }) => create?.kind === 'main' || archived !== undefined)) {
            mustBeListed(durable);
          }
          if (batch.at(-1)?.wants || isUnlisted(durable)) bell.within(KEEP_MS);
        });
      },
      remove(ids) {
        durable.remove(ids);
        bell.wentOff();
        ctx.storage.deleteAlarm().catch(failed);
        ctx.storage.deleteAll().catch(failed);
      },
    };
  }
}

function runtimeOf(
  id: string,
  { config, catalogue, rules, log, runtimeLog }: Host,
  ports: {
    readonly ctx: DurableObjectState;
    readonly bindings: Bindings;
    readonly store: SessionStore;
    readonly steady: boolean;
    readonly listing: Listing;
  },
): Runtime {
  const { ctx, bindings, store } = ports;
  const { retention: _, ...settings } = config;
  const { apiKey, authToken, baseUrl } = config.anthropic;
  const connections = makeConnections();
  return makeRuntimeOf(settings, rules, {
    store,
    clock,
    model: makeModel({
      ...(apiKey ? { apiKey } : authToken ? { authToken } : {}),
      ...(baseUrl ? { baseURL: baseUrl } : {}),
      catalogue,
      clock,
      fetch: connections.fetch('model'),
    }),
    workshop: fetchWorkshop({ policy: makeFetchPolicy(config.fetch), fetch: connections.fetch('page') }),
    lanes: remoteLanes(
      { send: (message) => bindings.LANES.getByName(theOne).ask(message) },
      { session: id, life: nanoid(), clock, random: Math.random },
    ),
    elsewhere: makePeers(id, { sessions: bindings.SESSIONS, now: clock.now }),
    evicted: () => ports.steady,
    unlist: () => ports.listing.takeAway(),
    random: Math.random,
    // Nothing of the commit was acknowledged, and whoever asked sees the object reset.
    fatal: (error) => ctx.abort(error instanceof Error ? error.message : String(error)),
    log: runtimeLog(log, () => store.session(id)?.chat),
  });
}
