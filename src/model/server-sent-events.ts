/**
 * Server-sent events out of the bytes of a response, as they come. Owns the reading; the framing is the
 * parser's, and what events say is nobody's business here.
 */
import { createParser, type EventSourceMessage } from 'eventsource-parser';

export interface EventReader {
  /** The next event; undefined at the stream's end, where an event that no blank line ended is dropped. */
  next(): Promise<EventSourceMessage | undefined>;
}

/** @param heard called for each piece of the stream, comments and halves of events included */
export function readEvents(body: ReadableStream<Uint8Array>, heard: () => void): EventReader {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const ready: EventSourceMessage[] = [];
  let at = 0;
  const parser = createParser({ onEvent: (event) => ready.push(event) });

  return {
    async next() {
      for (;;) {
        const event = ready[at];
        if (event !== undefined) {
          at += 1;
          return event;
        }
        ready.length = 0;
        at = 0;
        const { done, value } = await reader.read();
        if (done) return undefined;
        heard();
        parser.feed(decoder.decode(value, { stream: true }));
      }
    },
  };
}
