/**
 * A gateway behind its HTTP door, in memory: the real app and runtime, a store that outlives a restart, and a
 * model whose words the test writes. Time stands still unless it is moved.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { z } from 'zod';
import type { CallOutcome, Clock, Model, ModelRequest, Store, Workshop } from '../../src/core/ports.ts';
import type { Finder } from '../../src/core/sayings.ts';
import { makeGateway } from '../../src/gateway/gateway.ts';
import { makeSockets } from '../../src/hosts/node/sockets.ts';
import { serveUpgrades, wantsSocket } from '../../src/hosts/node/upgrades.ts';
import { makeApp } from '../../src/http/app.ts';
import type { AppPorts } from '../../src/http/ports.ts';
import { indexedSearch } from '../../src/http/search.ts';
import { localShelf } from '../../src/http/shelf.ts';
import { dialectsOf } from '../../src/mcp/dialects.ts';
import { mcpDoor } from '../../src/mcp/door.ts';
import { makeCatalogue } from '../../src/model/catalogue.ts';
import { memoryStore } from '../../src/runtime/memory-store.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import type { TrustSettings } from '../../src/trust/rules.ts';
import { type Documented, documentation } from './documented.ts';

export const TOKEN = 'a-token-of-the-tests-0123456789';
export const HOST = '127.0.0.1:8787';

// ───────────────────────────────────────────────────────── time

export interface StillClock extends Clock {
  /** Moves both clocks and fires what is due, in order. */
  advance(ms: number): void;
  readonly timers: number;
}

function stillClock(): StillClock {
  let at = 0;
  let n = 0;
  const timers = new Map<number, { due: number; fire: () => void }>();
  return {
    now: () => 1_700_000_000_000 + at,
    monotonic: () => at,
    soon: (fire) => void setImmediate(fire),
    after(ms, fire) {
      const id = n++;
      timers.set(id, { due: at + ms, fire });
      return () => timers.delete(id);
    },
    advance(ms) {
      const until = at + ms;
      for (;;) {
        const [first] = [...timers]
          .filter(([, one]) => one.due <= until)
          .sort(([, a], [, b]) => a.due - b.due);
        if (!first) break;
        timers.delete(first[0]);
        at = Math.max(at, first[1].due);
        first[1].fire();
      }
      at = until;
    },
    get timers() {
      return timers.size;
    },
  };
}

// ───────────────────────────────────────────────────────── the model

export interface Script extends Model {
  /** Lets all calls go that wait at `hold:<name>`, now and later. */
  release(name: string): void;
  readonly calls: number;
}

const noTokens = { inputTokens: 10, outputTokens: 5, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0.01 };

/**
 * Does what the latest words of a request say: `hold:<name>` waits at a gate, `say:<a|b>` shows words piece by
 * piece before that, `spawn:<label>` spawns one whose task is held at a gate of its label, `ask:<question>` asks it
 * until it is answered, `bash!` runs a command, `fetch!` fetches a page, `refuse` is refused.
 * Everything else is answered "heard: …".
 */
function script(): Script {
  const open = new Set<string>();
  const waiting = new Map<string, (() => void)[]>();
  let calls = 0;

  function gate(name: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (open.has(name)) return resolve();
      signal.addEventListener('abort', () => reject(signal.reason));
      waiting.set(name, [...(waiting.get(name) ?? []), resolve]);
    });
  }

  return {
    get calls() {
      return calls;
    },
    release(name) {
      open.add(name);
      for (const go of waiting.get(name) ?? []) go();
    },
    async call(request, { signal, onText, onAlive }): Promise<CallOutcome> {
      calls += 1;
      const { words, results } = latest(request);
      onAlive();
      if (words.includes('refuse')) {
        return { kind: 'refused', why: 'auth', message: 'invalid x-api-key', status: 401 };
      }
      const pieces = /say:(\S+)/.exec(words)?.[1]?.split('|') ?? [];
      for (const piece of pieces) onText(piece);
      const label = results ? undefined : /spawn:(\S+)/.exec(words)?.[1];
      if (label !== undefined) {
        const call = {
          type: 'tool_use',
          id: `toolu_${calls}`,
          name: 'sessions_spawn',
          input: { label, task: `hold:${label}` },
        };
        return { kind: 'answered', content: [call], stop: 'tool_use', usage: noTokens };
      }
      const question = results || words.includes('<gateway-note>') ? undefined : /ask:(\S+)/.exec(words)?.[1];
      if (question !== undefined) {
        const call = { type: 'tool_use', id: `toolu_${calls}`, name: 'report', input: { question } };
        return { kind: 'answered', content: [call], stop: 'tool_use', usage: noTokens };
      }
      if (!results && words.includes('bash!')) {
        const call = { type: 'tool_use', id: `toolu_${calls}`, name: 'bash', input: { command: 'sleep 1d' } };
        return { kind: 'answered', content: [call], stop: 'tool_use', usage: noTokens };
      }
      if (!results && words.includes('fetch!')) {
        const input = { url: 'https://news.example.org/' };
        const call = { type: 'tool_use', id: `toolu_${calls}`, name: 'web_fetch', input };
        return { kind: 'answered', content: [call], stop: 'tool_use', usage: noTokens };
      }
      const held = /hold:(\S+)/.exec(words)?.[1];
      if (held !== undefined) await gate(held, signal);
      signal.throwIfAborted();
      const text = pieces.length > 0 ? pieces.join('') : `heard: ${words.slice(0, 500)}`;
      return { kind: 'answered', content: [{ type: 'text', text }], stop: 'end_turn', usage: noTokens };
    },
  };
}

function latest({ messages }: ModelRequest): { words: string; results: boolean } {
  const trailing = messages.slice(messages.findLastIndex((one) => one.role === 'assistant') + 1);
  const blocks = trailing.flatMap((one) => one.content);
  const words = blocks.map((one) => (typeof one.text === 'string' ? one.text : '')).join('\n');
  return { words, results: blocks.some((one) => one.type === 'tool_result') };
}

// ───────────────────────────────────────────────────────── the door

export interface DoorOptions {
  readonly ports?: Partial<AppPorts>;
  readonly maxSpawns?: number;
  readonly clock?: Clock;
  readonly workshop?: Workshop;
  readonly trust?: TrustSettings;
  readonly retention?: { toolOutputDays: number; endedTreesDays: number };
}

export interface Door {
  readonly store: Store & Finder;
  readonly clock: StillClock;
  readonly runtime: Runtime;
  readonly model: Script;
  readonly app: ReturnType<typeof makeApp>;
  readonly failures: unknown[];
  readonly answered: string[];
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  /** As `request`, and the answer is what the documentation says, or this rejects. */
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  patch(path: string, body: unknown): Promise<Answer>;
  remove(path: string): Promise<Answer>;
  /** A chat's id. */
  chat(body?: object): Promise<string>;
  /** Resolves when `condition` holds; it is looked at in each turn of the event loop. */
  until(condition: () => boolean | Promise<boolean>): Promise<void>;
  /** Another gateway on the same store, as after a crash of this one. */
  restart(): Door;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** JSON, checked against the documentation; null for none. */
  readonly body: unknown;
}

export function openDoor(options: DoorOptions = {}, store: Store & Finder = memoryStore()): Door {
  const clock = stillClock();
  const model = script();
  const catalogue = makeCatalogue();
  const failures: unknown[] = [];
  const answered: string[] = [];
  let ids = 0;
  let documented: Documented | undefined;
  const life = Math.random().toString(36).slice(2);
  const gateway = makeGateway(
    {
      model: 'claude-sonnet-5-5',
      subagentModel: 'claude-sonnet-5-5',
      repositories: ['app'],
      maxChildren: 8,
      maxDepth: 3,
      maxSpawns: options.maxSpawns ?? 200,
      subagentMinutes: 60,
      idleMinutes: 10,
      mainToolSeconds: 15,
      modelCalls: 64,
      ...(options.retention ? { retention: options.retention } : {}),
      ...(options.trust ? { trust: options.trust } : {}),
      budget: { chatUsd: 1_000, subagentUsd: 100 },
    },
    {
      store,
      clock: options.clock ?? clock,
      model,
      catalogue,
      ...(options.workshop ? { workshop: options.workshop, canFetch: true } : {}),
      random: () => 0.5,
      fatal: (error) => failures.push(error),
      log: {
        retried: () => {},
        gaveUp: () => {},
        unreached: (_, to, error) => failures.push(to, error),
        broken: (_, effect, error) => failures.push(effect.key, error),
        removed: () => {},
        retentionFailed: (error) => failures.push(error),
      },
    },
  );
  const app = makeApp({
    runtime: gateway.runtime,
    store,
    figures: () => gateway.runtime.metrics.text(),
    shelf: localShelf({
      runtime: gateway.runtime,
      store,
      clock: options.clock ?? clock,
      budget: { chatUsd: 1_000, subagentUsd: 100 },
      search: indexedSearch({ runtime: gateway.runtime, store, clock: options.clock ?? clock }),
    }),
    clock: options.clock ?? clock,
    token: () => TOKEN,
    allowed: () => ({ hosts: [HOST, 'localhost:8787'], origins: ['http://127.0.0.1:8787'] }),
    newId: () => `${life}_${ids++}`,
    sockets: makeSockets({
      store,
      clock: options.clock ?? clock,
      runtime: gateway.runtime,
      newTicket: () => `tkt_${life}_${ids++}`,
      failed: (error) => failures.push(error),
    }),
    about: { version: '0.1.0', model: gateway.model, simulator: false },
    resolveModel: catalogue.resolve,
    budget: { chatUsd: 1_000, subagentUsd: 100 },
    spawn: gateway.toolset.spawn,
    mcp: mcpDoor(dialectsOf(gateway.toolset.spawn.input, []), { version: '0.1.0', alone: true }),
    ready: () => true,
    log: {
      answered: ({ method, path, status }) => answered.push(`${method} ${path} ${status}`),
      failed: (_, error) => failures.push(error),
    },
    ...options.ports,
  });
  gateway.runtime.start();

  async function request(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return app.request(path, {
      method,
      headers: {
        host: HOST,
        authorization: `Bearer ${TOKEN}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  }

  async function answer(method: string, path: string, response: Promise<Response>): Promise<Answer> {
    const { status, headers, body } = await read(await response);
    documented ??= await documentation(app);
    documented.check({ method, path: path.split('?')[0] ?? '', status, headers, body });
    return { status, headers, body };
  }

  const door: Door = {
    store,
    clock,
    runtime: gateway.runtime,
    model,
    app,
    failures,
    answered,
    request,
    get: (path, headers) => answer('GET', path, request('GET', path, undefined, headers)),
    post: (path, body, headers) => answer('POST', path, request('POST', path, body, headers)),
    patch: (path, body) => answer('PATCH', path, request('PATCH', path, body)),
    remove: (path) => answer('DELETE', path, request('DELETE', path)),
    async chat(body = {}) {
      const { status, body: made } = await door.post('/v1/chats', body);
      if (status !== 201) throw new Error(`a chat was answered ${status}: ${JSON.stringify(made)}`);
      return z.object({ chat: z.object({ id: z.string() }) }).parse(made).chat.id;
    },
    async until(condition) {
      const patience = performance.now() + 30_000;
      while (performance.now() < patience) {
        if (await condition()) return;
        await new Promise((resolve) => setImmediate(resolve));
      }
      throw new Error('what was waited for did not come');
    },
    restart: () => openDoor(options, store),
  };
  return door;
}

async function read(response: Response): Promise<Answer> {
  const text = await response.text();
  const { status, headers } = response;
  return { status, headers, body: text === '' ? null : JSON.parse(text) };
}

// ───────────────────────────────────────────────────────── over a socket

export interface Listening {
  readonly port: number;
  readonly url: string;
  /** How many connections are open on its side. */
  connections(): Promise<number>;
  close(): Promise<void>;
}

/** The door on a real socket. */
export async function listen(app: Door['app']): Promise<Listening> {
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: { shouldUpgradeCallback: wantsSocket },
  });
  const upgrades = serveUpgrades(server, app.fetch);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const { port } = z.object({ port: z.number() }).parse(address) satisfies Pick<AddressInfo, 'port'>;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
      }),
    async close() {
      if ('closeAllConnections' in server) server.closeAllConnections();
      upgrades.cut();
      server.close();
      await once(server, 'close');
    },
  };
}
