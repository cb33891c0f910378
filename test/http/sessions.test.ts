import { describe, expect, test } from 'vitest';
import { makeSignInLinks } from '../../src/hosts/node/sign-in-links.ts';
import type { AppPorts } from '../../src/http/ports.ts';
import { bearer, openDeskDoor } from '../security/desk.ts';
import { openBrowser } from './browser.ts';
import { HOST, openDoor, TOKEN } from './door.ts';

const DAY = 86_400_000;
const signedOut = { status: 401, body: { type: '/docs#no-token' } };

describe('signing in', () => {
  test('with a token gives a cookie that stands in its place, with its scopes and its owner', async () => {
    const door = openDeskDoor();
    const token = door.desk.give('phone', ['chat'], 'ada');
    const browser = openBrowser(door);
    expect(await browser.get('/session')).toMatchObject(signedOut);
    const session = {
      token: 'phone',
      owner: 'ada',
      scopes: ['chat'],
      expiresAt: door.clock.now() + 30 * DAY,
    };
    expect(await browser.post('/session', { token })).toMatchObject({ status: 200, body: { session } });
    expect((await browser.get('/session')).body).toEqual({ session });
    // The token itself says the same, without an end of it.
    const { expiresAt: _, ...who } = session;
    expect((await door.get('/session', bearer(token))).body).toEqual({ session: who });
    expect((await door.get('/session', bearer('tid_of-nobody'))).status).toBe(401);
    expect(await browser.post('/v1/chats', {})).toMatchObject({
      status: 201,
      body: { chat: { owner: 'ada' } },
    });
    const chat = await door.chat();
    expect((await browser.get(`/v1/chats/${chat}`)).status).toBe(404);
    expect(await browser.post(`/v1/chats/${chat}/answer`, { request: 'x', text: 'x' })).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining('needs the scope answer; the token phone has chat') },
    });
    expect(await browser.request('HEAD', '/v1/chats')).toMatchObject({ status: 200 });
  });

  test('gives a cookie that scripts, other pages and a wrong clock can do nothing with, and that holds no token', async () => {
    const door = openDeskDoor();
    for (const token of [TOKEN, door.desk.give('phone', ['chat'])]) {
      const browser = openBrowser(door);
      expect((await browser.post('/session', { token })).status).toBe(200);
      const [pair = '', ...attributes] = (browser.latest ?? '').split('; ');
      expect(pair).toMatch(/^tidings_[0-9a-f]{12}=/);
      expect(attributes.sort()).toEqual(['HttpOnly', 'Max-Age=2592000', 'Path=/', 'SameSite=Strict']);
      expect(decodeURIComponent(browser.latest ?? '')).not.toContain(token);
    }
  });

  test('with the admin token opens what that opens', async () => {
    const door = openDeskDoor();
    const browser = openBrowser(door);
    const answer = await browser.post('/session', { token: ` ${TOKEN}\n` });
    expect(answer.body).toMatchObject({ session: { token: 'admin', owner: 'admin', scopes: ['admin'] } });
    expect((await browser.get(`/v1/chats/${await door.chat()}`)).status).toBe(200);
    expect((await browser.request('GET', '/metrics')).status).toBe(200);
  });

  test('over https gives a cookie that goes by https only', async () => {
    const allowed: AppPorts['allowed'] = () => ({
      hosts: [HOST, 'chat.example.org'],
      origins: [`http://${HOST}`, 'https://chat.example.org'],
    });
    const door = openDoor({ ports: { allowed } });
    const secure = async (headers: Record<string, string>) => {
      const response = await door.request('POST', '/session', { token: TOKEN }, headers);
      expect(response.status).toBe(200);
      return response.headers.get('set-cookie')?.includes('; Secure') ?? false;
    };
    // Behind a proxy the gateway itself is asked by http: the page says where people are, else the public address.
    expect(await secure({ origin: 'https://chat.example.org' })).toBe(true);
    expect(await secure({ origin: 'https://chat.example.org', host: 'chat.example.org' })).toBe(true);
    expect(await secure({ host: 'chat.example.org' })).toBe(true);
    expect(await secure({ origin: `http://${HOST}` })).toBe(false);
    expect(await secure({})).toBe(false);
    const url = 'https://chat.example.org/session';
    const asked = new Request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: TOKEN }),
    });
    expect((await door.app.request(asked)).headers.get('set-cookie')).toContain('; Secure');
  });

  test('takes exactly one of a token and a code, and no more than either needs', async () => {
    const door = openDoor();
    const browser = openBrowser(door);
    for (const [body, path] of [
      [{}, 'token'],
      [{ token: 'x', code: 'x' }, 'code'],
      [{ token: ' ' }, 'token'],
      [{ code: '' }, 'code'],
      [{ token: 7 }, 'token'],
      [{ token: 'x'.repeat(2_000) }, 'token'],
      [{ token: 'x', remember: true }, 'remember'],
    ] as const) {
      expect(await browser.post('/session', body), JSON.stringify(body)).toMatchObject({
        status: 422,
        body: { errors: [expect.objectContaining({ path })] },
      });
    }
    expect(await browser.post('/session', { token: 'x'.repeat(5_000) })).toMatchObject({
      status: 413,
      body: { detail: expect.stringContaining('4096 bytes') },
    });
    expect(browser.latest).toBeUndefined();
  });

  test('with what is wrong counts as any wrong token, for that client only', async () => {
    const links = makeSignInLinks({ now: () => 0 });
    const clientOf: NonNullable<AppPorts['clientOf']> = (env) =>
      typeof env === 'object' && env !== null && 'client' in env ? String(env.client) : undefined;
    const door = openDoor({ ports: { clientOf, links } });
    const from = async (client: string, body: object) =>
      (
        await door.app.request(
          new Request('http://x/session', {
            method: 'POST',
            headers: { host: HOST, 'content-type': 'application/json' },
            body: JSON.stringify(body),
          }),
          undefined,
          { client },
        )
      ).status;
    for (let n = 0; n < 15; n++) {
      expect(await from('mallory', { token: `guess${n}` })).toBe(401);
      expect(await from('mallory', { code: `guess${n}` })).toBe(401);
    }
    expect(await from('mallory', { token: TOKEN })).toBe(429);
    expect(await from('mallory', { code: links.make('x').code })).toBe(429);
    const api = new Request('http://x/v1/chats', { headers: { host: HOST, ...bearer(TOKEN) } });
    expect((await door.app.request(api, undefined, { client: 'mallory' })).status).toBe(429);
    expect(await from('ada', { token: TOKEN })).toBe(200);
    door.clock.advance(1_000);
    expect(await from('mallory', { token: TOKEN })).toBe(200);
  });

  test('with a revoked token is refused in words, and is no guess', async () => {
    const door = openDeskDoor();
    const token = door.desk.give('phone', ['chat']);
    door.desk.revoke('phone');
    const browser = openBrowser(door);
    for (let n = 0; n < 40; n++) {
      expect(await browser.post('/session', { token })).toMatchObject({
        status: 401,
        body: { type: '/docs#wrong-token', detail: 'This token was revoked.' },
      });
    }
    expect(browser.jar.size).toBe(0);
  });
});

describe('a session', () => {
  test('ends when it is signed out, and a browser that is in none is told nothing', async () => {
    const door = openDoor();
    const browser = openBrowser(door);
    expect(await browser.request('DELETE', '/session')).toMatchObject({ status: 204 });
    expect(browser.latest).toBeUndefined();
    await browser.post('/session', { token: TOKEN });
    const gone = await browser.request('DELETE', '/session');
    expect(gone.status).toBe(204);
    // Nor does the browser keep what it was shown, such as pictures.
    expect(gone.headers.get('clear-site-data')).toBe('"cache"');
    expect(browser.latest).toMatch(/=; Max-Age=0; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(await browser.get('/session')).toMatchObject(signedOut);
    expect((await browser.get('/v1/chats')).status).toBe(401);
  });

  test('lasts thirty days by the clock of the gateway, and says so when it is over; that is no guess', async () => {
    const door = openDoor();
    const browser = openBrowser(door);
    await browser.post('/session', { token: TOKEN });
    const [name = '', cookie = ''] = [...browser.jar][0] ?? [];
    door.clock.advance(30 * DAY - 1_000);
    expect((await browser.get('/v1/chats')).status).toBe(200);
    door.clock.advance(1_000);
    for (let n = 0; n < 40; n++) {
      browser.jar.set(name, cookie);
      expect(await browser.get('/v1/chats')).toMatchObject({
        status: 401,
        body: { type: '/docs#no-token', detail: expect.stringContaining('thirty days') },
      });
      expect(browser.jar.size).toBe(0);
    }
    expect((await browser.post('/session', { token: TOKEN })).status).toBe(200);
  });

  test('ends with the admin token that was in force, and that is no guess', async () => {
    let admin = TOKEN;
    const door = openDeskDoor({ ports: { token: () => admin } });
    const token = door.desk.give('phone', ['chat']);
    const browser = openBrowser(door);
    await browser.post('/session', { token });
    expect((await browser.get('/v1/chats')).status).toBe(200);
    admin = 'another-admin-token-of-the-tests';
    for (let n = 0; n < 40; n++) expect(await browser.get('/v1/chats')).toMatchObject(signedOut);
    expect((await browser.post('/session', { token })).status).toBe(200);
    expect((await browser.get('/v1/chats')).status).toBe(200);
  });

  test('of another gateway on this machine is none here, and neither signs the other out', async () => {
    const here = openDoor();
    const sameToken = openDoor({
      ports: { allowed: () => ({ hosts: [HOST, '127.0.0.1:9999'], origins: ['http://127.0.0.1:9999'] }) },
    });
    const sameAddress = openDoor({ ports: { token: () => 'another-admin-token-of-the-tests' } });
    const others = [
      [sameToken, TOKEN, { host: '127.0.0.1:9999', origin: 'http://127.0.0.1:9999' }],
      [sameAddress, 'another-admin-token-of-the-tests', {}],
    ] as const;
    for (const [other, token, headers] of others) {
      const browser = openBrowser(here);
      const there = openBrowser(other);
      await browser.post('/session', { token: TOKEN });
      await there.post('/session', { token }, headers);
      // Cookies know no port: both gateways are sent both.
      const all = new Map([...browser.jar, ...there.jar]);
      expect(all.size).toBe(2);
      for (const one of [browser, there]) for (const [name, value] of all) one.jar.set(name, value);
      const { origin: _, ...asking } = { origin: '', ...headers };
      expect((await browser.get('/v1/chats')).status).toBe(200);
      expect((await there.get('/v1/chats', asking)).status).toBe(200);
      await there.request('DELETE', '/session', undefined, headers);
      expect((await there.get('/v1/chats', asking)).status).toBe(401);
      there.jar.forEach((value, name) => void browser.jar.set(name, value));
      expect((await browser.get('/v1/chats')).status).toBe(200);
    }
  });

  test('gives way to a token that is sent, and not to the password of a proxy', async () => {
    const door = openDeskDoor();
    const phone = door.desk.give('phone', ['chat'], 'ada');
    const browser = openBrowser(door);
    await browser.post('/session', { token: TOKEN });
    expect((await browser.post('/v1/chats', {}, bearer(phone))).body).toMatchObject({
      chat: { owner: 'ada' },
    });
    for (const wrong of ['Bearer wrong', 'Bearer', 'Bearer a b']) {
      expect((await browser.get('/v1/chats', { authorization: wrong })).status, wrong).toBe(401);
    }
    expect((await browser.get('/v1/chats', { authorization: 'Basic YTpi' })).status).toBe(200);
  });
});
