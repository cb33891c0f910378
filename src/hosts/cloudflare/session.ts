/**
 * One session as its object keeps it: the runtime with its one actor, its store, its door, its alarm. Owns how these
 * are put together, and what a commit brings with it; decides nothing about the session.
 */
import type { DurableObjectState, WebSocket } from '@cloudflare/workers-types';
import { nanoid } from 'nanoid';
import { glanceOf } from '../../core/glance.ts';
import { isSubagentId } from '../../core/ids.ts';
import { makeRuntimeOf } from '../../gateway/gateway.ts';
import { makeApp } from '../../http/app.ts';
import { received } from '../../http/callers.ts';
import { ownFeed } from '../../http/feeds.ts';
import type { AppPorts } from '../../http/ports.ts';
import { chatSearch } from '../../http/search.ts';
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
import { takeMail } from './deliveries.ts';
import { callerHeader, forward } from './forward.ts';
import { type Host, hostOf } from './host.ts';
import { isUnlisted, type Listing, makeListing, mustBeListed } from './listing.ts';
import { KEEP_MS, makeLooks, stepsOn, wasEvicted } from './looks.ts';
import { type MailAnswer, progressSchema, searchSchema } from './messages.ts';
import { makePeers } from './peers.ts';
import { makeReaders } from './readers.ts';
import { version } from './release.ts';
import { roomIn } from './room.ts';
import { makeSessionSockets } from './session-sockets.ts';
import { openSessionStore, type SessionStore } from './session-store.ts';
import { durableSql, meteredSql } from './sql.ts';
import { fetchWorkshop } from './workshop.ts';

export interface HostedSession {
  fetch(request: Request): Promise<Response>;
  mail(message: unknown): Promise<MailAnswer>;
  readonly store: SessionStore;
  view(): Promise<unknown>;
  search(request: unknown): Promise<unknown>;
  glance(): unknown;
  tell(event: unknown): boolean;
  remove(): Promise<void>;
  revoked(digest: string): void;
  /** What the alarm is for. */
  look(): Promise<void>;
  /** Somebody above looks whether all goes on. */
  nudge(): void;
  closed(socket: WebSocket, code: number): void;
}

/** @param id the session's, which is the object's name */
export async function openSession(
  id: string,
  ctx: DurableObjectState,
  bindings: Bindings,
): Promise<HostedSession> {
  const host = await hostOf(bindings);
  const { config, log } = host;
  const failed = (error: unknown): void => log.error({ session: id, err: error }, 'something went wrong');
  const alarm = makeAlarm(ctx.storage, { now: clock.now, failed });
  const store = listedStore(openSessionStore(meteredSql(durableSql(ctx.storage))), alarm);
  const directory = () => bindings.DIRECTORY.getByName(theOne);
  const evicted = wasEvicted(store);
  const readers = makeReaders(id, directory, failed);
  const listing = makeListing(id, {
    store,
    directory,
    leaving: () => runtime.state(id)?.deleting ?? false,
  });
  const runtime: Runtime = runtimeOf(id, host, { ctx, bindings, store, evicted, listing });
  const sockets = makeSessionSockets(id, {
    ctx,
    store,
    broadcast: runtime.broadcast,
    readers,
    clock,
    newTicket: () => `tkt_${nanoid(32)}`,
  });
  const search = chatSearch({ runtime, clock }, id);
  const shelf = localShelf({ runtime, store, clock, budget: config.budget, search });
  /** Secrets of the sessions of this name that were removed, in this life of the object. */
  const removed = new Set<string>();
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

  const looks = makeLooks(id, {
    store,
    runtime,
    alarm,
    listing,
    sessions: bindings.SESSIONS,
    clock,
    keptDays: config.retention?.endedTreesDays ?? 0,
    failed,
  });

  const hosted: HostedSession = {
    store,
    async fetch(request) {
      // One that isn't born yet is followed, too.
      if (isSubagentId(id)) return feed(request);
      const response = await app.fetch(request);
      // A chat is made when it can be found. All else was done, whether or not the list shows it yet.
      const made = new URL(request.url).pathname === '/v1/chats';
      await listing.tell().catch((error: unknown) => {
        if (made) throw error;
        failed(error);
      });
      return response;
    },
    mail: (message) => takeMail(id, message, { runtime, room, removed }),
    view: async () => (await shelf.view(id)) ?? null,
    async search(request) {
      const { before, ...asked } = searchSchema.parse(request);
      return search({ ...asked, ...(before ? { before } : {}) });
    },
    glance() {
      const state = runtime.state(id);
      return state ? glanceOf(state) : null;
    },
    tell(event) {
      if (!runtime.broadcast.hears(id)) return false;
      runtime.broadcast.ephemeral(id, progressSchema.parse(event));
      return true;
    },
    remove() {
      const state = runtime.state(id);
      if (state) removed.add(state.secret);
      return runtime.remove(id);
    },
    revoked: readers.revoked,
    look: looks.look,
    nudge: looks.nudge,
    closed: (socket, code) => sockets.closed(socket, code),
  };

  if (store.session(id)?.wants) alarm.within(KEEP_MS);
  // Last: what fails before it leaves nothing running, and is tried again by the next that comes.
  sockets.resume();
  runtime.start();
  // After a restart a subagent need not wait for its own alarm: whoever asks for its chat wakes it.
  if (store.session(id)?.endedAt === null && runtime.state(id)) looks.nudge();
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
          if (batch.some(({ events }) => events.some(isAnswer))) stepsOn(durable);
          if (batch.at(-1)?.wants || isUnlisted(durable)) bell.within(KEEP_MS);
        });
      },
      remove(ids) {
        durable.remove(ids);
        // Those that it forgets are kept elsewhere.
        if (!ids.includes(id)) return;
        bell.wentOff();
        ctx.storage.deleteAlarm().catch(failed);
        ctx.storage.deleteAll().catch(failed);
      },
    };
  }
}

/** Whether a stored event says that a step was answered. */
function isAnswer({ event }: { readonly event: string }): boolean {
  return event.includes('"type":"step.answered"');
}

function runtimeOf(
  id: string,
  { config, catalogue, rules, log, runtimeLog }: Host,
  ports: {
    readonly ctx: DurableObjectState;
    readonly bindings: Bindings;
    readonly store: SessionStore;
    readonly evicted: boolean;
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
    evicted: () => ports.evicted,
    unlist: () => ports.listing.takeAway(),
    random: Math.random,
    // Nothing of the commit was acknowledged, and whoever asked sees the object reset.
    fatal: (error) => ctx.abort(error instanceof Error ? error.message : String(error)),
    log: runtimeLog(log, () => store.session(id)?.chat),
  });
}
