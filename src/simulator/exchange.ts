/** One request with its response and its record: reading the one, answering the other, exactly once. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Presence, presenceOf } from './delivery.ts';
import { type ApiError, sendError, sendFault } from './errors.ts';
import type { ErrorFault } from './player.ts';
import { harmless, type Records, type RequestRecord } from './records.ts';

export interface Body {
  readonly text: string;
  readonly bytes: number;
}

export interface Exchange {
  readonly method: string;
  readonly path: string;
  /** All headers of the request, secrets included. */
  readonly given: Readonly<Record<string, string | undefined>>;
  readonly response: ServerResponse;
  readonly record: RequestRecord;
  /** What every response to it carries. */
  readonly headers: Readonly<Record<string, string>>;
  readonly presence: Presence;
  /**
   * Reads the body. Beyond `most` bytes it is counted, but not kept. Undefined if the client left in the
   * middle, so that a client's death is never taken for a broken rule.
   */
  read(most: number): Promise<Body | undefined>;
  /** Notes that the answer begins. */
  begin(status: number): void;
  /** Answers 200 with JSON, given as a value or as its text. */
  json(body: object | string): void;
  /** Answers with an error of the API's, as a rule or a route demands it. */
  refuse(error: ApiError): void;
  /** Answers with an error that the script asked for. */
  spoil(fault: ErrorFault): void;
  end(outcome: 'answered' | 'faulted'): void;
}

/** `index`: the number of a request to /v1/messages, otherwise -1. */
export function openExchange(
  request: IncomingMessage,
  response: ServerResponse,
  context: { index: number; path: string; requestId: string; records: Records },
): Exchange {
  const { records } = context;
  const headers = { 'request-id': context.requestId, 'x-simulator': 'tidings' };
  const record: RequestRecord = {
    index: context.index,
    path: context.path,
    at: performance.now(),
    headers: harmless(request.headers),
    body: undefined,
    outcome: 'pending',
    violations: [],
    events: 0,
  };
  const presence = presenceOf(response);
  presence.onLeave(() => records.end(record, 'aborted'));
  records.begin(record);
  const begin = (status: number) => {
    record.status = status;
    record.firstByteAt = performance.now();
  };
  return {
    method: request.method ?? '',
    path: context.path,
    given: plainHeaders(request),
    response,
    record,
    headers,
    presence,
    async read(most) {
      const body = await readBody(request, most);
      record.bodyAt = performance.now();
      return body;
    },
    begin,
    json(body) {
      begin(200);
      response.writeHead(200, { ...headers, 'content-type': 'application/json' });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
      records.end(record, 'answered');
    },
    refuse(error) {
      begin(error.status);
      sendError(response, error, headers);
      records.end(record, 'refused');
    },
    spoil(fault) {
      begin(fault.status);
      sendFault(response, fault, headers);
      records.end(record, 'faulted');
    },
    end: (outcome) => records.end(record, outcome),
  };
}

function plainHeaders(request: IncomingMessage): Record<string, string | undefined> {
  const headers: Record<string, string | undefined> = {};
  for (const name in request.headers) headers[name] = request.headers[name]?.toString();
  return headers;
}

function readBody(request: IncomingMessage, most: number): Promise<Body | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= most) chunks.push(chunk);
    });
    const done = () => {
      const text = bytes > most ? '' : Buffer.concat(chunks).toString('utf8');
      resolve(request.complete ? { text, bytes } : undefined);
    };
    request.once('end', done);
    request.once('close', done);
    request.once('error', done);
  });
}
