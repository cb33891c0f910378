import { describe, expect, test } from 'vitest';
import { openDoor } from './door.ts';

const KiB = 1024;

describe('a body', () => {
  test('that is broken JSON is 400 and says where', async () => {
    const door = openDoor();
    for (const broken of ['{', '{"text":}', 'hello', '{"text":"a"}}', '\u0000']) {
      expect(await door.post('/v1/chats', broken)).toMatchObject({
        status: 400,
        body: { type: '/docs#malformed-json' },
      });
    }
  });

  test('that is not UTF-8 is 400', async () => {
    const door = openDoor();
    const response = await door.app.request('/v1/chats', {
      method: 'POST',
      headers: {
        host: '127.0.0.1:8787',
        authorization: 'Bearer a-token-of-the-tests-0123456789',
        'content-type': 'application/json',
      },
      body: new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]),
    });
    expect(response.status).toBe(400);
  });

  test.each([
    ['text/plain', '{"title":"x"}'],
    ['application/x-www-form-urlencoded', 'title=x'],
    ['multipart/form-data; boundary=x', '--x--'],
    ['application/json; charset=latin1', '{"title":"x"}'],
    ['application/jsonp', '{"title":"x"}'],
    ['', '{"title":"x"}'],
  ])('of type %j is 415', async (type, body) => {
    const door = openDoor();
    expect(await door.post('/v1/chats', body, { 'content-type': type })).toMatchObject({ status: 415 });
    expect((await door.get('/v1/chats')).body).toMatchObject({ chats: [] });
  });

  test.each([
    'application/json; charset=utf-8',
    'APPLICATION/JSON',
    'application/problem+json',
    'application/json;charset="UTF-8"',
  ])('of type %j is taken', async (type) => {
    const door = openDoor();
    expect((await door.post('/v1/chats', '{"title":"x"}', { 'content-type': type })).status).toBe(201);
  });

  test('that is not an object is 422', async () => {
    const door = openDoor();
    for (const body of ['[]', 'null', '7', '"text"', 'true']) {
      expect(await door.post('/v1/chats', body)).toMatchObject({
        status: 422,
        body: { errors: [{ path: '', message: expect.stringContaining('must be an object') }] },
      });
    }
  });

  test('over one MiB is 413 and the connection is closed, whether it says its size or not', async () => {
    const door = openDoor();
    const id = await door.chat();
    const big = JSON.stringify({ text: 'x'.repeat(1024 * KiB) });
    const said = await door.post(`/v1/chats/${id}/messages`, big, { 'content-length': String(big.length) });
    expect(said.status).toBe(413);
    expect(said.headers.get('connection')).toBe('close');
    const chunked = await door.post(`/v1/chats/${id}/messages`, big);
    expect(chunked.status).toBe(413);
    expect(chunked.headers.get('connection')).toBe('close');
    // What it says counts before what it is: nothing of it is read.
    const claimed = await door.post(`/v1/chats/${id}/messages`, '{"text":"x"}', {
      'content-length': '1048577',
    });
    expect(claimed.status).toBe(413);
    expect((await door.get(`/v1/chats/${id}/messages`)).body).toMatchObject({ messages: [] });
  });

  test('nested without end is refused like any other wrong field', async () => {
    const door = openDoor();
    const id = await door.chat();
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    for (const [path, field] of [
      ['/messages', 'text'],
      ['/messages', 'parts'],
      ['/subagents', 'task'],
      ['/subagents', 'limits'],
      ['/stop', 'nested'],
    ]) {
      const { status } = await door.post(`/v1/chats/${id}${path}`, `{"id":"x","${field}":${deep}}`);
      expect([400, 422]).toContain(status);
    }
    expect(door.failures).toEqual([]);
  });
});

describe('a field', () => {
  const long = 'x'.repeat(100_001);
  const cases: [route: string, body: unknown, path: string, words: RegExp][] = [
    ['/v1/chats', { title: 7 }, 'title', /must be a string, not a number/],
    ['/v1/chats', { title: '' }, 'title', /must not be blank/],
    ['/v1/chats', { title: 'x'.repeat(201) }, 'title', /at most 200 characters, not 201/],
    ['/v1/chats', { title: 'a\u0007b' }, 'title', /control character U\+0007 at position 1/],
    ['/v1/chats', { model: null }, 'model', /must be a string, not null/],
    ['/v1/chats', { model: 'nope' }, 'model', /claude-sonnet-5-5/],
    ['/v1/chats', { budgetUsd: 0 }, 'budgetUsd', /must be at least 0\.01/],
    ['/v1/chats', { budgetUsd: -5 }, 'budgetUsd', /must be at least 0\.01/],
    ['/v1/chats', { budgetUsd: 1e12 }, 'budgetUsd', /must be at most 1000000/],
    ['/v1/chats', { budgetUsd: '5' }, 'budgetUsd', /must be a number, not a string/],
    [
      '/v1/chats',
      { budget: 5 },
      'budget',
      /is not a field here: there are title, model, budgetUsd, lead, id/,
    ],
    ['/v1/chats', { id: 'a b' }, 'id', /1 to 64/],
    ['/v1/chats', '{"__proto__":{"title":"x"}}', '__proto__', /is not a field here/],
    ['/v1/chats', '{"constructor":1}', 'constructor', /is not a field here/],
    ['{chat}/messages', {}, 'text', /is missing/],
    ['{chat}/messages', { text: 1 }, 'text', /must be a string, not a number/],
    ['{chat}/messages', { text: '' }, 'text', /blank/],
    ['{chat}/messages', { text: ' \n\t\u00a0' }, 'text', /blank/],
    ['{chat}/messages', { text: long }, 'text', /at most 100000 characters, not 100001/],
    ['{chat}/messages', { text: 'a\u0000b' }, 'text', /control character U\+0000 at position 1/],
    ['{chat}/messages', { text: '\u001b[31mred' }, 'text', /U\+001B/],
    ['{chat}/messages', { text: 'x\u0085' }, 'text', /U\+0085/],
    ['{chat}/messages', { text: 'a', parts: [] }, 'parts', /at least one part/],
    ['{chat}/messages', { text: 'a', parts: [{ type: 'text', text: 'b' }] }, 'parts', /beside text/],
    ['{chat}/messages', { parts: 'a' }, 'parts', /must be a list, not a string/],
    ['{chat}/messages', { parts: [{ type: 'image', text: 'x' }] }, 'parts.0.type', /must be "text"/],
    ['{chat}/messages', { parts: [{ type: 'text' }] }, 'parts.0.text', /is missing/],
    [
      '{chat}/messages',
      { parts: [{ type: 'text', text: 'a', cache: 1 }] },
      'parts.0.cache',
      /is not a field here/,
    ],
    ['{chat}/messages', { parts: [{ type: 'text', text: ' ' }] }, 'parts', /blank/],
    [
      '{chat}/messages',
      { parts: Array.from({ length: 101 }, () => ({ type: 'text', text: 'a' })) },
      'parts',
      /at most 100/,
    ],
    ['{chat}/messages', { text: 'a', interrupt: 'yes' }, 'interrupt', /must be true or false, not a string/],
    ['{chat}/messages', { text: 'a', role: 'system' }, 'role', /there are text, parts, interrupt, id/],
    ['{chat}/stop', { subagents: 1 }, 'subagents', /must be true or false/],
    ['{chat}/stop', { all: true }, 'all', /is not a field here/],
    ['{chat}/resume', { now: true }, 'now', /is not a field here/],
    ['{chat}/subagents', {}, 'task', /is missing/],
    ['{chat}/subagents', { task: ' ' }, 'task', /blank/],
    ['{chat}/subagents', { task: 'x'.repeat(500_000) }, 'task', /at most 100000/],
    ['{chat}/subagents', { task: 'x\u0000' }, 'task', /control/],
    ['{chat}/subagents', { task: 'x', label: 'Not A Label' }, 'label', /1 to 48/],
    ['{chat}/subagents', { task: 'x', label: 'all' }, 'label', /"all"/],
    ['{chat}/subagents', { task: 'x', model: 'nope' }, 'model', /claude-sonnet-5-5/],
    ['{chat}/subagents', { task: 'x', thinking: 'lots' }, 'thinking', /"low" or "medium"/],
    ['{chat}/subagents', { task: 'x', repo: 'nowhere' }, 'repo', /there is: app/],
    ['{chat}/subagents', { task: 'x', limits: { minutes: 0 } }, 'limits.minutes', /0/],
    ['{chat}/subagents', { task: 'x', limits: { usd: 0 } }, 'limits.usd', /must be a number from 0\.01/],
    ['{chat}/subagents', { task: 'x', limits: { usd: 1e12 } }, 'limits.usd', /must be a number from 0\.01/],
    [
      '{chat}/subagents',
      { task: 'x', limits: { tokens: 0 } },
      'limits.tokens',
      /must be a whole number from 1000/,
    ],
    ['{chat}/subagents', { task: 'x', limits: { dollars: 1 } }, 'limits.dollars', /is not a field here/],
    ['{chat}/subagents', { task: 'x', announce: 'shout' }, 'announce', /"each" or "together" or "quiet"/],
    ['{chat}/subagents', { task: 'x', parent: 'chat_other' }, 'parent', /is not a field here/],
    ['{chat}/subagents/a/steer', {}, 'message', /is missing/],
    ['{chat}/subagents/a/steer', { message: '\u0000' }, 'message', /U\+0000/],
    ['{chat}/subagents/a/steer', { message: long }, 'message', /at most 100000/],
    ['{chat}/subagents/a/steer', { message: 'x', interrupt: 0 }, 'interrupt', /true or false/],
    ['{chat}/subagents/a/kill', { force: true }, 'force', /is not a field here/],
  ];

  test.each(cases)('%s with %j', async (route, body, path, words) => {
    const door = openDoor();
    const id = await door.chat();
    await door.post(`/v1/chats/${id}/subagents`, { task: 'hold:a', label: 'a' });
    await door.until(() => door.model.calls === 1);
    await door.until(() => door.runtime.state(id)?.mail.undelivered.length === 0);
    const before = door.store.session(id)?.seq;
    const answer = await door.post(route.replace('{chat}', `/v1/chats/${id}`), body);
    expect(answer).toMatchObject({
      status: 422,
      body: {
        type: '/docs#invalid',
        title: 'A field is wrong',
        detail: expect.stringMatching(words),
        errors: expect.arrayContaining([{ path, message: expect.stringMatching(words) }]),
      },
    });
    expect(door.store.session(id)?.seq).toBe(before);
    expect(door.store.chats({ limit: 10 })).toHaveLength(1);
  });

  test.each<[body: object, detail: string]>([
    [{ task: '' }, 'task is blank; it must say what to do.'],
    [{ task: 'x', after: [''] }, 'after.0 must have 1 to 400 characters, not 0.'],
    [{ task: 'x', limits: { minutes: 0 } }, 'limits.minutes must be a number of more than 0 and at most 60.'],
    [
      { task: 'x', limits: { minutes: 1000 } },
      'limits.minutes must be a number of more than 0 and at most 60.',
    ],
    [
      { task: 'x', label: 'Bad L', role: 'boss' },
      'label must be 1 to 48 of a-z, 0-9 and -, not beginning with -; role must be "worker" or "reviewer", not "boss".',
    ],
    [
      { task: 'x', limits: { hours: 1 }, colour: 'red' },
      'limits.hours is not a field here: there are minutes, usd, tokens; colour is not a field here: there are task, label, model, thinking, role, repo, limits, trust, after, announce, id.',
    ],
    [{ task: 'x', repo: 'no' }, 'There is no repository "no"; there is: app.'],
    [
      { task: 'x', after: ['k3'], label: 'k3' },
      '"k3" would wait for itself: name only subagents that were spawned before it.',
    ],
    [
      { task: 'x', after: ['later'] },
      'It can\'t wait for what isn\'t there: there is no subagent "later": none was spawned here. Spawn first what is to come first.',
    ],
    [{ label: 'k3' }, 'task is missing: it must be a string of 1 to 100000 characters.'],
  ])('of a spawn, %j, is told once and in plain words', async (body, detail) => {
    const door = openDoor();
    const answer = await door.post(`/v1/chats/${await door.chat()}/subagents`, body);
    expect(answer).toMatchObject({ status: 422, body: { detail } });
  });

  test('that names no model is told as a sentence with one full stop, wherever it stands', async () => {
    const door = openDoor();
    const chat = await door.chat();
    for (const answer of [
      await door.post('/v1/chats', { model: 'nope' }),
      await door.post(`/v1/chats/${chat}/subagents`, { task: 'x', model: 'nope' }),
      await door.request('PATCH', `/v1/chats/${chat}`, { model: 'nope' }).then(async (response) => ({
        status: response.status,
        body: await response.json(),
      })),
    ]) {
      expect(answer).toMatchObject({
        status: 422,
        body: {
          detail: expect.stringMatching(/^There is no model "nope"\..*[^.]\.$/),
          errors: [{ path: 'model', message: expect.stringMatching(/^There is no model "nope"/) }],
        },
      });
    }
  });

  test('`after` that is empty waits for nothing', async () => {
    const door = openDoor();
    const path = `/v1/chats/${await door.chat()}/subagents`;
    const answer = await door.post(path, { task: 'hold:a', label: 'a', after: [] });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ subagent: { label: 'a' } });
    expect(answer.body).not.toMatchObject({ subagent: { status: 'blocked' } });
  });

  test('names keep their letters in what is told of them', async () => {
    const door = openDoor();
    const id = await door.chat();
    await door.post(`/v1/chats/${id}/subagents`, { task: 'hold:a', label: 'perm' });
    const path = `/v1/chats/${id}/subagents/perm/answer`;
    expect((await door.post(path, { request: 'q9', text: 'x' })).body).toMatchObject({
      detail: '"perm" made no request "q9"; "perm" asks nothing now.',
    });
    const answer = await door.post(`/v1/chats/${id}/subagents/Perm/answer`, { request: 'q9', text: 'x' });
    expect(answer).toMatchObject({
      status: 404,
      body: { detail: 'There is no subagent "Perm"; there is perm.' },
    });
  });

  test('as long as it may be is taken, counted in characters and not in bytes', async () => {
    const door = openDoor();
    const id = await door.chat();
    expect((await door.post(`/v1/chats/${id}/messages`, { text: '😀'.repeat(100_000) })).status).toBe(202);
    expect((await door.post(`/v1/chats/${id}/messages`, { text: '😀'.repeat(100_001) })).status).toBe(422);
    expect((await door.post(`/v1/chats/${id}/messages`, { text: 'line\r\n\tline' })).status).toBe(202);
  });

  test('many that are wrong are all named', async () => {
    const door = openDoor();
    const { body } = await door.post('/v1/chats', { title: 1, model: 2, id: 3, what: 4 });
    expect(body).toMatchObject({
      errors: expect.arrayContaining(
        ['title', 'model', 'id', 'what'].map((path) => expect.objectContaining({ path })),
      ),
    });
    const flood = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`field${n}`, n]));
    const many = await door.post('/v1/chats', flood);
    expect(many.status).toBe(422);
    expect(JSON.stringify(many.body).length).toBeLessThan(20_000);
  });
});

describe('an address', () => {
  test.each([
    ['/v1/chats?limit=0', 'limit', /at least 1/],
    ['/v1/chats?limit=-1', 'limit', /whole number/],
    ['/v1/chats?limit=1.5', 'limit', /whole number/],
    ['/v1/chats?limit=ten', 'limit', /whole number/],
    ['/v1/chats?limit=', 'limit', /whole number/],
    ['/v1/chats?limit=1e3', 'limit', /whole number/],
    ['/v1/chats?limit=1&limit=2', 'limit', /2 times/],
    ['/v1/chats?before=chat_nowhere', 'before', /not the id of a chat/],
    ['/v1/chats?page=2', 'page', /is not a field here: there are limit, archived, before/],
    ['/v1/chats?__proto__=2', '__proto__', /is not a field here/],
    ['{chat}?full=1', 'full', /is not a field here/],
    ['{chat}/messages?after=x', 'after', /whole number/],
    ['{chat}/messages?after=-1', 'after', /whole number/],
    ['{chat}/messages?limit=x', 'limit', /whole number/],
    ['{chat}/events?limit=x', 'limit', /whole number/],
  ])('%s is 422', async (path, field, words) => {
    const door = openDoor();
    const id = await door.chat();
    expect(await door.get(path.replace('{chat}', `/v1/chats/${id}`))).toMatchObject({
      status: 422,
      body: { errors: [{ path: field, message: expect.stringMatching(words) }] },
    });
  });

  test('that leads nowhere is 404, as a problem', async () => {
    const door = openDoor();
    const id = await door.chat();
    for (const path of [
      '/nothing',
      '/v1',
      '/v1/',
      '/v1/chat',
      '/v1/chats/',
      '/v1/chats/chat_nowhere',
      '/v1/chats/%00',
      '/v1/chats/%zz',
      '/v1/chats/..%2f..%2fetc',
      `/v1/chats/${id}/exports`,
      `/v1/chats/${id}/subagents/`,
      `/v1/chats/${id}/subagents/%E0%A4%A`,
      '/metrics/all',
    ]) {
      expect(await door.get(path), path).toMatchObject({ status: 404, body: { type: '/docs#not-found' } });
    }
    expect(door.failures).toEqual([]);
  });

  test('with a method that it has not is 405 and names those it has', async () => {
    const door = openDoor();
    const id = await door.chat();
    for (const [method, path, allow] of [
      ['PUT', '/v1/chats', 'POST, GET, HEAD'],
      ['POST', `/v1/chats/${id}`, 'GET, HEAD, PATCH, DELETE'],
      ['DELETE', `/v1/chats/${id}/messages`, 'POST, GET, HEAD'],
      ['GET', `/v1/chats/${id}/stop`, 'POST'],
      ['GET', `/v1/chats/${id}/subagents/a/kill`, 'POST'],
      ['GET', `/v1/chats/${id}/subagents/a/b/steer`, 'POST'],
      ['POST', `/v1/chats/${id}/events`, 'GET, HEAD'],
      ['POST', '/healthz', 'GET, HEAD'],
      ['OPTIONS', '/v1/chats', 'POST, GET, HEAD'],
    ] as const) {
      const response = await door.request(method, path);
      expect(response.status, `${method} ${path}`).toBe(405);
      expect(response.headers.get('allow')).toBe(allow);
      expect(await response.json()).toMatchObject({ status: 405, requestId: expect.any(String) });
    }
  });

  test('of a chat that is not there is 404 for everything that can be asked of one', async () => {
    const door = openDoor();
    for (const rest of [
      '',
      '/messages',
      '/events',
      '/export',
      '/subagents',
      '/subagents/a',
      '/subagents/a/messages',
      '/subagents/a/events',
    ]) {
      expect((await door.get(`/v1/chats/chat_no${rest}`)).status).toBe(404);
    }
    for (const [rest, body] of [
      ['/messages', { text: 'x', id: 'x' }],
      ['/stop', {}],
      ['/resume', {}],
      ['/subagents', { task: 'x' }],
      ['/subagents/a/steer', { message: 'x' }],
      ['/subagents/a/kill', {}],
    ] as const) {
      expect((await door.post(`/v1/chats/chat_no${rest}`, body)).status).toBe(404);
    }
  });
});

describe('a fault of the gateway', () => {
  test('is 500 with no more than a request id, and the log has the rest', async () => {
    const told: unknown[] = [];
    const door = openDoor({
      ports: {
        resolveModel: () => {
          throw new Error('secret inside');
        },
        log: { answered: () => {}, failed: (...what) => told.push(...what) },
      },
    });
    const answer = await door.post('/v1/chats', {});
    expect(answer).toMatchObject({ status: 500, body: { type: '/docs#internal' } });
    expect(JSON.stringify(answer.body)).not.toContain('secret');
    expect(told).toEqual([
      { requestId: answer.headers.get('x-request-id'), method: 'POST', route: '/v1/chats' },
      expect.objectContaining({ message: 'secret inside' }),
    ]);
  });

  test('while it stops is 503 and says to try again', async () => {
    let ready = true;
    const door = openDoor({ ports: { ready: () => ready, log: { answered: () => {}, failed: () => {} } } });
    const id = await door.chat();
    ready = false;
    await door.runtime.stop();
    const answer = await door.post(`/v1/chats/${id}/messages`, { text: 'hi' });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect((await door.get('/readyz')).status).toBe(503);
    expect((await door.get('/healthz')).status).toBe(200);
  });
});
