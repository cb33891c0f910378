import { describe, expect, test } from 'vitest';
import { HOST, openDoor, TOKEN } from './door.ts';

/** The host's own words for a connection, in these tests. */
function clientIn(env: unknown): string | undefined {
  return typeof env === 'object' && env !== null && 'client' in env ? String(env.client) : undefined;
}

const open = ['/', '/healthz', '/readyz', '/openapi.json', '/docs'];

describe('the token', () => {
  test('is needed for the figures, which tell how much is used and spent', async () => {
    const door = openDoor();
    expect((await door.request('GET', '/metrics', undefined, { authorization: '' })).status).toBe(401);
    expect((await door.request('GET', '/metrics', undefined, { authorization: 'Bearer x' })).status).toBe(
      401,
    );
    expect((await door.request('GET', '/metrics')).status).toBe(200);
  });

  test('is needed for everything under /v1, whether it is there or not', async () => {
    const door = openDoor();
    const id = await door.chat();
    for (const [method, path] of [
      ['GET', '/v1/chats'],
      ['POST', '/v1/chats'],
      ['GET', `/v1/chats/${id}/events`],
      ['POST', `/v1/chats/${id}/subagents/all/kill`],
      ['DELETE', `/v1/chats/${id}`],
      ['GET', '/v1/nothing'],
      ['OPTIONS', '/v1/chats'],
    ] as const) {
      const response = await door.request(method, path, undefined, { authorization: '' });
      expect(response.status, `${method} ${path}`).toBe(401);
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
      expect(await response.json()).toMatchObject({ type: '/docs#no-token' });
    }
  });

  test.each(open)('is not needed for %s', async (path) => {
    const door = openDoor();
    expect((await door.request('GET', path, undefined, { authorization: '' })).status).toBe(200);
  });

  test('is compared, not merely present', async () => {
    const door = openDoor();
    for (const wrong of [
      'Bearer x',
      `Bearer ${TOKEN}x`,
      `Bearer ${TOKEN.slice(0, -1)}`,
      `Bearer ${TOKEN.toUpperCase()}`,
      `Basic ${TOKEN}`,
      TOKEN,
      'Bearer',
      'Bearer  ',
      `Bearer ${TOKEN} ${TOKEN}`,
    ]) {
      expect(await door.get('/v1/chats', { authorization: wrong }), wrong).toMatchObject({ status: 401 });
    }
    expect((await door.get('/v1/chats', { authorization: `bearer ${TOKEN}` })).status).toBe(200);
  });

  test('does not come in the address or in a cookie', async () => {
    const door = openDoor();
    for (const [path, headers] of [
      [`/v1/chats?token=${TOKEN}`, {}],
      [`/v1/chats?access_token=${TOKEN}`, {}],
      ['/v1/chats', { cookie: `token=${TOKEN}` }],
    ] as const) {
      expect((await door.request('GET', path, undefined, { authorization: '', ...headers })).status).toBe(
        401,
      );
    }
  });

  test('that is wrong too often is no longer compared for a while, for that client only', async () => {
    const door = openDoor({ ports: { clientOf: (env) => clientIn(env) } });
    const from = async (client: string, token: string) => {
      const request = new Request('http://x/v1/chats', {
        headers: { host: HOST, authorization: `Bearer ${token}` },
      });
      return door.app.request(request, undefined, { client });
    };
    for (let n = 0; n < 30; n++) expect((await from('mallory', 'guess')).status).toBe(401);
    const blocked = await from('mallory', TOKEN);
    expect(blocked.status).toBe(429);
    expect(blocked.headers.get('retry-after')).toBe('1');
    expect((await from('alice', TOKEN)).status).toBe(200);
    door.clock.advance(1_000);
    expect((await from('mallory', 'guess')).status).toBe(401);
    expect((await from('mallory', TOKEN)).status).toBe(429);
    door.clock.advance(60_000);
    expect((await from('mallory', TOKEN)).status).toBe(200);
  });

  test('being absent is no guess', async () => {
    const door = openDoor();
    for (let n = 0; n < 100; n++) await door.request('GET', '/v1/chats', undefined, { authorization: '' });
    expect((await door.get('/v1/chats')).status).toBe(200);
  });
});

describe('the names it answers under', () => {
  test.each([
    'evil.example',
    'evil.example:8787',
    '127.0.0.1',
    '127.0.0.1:8788',
    '127.0.0.1:8787.evil.example',
    '',
    'localhost:8787@evil',
  ])('a Host of %j is refused everywhere, also without a token and in a health check', async (host) => {
    const door = openDoor();
    for (const path of ['/v1/chats', '/nothing', ...open]) {
      const response = await door.request('GET', path, undefined, { host });
      expect(response.status, path).toBe(403);
      expect(await response.json()).toMatchObject({ type: '/docs#foreign-host' });
    }
  });

  test('a Host that lacks only the port is told which one it is, and no other is', async () => {
    const door = openDoor();
    const told = async (host: string) => (await door.get('/healthz', { host })).body;
    expect(await told('127.0.0.1')).toMatchObject({
      detail:
        'The gateway does not answer as 127.0.0.1, but as 127.0.0.1:8787: in the header Host the port is missing.',
    });
    expect(await told('localhost')).toMatchObject({
      detail: expect.stringContaining('but as localhost:8787'),
    });
    for (const other of ['evil.example', '127.0.0', ''])
      expect(await told(other)).toMatchObject({ detail: expect.stringContaining('TIDINGS_PUBLIC_URL') });
  });

  test('a Host is let in whatever its case', async () => {
    expect((await openDoor().get('/v1/chats', { host: 'LocalHost:8787' })).status).toBe(200);
  });

  test.each([
    'http://evil.example',
    'null',
    'https://127.0.0.1:8787',
    'http://127.0.0.1:8788',
    'file://',
    'http://127.0.0.1:8787.evil.example',
  ])('a page of %j may ask nothing and do nothing, even with the token', async (origin) => {
    const door = openDoor();
    const id = await door.chat();
    expect((await door.get('/v1/chats', { origin })).status).toBe(403);
    expect(await door.post(`/v1/chats/${id}/messages`, { text: 'hi' }, { origin })).toMatchObject({
      status: 403,
      body: { type: '/docs#foreign-origin' },
    });
    expect((await door.request('OPTIONS', '/v1/chats', undefined, { origin })).status).toBe(403);
    expect((await door.get(`/v1/chats/${id}/messages`)).body).toMatchObject({ messages: [] });
  });

  test('a page of its own may, and no answer ever lets in pages of others', async () => {
    const door = openDoor();
    const response = await door.request('GET', '/v1/chats', undefined, { origin: 'http://127.0.0.1:8787' });
    expect(response.status).toBe(200);
    for (const [name] of response.headers) expect(name).not.toMatch(/^access-control/);
  });

  test('a forwarded name counts for nothing', async () => {
    const door = openDoor();
    expect((await door.get('/v1/chats', { host: 'evil.example', 'x-forwarded-host': HOST })).status).toBe(
      403,
    );
  });
});

describe('every answer', () => {
  test('has its own request id, is not to be stored, framed, sniffed or referred from', async () => {
    const door = openDoor();
    const id = await door.chat();
    const seen = new Set<string>();
    for (const [method, path, headers] of [
      ['GET', '/v1/chats', {}],
      ['GET', '/docs', {}],
      ['GET', '/', { accept: 'text/html' }],
      ['GET', '/healthz', {}],
      ['GET', '/nothing', {}],
      ['GET', '/v1/chats', { authorization: '' }],
      ['GET', '/v1/chats', { host: 'evil' }],
      ['POST', `/v1/chats/${id}/messages`, {}],
      ['GET', `/v1/chats/${id}/events`, {}],
    ] as const) {
      const response = await door.request(method, path, undefined, headers);
      const requestId = response.headers.get('x-request-id') ?? '';
      expect(requestId).not.toBe('');
      seen.add(requestId);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(response.headers.get('referrer-policy')).toBe('no-referrer');
      expect(response.headers.get('content-security-policy')).toMatch(
        /default-src 'none'.*frame-ancestors 'none'/,
      );
      expect(response.headers.get('x-frame-options')).toBe('DENY');
      expect(response.headers.get('strict-transport-security')).toBeNull();
      await response.body?.cancel();
    }
    expect(seen.size).toBe(9);
  });

  test('is told to the log, without what was said or the token', async () => {
    const door = openDoor();
    const id = await door.chat();
    door.answered.length = 0;
    await door.request('POST', `/v1/chats/${id}/messages`, { text: 'hush' });
    await door.request('GET', `/v1/chats/${id}/messages?limit=5`);
    expect(door.answered).toEqual([`POST /v1/chats/${id}/messages 202`, `GET /v1/chats/${id}/messages 200`]);
  });

  test('to a HEAD is the answer without its body', async () => {
    const door = openDoor();
    const id = await door.chat();
    for (const path of ['/healthz', '/v1/chats', `/v1/chats/${id}`, `/v1/chats/${id}/events`]) {
      const response = await door.request('HEAD', path);
      expect(response.status).toBe(200);
      expect(await response.text()).toBe('');
    }
    expect(door.runtime.broadcast.hears(id)).toBe(false);
  });
});
