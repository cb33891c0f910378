import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openDoor } from './door.ts';

const fields = [
  'id',
  'title',
  'model',
  'text',
  'parts',
  'interrupt',
  'message',
  'task',
  'label',
  'limits',
  'thinking',
  'repo',
  'announce',
  'subagents',
  '__proto__',
  'constructor',
  'toString',
  'type',
];

/** Values that a careless or hostile program might send, true ones among them. */
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom(
    '',
    ' ',
    '\u0000',
    '\ud800',
    'all',
    'a',
    'x'.repeat(70),
    'text',
    'off',
    'each',
    'app',
    'app@main',
  ),
  fc.array(fc.record({ type: fc.constantFrom('text', 'image'), text: fc.string() }, { requiredKeys: [] })),
  fc.string({ unit: 'binary' }),
);
const body = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .dictionary(fc.constantFrom(...fields), value, { maxKeys: 5 })
      .map((one) => JSON.stringify(one)),
  },
  { weight: 2, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
);
const routes = [
  '/v1/chats',
  '{chat}/messages',
  '{chat}/stop',
  '{chat}/resume',
  '{chat}/subagents',
  '{chat}/subagents/a/steer',
  '{chat}/subagents/a/answer',
  '{chat}/subagents/a/kill',
  '{chat}/subagents/all/kill',
];

describe('whatever body is sent', () => {
  test('it is never a fault of the gateway, and what is refused has changed nothing', async () => {
    const door = openDoor();
    const chat = await door.chat();
    await door.post(`/v1/chats/${chat}/subagents`, { task: 'hold:a', label: 'a' });
    await door.until(() => door.model.calls === 1);
    let refused = 0;
    let done = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...routes), body, async (route, sent) => {
        await door.until(() => {
          const state = door.runtime.state(chat);
          return state?.mail.undelivered.length === 0 && state.status !== 'working';
        });
        const before = {
          seq: door.store.session(chat)?.seq,
          chats: door.store.chats({ limit: 100_000 }).length,
        };
        const { status } = await door.post(route.replace('{chat}', `/v1/chats/${chat}`), sent);
        expect(status).toBeLessThan(500);
        if (status >= 400) {
          refused += 1;
          const after = {
            seq: door.store.session(chat)?.seq,
            chats: door.store.chats({ limit: 100_000 }).length,
          };
          expect(after).toEqual(before);
        } else {
          done += 1;
        }
      }),
      { numRuns: 600 },
    );
    expect(door.failures).toEqual([]);
    // Both happened, so the property says something.
    expect(refused).toBeGreaterThan(100);
    expect(done).toBeGreaterThan(5);
  });

  test('and whatever address it is sent to, the answer is the documented one', async () => {
    const door = openDoor();
    const chat = await door.chat();
    const part = fc.oneof(
      fc.constantFrom(
        'v1',
        'chats',
        chat,
        'subagents',
        'messages',
        'events',
        'all',
        'kill',
        'steer',
        'answer',
        '..',
        '.',
        '',
        '%2F',
        '%zz',
        '%00',
      ),
      fc.webSegment(),
      fc.string({ unit: 'binary', maxLength: 8 }).map((text) => encodeURIComponent(text.toWellFormed())),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'),
        fc.array(part, { maxLength: 8 }),
        fc.webQueryParameters(),
        async (method, parts, query) => {
          const response = await door.request(method, `/${parts.join('/')}?${query}`);
          expect(response.status).toBeLessThan(500);
          expect(response.headers.get('x-request-id')).not.toBeNull();
          if (response.status >= 400) {
            expect(response.headers.get('content-type')).toBe('application/problem+json');
          }
          await response.body?.cancel();
        },
      ),
      { numRuns: 600 },
    );
    expect(door.failures).toEqual([]);
  });
});
