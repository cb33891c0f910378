/** Named tokens over HTTP, the same whether a folder or the directory's object keeps them. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { openDirectoryStore } from '../../src/hosts/cloudflare/directory-store.ts';
import { nodeClock } from '../../src/hosts/node/clock.ts';
import { addToken, revokeToken, tokenKeeper } from '../../src/hosts/node/tokens/issue.ts';
import { namedTokens } from '../../src/hosts/node/tokens/named-tokens.ts';
import { tokenFilePath } from '../../src/hosts/node/tokens/token-file.ts';
import { inWords, type TokenKeeper } from '../../src/http/token-keeper.ts';
import { bookOf, digestOf, type TokenBook } from '../../src/http/tokens.ts';
import { nodeSql } from '../cloudflare/node-sql.ts';
import { makeClient } from '../e2e/client.ts';
import { freshFolder, openHouse } from '../e2e/harness.ts';
import { bearer, routeTable } from '../security/desk.ts';
import { openDoor, TOKEN } from './door.ts';
import { sseReader } from './sse.ts';

interface Kept {
  readonly tokens: TokenKeeper;
  readonly named: TokenBook;
  /** All that is kept, as it stands there. */
  text(): string;
}

function inFolder(): Kept {
  const folder = freshFolder();
  return {
    tokens: tokenKeeper(folder, nodeClock),
    named: bookOf(namedTokens(folder, { clock: nodeClock, trouble: () => {} })),
    text: () => readFileSync(tokenFilePath(folder), 'utf8'),
  };
}

function inDirectory(): Kept {
  const sql = nodeSql();
  const { tokens } = openDirectoryStore(sql);
  return {
    tokens: {
      list: tokens.list,
      add: (token, request) => inWords(() => tokens.add(token, request)),
      revoke: (name, request) => inWords(() => tokens.revoke(name, Date.now(), request)),
    },
    named: bookOf({
      all: () => tokens.list().map((one) => ({ ...one, revoked: one.revokedAt !== undefined })),
      watch: () => () => {},
    }),
    text: () => JSON.stringify([sql.all('SELECT * FROM tokens'), sql.all('SELECT * FROM requests')]),
  };
}

const secretIn = (body: unknown) => z.object({ secret: z.string() }).parse(body).secret;

describe.each([
  ['a folder', inFolder],
  ['the directory', inDirectory],
])('named tokens kept by %s', (_, open) => {
  function house() {
    const kept = open();
    return { ...kept, door: openDoor({ ports: { tokens: kept.tokens, named: kept.named } }) };
  }

  test('are made over HTTP, shown once, listed, and open what their scopes say for their owner', async () => {
    const { door, text } = house();
    expect((await door.get('/v1/tokens')).body).toEqual({ tokens: [], next: null });
    const made = await door.post('/v1/tokens', { name: 'phone', scopes: ['chat', 'read'], owner: 'ada' });
    const token = {
      name: 'phone',
      scopes: ['read', 'chat'],
      owner: 'ada',
      createdAt: door.clock.now(),
    };
    expect(made).toMatchObject({ status: 201, body: { token } });
    const secret = secretIn(made.body);
    expect(secret).toMatch(/^tid_[A-Za-z0-9_-]{32}$/);
    expect((await door.post('/v1/tokens', { name: 'ops', scopes: ['admin'] })).status).toBe(201);
    const listed = await door.get('/v1/tokens');
    expect(listed.body).toEqual({
      tokens: [token, { ...token, name: 'ops', owner: 'ops', scopes: ['admin'] }],
      next: null,
    });
    for (const shown of [text(), JSON.stringify(listed.body)]) expect(shown).not.toContain(secret);
    expect(text()).toContain(digestOf(secret));
    expect((await door.post('/v1/chats', {}, bearer(secret))).body).toMatchObject({ chat: { owner: 'ada' } });
  });

  test('that are revoked open nothing more and stay so since then; their names are never given again', async () => {
    const { door } = house();
    const { body } = await door.post('/v1/tokens', { name: 'phone', scopes: ['read'] });
    const phone = bearer(secretIn(body));
    expect((await door.get('/v1/chats', phone)).status).toBe(200);
    const revoked = await door.post('/v1/tokens/revoke', { name: 'phone' });
    expect(revoked).toMatchObject({
      status: 200,
      body: { token: { name: 'phone', revokedAt: expect.any(Number) } },
    });
    expect((await door.get('/v1/chats', phone)).status).toBe(401);
    expect((await door.post('/v1/tokens/revoke', { name: 'phone' })).body).toEqual(revoked.body);
    expect(await door.post('/v1/tokens', { name: 'phone', scopes: ['read'] })).toMatchObject({
      status: 409,
      body: { type: '/docs#conflict', detail: expect.stringContaining('a name means one token for ever') },
    });
  });

  test('with an id are made and revoked once, and answered as the first time', async () => {
    const { door, text } = house();
    const wish = { name: 'phone', scopes: ['read'], id: 'one' };
    const first = await door.post('/v1/tokens', wish);
    expect(first.status).toBe(201);
    door.clock.advance(60_000);
    const again = await door.post('/v1/tokens', { id: 'one', scopes: ['read'], name: 'phone' });
    expect(again).toMatchObject({ status: 200, body: first.body });
    const secret = secretIn(first.body);
    expect(secret).toMatch(/^tid_[A-Za-z0-9_-]{32}$/);
    expect(text()).not.toContain(secret);
    expect((await door.get('/v1/chats', bearer(secret))).status).toBe(200);

    for (const other of [
      { ...wish, name: 'tablet' },
      { ...wish, scopes: ['chat'] },
      { ...wish, owner: 'phone' },
    ]) {
      expect(await door.post('/v1/tokens', other)).toMatchObject({
        status: 409,
        body: { type: '/docs#id-reused' },
      });
    }
    expect(await door.post('/v1/tokens/revoke', { name: 'phone', id: 'one' })).toMatchObject({
      status: 409,
      body: { type: '/docs#id-reused' },
    });
    // Another id makes another token, of another name only.
    expect((await door.post('/v1/tokens', { ...wish, id: 'two' })).body).toMatchObject({
      type: '/docs#conflict',
    });
    const tablet = await door.post('/v1/tokens', { ...wish, name: 'tablet', id: 'two' });
    expect(secretIn(tablet.body)).not.toBe(secret);

    const revoked = await door.post('/v1/tokens/revoke', { name: 'phone', id: 'gone' });
    expect((await door.post('/v1/tokens/revoke', { name: 'phone', id: 'gone' })).body).toEqual(revoked.body);
    expect(await door.post('/v1/tokens/revoke', { name: 'tablet', id: 'gone' })).toMatchObject({
      status: 409,
    });
    expect((await door.get('/v1/chats', bearer(secret))).status).toBe(401);
  });

  test('with an id are each caller’s own: the same id of another owner is another request', async () => {
    const { door } = house();
    const ops = bearer(secretIn((await door.post('/v1/tokens', { name: 'ops', scopes: ['admin'] })).body));
    const mine = await door.post('/v1/tokens', { name: 'phone', scopes: ['read'], id: 'one' });
    const theirs = await door.post('/v1/tokens', { name: 'tablet', scopes: ['read'], id: 'one' }, ops);
    expect([mine.status, theirs.status]).toEqual([201, 201]);
    expect(await door.post('/v1/tokens', { name: 'phone', scopes: ['read'], id: 'one' }, ops)).toMatchObject({
      status: 409,
      body: { type: '/docs#id-reused' },
    });
  });

  test('are not shown again when the admin token was changed, and the request says what to do', async () => {
    const kept = open();
    let admin = TOKEN;
    const ports = { tokens: kept.tokens, named: kept.named, token: () => admin };
    const door = openDoor({ ports });
    const wish = { name: 'phone', scopes: ['read'], id: 'one' };
    expect((await door.post('/v1/tokens', wish)).status).toBe(201);
    admin = 'another-admin-token-of-the-tests';
    expect(await door.post('/v1/tokens', wish, bearer(admin))).toMatchObject({
      status: 409,
      body: { type: '/docs#conflict', detail: expect.stringContaining('revoke it, and make another') },
    });
  });

  test('that can not be are refused field by field, and nothing is kept', async () => {
    const { door, tokens } = house();
    for (const [body, path] of [
      [{}, 'name'],
      [{ name: 'two words', scopes: ['read'] }, 'name'],
      [{ name: '', scopes: ['read'] }, 'name'],
      [{ name: 'x'.repeat(65), scopes: ['read'] }, 'name'],
      [{ name: 'admin', scopes: ['read'] }, 'name'],
      [{ name: 7, scopes: ['read'] }, 'name'],
      [{ name: 'a', scopes: [] }, 'scopes'],
      [{ name: 'a', scopes: 'read' }, 'scopes'],
      [{ name: 'a', scopes: ['read', 'everything'] }, 'scopes.1'],
      [{ name: 'a', scopes: ['read'], owner: 'a b' }, 'owner'],
      [{ name: 'a', scopes: ['read'], owner: null }, 'owner'],
      [{ name: 'a', scopes: ['read'], secret: 'tid_mine' }, 'secret'],
      [{ name: 'a', scopes: ['read'], id: 'a b' }, 'id'],
    ] as const) {
      expect(await door.post('/v1/tokens', body), JSON.stringify(body)).toMatchObject({
        status: 422,
        body: { errors: expect.arrayContaining([expect.objectContaining({ path })]) },
      });
    }
    expect(await door.post('/v1/tokens/revoke', { name: 'a b' })).toMatchObject({ status: 422 });
    for (const name of ['nobody', 'admin', '__proto__']) {
      expect(await door.post('/v1/tokens/revoke', { name, id: 'x' })).toMatchObject({
        status: 404,
        body: { type: '/docs#not-found' },
      });
    }
    expect(await tokens.list()).toEqual([]);
  });

  test('are for admins only, at each of the routes', async () => {
    const { door, tokens } = house();
    const given = await door.post('/v1/tokens', { name: 'all', scopes: ['read', 'chat', 'answer'] });
    const most = bearer(secretIn(given.body));
    const routes = (await routeTable(door)).filter(({ path }) => path.startsWith('/v1/tokens'));
    expect(routes.map(({ method, path, scope }) => `${method} ${path} ${scope}`)).toEqual([
      'GET /v1/tokens admin',
      'POST /v1/tokens admin',
      'POST /v1/tokens/revoke admin',
    ]);
    for (const { method, path } of routes) {
      const body = method === 'GET' ? undefined : { name: 'x', scopes: ['admin'] };
      expect((await door.request(method, path, body, most)).status, path).toBe(403);
      expect((await door.request(method, path, body, { authorization: '' })).status, path).toBe(401);
    }
    expect(await tokens.list()).toHaveLength(1);
  });
});

describe('over HTTP and by the command', () => {
  test('a token that a running gateway made and revoked has its streams cut off, and no others are', async () => {
    const house = await openHouse({ script: () => ({ text: 'Well.' }) });
    const secrets: string[] = [];
    for (const name of ['phone', 'laptop']) {
      const made = await house.client.post('/v1/tokens', { name, scopes: ['chat'], owner: 'ada' });
      secrets.push(secretIn(made.body));
    }
    const clients = secrets.map((secret) => makeClient({ url: () => house.url, token: () => secret }));
    const [phone, laptop] = clients;
    const chat = await phone?.newChat();
    const streams = await Promise.all(
      secrets.map(async (secret) => {
        const path = `/v1/chats/${chat?.id}/events?after=0`;
        const reader = sseReader(await fetch(`${house.url}${path}`, { headers: bearer(secret) }));
        await reader.read();
        return reader;
      }),
    );
    const [cut, stays] = streams.map((reader) => reader.start().catch(() => {}));
    expect((await house.client.post('/v1/tokens/revoke', { name: 'phone' })).status).toBe(200);
    await cut;
    expect((await phone?.get('/v1/chats'))?.status).toBe(401);
    await laptop?.chat(chat?.id ?? '').say('Hello.');
    await expect.poll(() => streams[1]?.events.some(({ event }) => event === 'turn.ended')).toBe(true);
    expect(readFileSync(tokenFilePath(house.data), 'utf8')).not.toContain(secrets[0]);
    await streams[1]?.leave();
    await stays;
  });

  test('the same tokens are made, and two who change them at once lose none', async () => {
    const folder = freshFolder();
    const kept = tokenKeeper(folder, nodeClock);
    const door = openDoor({ ports: { tokens: kept } });
    addToken(folder, { name: 'by-command', scopes: ['read'] }, 5);
    const names = Array.from({ length: 10 }, (_, n) => `t${n}`);
    await Promise.all(names.map((name) => door.post('/v1/tokens', { name, scopes: ['read'], id: name })));
    revokeToken(folder, 't3', 7);
    addToken(folder, { name: 'by-command-too', scopes: ['read'] }, 8);
    expect((await door.post('/v1/tokens', { name: 'by-command', scopes: ['read'] })).status).toBe(409);
    // What was done for a request is remembered through it all.
    expect((await door.post('/v1/tokens', { name: 't9', scopes: ['read'], id: 't9' })).status).toBe(200);
    const { tokens } = z
      .object({ tokens: z.array(z.object({ name: z.string(), revokedAt: z.number().optional() })) })
      .parse((await door.get('/v1/tokens')).body);
    expect(tokens.map(({ name }) => name)).toEqual(['by-command', ...names, 'by-command-too']);
    expect(tokens.filter(({ revokedAt }) => revokedAt !== undefined)).toEqual([
      expect.objectContaining({ name: 't3', revokedAt: 7 }),
    ]);
  });
});

describe('where a host may be full', () => {
  test('every call that adds to a chat says so in the documentation, and no other', async () => {
    const routes = async (full?: () => string | undefined) => {
      const door = openDoor({ ports: full ? { full } : {} });
      const { paths } = z
        .object({
          paths: z.record(
            z.string(),
            z.record(z.string(), z.object({ responses: z.record(z.string(), z.unknown()) })),
          ),
        })
        .parse((await door.get('/openapi.json')).body);
      return Object.entries(paths).flatMap(([path, methods]) =>
        Object.entries(methods).flatMap(([method, { responses }]) =>
          '507' in responses ? [`${method} ${path}`] : [],
        ),
      );
    };
    // A file may find no room on any host.
    expect(await routes()).toEqual(['post /v1/chats/{chat}/files']);
    const adding = await routes(() => undefined);
    expect(adding).toContain('post /v1/chats/{chat}/messages');
    for (const ends of ['/stop', '/kill', '/revoke'])
      expect(adding.filter((one) => one.endsWith(ends))).toEqual([]);
    const door = openDoor({ ports: { full: () => 'There is no room.' } });
    const chat = await door.chat();
    expect(await door.post(`/v1/chats/${chat}/messages`, { text: 'x' })).toMatchObject({
      status: 507,
      body: { type: '/docs#full', detail: 'There is no room.' },
    });
    expect((await door.post(`/v1/chats/${chat}/stop`)).status).toBe(200);
  });
});
