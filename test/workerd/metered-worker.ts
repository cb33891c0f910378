/**
 * The Worker as it is deployed, between counters: of its objects' calls, alarms and statements, and of the requests
 * that leave it. They stand at the platform's own interfaces, so nothing of ours is believed. One isolate holds all
 * objects of the local runtime, which is why they can lie in this module.
 */
import type {
  DurableObjectState,
  DurableObjectStorage,
  SqlStorage,
  SqlStorageValue,
} from '@cloudflare/workers-types';
import type { Bindings, Objects, SessionMethods } from '../../src/hosts/cloudflare/bindings.ts';
import { DirectoryObject as Directory } from '../../src/hosts/cloudflare/directory-object.ts';
import { LanesObject as Lanes } from '../../src/hosts/cloudflare/lanes-object.ts';
import { SessionObject as Session } from '../../src/hosts/cloudflare/session-object.ts';
import worker from '../../src/hosts/cloudflare/worker.ts';
import { type Figures, meterPath, noFigures, type ObjectFigures } from './meter.ts';

const counted: Figures = { front: 0, headers: { now: 0, most: 0 }, objects: {} };
const encoder = new TextEncoder();
/** Sessions that mail does not reach, and what waits for an answer of them. */
const lost = new Map<string, Set<() => void>>();

function figuresOf(kind: string, { id }: DurableObjectState): ObjectFigures {
  counted.objects[kind] ??= {};
  const ofKind = counted.objects[kind];
  const name = id.name ?? id.toString();
  ofKind[name] ??= noFigures();
  return ofKind[name];
}

const ask = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const { headers } = counted;
  headers.now += 1;
  headers.most = Math.max(headers.most, headers.now);
  try {
    return await ask(input, init);
  } finally {
    headers.now -= 1;
  }
};

/** The same object, in which `instead` stands for some of its members. */
function standIn<T extends object>(whole: T, instead: Readonly<Record<string, unknown>>): T {
  return new Proxy(whole, {
    get(target, key) {
      if (typeof key === 'string' && Object.hasOwn(instead, key)) return instead[key];
      const member: unknown = Reflect.get(target, key, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

function meteredSql(sql: SqlStorage, own: ObjectFigures): SqlStorage {
  function exec<T extends Record<string, SqlStorageValue>>(query: string, ...values: SqlStorageValue[]) {
    own.statements += 1;
    own.mostParameters = Math.max(own.mostParameters, values.length);
    if (/^\s*(insert|update)/i.test(query)) {
      let bytes = 0;
      for (const value of values) bytes += typeof value === 'string' ? encoder.encode(value).length : 8;
      own.largestRow = Math.max(own.largestRow, bytes);
    }
    const cursor = sql.exec<T>(query, ...values);
    return standIn(cursor, {
      toArray: () => {
        const rows = cursor.toArray();
        own.rowsRead += cursor.rowsRead;
        own.rowsWritten += cursor.rowsWritten;
        return rows;
      },
    });
  }
  return standIn(sql, { exec });
}

function meteredStorage(storage: DurableObjectStorage, own: ObjectFigures): DurableObjectStorage {
  const sql = meteredSql(storage.sql, own);
  return standIn(storage, {
    sql,
    transactionSync(job: () => unknown) {
      const done = storage.transactionSync(job);
      own.bytes = storage.sql.databaseSize;
      return done;
    },
    setAlarm(at: number) {
      own.alarmsSet += 1;
      return storage.setAlarm(at);
    },
  });
}

/** Counts an instance and all that it does to its storage. */
function meter(object: object, kind: string, ctx: DurableObjectState): void {
  const own = figuresOf(kind, ctx);
  own.lives += 1;
  Object.defineProperty(object, 'ctx', {
    value: standIn(ctx, { storage: meteredStorage(ctx.storage, own) }),
  });
}

const contexts = new WeakMap<object, DurableObjectState>();

/** Counts the calls of a class, each before it begins. */
function countCalls(kind: string, prototype: object): void {
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const method: unknown = Reflect.get(prototype, name);
    if (name === 'constructor' || typeof method !== 'function') continue;
    Reflect.defineProperty(prototype, name, {
      configurable: true,
      writable: true,
      async value(this: object, ...given: readonly unknown[]) {
        const ctx = contexts.get(this);
        if (!ctx) throw new Error(`${kind} was called before it was made`);
        const own = figuresOf(kind, ctx);
        own.calls[name] = (own.calls[name] ?? 0) + 1;
        if (name === 'mail') {
          const chars = JSON.stringify(given[0]).length;
          own.mail.chars += chars;
          own.mail.most = Math.max(own.mail.most, chars);
          await reached(ctx.id.name ?? '');
        }
        if (name === 'alarm') {
          own.alarms.running += 1;
          own.alarms.most = Math.max(own.alarms.most, own.alarms.running);
        }
        try {
          return await Reflect.apply(method, this, given);
        } finally {
          if (name === 'alarm') own.alarms.running -= 1;
        }
      },
    });
  }
}

/** Waits while mail does not reach this session, and fails then, as a call does that was cut. */
async function reached(session: string): Promise<void> {
  const waiting = lost.get(session);
  if (!waiting) return;
  await new Promise<void>((resolve) => waiting.add(resolve));
  throw new Error('the connection was lost');
}

countCalls('SessionObject', Session.prototype);
countCalls('DirectoryObject', Directory.prototype);
countCalls('LanesObject', Lanes.prototype);

export class SessionObject extends Session {
  readonly #own: DurableObjectState;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    this.#own = ctx;
    contexts.set(this, ctx);
    meter(this, 'SessionObject', ctx);
  }

  async ring(): Promise<void> {
    await this.#own.storage.setAlarm(Date.now());
  }
}

export class DirectoryObject extends Directory {
  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    contexts.set(this, ctx);
    meter(this, 'DirectoryObject', ctx);
  }
}

export class LanesObject extends Lanes {
  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    contexts.set(this, ctx);
    meter(this, 'LanesObject', ctx);
  }
}

interface MeteredBindings extends Bindings {
  readonly SESSIONS: Objects<SessionMethods & { ring(): Promise<void> }>;
}

async function answer({ pathname, searchParams }: URL, { SESSIONS }: MeteredBindings): Promise<unknown> {
  const session = searchParams.get('session') ?? '';
  switch (pathname.slice(meterPath.length + 1)) {
    case 'ring':
      await SESSIONS.getByName(session).ring();
      return true;
    case 'lose':
      lost.set(session, new Set());
      return true;
    case 'find': {
      const waiting = lost.get(session);
      lost.delete(session);
      for (const go of waiting ?? []) go();
      return true;
    }
    default:
      return counted;
  }
}

export default {
  async fetch(request: Request, bindings: MeteredBindings): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname.startsWith(meterPath)) return Response.json(await answer(url, bindings));
    counted.front += 1;
    return worker.fetch(request, bindings);
  },
};
