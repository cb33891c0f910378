/**
 * A Worker in workerd with the simulator behind it, for tests of what only this host can meet: requests over HTTP,
 * calls on its objects, a look into their storage, a restart with other settings. Owns both, and their folder.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { z } from 'zod';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/server.ts';
import { type DebugWish, debugAnswerSchema, debugPath } from '../workerd/debug.ts';
import { startWorkerd, type WorkerdHost } from '../workerd/host.ts';

export const adminToken = 'the-admin-token-of-the-worker-house';

const entry = join(import.meta.dirname, '..', 'workerd', 'debug-worker.ts');
const classes = { SESSIONS: 'SessionObject', DIRECTORY: 'DirectoryObject', LANES: 'LanesObject' };
export const directoryName = { name: 'all' };

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface WorkerHouse {
  readonly simulator: Simulator;
  readonly host: WorkerdHost;
  readonly url: string;
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** The id of a new chat. */
  chat(headers?: Record<string, string>): Promise<string>;
  /** Says something to a chat, and resolves when it is at rest again. */
  talk(chat: string, text: string): Promise<void>;
  /** Resolves when the chat has nothing left to do. */
  rest(chat: string): Promise<void>;
  debug(wish: DebugWish): Promise<unknown>;
  /** Calls a method of a session's object, as another object would. */
  call(session: string, method: string, ...given: unknown[]): Promise<unknown>;
  /** What a statement finds in the storage of a session's object. */
  rows(session: string, sql: string, ...values: (string | number | null)[]): Promise<unknown[]>;
  /** What the directory holds in a table. */
  directory(sql: string): Promise<unknown[]>;
  /** Starts it again on the same folder, with these variables in place of the ones before. */
  restart(bindings?: Record<string, string>): Promise<void>;
}

/** @param bindings variables besides the usual ones; `undefined` takes one away */
export async function openWorkerHouse(
  script: SimulatorOptions['script'],
  bindings: Readonly<Record<string, string | undefined>> = {},
): Promise<WorkerHouse> {
  const simulator = await startSimulator({ ...(script ? { script } : {}) });
  onTestFinished(() => simulator.close());
  const folder = mkdtempSync(join(tmpdir(), 'worker-house-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));

  function start(given: Readonly<Record<string, string | undefined>>): Promise<WorkerdHost> {
    const all = {
      ANTHROPIC_API_KEY: 'a-key',
      ANTHROPIC_BASE_URL: simulator.url,
      TIDINGS_TOKEN: adminToken,
      TIDINGS_LOG: 'silent',
      ...given,
    };
    const variables = Object.entries(all).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    return startWorkerd({ entry, classes, bindings: Object.fromEntries(variables), folder, chaos: true });
  }

  let host = await start(bindings);
  onTestFinished(() => host.stop());

  const house: WorkerHouse = {
    simulator,
    get host() {
      return host;
    },
    get url() {
      return host.url;
    },
    async request(method, path, body, headers = {}) {
      const response = await fetch(`${host.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${adminToken}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const json = response.headers.get('content-type')?.endsWith('json') && !text.includes('}\n{');
      return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
    },
    get: (path, headers) => house.request('GET', path, undefined, headers),
    post: (path, body = {}, headers) => house.request('POST', path, body, headers),
    async chat(headers) {
      const { status, body } = await house.post('/v1/chats', {}, headers);
      expect(status, JSON.stringify(body)).toBe(201);
      return z.object({ chat: z.object({ id: z.string() }) }).parse(body).chat.id;
    },
    async talk(chat, text) {
      const said = await house.post(`/v1/chats/${chat}/messages`, { text });
      expect(said.status, JSON.stringify(said.body)).toBe(202);
      await house.rest(chat);
    },
    async rest(chat) {
      const status = async () => (await house.get(`/v1/chats/${chat}`)).body;
      await expect.poll(status).toMatchObject({ chat: { status: 'idle' } });
    },
    async debug(wish) {
      const response = await fetch(`${host.url}${debugPath}`, {
        method: 'POST',
        body: JSON.stringify(wish),
      });
      const answer = debugAnswerSchema.parse(await response.json());
      if ('error' in answer) throw new Error(answer.error);
      return answer.value;
    },
    call: (session, method, ...given) =>
      house.debug({ what: 'call', binding: 'SESSIONS', name: session, method, given }),
    rows: (session, sql, ...values) => host.rows('SessionObject', { name: session }, sql, ...values),
    directory: (sql) => host.rows('DirectoryObject', directoryName, sql),
    async restart(instead = {}) {
      await host.stop();
      host = await start({ ...bindings, ...instead });
    },
  };
  return house;
}

/** The header that carries a token. */
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** A new named token's own text. */
export async function giveToken(
  house: Pick<WorkerHouse, 'post'>,
  name: string,
  scopes: readonly string[],
  owner = name,
): Promise<string> {
  const { status, body } = await house.post('/v1/tokens', { name, scopes, owner });
  expect(status, JSON.stringify(body)).toBe(201);
  return z.object({ secret: z.string() }).parse(body).secret;
}
