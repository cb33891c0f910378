/**
 * What a failed call means: worth trying again, or refused for good. Owns the classification by status and error type,
 * never by the wording of a message; it decides nothing about when or how often to try again.
 */
import { APIConnectionError, APIError } from '@anthropic-ai/sdk/error';
import type { CallOutcome, RefusalKind, TransientKind } from '../core/ports.ts';
import { isObject, type JsonObject } from './json.ts';

type Failure = Exclude<CallOutcome, { kind: 'answered' }>;

const longestWords = 400;
/** The longest that a timer of any host takes; no server means more than this. */
const longestWaitMs = 2 ** 31 - 1;

/** The outcome for an error that the SDK threw before the answer began. `now`: the wall clock, for dates in headers. */
export function failureOf(error: unknown, now: number): Failure {
  if (error instanceof APIConnectionError)
    return {
      kind: 'again',
      why: 'connection',
      message: `No connection to the Messages API: ${causeOf(error)}.`,
    };
  if (error instanceof APIError) {
    const status: unknown = error.status;
    const headers: unknown = error.headers;
    return classified({
      status: typeof status === 'number' ? status : undefined,
      type: error.type ?? undefined,
      // Without words of the API's own: the body, which the SDK puts behind the status.
      words: error.apiMessage ?? error.message.replace(/^\d{3} /, ''),
      requestId: error.requestID ?? undefined,
      headers: headers instanceof Headers ? headers : undefined,
      now,
    });
  }
  // Not an answer of the API at all: the request couldn't even be made, and never will be.
  return { kind: 'refused', why: 'invalid', status: 0, message: shortened(String(error)) };
}

/** The outcome for an `error` event in the middle of an answer: it has no status, only its type. */
export function failureInStream(event: JsonObject | undefined, now: number): Failure {
  const error = isObject(event?.error) ? event.error : undefined;
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  return classified({
    status: undefined,
    type: text(error?.type),
    words: text(error?.message) ?? 'the answer broke off with an error',
    requestId: text(event?.request_id),
    headers: undefined,
    now,
  });
}

function classified(failure: {
  status: number | undefined;
  type: string | undefined;
  words: string;
  requestId: string | undefined;
  headers: Headers | undefined;
  now: number;
}): Failure {
  const { status, type, headers, now } = failure;
  const named = [status, type].filter((part) => part !== undefined).join(' ');
  const request = failure.requestId === undefined ? '' : ` (request ${failure.requestId})`;
  const message = `${named === '' ? '' : `${named}: `}${shortened(failure.words)}${request}`;
  const why = transientKind(status, type, headers?.get('x-should-retry') === 'true');
  if (why !== undefined) {
    const retryAfterMs = headers === undefined ? undefined : waitOf(headers, now);
    return { kind: 'again', why, message, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  }
  const refusal = refusalKind(status, type);
  return { kind: 'refused', why: refusal, message, status: status ?? statusOf(refusal) };
}

/**
 * `x-should-retry: false` is no refusal: it speaks to clients that would try again within seconds, and ours can wait.
 * `true` is believed.
 */
function transientKind(
  status: number | undefined,
  type: string | undefined,
  shouldRetry: boolean,
): TransientKind | undefined {
  if (status === 429) return 'rate_limited';
  if (status === 529) return 'overloaded';
  if (status === 408 || status === 409) return 'server';
  if (status !== undefined && status < 500) return shouldRetry ? 'server' : undefined;
  switch (type) {
    case 'rate_limit_error':
      return 'rate_limited';
    case 'overloaded_error':
      return 'overloaded';
    case 'invalid_request_error':
    case 'authentication_error':
    case 'billing_error':
    case 'permission_error':
    case 'not_found_error':
    case 'request_too_large':
      return status === undefined ? undefined : 'server';
    default:
      return 'server';
  }
}

function refusalKind(status: number | undefined, type: string | undefined): RefusalKind {
  switch (status) {
    case 401:
      return 'auth';
    case 402:
      return 'billing';
    case 403:
      return 'permission';
    case 404:
      return 'not_found';
    case 413:
      return 'too_large';
    case undefined:
      break;
    default:
      return 'invalid';
  }
  switch (type) {
    case 'authentication_error':
      return 'auth';
    case 'billing_error':
      return 'billing';
    case 'permission_error':
      return 'permission';
    case 'not_found_error':
      return 'not_found';
    case 'request_too_large':
      return 'too_large';
    default:
      return 'invalid';
  }
}

function statusOf(kind: RefusalKind): number {
  switch (kind) {
    case 'invalid':
      return 400;
    case 'auth':
      return 401;
    case 'billing':
      return 402;
    case 'permission':
      return 403;
    case 'not_found':
      return 404;
    case 'too_large':
      return 413;
  }
}

/** Milliseconds until the server wants to hear from us again; undefined if it didn't say, or said no later time. */
function waitOf(headers: Headers, now: number): number | undefined {
  const milliseconds = Number.parseFloat(headers.get('retry-after-ms') ?? '');
  if (milliseconds > 0) return Math.min(Math.ceil(milliseconds), longestWaitMs);
  const after = headers.get('retry-after')?.trim();
  if (after === undefined || after === '') return undefined;
  const wait = /^[\d.]+$/.test(after) ? Number.parseFloat(after) * 1000 : Date.parse(after) - now;
  return wait > 0 ? Math.min(Math.ceil(wait), longestWaitMs) : undefined;
}

/** The innermost thing that is known of an error in the connection, without a full stop. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return shortened(String(error));
  let innermost = error;
  for (let depth = 0; depth < 5 && innermost.cause instanceof Error; depth++) innermost = innermost.cause;
  const code = 'code' in innermost && typeof innermost.code === 'string' ? innermost.code : undefined;
  const words = innermost.message === '' ? (code ?? innermost.name) : innermost.message;
  return shortened(code === undefined || words.includes(code) ? words : `${words} (${code})`).replace(
    /\.$/,
    '',
  );
}

/** One line of bearable length: proxies answer with whole pages. */
function shortened(words: string): string {
  const line = words.replace(/\s+/g, ' ').trim();
  return line.length > longestWords ? `${line.slice(0, longestWords)}…` : line;
}
