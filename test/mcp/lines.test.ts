/** Lines that are open at the MCP server: whoever leaves takes what it held along, and nothing that it was not told. */
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { HOST, listen, openDoor, TOKEN } from '../http/door.ts';

const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'a test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** What a client of each revision sends to wait, or to listen. */
const asked = {
  'waits, before 2026-07-28': { headers: {}, method: 'tools/call', params: waitFor(50) },
  'waits, by 2026-07-28': {
    headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'news' },
    method: 'tools/call',
    params: { ...waitFor(50), _meta: meta },
  },
  listens: {
    headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'subscriptions/listen' },
    method: 'subscriptions/listen',
    params: { notifications: { resourceSubscriptions: ['tidings://news'] }, _meta: meta },
  },
  'opened its stream': undefined,
} as const;

function waitFor(seconds: number): object {
  return { name: 'news', arguments: { wait_seconds: seconds } };
}

test.each(Object.entries(asked))('a client that %s and leaves is followed for no longer', async (_, what) => {
  const door = openDoor({
    // The app is asked over a real connection, under the name of that.
    ports: { allowed: (request) => ({ hosts: [HOST, new URL(request.url).host], origins: [] }) },
  });
  const site = await listen(door.app);
  onTestFinished(() => site.close());
  const chats = async () => {
    const response = await fetch(`${site.url}/v1/chats`, { headers: { authorization: `Bearer ${TOKEN}` } });
    return z.object({ chats: z.array(z.object({ id: z.string() })) }).parse(await response.json()).chats;
  };
  const open = (): string => /^tidings_feeds_open (\d+)$/m.exec(door.runtime.metrics.text())?.[1] ?? '0';
  const leaving = new AbortController();
  const response = fetch(`${site.url}/mcp`, {
    signal: leaving.signal,
    headers: {
      authorization: `Bearer ${TOKEN}`,
      accept: 'application/json, text/event-stream',
      ...(what ? { 'content-type': 'application/json', ...what.headers } : {}),
    },
    ...(what
      ? {
          method: 'POST',
          body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: what.method, params: what.params }),
        }
      : {}),
  });
  response.catch(() => undefined);
  await door.until(() => open() === '1');
  leaving.abort();
  await door.until(() => open() === '0');
  // What comes once it has left waits for whoever asks next.
  const [chat] = await chats();
  await door.runtime.send(chat?.id ?? '', {
    type: 'say',
    parts: [{ type: 'text', text: 'Are you there?' }],
    interrupt: false,
    from: { principal: 'ada', channel: 'http' },
  });
  const { body } = await door.get(`/v1/chats/${chat?.id}/news`, {});
  expect(body).toMatchObject({ news: [{ kind: 'message' }] });
  expect(door.failures).toEqual([]);
});
