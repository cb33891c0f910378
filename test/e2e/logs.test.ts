/** What an operator reads of a running gateway: its lines on standard error, and its figures. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { readMetrics } from '../http/prometheus.ts';
import { type GatewayProcess, startGatewayProcess } from './gateway-child.ts';
import { freshFolder } from './harness.ts';
import { environmentOf } from './house-environment.ts';

const SECRET = 'sk-ant-a-secret-of-these-tests';
const ADMIN = 'an-admin-token-of-these-tests';

const lineSchema = z.looseObject({
  level: z.enum(['debug', 'info', 'warn', 'error', 'fatal']),
  time: z.iso.datetime(),
  msg: z.string(),
});

function linesOf(gateway: GatewayProcess) {
  return gateway.printed
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => lineSchema.parse(JSON.parse(line)));
}

/** An API that fails, and says in its error what it was sent, credentials and all. */
async function tellTale(): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(500, { 'content-type': 'application/json' });
    const { host, authorization = '' } = request.headers;
    const message = `you sent ${JSON.stringify({ host, authorization })}, and the key in it is ${authorization.slice(7)}`;
    response.end(JSON.stringify({ type: 'error', error: { type: 'api_error', message } }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

async function house(env: Record<string, string>) {
  const folder = freshFolder();
  const gateway = startGatewayProcess({
    cwd: folder,
    env: {
      ...environmentOf({ url: await tellTale() }, join(folder, 'data'), {
        ANTHROPIC_API_KEY: SECRET,
        ...env,
      }),
    },
  });
  onTestFinished(async () => {
    await gateway.end('SIGKILL');
  });
  const { url, token } = await gateway.ready();
  const ask = (method: string, path: string, body?: object, headers: Record<string, string> = {}) =>
    fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...headers,
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  const line = async (wanted: (line: z.output<typeof lineSchema>) => boolean) => {
    for (;;) {
      const found = linesOf(gateway).find(wanted);
      if (found) return found;
      if (gateway.ended) throw new Error(`the gateway has ended: ${gateway.printed}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  return { gateway, ask, line, token };
}

describe('the log of a gateway', () => {
  test('names request, route, chat and session in each line that has one, and no secret in any', async () => {
    const { gateway, ask, line, token } = await house({ TIDINGS_LOG: 'debug', TIDINGS_TOKEN: ADMIN });
    expect(token).toBe(ADMIN);
    const made = z
      .object({ chat: z.object({ id: z.string() }) })
      .parse(await (await ask('POST', '/v1/chats', {})).json());
    const chat = made.chat.id;
    const said = await ask('POST', `/v1/chats/${chat}/messages`, { text: 'words-of-mine' });
    const retried = await line(({ msg, attempt }) => msg === 'model call is tried again' && attempt === 2);
    expect(retried).toMatchObject({ level: 'info', chat, session: chat, why: 'server' });
    expect(retried.detail).toMatch(
      /you sent .*"authorization":"\[hidden\]"}, and the key in it is \[hidden\]/,
    );
    const answered = await line(({ requestId }) => requestId === said.headers.get('x-request-id'));
    expect(answered).toMatchObject({
      level: 'info',
      msg: 'answered',
      method: 'POST',
      route: '/v1/chats/{chat}/messages',
      path: `/v1/chats/${chat}/messages`,
      chat,
      status: 202,
    });
    await ask('GET', `/healthz?token=${ADMIN}`);
    expect(await line(({ path }) => path === '/healthz')).toMatchObject({ level: 'debug' });
    await ask('GET', `/v1/chats/${SECRET}/${ADMIN}`);
    expect(await line(({ status }) => status === 404)).toMatchObject({ level: 'info' });
    expect(await line(({ msg }) => msg === 'started')).toMatchObject({ level: 'info' });
    await gateway.end('SIGTERM');
    expect(linesOf(gateway).at(-1)).toMatchObject({ msg: 'stopped' });
    for (const secret of [SECRET, ADMIN, 'words-of-mine']) expect(gateway.printed).not.toContain(secret);
  });

  test("takes over a caller's own id of a request, if it is one", async () => {
    const { ask, line } = await house({ TIDINGS_LOG: 'info' });
    const given = await ask('GET', '/v1/chats', undefined, { 'x-request-id': 'proxy:42.a-b_c' });
    expect(given.headers.get('x-request-id')).toBe('proxy:42.a-b_c');
    expect(await line(({ requestId }) => requestId === 'proxy:42.a-b_c')).toMatchObject({
      route: '/v1/chats',
    });
    for (const wrong of ['two words', 'x'.repeat(65), '"},{"', '%0a']) {
      const other = await ask('GET', '/v1/chats', undefined, { 'x-request-id': wrong });
      expect(other.headers.get('x-request-id')).toMatch(/^[A-Za-z0-9_-]{21}$/);
    }
    const refused = await ask('GET', '/v1/nothing', undefined, { 'x-request-id': 'proxy:43' });
    expect(await refused.json()).toMatchObject({ requestId: 'proxy:43' });
  });

  test('is silent by default while all is well', async () => {
    const { gateway, ask } = await house({});
    await ask('POST', '/v1/chats', {});
    await ask('GET', '/v1/nothing');
    await gateway.end('SIGTERM');
    expect(linesOf(gateway)).toEqual([]);
  });
});

describe('the figures of a gateway', () => {
  test('hold what only the host knows: how late its event loop is, and its processes', async () => {
    const { ask } = await house({});
    const response = await ask('GET', '/metrics');
    const families = readMetrics(await response.text());
    // Whoever writes an alert by the book finds what it names.
    const page = readFileSync(join(import.meta.dirname, '../../docs/operating.md'), 'utf8');
    const named = [...page.matchAll(/\btidings_[a-z_]+\b/g)].map(([name]) => name.replace(/_bucket$/, ''));
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter((name) => !families.has(name))).toEqual([]);
    const late = families.get('tidings_event_loop_delay_seconds')?.samples;
    expect([...(late?.keys() ?? [])]).toEqual(
      ['0.5', '0.99', '1'].map((quantile) => `tidings_event_loop_delay_seconds{quantile="${quantile}"}`),
    );
    expect(Object.fromEntries(families.get('tidings_processes')?.samples ?? [])).toEqual({
      'tidings_processes{state="running"}': 0,
      'tidings_processes{state="waiting"}': 0,
    });
    expect(families.get('tidings_build_info')?.samples.size).toBe(1);
  });
});
