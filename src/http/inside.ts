/**
 * Asking this very app as a client asks over the network, without the network: what is given up ends, in the middle of
 * an answer too. Knows no route.
 */

/** @param ask runs a request through the app */
export function fetchInside(ask: (request: Request) => Promise<Response>): typeof fetch {
  return async (input, init) => {
    const signal = init?.signal ?? undefined;
    signal?.throwIfAborted();
    const response = await orAborted(ask(new Request(input, init)), signal);
    if (!response.body || !signal) return response;
    return new Response(response.body.pipeThrough(new TransformStream(), { signal }), response);
  };
}

function orAborted<Result>(result: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (!signal) return result;
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return Promise.race([result, aborted]);
}
