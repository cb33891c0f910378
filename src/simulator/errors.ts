/** Error responses in the API's shape, a proxy's HTML among them. Decides nothing. */
import type { ServerResponse } from 'node:http';
import type { ErrorFault } from './player.ts';

const types: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

export interface ApiError {
  readonly status: number;
  readonly type: string;
  readonly message: string;
}

/** Sends an error as the API does. `headers` must hold the request id. */
export function sendError(
  response: ServerResponse,
  error: ApiError,
  headers: Readonly<Record<string, string>>,
): void {
  const body = {
    type: 'error',
    error: { type: error.type, message: error.message },
    request_id: headers['request-id'] ?? null,
  };
  response.writeHead(error.status, { ...headers, 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** Sends a scripted error. */
export function sendFault(
  response: ServerResponse,
  fault: ErrorFault,
  headers: Readonly<Record<string, string>>,
): void {
  const all: Record<string, string> = { ...headers };
  if (fault.retryAfter !== undefined) all['retry-after'] = String(fault.retryAfter);
  if (fault.retryAfterMs !== undefined) all['retry-after-ms'] = String(fault.retryAfterMs);
  if (fault.shouldRetry !== undefined) all['x-should-retry'] = String(fault.shouldRetry);
  if (fault.status === 429) Object.assign(all, exhausted(fault.retryAfter));
  if (fault.body === 'html') {
    delete all['request-id'];
    response.writeHead(fault.status, { ...all, 'content-type': 'text/html' });
    response.end(
      `<html><head><title>${fault.status}</title></head><body><h1>${fault.message ?? 'Bad Gateway'}</h1></body></html>\n`,
    );
    return;
  }
  const type =
    fault.type ?? types[fault.status] ?? (fault.status >= 500 ? 'api_error' : 'invalid_request_error');
  sendError(response, { status: fault.status, type, message: fault.message ?? `Simulated ${type}` }, all);
}

/** The rate limit headers of one who has nothing left. */
function exhausted(retryAfter: number | string | undefined): Record<string, string> {
  const seconds = typeof retryAfter === 'number' ? retryAfter : 60;
  const reset = new Date(Date.now() + seconds * 1000).toISOString();
  const headers: Record<string, string> = {};
  for (const [kind, limit] of [
    ['requests', 1000],
    ['tokens', 500_000],
    ['input-tokens', 400_000],
    ['output-tokens', 100_000],
  ]) {
    headers[`anthropic-ratelimit-${kind}-limit`] = String(limit);
    headers[`anthropic-ratelimit-${kind}-remaining`] = '0';
    headers[`anthropic-ratelimit-${kind}-reset`] = reset;
  }
  return headers;
}
