/**
 * `tidings mcp`: the MCP server over standard input and output, for clients that start their servers themselves. It is
 * the server of the gateway's /mcp, made of the same parts, and asks the gateway over HTTP. Nothing but the protocol is
 * written to standard output.
 */
import { once } from 'node:events';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';
import { dialectNames } from '../config/schema.ts';
import { channelCapability, channelMethod, makeChannel } from '../mcp/channel.ts';
import { dialectsOf } from '../mcp/dialects.ts';
import { makeServer } from '../mcp/server.ts';
import { type McpSession, makeSession } from '../mcp/sessions.ts';
import type { Dialect, Parent } from '../mcp/tool.ts';
import { watch } from '../mcp/watch.ts';
import { parentOf } from './mcp-parent.ts';
import { argumentsOf } from './terminal/arguments.ts';
import { reach } from './terminal/reach.ts';
import { UsageError } from './terminal/usage-error.ts';
import { version } from './version.ts';

export const mcpHelp = `tidings mcp [--as NAME] [--channel] [--dialect 247|tmux-worktree]

An MCP server over standard input and output. The client that starts it is the parent of what it spawns. The gateway is
found as by the other commands: TIDINGS_URL and TIDINGS_TOKEN, or the configuration of this folder.

  --as NAME       what the client calls itself: with the same token each name has its own subagents and news
  --channel       pushes news into a running Claude Code (notifications/claude/channel), too
  --dialect NAME  the tools of another program, under its names: ${dialectNames.join(', ')}`;

interface Terminal {
  readonly print: (line: string) => void;
  readonly complain: (line: string) => void;
}

/** Resolves with the exit code once the client has left. @throws UsageError, ProblemError, UnreachableError */
export async function mcp(args: readonly string[], { print, complain }: Terminal): Promise<number> {
  const values = read(args);
  if (values.help) {
    print(mcpHelp);
    return 0;
  }
  const { client, url } = await reach({ env: process.env, cwd: process.cwd() });
  const dialect = await dialectAt(url, values.dialect);
  const parent = await parentOf(client, values.as);
  const failed = (error: unknown): void => complain(error instanceof Error ? error.message : String(error));
  const left = once(process.stdin, 'close');
  const line = openLine({ dialect, parent, failed, channel: values.channel === true });
  await left;
  await line.close();
  return 0;
}

interface LineOptions {
  readonly dialect: Dialect;
  readonly parent: Parent;
  readonly failed: (error: unknown) => void;
  readonly channel: boolean;
}

/** Serves, and tells of what changes, once there is something that could. */
function openLine({ dialect, parent: own, failed, channel }: LineOptions): { close(): Promise<void> } {
  const stop = new AbortController();
  let session: McpSession | undefined;
  let server: ReturnType<typeof makeServer> | undefined;
  let watching: Promise<unknown> | undefined;
  const push = makeChannel(own, async (message) => {
    await server?.notification({ method: channelMethod, params: { ...message, meta: { ...message.meta } } });
  });

  function tell(uri: string): void {
    server?.sendResourceUpdated({ uri }).catch(failed);
  }

  function listen(): void {
    const { resources } = dialect;
    if (!resources || watching) return;
    watching = watch(own, resources, stop.signal, (uris) => {
      // Of the later revision's clients the transport knows what they want.
      for (const uri of uris) if (session?.wants(uri) ?? true) tell(uri);
      if (channel) push().catch(failed);
    })
      .catch(failed)
      // A chat that was deleted is followed no longer; the next one is, once it is there.
      .finally(() => {
        watching = undefined;
      });
  }

  const parent: Parent = {
    client: own.client,
    async chat(name) {
      const chat = await own.chat(name);
      listen();
      return chat;
    },
  };
  const handle = serveStdio(
    ({ era }) => {
      session = era === 'modern' ? undefined : makeSession(true);
      session?.hear(tell);
      server = makeServer({
        dialect,
        parent,
        version,
        failed,
        session,
        ...(channel ? { experimental: channelCapability } : {}),
      });
      if (era === 'modern') listen();
      else if (channel) server.oninitialized = listen;
      return server;
    },
    { onerror: failed },
  );
  return {
    async close() {
      stop.abort();
      await handle.close();
    },
  };
}

const apiShape = z.object({
  paths: z.object({
    '/v1/chats/{chat}/subagents': z.object({
      post: z.object({
        requestBody: z.object({
          content: z.object({ 'application/json': z.object({ schema: z.record(z.string(), z.json()) }) }),
        }),
      }),
    }),
  }),
});

/** The tools as this gateway has them: what may be spawned, its own description says. */
async function dialectAt(url: string, wanted: string | undefined): Promise<Dialect> {
  const response = await fetch(`${url}/openapi.json`);
  const api = apiShape.safeParse(await response.json().catch(() => undefined));
  if (!api.success) {
    throw new UsageError(
      `The gateway at ${url} does not say what may be spawned: is it of this release, ${version}?`,
    );
  }
  const { schema } =
    api.data.paths['/v1/chats/{chat}/subagents'].post.requestBody.content['application/json'];
  const body = z.fromJSONSchema(schema);
  if (!(body instanceof z.ZodObject)) throw new Error('the body of a spawn is an object');
  const names = dialectNames.filter((name) => name === wanted);
  const found = dialectsOf(body.omit({ id: true }), names).find(({ name }) => name === (wanted ?? 'tidings'));
  if (!found) throw new UsageError(`There is no dialect "${wanted}"; there are: ${dialectNames.join(', ')}.`);
  return found;
}

function read(args: readonly string[]) {
  const options = {
    help: { type: 'boolean', short: 'h' },
    as: { type: 'string' },
    channel: { type: 'boolean' },
    dialect: { type: 'string' },
  } as const;
  return argumentsOf(args, options, false).values;
}
