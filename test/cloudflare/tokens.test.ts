/** Named tokens on Workers, where HTTP is the only way to make one; and what the Worker says of itself there. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { documentation } from '../http/documented.ts';
import { bearer, giveToken, openWorkerHouse } from './worker-house.ts';

const quiet = () => ({ text: 'Well.' });

describe('named tokens', () => {
  test('are made once for a request, whatever happens to the objects, and open until they are revoked', async () => {
    const house = await openWorkerHouse(quiet);
    const wish = { name: 'phone', scopes: ['chat'], owner: 'ada', id: 'one' };
    const first = await house.post('/v1/tokens', wish);
    expect(first).toMatchObject({ status: 201, body: { token: { name: 'phone', owner: 'ada' } } });
    await house.host.abortAll();
    expect(await house.post('/v1/tokens', wish)).toMatchObject({ status: 200, body: first.body });
    await house.restart();
    expect(await house.post('/v1/tokens', wish)).toMatchObject({ status: 200, body: first.body });
    expect((await house.post('/v1/tokens', { ...wish, owner: 'bob' })).status).toBe(409);
    const { secret } = z.object({ secret: z.string() }).parse(first.body);
    const phone = bearer(secret);
    const chat = await house.chat(phone);
    expect((await house.get(`/v1/chats/${chat}`)).body).toMatchObject({ chat: { owner: 'ada' } });
    expect((await house.get('/v1/tokens', phone)).status).toBe(403);
    const kept = JSON.stringify([
      await house.directory('SELECT * FROM tokens'),
      await house.directory('SELECT * FROM requests'),
      (await house.get('/v1/tokens')).body,
      await house.debug({ what: 'printed' }),
    ]);
    expect(kept).not.toContain(secret);

    const revoked = await house.post('/v1/tokens/revoke', { name: 'phone', id: 'gone' });
    expect(revoked.status).toBe(200);
    for (const path of ['/v1/chats', `/v1/chats/${chat}`, `/v1/chats/${chat}/events`]) {
      expect((await house.get(path, phone)).status).toBe(401);
    }
    expect((await house.post('/v1/tokens/revoke', { name: 'phone', id: 'gone' })).body).toEqual(revoked.body);
    expect((await house.post('/v1/tokens/revoke', { name: 'nobody' })).status).toBe(404);
    expect((await house.post('/v1/tokens', { name: 'phone', scopes: ['read'] })).status).toBe(409);
    expect((await house.post('/v1/tokens', { name: 'x', scopes: ['all'] })).body).toMatchObject({
      errors: [{ path: 'scopes.0' }],
    });
    // The owner's next token finds what the last one left.
    const tablet = bearer(await giveToken(house, 'tablet', ['read'], 'ada'));
    expect((await house.get('/v1/chats', tablet)).body).toMatchObject({ chats: [{ id: chat }] });
  });
});

describe('/openapi.json of the Worker', () => {
  test('describes tokens, tickets, sockets and full chats, and its answers are as it says', async () => {
    const house = await openWorkerHouse(quiet);
    const { all, check, schema } = await documentation({
      request: async (path) => fetch(`${house.url}${path}`),
    });
    expect(all).toEqual(
      expect.arrayContaining([
        'GET /v1/tokens 200',
        'POST /v1/tokens 201',
        'POST /v1/tokens/revoke 200',
        'POST /v1/chats/{chat}/tickets 201',
        'GET /sockets/{chat} 101',
        'GET /sockets/{chat} 403',
        'GET /sockets/{chat} 426',
        'POST /v1/chats/{chat}/messages 507',
        'POST /v1/chats/{chat}/subagents 507',
      ]),
    );
    expect(schema('Token')).toBeDefined();
    const chat = await house.chat();
    const asked: [string, string, unknown?][] = [
      ['GET', '/v1/tokens'],
      ['POST', '/v1/tokens', { name: 'ada', scopes: ['read'], id: 'one' }],
      ['POST', '/v1/tokens', { name: 'ada', scopes: ['read'], id: 'one' }],
      ['POST', '/v1/tokens', { name: 'ada', scopes: ['read'] }],
      ['POST', '/v1/tokens', { name: 'ada' }],
      ['POST', '/v1/tokens/revoke', { name: 'ada' }],
      ['POST', '/v1/tokens/revoke', { name: 'bob' }],
      ['POST', `/v1/chats/${chat}/tickets`, {}],
      ['POST', '/v1/chats/chat_never/tickets', {}],
      ['GET', `/sockets/${chat}?ticket=x`],
      ['GET', `/sockets/${chat}`],
      ['GET', '/v1/chats'],
      ['GET', `/v1/chats/${chat}`],
    ];
    for (const [method, path, body] of asked) {
      const answer = await house.request(method, path, body);
      check({ method, path: path.split('?')[0] ?? '', ...answer });
    }
    const { body } = await house.get('/openapi.json');
    const ticket = z
      .object({
        paths: z.object({
          '/sockets/{chat}': z.object({
            get: z.object({ parameters: z.array(z.object({ name: z.string(), required: z.boolean() })) }),
          }),
        }),
      })
      .parse(body).paths['/sockets/{chat}'].get.parameters;
    expect(ticket).toEqual([
      { name: 'chat', required: true },
      { name: 'ticket', required: true },
      { name: 'after', required: false },
    ]);
  });
});
