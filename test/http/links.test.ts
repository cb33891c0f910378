import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { makeSignInLinks } from '../../src/hosts/node/sign-in-links.ts';
import type { SignInLinks } from '../../src/http/link-routes.ts';
import { bearer, type DeskDoor, openDeskDoor } from '../security/desk.ts';
import { openBrowser } from './browser.ts';
import { openDoor, TOKEN } from './door.ts';

const HOUR = 3_600_000;
const bad = {
  status: 401,
  body: { type: '/docs#bad-code', detail: expect.stringContaining('tidings link') },
};
const linkShape = z.object({ link: z.object({ code: z.string(), expiresAt: z.number(), path: z.string() }) });

function house(): DeskDoor {
  const links: SignInLinks = makeSignInLinks({ now: () => door.clock.now() });
  const door: DeskDoor = openDeskDoor({ ports: { links } });
  return door;
}

async function linkOf(door: DeskDoor, headers?: Record<string, string>) {
  const { status, body } = await door.post('/v1/links', {}, headers);
  expect(status).toBe(201);
  return linkShape.parse(body).link;
}

describe('a link', () => {
  test('signs in once, as whoever asked for it', async () => {
    const door = house();
    const phone = bearer(door.desk.give('phone', ['read'], 'ada'));
    for (const [headers, token] of [
      [{}, 'admin'],
      [phone, 'phone'],
    ] as const) {
      const { code, path, expiresAt } = await linkOf(door, headers);
      expect(path).toBe(`/#code=${code}`);
      expect(expiresAt).toBe(door.clock.now() + HOUR);
      const browser = openBrowser(door);
      expect(await browser.post('/session', { code })).toMatchObject({
        status: 200,
        body: { session: { token } },
      });
      expect((await browser.get('/v1/chats')).status).toBe(200);
      const second = openBrowser(door);
      expect(await second.post('/session', { code })).toMatchObject(bad);
      expect(second.jar.size).toBe(0);
      // The first is in as before.
      expect((await browser.get('/v1/chats')).status).toBe(200);
    }
  });

  test('that two send at the same moment signs one of them in', async () => {
    const door = house();
    const { code } = await linkOf(door);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => openBrowser(door).post('/session', { code })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401, 401]);
  });

  test('is not used up by whoever only looks where it leads', async () => {
    const door = house();
    const { code } = await linkOf(door);
    // The part behind the # is never sent; a program that sends it all the same gets no further.
    for (const path of ['/', `/?code=${code}`, '/session', `/session?code=${code}`]) {
      for (const method of ['GET', 'HEAD']) {
        const response = await door.request(method, path, undefined, {
          authorization: '',
          accept: 'text/html',
        });
        expect(response.headers.get('set-cookie')).toBeNull();
      }
    }
    expect((await openBrowser(door).post('/session', { code })).status).toBe(200);
  });

  test('is good for an hour', async () => {
    const door = house();
    const [early, late] = [await linkOf(door), await linkOf(door)];
    door.clock.advance(HOUR - 1);
    expect((await openBrowser(door).post('/session', { code: early.code })).status).toBe(200);
    door.clock.advance(1);
    expect(await openBrowser(door).post('/session', { code: late.code })).toMatchObject(bad);
  });

  test('of a token that was revoked meanwhile signs nobody in', async () => {
    const door = house();
    const { code } = await linkOf(door, bearer(door.desk.give('phone', ['read'])));
    door.desk.revoke('phone');
    expect(await openBrowser(door).post('/session', { code })).toMatchObject({
      status: 401,
      body: { detail: 'This token was revoked.' },
    });
  });

  test('is made by whoever is signed in, too, and by nobody else', async () => {
    const door = house();
    const browser = openBrowser(door);
    expect((await browser.post('/v1/links')).status).toBe(401);
    await browser.post('/session', { token: TOKEN });
    const { code } = linkShape.parse((await browser.post('/v1/links')).body).link;
    expect((await openBrowser(door).post('/session', { code })).status).toBe(200);
  });

  test('makes way for later ones of its own token, never for those of another', async () => {
    const door = house();
    const mine = await linkOf(door);
    const phone = bearer(door.desk.give('phone', ['read']));
    const many = [];
    for (let n = 0; n < 21; n++) many.push(await linkOf(door, phone));
    const statuses = [];
    for (const { code } of [...many, mine]) {
      statuses.push((await openBrowser(door).post('/session', { code })).status);
    }
    expect(statuses).toEqual([401, ...Array(20).fill(200), 200]);
  });

  test('is not there where the host keeps none, and whoever has a code is told so', async () => {
    const door = openDoor();
    expect((await door.post('/v1/links')).status).toBe(404);
    expect(await openBrowser(door).post('/session', { code: 'x' })).toMatchObject({
      status: 401,
      body: { detail: expect.stringContaining('sign in with a token') },
    });
  });
});
