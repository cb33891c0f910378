import { expect, test } from 'vitest';
import { callerHeader, forward } from '../../src/hosts/cloudflare/forward.ts';
import { admin } from '../../src/http/callers.ts';

test('a request that is handed on says who was let in, and brings along nothing that lets in', async () => {
  let seen: Request | undefined;
  const sessions = {
    getByName: () => ({
      async fetch(request: Request) {
        seen = request;
        return new Response('there');
      },
    }),
  };
  const asked = new Request('http://127.0.0.1/v1/chats/chat_x', {
    headers: {
      authorization: 'Bearer secret',
      cookie: 'tidings_0123456789ab=secret',
      [callerHeader]: 'somebody else',
      'last-event-id': '7',
    },
  });
  const answer = await forward({ SESSIONS: sessions }, 'chat_x')(asked, { caller: admin, requestId: 'one' });
  expect(await answer.text()).toBe('there');
  const headers = Object.fromEntries(seen?.headers ?? []);
  expect(JSON.stringify(headers)).not.toContain('secret');
  expect(headers).toMatchObject({ 'x-request-id': 'one', 'last-event-id': '7' });
  expect(decodeURIComponent(headers[callerHeader] ?? '')).toContain('"token":"admin"');
});
