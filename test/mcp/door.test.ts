/** Who comes in at /mcp, beside what every route asks of everyone. */
import { expect, test } from 'vitest';
import { openBrowser } from '../http/browser.ts';
import { HOST, openDoor, TOKEN } from '../http/door.ts';

const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };

test('a cookie opens nothing, a name that is none is refused, and what is not there is said to be so', async () => {
  const door = openDoor();
  const browser = openBrowser(door);
  expect((await browser.post('/session', { token: TOKEN })).status).toBe(200);
  expect(await browser.post('/mcp', list)).toMatchObject({
    status: 401,
    body: { detail: expect.stringContaining('A cookie does not stand in its place here') },
  });
  const accept = { accept: 'application/json, text/event-stream' };
  expect((await door.post('/mcp?as=a%20b', list, accept)).body).toMatchObject({
    status: 422,
    errors: [{ path: 'as', message: expect.stringContaining('must be 1 to 64') }],
  });
  expect((await door.request('HEAD', '/mcp')).status).toBe(405);
  expect((await door.request('DELETE', '/mcp')).headers.get('allow')).toBe('POST, GET, HEAD');
  expect((await door.request('POST', '/mcp/247', list)).status).toBe(404);
  const foreign = { ...accept, origin: 'https://elsewhere.example' };
  expect((await door.request('POST', '/mcp', list, foreign)).status).toBe(403);
  expect((await door.request('POST', '/mcp', list, { ...accept, host: HOST })).status).toBe(200);
  expect(door.failures).toEqual([]);
});
