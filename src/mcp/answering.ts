/**
 * One request of MCP over HTTP (Streamable HTTP), which brings its own server. Owns the open lines: a subscription, and
 * the stream on which clients of earlier revisions hear. Keeps nothing: what such clients left behind is given to it.
 */
import {
  createMcpHandler,
  isInitializeRequest,
  type ServerEventBus,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { makeServer, type Serving } from './server.ts';
import type { SessionsOfOne } from './sessions.ts';
import { watch } from './watch.ts';

const SESSION = 'mcp-session-id';

/**
 * @param request its body is no longer than it may be
 * @param sessions those of the client that asks
 */
export async function answerMcp(
  request: Request,
  serving: Omit<Serving, 'session'>,
  sessions: SessionsOfOne,
): Promise<Response> {
  const session = sessions.find(request.headers.get(SESSION));
  if (request.method === 'GET') return hearingStream(request, { ...serving, session });
  const handler = createMcpHandler(
    ({ era }) => {
      if (era === 'modern' || !session) return makeServer(serving);
      const server = makeServer({ ...serving, session });
      // What it cancels is at work for another request than this one.
      server.setNotificationHandler('notifications/cancelled', ({ params: { requestId } }) => {
        if (requestId !== undefined) session.cancel(requestId);
      });
      return server;
    },
    { bus: newsBus(serving, () => void handler.close()) },
  );
  const begins = session === undefined && (await isBeginning(request));
  const response = await handler.fetch(request);
  if (!begins || !response.ok) return response;
  const headers = new Headers(response.headers);
  headers.set(SESSION, sessions.begin());
  return new Response(response.body, { status: response.status, headers });
}

/** Whether a client of an earlier revision begins with this request. */
async function isBeginning(request: Request): Promise<boolean> {
  try {
    return isInitializeRequest(await request.clone().json());
  } catch {
    // What is no JSON is answered as such.
    return false;
  }
}

/**
 * Where a subscription hears from: it follows the parent's chat for as long as somebody listens.
 * @param ended called once there is nothing more to hear
 */
function newsBus({ dialect, parent, failed }: Omit<Serving, 'session'>, ended: () => void): ServerEventBus {
  return {
    publish() {},
    subscribe(listener) {
      const { resources } = dialect;
      if (!resources) return () => {};
      const stop = new AbortController();
      watch(parent, resources, stop.signal, (uris) => {
        for (const uri of uris) listener({ kind: 'resource_updated', uri });
      })
        .catch(failed)
        .finally(() => {
          if (!stop.signal.aborted) ended();
        });
      return () => stop.abort();
    },
  };
}

/**
 * The stream on which a client of an earlier revision hears: of what its session subscribed to. Where that is not known,
 * the stream stands for the subscriptions, and whoever opens it hears of all.
 */
async function hearingStream(request: Request, serving: Serving): Promise<Response> {
  const { dialect, parent, failed, session } = serving;
  const { resources } = dialect;
  if (!resources) throw new Error(`${dialect.name} has nothing to be heard`);
  const server = makeServer(serving);
  const transport = new WebStandardStreamableHTTPServerTransport();
  await server.connect(transport);
  const response = await transport.handleRequest(request);
  if (!response.ok || !response.body) {
    await server.close();
    return response;
  }
  const tell = (uri: string): void => void server.sendResourceUpdated({ uri }).catch(failed);
  const deaf = session?.hear(tell);
  const stop = new AbortController();
  const close = (): void => {
    deaf?.();
    stop.abort();
    server.close().catch(failed);
  };
  request.signal.addEventListener('abort', close, { once: true });
  watch(parent, resources, stop.signal, (uris) => {
    for (const uri of uris) if (session?.wants(uri) ?? true) tell(uri);
  })
    .catch(failed)
    .finally(close);
  return new Response(noticing(response.body, close), response);
}

/** The same stream, and a call once its reader has left. */
function noticing(body: ReadableStream<Uint8Array>, left: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel(reason) {
      left();
      await reader.cancel(reason);
    },
  });
}
