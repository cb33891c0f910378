/**
 * A Messages API over HTTP, on the loopback interface only, that follows a script.
 * Owns the server's life and the routes; what is said, and what goes wrong, comes from the script.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Exchange, openExchange } from './exchange.ts';
import { createGates } from './gates.ts';
import { createMessagesEndpoint } from './messages-endpoint.ts';
import { modelEntry, modelList } from './models-endpoint.ts';
import { createPlayer } from './player.ts';
import { createPromptCache } from './prompt-cache.ts';
import { type Counts, createRecords, type RequestRecord } from './records.ts';
import type { ParsedRequest } from './request.ts';
import type { Violation } from './rules.ts';
import type { Fault, Script } from './script.ts';
import { createWatch } from './waiting.ts';

export interface SimulatorOptions {
  /** What answers. Without one, every request is told that there is no script. */
  readonly script?: Script;
  /** 0 or absent: a free port. */
  readonly port?: number;
  /** Whether the rules are checked; true by default. Load tests turn it off. */
  readonly strict?: boolean;
  /** Which requests are kept in `requests`: all (default), none, or the latest n. */
  readonly record?: 'all' | 'none' | number;
  /** If given, only this key or token is let in; otherwise any that is not empty. */
  readonly apiKey?: string;
  /** Called with each well-formed request to /v1/messages before the script is asked. */
  readonly onRequest?: (request: ParsedRequest) => void | Promise<void>;
}

export interface Simulator {
  /** `http://127.0.0.1:PORT`: what `ANTHROPIC_BASE_URL` or the SDK's `baseURL` takes. */
  readonly url: string;
  readonly port: number;
  /** Requests on record, oldest first. Entries are filled in as their answers proceed. */
  readonly requests: readonly RequestRecord[];
  /** Totals, kept whatever `record` says. */
  readonly counts: Readonly<Counts>;
  /** The first 100 violations, kept whatever `record` says: a suite asserts that this is empty. */
  readonly violations: readonly (Violation & { readonly request: number })[];
  /** Replaces the script from the next request on; its rows' uses are counted anew. */
  follow(script: Script): void;
  /** The next request to /v1/messages (or the next `times`) gets this fault, whatever the script says. */
  fail(fault: Fault): void;
  /** Lets all that wait at a gate pass, and all who come later. */
  open(gate: string): void;
  /** Lets the `count` (1) that have waited longest pass; the gate stays shut. Returns how many passed. */
  release(gate: string, count?: number): number;
  /** How many replies are held at a gate. */
  waiting(gate: string): number;
  /**
   * Resolves as soon as `condition` holds; it is looked at whenever a request comes, is held, or ends.
   * Rejects after `timeoutMs` (30,000) with what is going on, and when the simulator is closed.
   */
  until(condition: () => boolean, timeoutMs?: number): Promise<void>;
  /** Ends all connections and the server. */
  close(): Promise<void>;
}

/** Starts a simulator on 127.0.0.1. Rejects if the port is taken. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const watch = createWatch(() => {
    const held = gates.held();
    return `Requests: ${JSON.stringify(records.counts)}. Held: ${held.length > 0 ? held.join(', ') : 'none'}.`;
  });
  const gates = createGates(watch.changed);
  const records = createRecords(options.record ?? 'all', watch.changed);
  const player = createPlayer(options.script);
  const nextId = idMaker();
  const endpoint = createMessagesEndpoint({
    strict: options.strict ?? true,
    apiKey: options.apiKey,
    onRequest: options.onRequest,
    player,
    gates,
    cache: createPromptCache(() => performance.now()),
    nextId,
    changed: watch.changed,
  });
  let messageRequests = 0;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const isMessages = request.method === 'POST' && path === '/v1/messages';
    const index = isMessages ? messageRequests++ : -1;
    const exchange = openExchange(request, response, {
      index,
      path,
      requestId: `req_sim_${nextId()}`,
      records,
    });
    try {
      if (isMessages) await endpoint.answer(exchange);
      else if (request.method === 'POST' && path === '/v1/messages/count_tokens')
        await endpoint.countTokens(exchange);
      else lookUp(exchange);
    } catch (error) {
      if (exchange.presence.left) return;
      const words = error instanceof Error ? error.message : String(error);
      if (response.headersSent) {
        exchange.end('faulted');
        response.destroy();
      } else exchange.spoil({ status: 500, message: `The simulator's script failed: ${words}` });
    }
  }

  const server = createServer({ keepAliveTimeout: 120_000, requestTimeout: 0 }, (request, response) => {
    void handle(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests: records.kept,
    counts: records.counts,
    violations: records.violations,
    follow: player.follow,
    fail: player.fail,
    open: gates.open,
    release: (gate, count = 1) => gates.release(gate, count),
    waiting: gates.waiting,
    until: watch.until,
    async close() {
      watch.stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Ids that are new to conversations of earlier simulators, too. */
function idMaker(): () => string {
  const family = randomBytes(5).toString('hex');
  let count = 0;
  return () => {
    count += 1;
    return `${family}${count.toString(36).padStart(6, '0')}`;
  };
}

function lookUp(exchange: Exchange): void {
  const { method, path } = exchange;
  const id = /^\/v1\/models\/([^/]+)$/.exec(path)?.[1];
  const entry = id === undefined ? undefined : modelEntry(id);
  if (method !== 'GET')
    exchange.refuse({
      status: path.startsWith('/v1/messages') ? 405 : 404,
      type: 'not_found_error',
      message: `${method} ${path} is not something the simulator answers`,
    });
  else if (path === '/') exchange.json({ what: 'A simulator of the Messages API. No model is behind it.' });
  else if (path === '/v1/models') exchange.json(modelList());
  else if (entry !== undefined) exchange.json(entry);
  else
    exchange.refuse({
      status: 404,
      type: 'not_found_error',
      message: id === undefined ? path : `model: ${id}`,
    });
}
