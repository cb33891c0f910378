/** A token's value decides, to its last character: being there, looking right or standing elsewhere is nothing. */
import { describe, expect, test } from 'vitest';
import { digestOf, sameDigest } from '../../src/http/tokens.ts';
import { HOST, TOKEN } from '../http/door.ts';
import { bearer, openDeskDoor } from './desk.ts';

describe('a named token', () => {
  test('is compared, not merely present', async () => {
    const door = openDeskDoor({ ports: { clientOf: () => undefined } });
    const token = door.desk.give('ada', ['read']);
    for (const wrong of [
      'x',
      'ada',
      'tid_',
      token.slice(0, -1),
      `${token}x`,
      token.toUpperCase(),
      token.slice('tid_'.length),
      digestOf(token),
      `tid_${digestOf(token)}`,
      'undefined',
      'null',
      '*',
    ]) {
      expect(await door.get('/v1/chats', bearer(wrong)), wrong).toMatchObject({
        status: 401,
        body: { type: '/docs#wrong-token' },
      });
    }
    expect((await door.get('/v1/chats', bearer(token))).status).toBe(200);
    for (const authorization of [token, `Basic ${token}`, `Token ${token}`, `Bearer ${token} ${token}`]) {
      expect((await door.get('/v1/chats', { authorization })).status, authorization).toBe(401);
    }
    for (const header of ['x-api-key', 'x-auth-token', 'token', 'proxy-authorization', 'cookie']) {
      const answer = await door.get('/v1/chats', { authorization: '', [header]: `token=${token}` });
      expect(answer.status, header).toBe(401);
    }
  });

  test('is one among many, and each is its own', async () => {
    const door = openDeskDoor();
    const tokens = Array.from({ length: 300 }, (_, n) => door.desk.give(`t${n}`, ['chat'], `owner${n}`));
    for (const n of [0, 1, 150, 299]) {
      expect((await door.post('/v1/chats', {}, bearer(tokens[n] ?? ''))).body).toMatchObject({
        chat: { owner: `owner${n}` },
      });
    }
  });

  test('counts for nothing where the host keeps no tokens', async () => {
    const { app } = openDeskDoor({ ports: {} });
    const answer = await app.request('/v1/chats', {
      headers: { host: HOST, ...bearer(`tid_${'x'.repeat(32)}`) },
    });
    expect(answer.status).toBe(401);
  });
});

test('digests are the same only if they are the same to the end', () => {
  const digest = digestOf('a');
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect(sameDigest(digest, digestOf('a'))).toBe(true);
  for (const other of [digestOf('b'), '', digest.slice(1), `${digest}0`, `${digest.slice(0, -1)}g`]) {
    expect(sameDigest(digest, other)).toBe(false);
    expect(sameDigest(other, digest)).toBe(false);
  }
});

describe('a token in the address', () => {
  test.each([
    'token',
    'access_token',
    'auth_token',
    'api_key',
    'apikey',
    'key',
    'Token',
    'bearer',
    'authorization',
  ])('as ?%s= is refused in words, whatever else the request brings', async (name) => {
    const door = openDeskDoor();
    const chat = await door.chat();
    const own = door.desk.give('ada', ['read']);
    for (const value of [TOKEN, own, 'x', '']) {
      for (const path of ['/v1/chats', `/v1/chats/${chat}/events`, '/v1/nothing']) {
        for (const headers of [{ authorization: '' }, bearer(TOKEN)]) {
          const answer = await door.get(`${path}?${name}=${value}`, headers);
          expect(answer).toMatchObject({
            status: 401,
            body: { detail: expect.stringContaining('never taken from the address') },
          });
          expect(JSON.stringify(answer.body)).not.toContain(own);
          expect(JSON.stringify(answer.body)).not.toContain(TOKEN);
        }
      }
    }
  });

  test('as a part of the path is nothing, and is not said back', async () => {
    const door = openDeskDoor();
    const own = door.desk.give('ada', ['read']);
    const answers = [];
    for (const token of [TOKEN, own]) {
      for (const path of [`/v1/chats/${token}`, `/${token}`, `/v1/${token}`, `/v1/chats?before=${token}`]) {
        const answer = await door.get(path, bearer(own));
        expect(answer.status, path).toBeGreaterThanOrEqual(400);
        answers.push(answer.body);
      }
      answers.push((await door.post('/v1/chats', { [token]: 1 })).body);
      answers.push((await door.get('/v1/chats', { host: `${token}.example` })).body);
      answers.push((await door.get('/v1/chats', { origin: `https://${token}.example` })).body);
    }
    for (const token of [TOKEN, own]) {
      expect(JSON.stringify([...answers, door.answered]).toLowerCase()).not.toContain(token.toLowerCase());
    }
  });
});
