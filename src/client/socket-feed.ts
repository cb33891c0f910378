/**
 * A chat's feed over a WebSocket, as pages read it: of those a browser opens hundreds, of streams six to a host. Owns
 * the ticket, what is asked when no socket comes, and the turn to the stream where there are none.
 */
import { UnreachableError } from './errors.ts';
import { type Broken, cut, type Ears, type FeedWay, isOld, type Place, refusalOf } from './feed-way.ts';
import type { FollowEnd } from './follow.ts';
import type { Requests } from './request.ts';
import type { StreamedEvent } from './types.ts';

/** Characters after which the gateway is told that they were taken. */
const TOLD_CHARS = 100_000;
/** Sockets in a row that were not to be had while all else was: then something on the way lets none through. */
const MOST_REFUSED = 3;

/** What a client knows of a gateway, for all that it follows. */
export interface SocketsThere {
  /** Whether there are none: the stream is read instead. */
  none: boolean;
}

/** @param path the chat's, without a slash at the end; `stream` the way to the same feed without sockets */
export function overSocket(
  { open, at }: Pick<Requests, 'open' | 'at'>,
  path: string,
  stream: FeedWay,
  there: SocketsThere,
): FeedWay {
  let refused = 0;
  const page = (query: string, signal: AbortSignal): Promise<Response> =>
    open(`${path}/events?${query}&limit=1`, { accept: 'application/json' }, signal);

  /** A page can't hear why it got no socket, or whether a chat or the route is missing: so all else is asked. */
  async function otherwise(place: Place, ears: Ears, isSure: () => boolean): Promise<FollowEnd | Broken> {
    const response = await page(`after=${place.cursor ?? 0}`, ears.signal);
    if (!response.ok) return refusalOf(response);
    if (!isSure()) return { because: 'No WebSocket could be opened.' };
    there.none = true;
    return stream.connect(place, ears);
  }

  return {
    async connect(place, ears) {
      if (there.none) return stream.connect(place, ears);
      if (place.cursor === undefined) {
        const response = await page('before=latest', ears.signal);
        if (!response.ok) return refusalOf(response);
        place.cursor = (await told<{ after: number }>(response)).after;
      }
      const given = await open(`${path}/tickets`, { accept: 'application/json' }, ears.signal, {});
      if (given.status === 404) return otherwise(place, ears, () => true);
      if (!given.ok) return refusalOf(given);
      const ticket = await told<{ path: string }>(given);
      const end = await listen(addressOf(at(`${ticket.path}&after=${place.cursor}`)), place, ears);
      if (end !== 'unopened') {
        refused = 0;
        return end;
      }
      return otherwise(place, ears, () => {
        refused += 1;
        return refused >= MOST_REFUSED;
      });
    },
  };
}

async function told<Answer>(response: Response): Promise<Answer> {
  try {
    const answer: Answer = await response.json();
    return answer;
  } catch (error) {
    throw new UnreachableError('The answer broke off.', { cause: error });
  }
}

function addressOf(address: string): URL {
  const url = new URL(address, globalThis.location?.href);
  url.protocol = url.protocol.replace('http', 'ws');
  return url;
}

/** Listens until it is closed or wanted no longer. */
function listen(
  address: URL,
  place: Place,
  { signal, live, heard, onEvents }: Ears,
): Promise<FollowEnd | Broken | 'unopened'> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address);
    let opened = false;
    let untold = 0;

    function leave(): void {
      signal.removeEventListener('abort', giveUp);
      socket.onmessage = null;
      socket.onclose = null;
      // Closed before it is open, a browser would call that a failure in its console.
      if (socket.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close();
      else socket.close();
    }

    /** Without waiting for the other end, which may be gone. */
    function giveUp(): void {
      leave();
      resolve(cut);
    }

    function take(text: string): void {
      const event: StreamedEvent = JSON.parse(text);
      const id = 'id' in event ? event.id : undefined;
      if (isOld(place, id)) return;
      if (id !== undefined) place.cursor = id;
      onEvents([event]);
    }

    socket.onopen = () => {
      opened = true;
      live(() => socket.send('ping'));
    };
    socket.onmessage = ({ data }) => {
      const text = String(data);
      heard();
      if (text === 'pong') return;
      try {
        take(text);
      } catch (error) {
        leave();
        return reject(error);
      }
      untold += text.length;
      if (untold < TOLD_CHARS) return;
      untold = 0;
      socket.send('ping');
    };
    socket.onclose = ({ code }) => {
      leave();
      resolve(opened ? endOf(code) : 'unopened');
    };
    signal.addEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
  });
}

function endOf(code: number): FollowEnd | Broken {
  if (code === 4401) return 'signed-out';
  return code === 4404 ? 'gone' : cut;
}
