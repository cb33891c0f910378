/**
 * What speaks MCP at a gateway's door: which tools stand under which address, and each request as one of a parent that
 * is a client of this very gateway, with the caller's token. Checks no token. The protocol is read when it is first spoken.
 * What it remembers of clients lasts as long as the process, and nothing hangs on it.
 */
import { makeClient } from '../client/index.ts';
import type { McpPort } from '../http/mcp.ts';
import { makeParent } from './parent.ts';
import { makeSessions } from './sessions.ts';
import type { Dialect } from './tool.ts';

export interface DoorHost {
  /** The gateway's. */
  readonly version: string;
  /** Whether every request to the gateway comes by this door, which then knows what a client asked for before. */
  readonly alone: boolean;
}

/** @param dialects ours first: it stands at `/mcp`, the others below it by their names */
export function mcpDoor(dialects: readonly Dialect[], { version, alone }: DoorHost): McpPort {
  const sessions = makeSessions(alone);
  const at = new Map(dialects.map((one) => [one.name === 'tidings' ? '/mcp' : `/mcp/${one.name}`, one]));
  return {
    addresses: [...at].map(([path, { resources, tools }]) => ({
      path,
      hears: resources !== undefined,
      tools: tools.map(({ name }) => name).join(', '),
    })),
    async answer(path, { request, token, secret, as, fetch, failed }) {
      const dialect = at.get(path);
      if (!dialect) throw new Error(`nothing stands at ${path}`);
      // The library is large, and a gateway that nobody speaks MCP with starts without it.
      const { answerMcp } = await import('./answering.ts');
      const client = makeClient({ url: new URL(request.url).origin, token: secret, fetch, feed: 'stream' });
      const parent = makeParent(client, { token, as });
      return answerMcp(
        request,
        { dialect, parent, version, failed },
        sessions.of([path, token, ...(as === undefined ? [] : [as])]),
      );
    },
  };
}
