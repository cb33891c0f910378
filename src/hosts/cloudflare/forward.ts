/**
 * A request on its way to where its chat or session is kept, with the caller that was let in at the front. Nobody
 * outside can say who they are this way: the front writes this header anew on whatever it forwards, and objects are
 * reached by no other way.
 */
import { handedOn } from '../../http/callers.ts';
import { problem, problemResponse } from '../../http/problem.ts';
import type { There } from '../../http/shelf.ts';
import { again } from './again.ts';
import type { Objects } from './bindings.ts';

export const callerHeader = 'x-tidings-caller';

export function forward({ SESSIONS }: { readonly SESSIONS: Objects<object> }, session: string): There {
  return async (request, { caller, requestId }) => {
    const headers = new Headers(request.headers);
    headers.set(callerHeader, handedOn(caller));
    headers.set('x-request-id', requestId);
    // Whoever is handed on has shown it.
    headers.delete('authorization');
    headers.delete('cookie');
    const ask = (): Promise<Response> => SESSIONS.getByName(session).fetch(new Request(request, { headers }));
    // A ticket is used up by the first try.
    const reads = ['GET', 'HEAD'].includes(request.method) && !headers.has('upgrade');
    try {
      return ownHeaders(await (reads ? again(ask) : ask()));
    } catch (error) {
      return unreached(requestId, error);
    }
  };
}

/** The same response, whose headers can be added to. */
function ownHeaders(response: Response): Response {
  const { webSocket } = response;
  if (webSocket) return new Response(null, { status: 101, webSocket });
  return new Response(response.body, response);
}

function unreached(requestId: string, error: unknown): Response {
  const reset = typeof error === 'object' && error !== null && 'overloaded' in error && error.overloaded;
  const why = reset ? 'has too much to do' : 'could not be reached, or was reset while it worked on this';
  return problemResponse(
    problem(
      'unavailable',
      `The object that keeps this chat ${why}. What it had acknowledged is kept; send the same again, with the same id if it has one.`,
      { headers: { 'retry-after': '1' } },
    ),
    requestId,
    (text) => text,
  );
}
