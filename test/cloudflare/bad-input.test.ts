/** Bad input that the Worker meets as it comes over HTTP: chats that never were, callers that pretend, settings. */
import { describe, expect, test } from 'vitest';
import { callerHeader } from '../../src/hosts/cloudflare/forward.ts';
import { admin, handedOn } from '../../src/http/callers.ts';
import { upgrade } from './socket-client.ts';
import { adminToken, bearer, giveToken, openWorkerHouse, type WorkerHouse } from './worker-house.ts';

const quiet = () => ({ text: 'Well.' });

/** All there is: objects by their class, and rows of the directory. */
async function everything({ host, directory }: WorkerHouse) {
  return {
    sessions: (await host.ids('SessionObject')).sort(),
    lanes: await host.ids('LanesObject'),
    directories: await host.ids('DirectoryObject'),
    chats: await directory('SELECT * FROM chats ORDER BY no'),
    watchers: await directory('SELECT * FROM watchers'),
  };
}

describe('a chat that never was', () => {
  test('answers 404 at every call, and leaves neither an object nor a row', async () => {
    const house = await openWorkerHouse(quiet);
    await house.chat();
    const ada = bearer(await giveToken(house, 'ada', ['chat', 'answer']));
    const before = await everything(house);
    expect(before.sessions).toHaveLength(1);
    const never = [
      'chat_never',
      'sub_0123456789abcdef',
      'all',
      'x'.repeat(65),
      'x'.repeat(5_000),
      'a%2Fb',
      '..%2F..%2Fall',
      '%00',
      'caf%C3%A9',
      '%F0%9F%90%99',
      "'%20OR%201=1--",
      '__proto__',
    ];
    for (const id of never) {
      for (const headers of [bearer(adminToken), ada]) {
        const at = `/v1/chats/${id}`;
        const answers = [
          await house.get(at, headers),
          await house.get(`${at}/messages`, headers),
          await house.get(`${at}/events`, headers),
          await house.get(`${at}/export`, headers),
          await house.get(`${at}/usage`, headers),
          await house.get(`${at}/subagents`, headers),
          await house.get(`${at}/subagents/boss/events`, headers),
          await house.post(`${at}/messages`, { text: 'Hello.', id: 'one' }, headers),
          await house.post(`${at}/tickets`, {}, headers),
          await house.post(`${at}/stop`, {}, headers),
          await house.post(`${at}/subagents`, { task: 'x' }, headers),
          await house.post(`${at}/subagents/all/kill`, {}, headers),
          await house.request('PATCH', at, { title: 'x' }, headers),
          await house.request('DELETE', at, undefined, headers),
          await house.get(`/v1/chats/${id}`, { ...headers, [callerHeader]: handedOn(admin) }),
        ];
        for (const { status, body } of answers) {
          expect(status, `${id}: ${JSON.stringify(body)}`).toBe(404);
          expect(body).toMatchObject({ type: '/docs#not-found', requestId: expect.any(String) });
        }
      }
      const opened = await upgrade(house.url, `/sockets/${id}?ticket=tkt_x`);
      expect(opened.status, id).toBe(404);
    }
    expect((await house.get('/v1/chats?before=chat_never')).status).toBe(422);
    expect(await everything(house)).toEqual(before);
  });

  test('is what a deleted one is again, for whoever asks', async () => {
    const house = await openWorkerHouse(quiet);
    const chat = await house.chat();
    await house.talk(chat, 'Hello.');
    expect((await house.request('DELETE', `/v1/chats/${chat}`)).status).toBe(200);
    expect((await house.get(`/v1/chats/${chat}`)).status).toBe(404);
    expect((await house.post(`/v1/chats/${chat}/messages`, { text: 'Hello?' })).status).toBe(404);
    expect((await house.get('/v1/chats')).body).toEqual({ chats: [], next: null });
    expect(await house.directory('SELECT * FROM chats')).toEqual([]);
    expect(await house.rows(chat, "SELECT name FROM sqlite_master WHERE name = 'events'")).toEqual([]);
  });
});

describe('a client that says who it is', () => {
  test('as the front says it is believed nothing: neither a scope nor an owner comes of it', async () => {
    const house = await openWorkerHouse(quiet);
    const ada = bearer(await giveToken(house, 'ada', ['read']));
    const bob = bearer(await giveToken(house, 'bob', ['chat']));
    const bobs = await house.chat(bob);
    const pretence = { [callerHeader]: handedOn(admin) };
    expect((await house.get('/v1/chats', { authorization: '', ...pretence })).status).toBe(401);
    for (const value of [handedOn(admin), 'admin', '{}', '%', '']) {
      const headers = { ...ada, [callerHeader]: value };
      expect((await house.get('/v1/chats', headers)).body).toEqual({ chats: [], next: null });
      expect((await house.get(`/v1/chats/${bobs}`, headers)).status).toBe(404);
      expect((await house.post('/v1/chats', {}, headers)).status).toBe(403);
      expect((await house.get('/v1/tokens', headers)).status).toBe(403);
      const own = await house.get(`/v1/chats/${bobs}`, { ...bob, [callerHeader]: value });
      expect(own.body, value).toMatchObject({ chat: { id: bobs, owner: 'bob' } });
      const budget = { budgetUsd: 1_000 };
      const lifted = await house.request('PATCH', `/v1/chats/${bobs}`, budget, {
        ...bob,
        [callerHeader]: value,
      });
      expect(lifted.status, value).toBe(403);
    }
    const said = await house.post(`/v1/chats/${bobs}/messages`, { text: 'Hello.' }, { ...bob, ...pretence });
    expect(said.body).toMatchObject({ message: { from: { principal: 'bob', channel: 'http' } } });
  });
});

describe('a configuration that is wrong', () => {
  test.each([
    ['no token', { TIDINGS_TOKEN: undefined }, /TIDINGS_TOKEN .*wrangler secret put TIDINGS_TOKEN/],
    [
      'nothing that says how to reach a model',
      { ANTHROPIC_API_KEY: undefined, ANTHROPIC_BASE_URL: undefined },
      /ANTHROPIC_API_KEY/,
    ],
    ['a setting out of bounds', { TIDINGS_MAX_DEPTH: 'very-deep-secret' }, /TIDINGS_MAX_DEPTH/],
  ])('with %s answers 503 to all, tells them no detail and the log all', async (_, bindings, words) => {
    const house = await openWorkerHouse(quiet, bindings);
    for (const path of ['/', '/healthz', '/v1/chats', '/v1/chats/chat_x', '/openapi.json']) {
      const { status, body } = await house.get(path);
      expect(status).toBe(503);
      expect(body).toMatchObject({ type: '/docs#unavailable', requestId: expect.any(String) });
      expect(JSON.stringify(body)).not.toMatch(/TIDINGS|ANTHROPIC|secret/);
    }
    expect(String(await house.debug({ what: 'printed' }))).toMatch(words);
    expect(await house.host.ids('SessionObject')).toEqual([]);
    expect(await house.host.ids('DirectoryObject')).toEqual([]);
  });
});
