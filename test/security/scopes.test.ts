/** What a token may do: no more than its scopes say, at any route there is. */
import { describe, expect, test } from 'vitest';
import { covers, type Scope, scopes } from '../../src/http/scopes.ts';
import { TOKEN } from '../http/door.ts';
import { addressOf, bearer, chatIn, type DocumentedRoute, openDeskDoor, routeTable } from './desk.ts';

const every: readonly (readonly Scope[])[] = [
  ['read'],
  ['chat'],
  ['answer'],
  ['chat', 'answer'],
  ['read', 'chat', 'answer'],
  ['admin'],
];
const may: Record<Scope, readonly string[]> = {
  read: ['read'],
  chat: ['read', 'chat'],
  answer: ['read', 'answer'],
  admin: ['read', 'chat', 'answer', 'admin'],
};
const guarded = (one: DocumentedRoute) => one.scope !== undefined;

describe('a token', () => {
  test('may what its scopes say: each brings reading, admin brings all, none brings admin', () => {
    for (const given of scopes) {
      for (const needed of scopes) expect(covers([given], needed)).toBe(may[given].includes(needed));
    }
    expect(covers([], 'read')).toBe(false);
  });

  test('without the scope of a route is refused there with 403 that names it, at every route', async () => {
    const door = openDeskDoor();
    const table = (await routeTable(door)).filter(guarded);
    expect(table.length).toBeGreaterThan(14);
    for (const [n, given] of every.entries()) {
      const token = door.desk.give(`t${n}`, given, 'ada');
      const chat = await door.chat();
      for (const route of table) {
        const { method, path, scope = '' } = route;
        const where = `${method} ${path} with ${given}`;
        const body = method === 'GET' ? undefined : {};
        const response = await door.request(method, addressOf(route, chat), body, bearer(token));
        const allowed = given.some((one) => may[one].includes(scope));
        if (allowed) expect(response.status, where).not.toBe(403);
        else {
          expect(response.status, where).toBe(403);
          expect(await response.json()).toMatchObject({
            type: '/docs#not-allowed',
            detail: expect.stringContaining(`needs the scope ${scope};`),
          });
        }
        await response.body?.cancel().catch(() => {});
      }
    }
  });

  test('that may only read changes nothing, whatever it asks of its own chat', async () => {
    const door = openDeskDoor();
    const speaker = bearer(door.desk.give('speaker', ['chat'], 'ada'));
    const reader = bearer(door.desk.give('reader', ['read'], 'ada'));
    const made = await door.post('/v1/chats', { id: 'one' }, speaker);
    expect(made).toMatchObject({ status: 201, body: { chat: { owner: 'ada' } } });
    const chat = chatIn(made.body).id;
    expect((await door.get('/v1/chats', reader)).body).toMatchObject({ chats: [{ id: chat }] });
    const before = door.store.session(chat)?.seq;
    for (const route of (await routeTable(door)).filter(guarded)) {
      // Some that read are posts: a ticket to follow with, a link to sign in as the same.
      if (route.method === 'GET' || route.scope === 'read') continue;
      const response = await door.request(
        route.method,
        addressOf(route, chat),
        { text: 'x', id: 'one' },
        reader,
      );
      expect(response.status, `${route.method} ${route.path}`).toBe(403);
    }
    expect(door.store.session(chat)?.seq).toBe(before);
    expect(door.store.chats({ limit: 10 })).toHaveLength(1);
  });

  test('is asked for by every route but those that tell nothing of any chat', async () => {
    const door = openDeskDoor();
    for (const { method, path, scope } of await routeTable(door)) {
      expect(scope === undefined || scopes.some((one) => one === scope), `${method} ${path}`).toBe(true);
      if (path.startsWith('/v1/')) expect(scope, `${method} ${path}`).toBeDefined();
      if (scope === undefined) continue;
      const response = await door.request(method, addressOf({ method, path, scope }, 'chat_x'), undefined, {
        authorization: '',
      });
      expect(response.status, `${method} ${path}`).toBe(401);
    }
  });

  test('of an admin speaks under its own name, in the chats of all', async () => {
    const door = openDeskDoor();
    const ops = bearer(door.desk.give('ops', ['admin']));
    const ada = bearer(door.desk.give('ada', ['chat']));
    const { id } = chatIn((await door.post('/v1/chats', {}, ada)).body);
    expect((await door.post(`/v1/chats/${id}/messages`, { text: 'hi' }, ada)).body).toMatchObject({
      message: { from: { principal: 'ada', channel: 'http' } },
    });
    expect((await door.post(`/v1/chats/${id}/messages`, { text: 'hi' }, ops)).body).toMatchObject({
      message: { from: { principal: 'ops', channel: 'http' } },
    });
    expect((await door.post(`/v1/chats/${id}/messages`, { text: 'hi' }, bearer(TOKEN))).body).toMatchObject({
      message: { from: { principal: 'admin', channel: 'http' } },
    });
    expect((await door.get(`/v1/chats/${id}`, ops)).body).toMatchObject({ chat: { owner: 'ada' } });
    expect((await door.post('/v1/chats', {}, ops)).body).toMatchObject({ chat: { owner: 'ops' } });
  });

  test('finds its scopes in the documentation, for programs and for people', async () => {
    const door = openDeskDoor();
    const page = await (await door.request('GET', '/docs')).text();
    const api = await (await door.request('GET', '/openapi.json')).json();
    for (const scope of scopes) {
      expect(page).toContain(`<code>${scope}</code>`);
      expect(JSON.stringify(api)).toContain(`\`${scope}\``);
    }
    expect(page).toContain('Needs a token with the scope <code>chat</code>.');
    expect(api).toMatchObject({
      paths: {
        '/v1/chats': {
          get: { security: [{ token: ['read'] }], description: 'Needs a token with the scope `read`.' },
          post: { security: [{ token: ['chat'] }] },
        },
        '/healthz': { get: { security: [], description: 'Needs no token.' } },
      },
    });
  });
});
