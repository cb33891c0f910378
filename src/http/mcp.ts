/**
 * The routes of the MCP server: who may come in, and how it asks this gateway for what a caller wants. Owns nothing of
 * the protocol: that is the host's to bring, and it asks over the very routes that everyone uses.
 */
import type { Context } from 'hono';
import { z } from 'zod';
import { noToken } from './guards.ts';
import { fetchInside } from './inside.ts';
import type { AppPorts } from './ports.ts';
import { invalid, type Problem } from './problem.ts';
import { MAX_BODY, readBytes } from './request-body.ts';
import { type Asking, type Reply, type Route, readQuery } from './route.ts';

export interface McpPort {
  /** What stands where, `/mcp` first. `hears`: whether there is a stream to be opened with GET. */
  readonly addresses: readonly { readonly path: string; readonly hears: boolean; readonly tools: string }[];
  answer(
    path: string,
    asked: {
      /** Its body is no longer than it may be. */
      readonly request: Request;
      /** The name of the caller's token. */
      readonly token: string;
      /** The token itself. */
      readonly secret: string;
      /** What the client calls itself. */
      readonly as?: string | undefined;
      /** Asks this gateway, without the network. */
      readonly fetch: typeof fetch;
      readonly failed: (error: unknown) => void;
    },
  ): Promise<Response>;
}

/** What an MCP client may call itself. */
export const parentName = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
export const parentNameWords = 'must be 1 to 64 of A-Z, a-z, 0-9, _ . and -, the first a letter or a digit';

const query = z.strictObject({
  as: z
    .string()
    .regex(parentName, parentNameWords)
    .optional()
    .describe('What the client calls itself: with the same token each name has its own subagents and news.'),
});

const shared = {
  scope: 'chat',
  query,
} as const;

/** @param inside asks this very app */
export function mcpRoutes(ports: AppPorts, inside: (request: Request) => Promise<Response>): Route[] {
  const { mcp } = ports;
  if (!mcp) return [];
  return mcp.addresses.flatMap(({ path, hears, tools }) => {
    const name = path.replaceAll(/[^a-z0-9]+(.)/g, (_, letter: string) => letter.toUpperCase());
    const run = (c: Context, asking: Asking): Promise<Reply> => answer(mcp, path, c, asking);
    const posted: Route = {
      ...shared,
      name: `call${name}`,
      path,
      method: 'POST',
      summary: `Speaks MCP (Streamable HTTP); tools: ${tools}.`,
      details:
        'The body is a JSON-RPC message. Needs the token itself: a cookie does not stand in its place here. What is wrong with a message is answered in JSON-RPC.',
      answers: {
        200: [
          { description: 'The answer.', media: 'application/json' },
          { description: 'The answer, and what is told on the way to it.', media: 'text/event-stream' },
        ],
        202: { description: 'Taken; there is nothing to answer.', empty: true },
        400: { description: 'What is wrong with the message, in JSON-RPC.', media: 'application/json' },
        406: {
          description: 'The client does not take what this is answered with.',
          media: 'application/json',
        },
        415: { description: 'The body is no JSON.', media: 'application/json' },
      },
      problems: ['broken-body', 'too-large'],
      run,
    };
    const heard: Route = {
      ...shared,
      name: `hear${name}`,
      path,
      method: 'GET',
      problems: [],
      summary: 'Hears by MCP what changed: for clients of revisions before 2026-07-28.',
      answers: {
        200: { description: 'Notifications.', media: 'text/event-stream' },
        406: { description: 'The client does not take a stream.', media: 'application/json' },
      },
      run,
    };
    return hears ? [posted, heard] : [posted];
  });

  async function answer(
    mcp: McpPort,
    path: string,
    c: Context,
    { caller, requestId }: Asking,
  ): Promise<Reply> {
    const given = readQuery(c, query);
    if (!given.ok) return invalid(given.errors);
    const request = c.req.raw;
    const secret = /^bearer +(\S+) *$/i.exec(request.headers.get('authorization') ?? '')?.[1];
    if (secret === undefined) {
      return noToken(
        'Send a token: Authorization: Bearer <token>. A cookie does not stand in its place here.',
      );
    }
    const measured = await measure(request);
    if ('reply' in measured) return measured;
    return mcp.answer(path, {
      request: measured,
      token: caller.token,
      secret,
      as: given.data.as,
      fetch: fetchInside((asked) => {
        // The log speaks of all that is asked for one call under one number.
        const headers = new Headers(asked.headers);
        headers.set('x-request-id', requestId);
        return inside(new Request(asked, { headers }));
      }),
      failed: (error) => ports.log.failed({ requestId, method: c.req.method, route: path }, error),
    });
  }
}

/** The same request, its body read as far as it may go. */
async function measure(request: Request): Promise<Request | Problem> {
  if (request.method !== 'POST') return request;
  const body = await readBytes(request, MAX_BODY);
  if ('reply' in body) return body;
  const { url, method, headers, signal } = request;
  return new Request(url, { method, headers, body: Uint8Array.from(body), signal });
}
