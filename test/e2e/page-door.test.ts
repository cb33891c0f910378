/** The door of the page on each host: its files, signing in and out, and what the cookie opens and doesn't. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { sseReader } from '../http/sse.ts';
import { openHouse } from './harness.ts';

const json = { 'content-type': 'application/json' };

test('the page and all that it names are served, under the policy that stands for both', async () => {
  const house = await openHouse();
  const response = await fetch(`${house.url}/`, { headers: { accept: 'text/html' } });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-security-policy')).toContain("require-trusted-types-for 'script'");
  expect(response.headers.get('cache-control')).toBe('no-store');
  const named = [...(await response.text()).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path);
  expect(named.filter((path) => /^\/assets\/[^/]+\.js$/.test(path))).not.toEqual([]);
  for (const path of named) {
    const file = await fetch(`${house.url}${path}`);
    expect(file.status, path).toBe(200);
    expect(file.headers.get('cache-control'), path).toBe('public, max-age=31536000, immutable');
    expect(file.headers.get('x-content-type-options'), path).toBe('nosniff');
    expect((await file.arrayBuffer()).byteLength).toBeGreaterThan(0);
  }
  for (const path of ['/index.html', '/assets/', '/assets/..%2findex.html', '/assets/nothing-12345678.js']) {
    expect((await fetch(`${house.url}${path}`)).status, path).toBe(404);
  }
  expect(await (await fetch(`${house.url}/`)).json()).toMatchObject({ name: 'tidings' });
});

test('a cookie stands in place of the token everywhere, until the token is revoked', async () => {
  const house = await openHouse({ script: () => ({ text: 'Well.' }) });
  const made = await house.client.post('/v1/tokens', { name: 'phone', scopes: ['chat'], owner: 'ada' });
  const { secret: token } = z.object({ secret: z.string() }).parse(made.body);
  const signedIn = await fetch(`${house.url}/session`, {
    method: 'POST',
    headers: { ...json, origin: house.url },
    body: JSON.stringify({ token }),
  });
  expect(await signedIn.json()).toMatchObject({ session: { token: 'phone', owner: 'ada' } });
  const [given = ''] = signedIn.headers.getSetCookie();
  expect(given).toMatch(/^tidings_\w+=\S+; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Strict$/);
  expect(given).not.toContain(token);
  const cookie = given.split(';')[0] ?? '';
  const ask = (method: string, path: string, body?: object, headers: Record<string, string> = {}) =>
    fetch(`${house.url}${path}`, {
      method,
      headers: { cookie, ...(body ? json : {}), ...headers },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  const own = { origin: house.url };

  const answer = await ask('POST', '/v1/chats', {}, own);
  const { chat } = z
    .object({ chat: z.object({ id: z.string(), owner: z.literal('ada') }) })
    .parse(await answer.json());
  for (const headers of [{}, { origin: 'http://evil.example' }, { origin: 'null' }]) {
    const refused = await ask('POST', `/v1/chats/${chat.id}/messages`, { text: 'forged' }, headers);
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ type: '/docs#foreign-origin' });
  }
  const reader = sseReader(await ask('GET', `/v1/chats/${chat.id}/events?after=0`));
  expect((await ask('POST', `/v1/chats/${chat.id}/messages`, { text: 'Hello.' }, own)).status).toBe(202);
  await reader.until(() => reader.events.some(({ event }) => event === 'turn.ended'));
  expect(JSON.stringify(reader.events)).not.toContain('forged');

  const ended = reader.start().catch(() => {});
  await house.client.post('/v1/tokens/revoke', { name: 'phone' });
  await ended;
  const after = await ask('GET', `/v1/chats/${chat.id}`);
  expect(after.status).toBe(401);
  expect(after.headers.get('set-cookie')).toContain('Max-Age=0');
  expect(await after.json()).toMatchObject({ detail: 'This token was revoked.' });
  const out = await ask('DELETE', '/session', undefined, own);
  expect(out.status).toBe(204);
  expect(out.headers.get('set-cookie')).toContain('Max-Age=0');
});
