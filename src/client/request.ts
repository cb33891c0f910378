/**
 * One request and its answer: who asks, how often it is tried, and what a refusal is turned into. Answers are taken as
 * they come and are not checked again: the client and its gateway are one release. Knows no route.
 */
import { ProblemError, UnreachableError } from './errors.ts';
import type { ClientOptions } from './surface.ts';
import { backOff, sleep } from './waiting.ts';

const TRIES = 4;
/** Whoever is told to come back later than this is told so instead of waiting. */
const MOST_PATIENCE_MS = 20_000;
const USUAL_MS = 30_000;
/** What may take long: files on their way, git at work. */
export const LONG_MS = 300_000;

export interface Ask {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly body?: object;
  /** Sent as it is. */
  readonly raw?: { readonly data: BodyInit; readonly type: string };
  /** Whether to do it twice is to do it once, so that it may be tried again. */
  readonly repeatable?: boolean;
  /** How long an answer is waited for. */
  readonly limitMs?: number;
}

export interface Requests {
  /** The answer's JSON. */
  ask<Answer>(what: Ask): Promise<Answer>;
  /** The answer's status alone. */
  tell(what: Ask): Promise<void>;
  /** An answer of any kind, once, as soon as its head is there; the signal ends it. With a body it is sent as JSON. */
  open(
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    body?: object,
  ): Promise<Response>;
  /** The whole address of a path. */
  at(path: string): string;
}

/** A name for a request of its own; `crypto.randomUUID` is missing on pages that came without TLS. */
export function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

export function makeRequests({ url = '', token, fetch: given }: ClientOptions): Requests {
  const base = url.replace(/\/+$/, '');
  const at = (path: string): string => `${base}${path}`;
  const call: typeof fetch = (input, init) => (given ?? globalThis.fetch)(input, init);
  const who: Readonly<Record<string, string>> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };

  async function reach(address: string, init: RequestInit): Promise<Response> {
    try {
      return await call(address, init);
    } catch (error) {
      throw new UnreachableError(`No answer came from ${base === '' ? 'the gateway' : base}.`, {
        cause: error,
      });
    }
  }

  async function once<Result>(what: Ask, read: (response: Response) => Promise<Result>): Promise<Result> {
    const { method = 'GET', path, query = {}, body, raw, limitMs = USUAL_MS } = what;
    const limit = new AbortController();
    const timer = globalThis.setTimeout(() => limit.abort(), limitMs);
    const type = raw ? raw.type : body ? 'application/json' : undefined;
    const sent = raw ? raw.data : body ? JSON.stringify(body) : undefined;
    try {
      const response = await reach(at(path) + inAddress(query), {
        method,
        headers: {
          accept: 'application/json',
          ...who,
          ...(type === undefined ? {} : { 'content-type': type }),
        },
        ...(sent === undefined ? {} : { body: sent }),
        signal: limit.signal,
      });
      if (!response.ok) throw await problemOf(response);
      try {
        return await read(response);
      } catch (error) {
        throw new UnreachableError('The answer broke off.', { cause: error });
      }
    } finally {
      globalThis.clearTimeout(timer);
    }
  }

  async function tried<Result>(what: Ask, read: (response: Response) => Promise<Result>): Promise<Result> {
    const repeatable = what.repeatable ?? (what.method ?? 'GET') === 'GET';
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await once(what, read);
      } catch (error) {
        const wait = repeatable && attempts < TRIES ? waitAfter(error, attempts) : undefined;
        if (wait === undefined) throw error;
        await sleep(wait);
      }
    }
  }

  return {
    at,
    async ask<Answer>(what: Ask): Promise<Answer> {
      return tried(what, async (response) => {
        const answer: Answer = await response.json();
        return answer;
      });
    },
    async tell(what) {
      await tried(what, (response) => response.arrayBuffer());
    },
    open: (path, headers, signal, body) =>
      reach(at(path), {
        ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
        headers: { ...who, ...(body ? { 'content-type': 'application/json' } : {}), ...headers },
        signal,
      }),
  };
}

/** How long to wait until this may go well, in milliseconds; undefined: it would not. */
export function waitAfter(error: unknown, attempts: number): number | undefined {
  if (error instanceof UnreachableError) return backOff(attempts);
  if (!(error instanceof ProblemError)) return undefined;
  const { status, retryAfterMs } = error;
  const passing = [502, 503, 504].includes(status) || (status === 429 && retryAfterMs !== undefined);
  const wait = Math.max(retryAfterMs ?? 0, backOff(attempts));
  return passing && wait <= MOST_PATIENCE_MS ? wait : undefined;
}

/** What a refusal says; what came from elsewhere on the way, such as a proxy, is told as far as it goes. */
export async function problemOf(response: Response): Promise<ProblemError> {
  const { status } = response;
  const text = await response.text().catch(() => '');
  const told = parsed(text);
  const after = Number(response.headers.get('retry-after') ?? Number.NaN);
  const requestId = told?.requestId ?? response.headers.get('x-request-id') ?? undefined;
  return new ProblemError({
    status,
    type: told?.type ?? 'about:blank',
    title: told?.title ?? `It was answered with ${status}`,
    detail: told?.detail ?? `Something on the way to the gateway answered with ${status}.`,
    ...(requestId === undefined ? {} : { requestId }),
    ...(told?.errors ? { errors: told.errors } : {}),
    ...(told?.files ? { files: told.files } : {}),
    ...(Number.isFinite(after) ? { retryAfterMs: after * 1_000 } : {}),
  });
}

type Told = Partial<Pick<ProblemError, 'type' | 'title' | 'detail' | 'requestId' | 'errors' | 'files'>>;

function parsed(text: string): Told | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const told: Told = JSON.parse(text);
    return told;
  } catch {
    return undefined;
  }
}

function inAddress(query: NonNullable<Ask['query']>): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) given.set(name, String(value));
  }
  const text = given.toString();
  return text === '' ? '' : `?${text}`;
}
