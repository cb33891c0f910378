/** A real gateway on Node, shared by the tests of a file, as the promises of sockets need it. Owns it and its folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { z } from 'zod';
import type { Script } from '../../src/simulator/script.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import type { SocketHouse } from '../cloudflare/socket-client.ts';
import { nodeHost } from '../e2e/node-host.ts';

export interface NodeHouse extends SocketHouse {
  readonly token: string;
  /** Ends the gateway in order. */
  stop(): Promise<void>;
  /** @param env settings besides the usual ones */
  start(env?: Readonly<Record<string, string>>): Promise<void>;
}

export function shareNodeHouse(script: Script): NodeHouse {
  const gateway = nodeHost();
  const folder = mkdtempSync(join(tmpdir(), 'socket-house-'));
  let simulator: Simulator | undefined;
  let at = { url: '', token: '' };

  const house: NodeHouse = {
    get url() {
      return at.url;
    },
    get token() {
      return at.token;
    },
    stop: () => gateway.stop(),
    async start(env = {}) {
      if (!simulator) throw new Error('the house stands once the tests run');
      at = await gateway.start({ folder, data: join(folder, 'data'), simulator, env });
    },
    async request(method, path, body, headers = {}) {
      const response = await fetch(`${at.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${at.token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const json = response.headers.get('content-type')?.endsWith('json');
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
      const status = async () => (await house.get(`/v1/chats/${chat}`)).body;
      await expect.poll(status, { timeout: 30_000 }).toMatchObject({ chat: { status: 'idle' } });
    },
  };

  beforeAll(async () => {
    simulator = await startSimulator({ script });
    await house.start();
  });
  afterAll(async () => {
    await house.stop();
    await simulator?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return house;
}
