/**
 * Server-sent events out of the bytes of a response, as they come. Owns the framing and nothing that events say.
 */
export interface ServerSentEvent {
  /** The event's name; null if it has none. */
  readonly event: string | null;
  readonly data: string;
}

export interface EventReader {
  /** The next event; undefined at the stream's end, where an event that no blank line ended is dropped. */
  next(): Promise<ServerSentEvent | undefined>;
}

/** @param heard called for each piece of the stream, comments and halves of events included */
export function readEvents(body: ReadableStream<Uint8Array>, heard: () => void): EventReader {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const ready: ServerSentEvent[] = [];
  let at = 0;
  let rest = '';
  let event: string | null = null;
  let data: string[] = [];

  function line(text: string): void {
    if (text === '') {
      if (event !== null || data.length > 0) ready.push({ event, data: data.join('\n') });
      event = null;
      data = [];
      return;
    }
    const colon = text.indexOf(':');
    const name = colon < 0 ? text : text.slice(0, colon);
    if (name !== 'data' && name !== 'event') return;
    const from = colon < 0 ? text.length : text[colon + 1] === ' ' ? colon + 2 : colon + 1;
    if (name === 'event') event = text.slice(from);
    else data.push(text.slice(from));
  }

  /** Lines end with LF, CR LF or CR; a CR at the end may be half of a CR LF. */
  function take(piece: string): void {
    const text = rest + piece;
    let from = 0;
    for (let end = lineEnd(text, from); end >= 0; end = lineEnd(text, from)) {
      if (text[end] === '\r' && end + 1 === text.length) break;
      line(text.slice(from, end));
      from = text.startsWith('\r\n', end) ? end + 2 : end + 1;
    }
    rest = text.slice(from);
  }

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
        take(decoder.decode(value, { stream: true }));
      }
    },
  };
}

function lineEnd(text: string, from: number): number {
  const lf = text.indexOf('\n', from);
  const cr = text.indexOf('\r', from);
  return cr < 0 ? lf : lf < 0 ? cr : Math.min(lf, cr);
}
