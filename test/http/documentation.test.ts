import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Worktrees } from '../../src/core/ports.ts';
import { nowhere } from '../../src/gateway/gateway.ts';
import { documentation } from './documented.ts';
import { openDoor, TOKEN } from './door.ts';

const overlaps = [{ branch: 'subagent/other', files: ['a'] }];

/** Every subagent has this one, and all goes well with it. */
const oneWorktree: Worktrees = {
  list: async (sessions) =>
    sessions.map((session) => ({
      session,
      repository: 'app',
      branch: 'subagent/x',
      base: 'main',
      folder: '/x',
      commits: 1,
      files: ['a'],
      uncommitted: 0,
      landed: 'c0ffee',
      overlaps,
    })),
  diff: async () => ({ ok: true, patch: '+a' }),
  land: async () => ({
    ok: true,
    landed: { branch: 'subagent/x', base: 'main', commit: 'c0ffee', files: ['a'], already: false, overlaps },
  }),
  remove: async () => ({ ok: true, branch: 'subagent/x', lost: 0 }),
};

describe('/openapi.json', () => {
  test('describes every call of the contract, and nothing that is not built', async () => {
    const { app } = openDoor();
    const { all } = await documentation(app);
    const calls = [...new Set(all.map((one) => one.replace(/ \d+$/, '')))];
    expect(calls.sort()).toEqual([
      'DELETE /session',
      'DELETE /v1/chats/{chat}',
      'GET /',
      'GET /docs',
      'GET /healthz',
      'GET /mcp',
      'GET /metrics',
      'GET /openapi.json',
      'GET /readyz',
      'GET /session',
      'GET /sockets/{chat}',
      'GET /v1/chats',
      'GET /v1/chats/{chat}',
      'GET /v1/chats/{chat}/calls/{seq}',
      'GET /v1/chats/{chat}/events',
      'GET /v1/chats/{chat}/export',
      'GET /v1/chats/{chat}/files/{file}',
      'GET /v1/chats/{chat}/messages',
      'GET /v1/chats/{chat}/news',
      'GET /v1/chats/{chat}/subagents',
      'GET /v1/chats/{chat}/subagents/{target}',
      'GET /v1/chats/{chat}/subagents/{target}/calls/{seq}',
      'GET /v1/chats/{chat}/subagents/{target}/diff',
      'GET /v1/chats/{chat}/subagents/{target}/events',
      'GET /v1/chats/{chat}/subagents/{target}/messages',
      'GET /v1/chats/{chat}/usage',
      'GET /v1/chats/{chat}/worktrees',
      'GET /v1/repositories',
      'GET /v1/search',
      'PATCH /v1/chats/{chat}',
      'POST /mcp',
      'POST /session',
      'POST /v1/chats',
      'POST /v1/chats/{chat}/answer',
      'POST /v1/chats/{chat}/files',
      'POST /v1/chats/{chat}/messages',
      'POST /v1/chats/{chat}/news/read',
      'POST /v1/chats/{chat}/resume',
      'POST /v1/chats/{chat}/stop',
      'POST /v1/chats/{chat}/subagents',
      'POST /v1/chats/{chat}/subagents/{target}/answer',
      'POST /v1/chats/{chat}/subagents/{target}/kill',
      'POST /v1/chats/{chat}/subagents/{target}/land',
      'POST /v1/chats/{chat}/subagents/{target}/remove',
      'POST /v1/chats/{chat}/subagents/{target}/steer',
      'POST /v1/chats/{chat}/tickets',
    ]);
  });

  test('is true: each answer it promises is given, and is what it says to the last field', async () => {
    let ready = true;
    let broken = false;
    const door = openDoor({
      workshop: { ...nowhere, worktrees: oneWorktree },
      trust: { main: 'auto', subagents: 'auto', allow: [], ask: ['web_fetch'], deny: [] },
      ports: {
        ready: () => ready,
        resolveModel: (name) => {
          if (broken) throw new Error('broken for this test');
          return name === 'nope' ? { unknown: name, known: [], message: 'There is none.' } : openModel(name);
        },
        log: { answered: () => {}, failed: () => {} },
      },
    });
    const documented = await documentation(door.app);
    const ask = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
      const response = await door.request(method, path, body, headers);
      const media = response.headers.get('content-type') ?? '';
      let given: unknown = '';
      if (response.status === 204 || (response.status === 202 && media === '')) given = null;
      else if (media.includes('json') && !media.includes('jsonl')) given = await response.json();
      else if (media !== 'text/event-stream') given = await response.text();
      else await response.body?.cancel();
      const { status } = response;
      documented.check({
        method,
        path: path.split('?')[0] ?? '',
        status,
        headers: response.headers,
        body: given,
      });
      return { status, body: given, headers: response.headers };
    };
    /** A body that never comes to its end. */
    const breakOff = async (path: string) => {
      const body = new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) });
      const headers = { host: '127.0.0.1:8787', authorization: `Bearer ${TOKEN}` };
      const init = { method: 'POST', headers, body, duplex: 'half' };
      const response = await door.app.request(`${path}?name=a`, init);
      documented.check({
        method: 'POST',
        path,
        status: response.status,
        headers: response.headers,
        body: await response.json(),
      });
    };
    const idOf = (body: unknown) => z.object({ chat: z.object({ id: z.string() }) }).parse(body).chat.id;

    // What is given when all is well, with every status that it can be given with.
    for (const path of ['/', '/docs', '/healthz', '/readyz', '/metrics', '/openapi.json'])
      await ask('GET', path);
    await ask('GET', '/', undefined, { accept: 'text/html' });
    const opened = await ask('POST', '/session', { token: TOKEN });
    const cookie = opened.headers?.get('set-cookie')?.split(';')[0] ?? '';
    await ask('GET', '/session', undefined, { cookie });
    await ask('DELETE', '/session');
    await ask('POST', '/session', { token: 'wrong' });
    const chat = idOf((await ask('POST', '/v1/chats', { title: 'x', id: 'x' })).body);
    await ask('POST', '/v1/chats', { title: 'x', id: 'x' });
    const at = `/v1/chats/${chat}`;
    for (const _ of [1, 2]) {
      await ask('POST', `${at}/messages`, { text: 'say:hello', id: 'm' });
      await ask('POST', `${at}/subagents`, { task: 'spawn:pawn hold:boss', label: 'boss', id: 's' });
    }
    await door.until(() => door.model.calls >= 4);
    await ask('POST', `${at}/subagents`, {
      task: 'quick',
      label: 'pawn',
      thinking: 'off',
      model: 'claude-opus-5-5',
    });
    await door.until(() => door.runtime.state(chat)?.status === 'idle');
    for (const _ of [1, 2]) await ask('POST', `${at}/subagents/boss/steer`, { message: 'x', id: 't' });
    await ask('POST', `${at}/subagents`, { task: 'ask:colour?', label: 'asker' });
    await door.until(() =>
      Object.values(door.runtime.state(chat)?.tree.cards ?? {}).some((one) => one.requests),
    );
    const asker = Object.values(door.runtime.state(chat)?.tree.cards ?? {}).find((one) => one.requests);
    const request = asker?.requests?.[0]?.id;
    await ask('GET', `${at}/subagents/asker`);
    await ask('POST', `${at}/subagents/asker/answer`, { request, text: 'blue' });
    await ask('POST', `${at}/subagents`, { task: 'quick', label: 'done' });
    await door.until(() =>
      Object.values(door.runtime.state(chat)?.tree.cards ?? {}).some(
        ({ label, status }) => label === 'done' && status === 'completed',
      ),
    );
    const led = `/v1/chats/${idOf((await ask('POST', '/v1/chats', { lead: 'program' })).body)}`;
    await ask('POST', `${led}/messages`, { text: 'Are you there?' });
    await ask('GET', `${led}/news`);
    await ask('POST', `${led}/news/read`, { upTo: 1, id: 'r' });
    await ask('POST', `${led}/news/read`, { upTo: 2, id: 'r' });
    await ask('POST', `${led}/news/read`, { upTo: 1_000 });
    await ask('POST', `${at}/news/read`, { upTo: 1 });
    await ask('POST', `${at}/subagents/done/land`);
    await ask('POST', `${at}/subagents/done/remove`);
    await ask('POST', `${at}/messages`, { text: 'fetch!' });
    await door.until(() => door.runtime.state(chat)?.status === 'input_required');
    await ask('GET', at);
    await ask('POST', `${at}/answer`, { request: `${chat}.q1`, decision: 'deny' });
    const reads = [
      '',
      '/worktrees',
      '/subagents/done/diff',
      '/usage',
      '/messages',
      '/events',
      '/subagents',
      '/subagents/boss',
      '/subagents/boss/messages',
    ];
    for (const rest of [...reads, '/subagents/boss/events']) {
      await ask('GET', `${at}${rest}`, undefined, { accept: 'application/json' });
    }
    const sent = await ask('POST', `${at}/files?name=a.txt&id=f`, 'words');
    await ask('POST', `${at}/files?name=a.txt&id=f`, 'words');
    const { file } = z.object({ file: z.object({ id: z.string() }) }).parse(sent.body);
    await ask('GET', `${at}/files/${file.id}`);
    const feedShape = z.object({ events: z.array(z.object({ id: z.number(), event: z.string() })) });
    for (const rest of ['', '/subagents/boss']) {
      const latest = await ask('GET', `${at}${rest}/events?before=latest`, undefined, {
        accept: 'application/json',
      });
      await ask('GET', `${at}${rest}/messages?before=latest`);
      const { events } = feedShape.parse(latest.body);
      const finished = events.find(({ event }) => event === 'tool.finished')?.id;
      expect((await ask('GET', `${at}${rest}/calls/${finished}`)).status).toBe(200);
    }
    await ask('GET', '/v1/search?q=hello');
    await ask('GET', '/v1/repositories');
    await ask('GET', '/v1/chats');
    const both = { accept: 'application/json, text/event-stream' };
    const hello = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
    await ask('GET', '/mcp', undefined, both);
    await ask('GET', '/mcp', undefined, { accept: 'application/json' });
    await ask('POST', '/mcp', hello, both);
    await ask('POST', '/mcp', hello);
    await ask('POST', '/mcp', { jsonrpc: '2.0', method: 'notifications/initialized' }, both);
    await ask('POST', `${at}/tickets`, {});
    await ask('GET', `/sockets/${chat}?ticket=x`);
    const upgrade = { upgrade: 'websocket' };
    await ask('GET', `/sockets/${chat}?ticket=x&after=x`, undefined, upgrade);
    await ask('GET', '/sockets/chat_no?ticket=x', undefined, upgrade);
    await ask('POST', `${at}/subagents/boss/kill`);
    await ask('POST', `${at}/stop`, { subagents: true });
    await ask('POST', `${at}/resume`);
    await ask('PATCH', at, { title: 'y', archived: true });
    for (const format of ['jsonl', 'markdown']) await ask('GET', `${at}/export?format=${format}`);

    // What goes wrong, in each way, at each place where it can.
    for (const one of documented.all) {
      const [method = '', template = '', status = ''] = one.split(' ');
      const path = template.replace('{seq}', '1');
      const here = path.replace('{chat}', chat).replace('{target}', 'boss');
      const takes = method === 'POST' || method === 'PATCH';
      const body = takes ? {} : undefined;
      const wrong: Record<string, () => Promise<unknown>> = {
        400: () =>
          path.endsWith('/files')
            ? breakOff(here)
            : path === '/mcp'
              ? ask(method, here, '{', both)
              : takes
                ? ask(method, here, '{')
                : ask(method, `${here}?after=9999999`, undefined, {}),
        401: () => ask(method, here, body, { authorization: '' }),
        403: () => ask(method, here, body, { host: 'evil' }),
        404: () =>
          ask(method, path.replace('{chat}', 'chat_no').replace('{target}', 'boss'), body && bodyFor(path)),
        409: async () => {
          if (path.endsWith('/files')) await ask(method, `${here}?name=b.txt&id=f`, 'others');
          else if (path.includes('{target}')) {
            await ask(
              method,
              path.replace('{chat}', chat).replace('{target}', 'pawn'),
              body && bodyFor(path),
            );
          } else {
            const id = path === '/v1/chats' ? 'x' : 'm';
            await ask(method, here, {
              ...bodyFor(path),
              id,
              ...(path === '/v1/chats' ? { title: 'y' } : {}),
            });
          }
        },
        413: () =>
          ask(method, `${here}${path.endsWith('/files') ? '?name=a' : ''}`, '{}', {
            'content-length': '20000000',
          }),
        415: () => ask(method, here, '{}', { 'content-type': 'text/plain' }),
        422: () => ask(method, `${here}?what=1`, body),
        500: async () => {},
        503: async () => {},
      };
      await wrong[status]?.();
    }
    await ask('DELETE', at);
    broken = true;
    await ask('POST', '/v1/chats', {});
    ready = false;
    await ask('POST', '/v1/chats', {});
    await ask('GET', '/readyz');

    // A fault of the gateway, its stopping and a flood of guesses look the same everywhere.
    // So does a deletion that takes long, which care.test.ts brings about, and a full disk: files.test.ts. A socket
    // needs a server: web-sockets.test.ts.
    const elsewhere = / (101|429|500|503|507)$|^DELETE .* 202$/;
    const missing = documented.all.filter((one) => !documented.seen.has(one) && !elsewhere.test(one));
    expect(missing).toEqual([]);
    for (const one of ['POST /v1/chats 500', 'POST /v1/chats 503', 'GET /readyz 503']) {
      expect([...documented.seen]).toContain(one);
    }
    expect(documented.seen.size).toBeGreaterThan(120);
  });

  test('takes what is documented and nothing beside: its bodies are the ones that are checked', async () => {
    const { app } = openDoor();
    const shape = z.object({
      paths: z.record(
        z.string(),
        z.record(
          z.string(),
          z.object({
            requestBody: z
              .object({
                required: z.boolean(),
                content: z.partialRecord(
                  z.enum(['application/json', 'application/octet-stream']),
                  z.object({
                    schema: z.object({
                      properties: z.record(z.string(), z.unknown()).optional(),
                      additionalProperties: z.literal(false).optional(),
                      required: z.array(z.string()).optional(),
                    }),
                  }),
                ),
              })
              .optional(),
          }),
        ),
      ),
    });
    const api = shape.parse(
      await (await app.request('/openapi.json', { headers: { host: 'localhost:8787' } })).json(),
    );
    const bodies = Object.entries(api.paths).flatMap(([path, methods]) => {
      return Object.entries(methods).flatMap(([method, { requestBody }]) =>
        requestBody
          ? [
              [
                method === 'post' ? path : `${method} ${path}`,
                Object.keys(requestBody.content['application/json']?.schema.properties ?? {}).sort(),
              ] as const,
            ]
          : [],
      );
    });
    expect(Object.fromEntries(bodies)).toEqual({
      '/session': ['code', 'token'],
      '/v1/chats': ['budgetUsd', 'id', 'lead', 'model', 'title'],
      'patch /v1/chats/{chat}': ['archived', 'budgetUsd', 'model', 'title'],
      '/v1/chats/{chat}/files': [],
      '/v1/chats/{chat}/messages': ['id', 'interrupt', 'parts', 'text'],
      '/v1/chats/{chat}/stop': ['id', 'subagents'],
      '/v1/chats/{chat}/resume': ['id'],
      '/v1/chats/{chat}/answer': ['decision', 'id', 'request', 'text'],
      '/v1/chats/{chat}/news/read': ['createdAt', 'id', 'upTo'],
      '/v1/chats/{chat}/subagents': [
        'after',
        'announce',
        'id',
        'label',
        'limits',
        'model',
        'repo',
        'role',
        'task',
        'thinking',
        'trust',
      ],
      '/v1/chats/{chat}/subagents/{target}/steer': ['id', 'interrupt', 'message'],
      '/v1/chats/{chat}/subagents/{target}/kill': ['id'],
      '/v1/chats/{chat}/subagents/{target}/answer': ['decision', 'id', 'request', 'text'],
      '/v1/chats/{chat}/subagents/{target}/land': ['id', 'message'],
      '/v1/chats/{chat}/subagents/{target}/remove': ['discard', 'id'],
      '/v1/chats/{chat}/tickets': ['id'],
    });
  });
});

describe('the pages', () => {
  test('show every call, every kind of error and every shape, with links that lead somewhere', async () => {
    const door = openDoor();
    const page = await (await door.request('GET', '/docs')).text();
    const { all } = await documentation(door.app);
    for (const one of all) {
      const [method, path] = one.split(' ');
      expect(page.includes(`${method} ${path}`), one).toBe(true);
    }
    const problem = z.object({ type: z.string() }).parse((await door.get('/nothing')).body);
    expect(page.includes(`id="${problem.type.split('#')[1]}"`)).toBe(true);
    for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) {
      expect(page.includes(`id="${target}"`), target).toBe(true);
    }
  });

  test('load nothing from anywhere and run nothing', async () => {
    const door = openDoor();
    for (const path of ['/docs', '/']) {
      const response = await door.request('GET', path, undefined, { accept: 'text/html,*/*' });
      const page = await response.text();
      expect(response.headers.get('content-type')).toContain('text/html');
      expect(/<script|<img|<link|<iframe|\sstyle=|\son\w+=|https?:\/\//i.exec(page)?.[0]).toBe(undefined);
      const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? '';
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(style)));
      const policy = response.headers.get('content-security-policy');
      expect(policy).toContain(`'sha256-${btoa(String.fromCharCode(...digest))}'`);
      expect(policy).not.toContain('unsafe');
    }
  });

  test('and what programs read say when the simulator answers', async () => {
    const about = { version: '1.2.3', model: 'claude-sonnet-5-5', simulator: true };
    const door = openDoor({ ports: { about } });
    expect((await door.get('/')).body).toMatchObject({ name: 'tidings', version: '1.2.3', simulator: true });
    for (const [path, accept] of [
      ['/', 'text/html'],
      ['/', 'application/json'],
      ['/docs', 'text/html'],
      ['/openapi.json', '*/*'],
    ] as const) {
      const said = async (one: typeof door) =>
        (await (await one.request('GET', path, undefined, { accept })).text()).includes(
          'The built-in simulator answers here',
        );
      expect(await said(door), path).toBe(true);
      expect(await said(openDoor()), path).toBe(false);
    }
  });
});

/** A model by any name: the catalogue's own lookup is tested elsewhere. */
function openModel(name: string) {
  return {
    id: name,
    name,
    window: 200_000,
    maxOutput: 8_192,
    prices: { input: 1, output: 5 },
    thinking: [],
    efforts: [],
    systemMessages: false,
  };
}

function bodyFor(path: string): Record<string, unknown> {
  if (path.endsWith('/messages')) return { text: 'other' };
  if (path.endsWith('/steer')) return { message: 'x' };
  if (path.endsWith('/answer')) return { request: 'x', text: 'x' };
  if (path.endsWith('/subagents')) return { task: 'x' };
  return {};
}
