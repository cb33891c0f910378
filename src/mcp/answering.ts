/**
 * One request of MCP over HTTP (Streamable HTTP), without a state: it brings its own server. Owns the open lines: a
 * subscription, and the stream on which clients of earlier revisions hear.
 */
import {
  createMcpHandler,
  type ServerEventBus,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { makeServer, type Serving } from './server.ts';
import { watch } from './watch.ts';

/** @param request its body is no longer than it may be */
export async function answerMcp(request: Request, serving: Serving): Promise<Response> {
  if (request.method === 'GET') return hearingStream(request, serving);
  const handler = createMcpHandler(() => makeServer(serving), {
    bus: newsBus(serving, () => void handler.close()),
  });
  return handler.fetch(request);
}

/**
 * Where a subscription hears from: it follows the parent's chat for as long as somebody listens.
 * @param ended called once there is nothing more to hear
 */
function newsBus({ dialect, parent, failed }: Serving, ended: () => void): ServerEventBus {
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
 * The stream on which a client of an earlier revision hears what it did not ask for. It stands for the subscriptions,
 * which no request before it left behind: whoever opens it hears of all.
 */
async function hearingStream(request: Request, serving: Serving): Promise<Response> {
  const { dialect, parent, failed } = serving;
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
  const stop = new AbortController();
  const close = (): void => {
    stop.abort();
    server.close().catch(failed);
  };
  request.signal.addEventListener('abort', close, { once: true });
  watch(parent, resources, stop.signal, (uris) => {
    for (const uri of uris) server.sendResourceUpdated({ uri }).catch(failed);
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
