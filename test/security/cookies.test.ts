/** A cookie is sent by a browser whoever makes it ask: what a stranger could do with one, and with one that is made up. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeSignInLinks } from '../../src/hosts/node/sign-in-links.ts';
import type { AppPorts } from '../../src/http/ports.ts';
import { digestOf } from '../../src/http/tokens.ts';
import { openBrowser } from '../http/browser.ts';
import { openDoor, TOKEN } from '../http/door.ts';
import { sseReader } from '../http/sse.ts';
import { addressOf, chatIn, openDeskDoor, routeTable } from './desk.ts';

async function signedIn(door = openDeskDoor()) {
  const browser = openBrowser(door);
  expect((await browser.post('/session', { token: TOKEN })).status).toBe(200);
  const [name = '', value = ''] = [...browser.jar][0] ?? [];
  return { door, browser, name, value };
}

describe('a cookie that is none', () => {
  test('opens nothing, is refused in words and taken away: cut at any length, changed at any place', async () => {
    const { door, browser, name, value } = await signedIn();
    const cookie = decodeURIComponent(value);
    const cut = Array.from(cookie, (_, n) => cookie.slice(0, n));
    // The last of these letters holds two bits that stand for nothing.
    const changed = Array.from(cookie.slice(0, -2), (letter, n) => {
      const other = letter === '1' ? '2' : '1';
      return `${cookie.slice(0, n)}${other}${cookie.slice(n + 1)}`;
    });
    const digest = digestOf(TOKEN);
    const made = [
      TOKEN,
      digest,
      `${digest}.99999999999`,
      `${digest}.99999999999.${'A'.repeat(43)}=`,
      `admin.99999999999.${cookie.split('.')[2]}`,
      `${cookie}.${cookie}`,
      `${cookie}x`,
      '__proto__',
      '%',
      '%00',
      'x'.repeat(8_000),
    ];
    for (const wrong of [...cut, ...changed, ...made]) {
      // Each takes its time, so that none is refused for the number of them.
      door.clock.advance(2_000);
      browser.jar.set(name, encodeURIComponent(wrong));
      const answer = await browser.get('/v1/chats');
      expect(answer, wrong).toMatchObject({
        status: 401,
        body: { type: '/docs#wrong-token', detail: expect.stringContaining('sign in again') },
      });
      expect(browser.jar.size, wrong).toBe(0);
    }
    browser.jar.set(name, value);
    expect((await browser.get('/v1/chats')).status).toBe(200);
    expect(door.failures).toEqual([]);
  });

  test('is refused whatever a header of cookies holds, and nothing fails inside', async () => {
    const { door, name, value } = await signedIn();
    const short = decodeURIComponent(value).slice(0, -4);
    const piece = fc.oneof(
      fc.constantFrom(name, `${name}=`, short, '=', ';', '"', '%', ', ', '.', 'tidings_', ' '),
      fc.stringMatching(/^[\x20-\x7e]{0,20}$/),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        door.clock.advance(2_000);
        const { status } = await door.get('/v1/chats', { authorization: '', cookie: pieces.join('').trim() });
        expect(status).toBe(401);
      }),
      { numRuns: 200 },
    );
    expect(door.failures).toEqual([]);
  });

  test('counts as a wrong token, and shuts out nobody who has a right one', async () => {
    const clientOf: NonNullable<AppPorts['clientOf']> = () => 'office';
    const { door, browser, name, value } = await signedIn(openDeskDoor({ ports: { clientOf } }));
    const mallory = openBrowser(door);
    const statuses = [];
    for (let n = 0; n < 40; n++) {
      mallory.jar.set(name, `forged${n}`);
      statuses.push((await mallory.get('/v1/chats')).status);
    }
    expect(statuses).toEqual([...Array(30).fill(401), ...Array(10).fill(429)]);
    expect((await door.get('/v1/chats')).status).toBe(429);
    // Signed by this gateway, it is no guess: nobody learns anything from its being taken.
    expect((await browser.get('/v1/chats')).status).toBe(200);
    // Nor does one that another page of this machine has put beside it hide it.
    const both = { authorization: '', cookie: `${name}=forged; ${name}=${value}` };
    expect((await door.get('/v1/chats', both)).status).toBe(200);
  });

  test('of another token beside the right one signs nobody in as that one, whichever comes first', async () => {
    const { door, name, value } = await signedIn();
    const mallory = openBrowser(door);
    await mallory.post('/session', { token: door.desk.give('mallory', ['chat']) });
    const theirs = mallory.jar.get(name);
    expect(theirs).toBeDefined();
    for (const cookie of [`${name}=${theirs}; ${name}=${value}`, `${name}=${value}; ${name}=${theirs}`]) {
      const refused = await door.get('/v1/chats', { authorization: '', cookie });
      expect(refused).toMatchObject({
        status: 401,
        body: { detail: expect.stringContaining('two sessions') },
      });
    }
    // The same twice, as of two paths, is one.
    const twice = { authorization: '', cookie: `${name}=${value}; ${name}=${value}` };
    expect((await door.get('/v1/chats', twice)).status).toBe(200);
  });
});

describe('a page elsewhere', () => {
  test.each([
    ['with its own origin', 'http://evil.example'],
    ['of another port of this machine', 'http://127.0.0.1:9999'],
    ['that hides its origin', 'null'],
    ['without an origin', undefined],
  ])('%s changes nothing by the cookie, at any route', async (_, origin) => {
    const links = makeSignInLinks({ now: () => 0 });
    const { door, browser } = await signedIn(openDeskDoor({ ports: { links } }));
    const chat = await door.chat();
    const before = door.store.session(chat)?.seq;
    const cookie = [...browser.jar].map(([name, value]) => `${name}=${value}`).join('');
    const headers = { authorization: '', cookie, ...(origin === undefined ? {} : { origin }) };
    const table = (await routeTable(door)).filter(({ method }) => method !== 'GET');
    expect(table.length).toBeGreaterThan(14);
    for (const route of table) {
      const where = `${route.method} ${route.path}`;
      // To sign in takes a token, not a cookie; where it comes from is looked at all the same.
      if (where === 'POST /session' && origin === undefined) continue;
      const response = await door.request(route.method, addressOf(route, chat), { text: 'x' }, headers);
      expect(response.status, where).toBe(403);
      expect(await response.json()).toMatchObject({ type: '/docs#foreign-origin' });
    }
    expect(door.store.session(chat)?.seq).toBe(before);
    expect((await browser.get('/session')).status).toBe(200);
    // Its own page changes what it likes, and reading needs no origin.
    expect((await browser.post(`/v1/chats/${chat}/messages`, { text: 'x' })).status).toBe(202);
    expect((await browser.get(`/v1/chats/${chat}`)).status).toBe(200);
  });

  test('that makes a browser sign in is refused, whatever token it brings', async () => {
    const door = openDoor();
    const response = await door.request(
      'POST',
      '/session',
      { token: TOKEN },
      { origin: 'http://evil.example' },
    );
    expect(response.status).toBe(403);
    expect(response.headers.get('set-cookie')).toBeNull();
    const form = { 'content-type': 'text/plain', origin: 'http://127.0.0.1:8787' };
    expect((await door.request('POST', '/session', `{"token":"${TOKEN}"}`, form)).status).toBe(415);
  });
});

describe('a token that was revoked', () => {
  test('ends the streams that its cookie opened, is said at the next request, and the cookie is taken away', async () => {
    const door = openDeskDoor();
    const browser = openBrowser(door);
    await browser.post('/session', { token: door.desk.give('phone', ['chat'], 'ada') });
    const chat = chatIn((await browser.post('/v1/chats', {})).body).id;
    const reader = sseReader(await browser.request('GET', `/v1/chats/${chat}/events?after=0`));
    await reader.read();
    expect(door.desk.watchers).toBe(1);
    const ended = reader.start().catch(() => {});
    door.desk.revoke('phone');
    await ended;
    expect(door.desk.watchers).toBe(0);
    for (const path of ['/v1/chats', '/session']) {
      const { jar } = browser;
      const kept = [...jar];
      expect(await browser.get(path)).toMatchObject({
        status: 401,
        body: { type: '/docs#wrong-token', detail: 'This token was revoked.' },
      });
      expect(jar.size).toBe(0);
      for (const [name, value] of kept) jar.set(name, value);
    }
    expect((await browser.request('DELETE', '/session')).status).toBe(204);
  });

  test('is not taken for one when the tokens can not be read: the browser stays signed in', async () => {
    const door = openDeskDoor();
    const browser = openBrowser(door);
    await browser.post('/session', { token: door.desk.give('phone', ['read']) });
    door.desk.damage();
    expect(await browser.get('/v1/chats')).toMatchObject({
      status: 503,
      body: { type: '/docs#unavailable' },
    });
    expect(browser.jar.size).toBe(1);
  });
});
