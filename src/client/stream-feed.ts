/** A feed read as a stream of server-sent events, with one connection for as long as it lasts. */
import { createParser } from 'eventsource-parser';
import { cut, type Ears, type FeedWay, isOld, type Place, refusalOf } from './feed-way.ts';
import type { Requests } from './request.ts';
import type { StreamedEvent } from './types.ts';

/** @param path the feed's, without a query */
export function overStream(open: Requests['open'], path: string): FeedWay {
  return {
    async connect(place, ears) {
      const response = await open(path, headersFor(place), ears.signal);
      if (!response.ok || !response.body) return refusalOf(response);
      ears.live();
      await readAll(response.body, place, ears);
      return cut;
    },
  };
}

function headersFor({ cursor }: Place): Record<string, string> {
  return {
    accept: 'text/event-stream',
    ...(cursor === undefined ? {} : { 'last-event-id': String(cursor) }),
  };
}

/** Reads until the stream ends or breaks off, whichever way. */
async function readAll(
  body: ReadableStream<Uint8Array>,
  place: Place,
  { heard, onEvents }: Ears,
): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let came: StreamedEvent[] = [];
  const parser = createParser({
    // Before its event, and also where there is none: so a reader that named no cursor learns where it stands.
    onId(id) {
      const at = Number(id);
      if (place.cursor === undefined && Number.isInteger(at)) place.cursor = at;
    },
    onEvent({ id, event, data }) {
      if (event === undefined) return;
      const at = id === undefined ? undefined : Number(id);
      if (isOld(place, at)) return;
      const cursor = at === undefined ? '' : `"id":${at},`;
      const streamed: StreamedEvent = JSON.parse(
        `{${cursor}"event":${JSON.stringify(event)},"data":${data}}`,
      );
      came.push(streamed);
      if (at !== undefined) place.cursor = at;
    },
  });
  for (;;) {
    const piece = await reader.read().catch(() => undefined);
    if (!piece || piece.done) return;
    heard();
    parser.feed(decoder.decode(piece.value, { stream: true }));
    if (came.length === 0) continue;
    const events = came;
    came = [];
    onEvents(events);
  }
}
