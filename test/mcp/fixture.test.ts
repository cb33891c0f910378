/** The protocol's conformance suite against the server with tools and resources of the suite's own making. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { mcpDoor } from '../../src/mcp/door.ts';
import type { Dialect, McpTool } from '../../src/mcp/tool.ts';
import { openHouse } from '../e2e/harness.ts';
import { connectOverHttp } from './client.ts';
import { conformance, revisions } from './conformance.ts';

function tool(name: string, outcome: Awaited<ReturnType<McpTool['run']>>): McpTool {
  return { name, description: name, input: z.strictObject({}), run: async () => outcome };
}

const texts = new Map([
  ['test://static-text', 'This is the content of the static text resource.'],
  ['test://watched-resource', 'Watched.'],
]);

function textAt(uri: string): string | undefined {
  const id = /^test:\/\/template\/(\w+)\/data$/.exec(uri)?.[1];
  return id === undefined ? texts.get(uri) : JSON.stringify({ id, data: `Data for ID: ${id}` });
}

/** What the suite wants to find, as far as it is of a kind that this server has. */
const fixture: Dialect = {
  name: 'tidings',
  instructions: 'For the conformance suite.',
  tools: [
    tool('test_simple_text', { text: 'This is a simple text response for testing.' }),
    {
      ...tool('broken', { text: '' }),
      run: async () => {
        throw new Error('a secret of the inside');
      },
    },
    tool('test_error_handling', {
      text: 'This tool intentionally returns an error for testing',
      isError: true,
    }),
  ],
  resources: {
    templates: [{ uriTemplate: 'test://template/{id}/data', name: 'template', mimeType: 'text/plain' }],
    list: async () => [...texts.keys()].map((uri) => ({ uri, name: uri, mimeType: 'text/plain' })),
    names: (uri) => textAt(uri) !== undefined,
    read: async (_, uri) => {
      const text = textAt(uri);
      return text === undefined ? undefined : { text, mimeType: 'text/plain' };
    },
    changed: () => [],
    waiting: async () => [],
  },
};

test('with tools and resources that the suite asks for, what it asks of their kinds is as required', async () => {
  const house = await openHouse();
  const faults: unknown[] = [];
  const door = mcpDoor([fixture], { version: 'test', alone: true });
  const server = createAdaptorServer({
    fetch: (request) =>
      door.answer('/mcp', {
        request,
        token: 'admin',
        secret: house.token,
        fetch: (input, init) => fetch(`${house.url}${new URL(String(input)).pathname}`, init),
        failed: (error) => faults.push(error),
      }),
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = z.object({ port: z.number() }).parse(server.address()) satisfies Pick<AddressInfo, 'port'>;
  const address = `http://127.0.0.1:${port}/mcp`;
  // One after the other: the suite has patience of its own, for some answers less than a second.
  for (const revision of revisions) {
    // Which names it may be asked under is the gateway's to say, which stands in front of it elsewhere.
    const { code, summary } = await conformance(address, revision, ['fixture'], ['dns-rebinding-protection']);
    expect(code, summary).toBe(0);
  }
  expect(faults).toEqual([]);
  // A fault of ours is told to the log, and its client hears that there was one.
  const mcp = await connectOverHttp(`http://127.0.0.1:${port}/mcp`, house.token, 'legacy');
  await expect(mcp.call('broken')).rejects.toThrow(
    /Something went wrong inside\. The log of the gateway has more\.$/,
  );
  expect(faults).toEqual([new Error('a secret of the inside')]);
});
