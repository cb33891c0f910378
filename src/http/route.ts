/**
 * A route as one value: its path, what it takes, what it answers, what it does. The server and the
 * documentation are made from the same values, so neither can say what the other doesn't.
 */

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Context } from 'hono';
import type { z } from 'zod';
import { check, type Fault } from '../core/faults.ts';
import type { RepeatKey } from '../runtime/actor.ts';
import type { Place } from './place.ts';
import { invalid, type Problem, type ProblemKind } from './problem.ts';
import { readBytes, readJson } from './request-body.ts';
import type { Scope } from './scopes.ts';
import type { Handed } from './shelf.ts';

export interface Json {
  readonly reply: 'json';
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
export type Reply = Json | Problem | Response;

export function responseOf(reply: Reply, problemOf: (problem: Problem) => Response): Response {
  if (reply instanceof Response) return reply;
  if (reply.reply === 'problem') return problemOf(reply);
  return new Response(JSON.stringify(reply.body), {
    status: reply.status,
    headers: { 'content-type': 'application/json', ...reply.headers },
  });
}

export function json<Schema extends z.ZodType>(
  _: Schema,
  status: number,
  body: z.output<Schema>,
  headers?: Json['headers'],
): Json {
  return { reply: 'json', status, body, ...(headers ? { headers } : {}) };
}

/** What is documented of an answer. Without `schema` it isn't JSON: `media` names what it is. */
export interface AnswerDoc {
  readonly description: string;
  /** Whether it has no body. A 204 never has one. */
  readonly empty?: true;
  readonly schema?: z.ZodType;
  readonly media?: string;
}

interface RouteDoc {
  /** Its name in the API's description. */
  readonly name: string;
  /** With `{chat}` and `{target}`, or other names that the route reads itself. */
  readonly path: string;
  readonly summary: string;
  readonly details?: string;
  /** What a token must be allowed for it; `open`: it needs no token. Each route says so itself. */
  readonly scope: Scope | 'open';
  /** Whether it brings new words in: refused where a chat has no room for more. What ends something never is. */
  readonly adds?: true;
  readonly answers: Readonly<Record<number, AnswerDoc | readonly AnswerDoc[]>>;
  /** Besides those that any request may meet. */
  readonly problems: readonly ProblemKind[];
}

export interface Route extends RouteDoc {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly query: z.ZodObject;
  /** As it is documented. */
  readonly body?: z.ZodType;
  /** Whether the body is bytes of whatever kind, up to so many, and no JSON. */
  readonly rawBytes?: number;
  readonly run: (c: Context, asking: Asking) => Promise<Reply>;
}

/** What is asked about, and who asks. A chat in it is there, and this caller sees it. */
export interface Asking extends Place, Handed {}

export interface Asked<Query> extends Asking {
  readonly c: Context;
  readonly query: Query;
}

export interface Told<Query, Body> extends Asked<Query> {
  readonly body: Body;
  /** The body as it came. */
  readonly given: unknown;
  /** Present if the request has an `id`. */
  readonly key: RepeatKey | undefined;
}

interface BareSpec<Query extends z.ZodObject> extends RouteDoc {
  readonly query: Query;
  readonly handle: (asked: Asked<z.output<Query>>) => Reply | Promise<Reply>;
}

/** A route that reads. */
export function get<Query extends z.ZodObject>(spec: BareSpec<Query>): Route {
  return bare('GET', spec);
}

/** A route that removes what its path names. */
export function remove<Query extends z.ZodObject>(spec: BareSpec<Query>): Route {
  return bare('DELETE', spec);
}

function bare<Query extends z.ZodObject>(method: Route['method'], spec: BareSpec<Query>): Route {
  const { handle, ...doc } = spec;
  return {
    ...doc,
    method,
    async run(c, place) {
      const query = readQuery(c, spec.query);
      return query.ok ? handle({ c, query: query.data, ...place }) : invalid(query.errors);
    },
  };
}

interface BodySpec<Query extends z.ZodObject, Body extends z.ZodObject> extends RouteDoc {
  readonly query: Query;
  readonly body: Body;
  /** The body's schema for the documentation, where it is not the one it is checked by. */
  readonly documented?: z.ZodType;
  /** How large the body may be, where that is less than usual. */
  readonly maxBytes?: number;
  readonly handle: (told: Told<z.output<Query>, z.output<Body>>) => Reply | Promise<Reply>;
}

/** A route that does something. */
export function post<Query extends z.ZodObject, Body extends z.ZodObject>(
  spec: BodySpec<Query, Body>,
): Route {
  return taking('POST', spec);
}

/** A route that sets what the body names and leaves the rest. */
export function patch<Query extends z.ZodObject, Body extends z.ZodObject>(
  spec: BodySpec<Query, Body>,
): Route {
  return taking('PATCH', spec);
}

/** A route that takes bytes as they are. */
export function upload<Query extends z.ZodObject>(
  spec: RouteDoc & {
    readonly query: Query;
    readonly maxBytes: number;
    readonly handle: (
      told: Asked<z.output<Query>> & { readonly bytes: Uint8Array },
    ) => Reply | Promise<Reply>;
  },
): Route {
  const { handle, maxBytes, ...doc } = spec;
  return {
    ...doc,
    method: 'POST',
    rawBytes: maxBytes,
    async run(c, place) {
      const query = readQuery(c, spec.query);
      if (!query.ok) return invalid(query.errors);
      const bytes = await readBytes(c.req.raw, maxBytes);
      return 'reply' in bytes ? bytes : handle({ c, query: query.data, bytes, ...place });
    },
  };
}

function taking<Query extends z.ZodObject, Body extends z.ZodObject>(
  method: Route['method'],
  spec: BodySpec<Query, Body>,
): Route {
  const { handle, body: schema, documented, maxBytes, ...doc } = spec;
  return {
    ...doc,
    method,
    body: documented ?? schema,
    async run(c, place) {
      const query = readQuery(c, spec.query);
      if (!query.ok) return invalid(query.errors);
      const given = await readJson(c.req.raw, maxBytes);
      if (given.reply === 'problem') return given;
      const body = check(schema, given.value);
      if (!body.ok) return invalid(body.faults);
      return handle({
        c,
        query: query.data,
        body: body.data,
        given: given.value,
        ...place,
        key: keyOf([spec.path, place.chat, place.target], given.value),
      });
    },
  };
}

export function readQuery<Query extends z.ZodObject>(
  c: Context,
  schema: Query,
): { ok: true; data: z.output<Query> } | { ok: false; errors: readonly Fault[] } {
  const given: [string, string][] = [];
  const errors: Fault[] = [];
  for (const [name, values] of Object.entries(c.req.queries())) {
    if (values.length > 1)
      errors.push({ path: name, message: `is given ${values.length} times: give it once` });
    given.push([name, values[0] ?? '']);
  }
  const query = Object.fromEntries(given);
  const parsed = check(schema, query);
  if (!parsed.ok) errors.push(...parsed.faults);
  return parsed.ok && errors.length === 0 ? { ok: true, data: parsed.data } : { ok: false, errors };
}

/** The request's `id`, and a hash of where and what it is besides: the order of keys doesn't matter. */
function keyOf(place: readonly string[], body: unknown): RepeatKey | undefined {
  if (typeof body !== 'object' || body === null || !('id' in body) || typeof body.id !== 'string')
    return undefined;
  const { id, ...rest } = body;
  return { id, hash: bytesToHex(sha256(utf8ToBytes(canonical([place, rest])))) };
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
