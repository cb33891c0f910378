/**
 * A session's feed as a stream of server-sent events. Owns one reader's buffer and the form of what it is sent; never
 * waits for a slow one. Where the reader stands is known by its reading (feed-reading.ts).
 */
import { type FeedReader, type FeedReading, readFeed, type ToldEvent, writtenOnce } from './feed-reading.ts';
import type { AppPorts } from './ports.ts';

/** How soon a reader that was cut off should come back. */
const RETRY_MS = 2_000;

export interface StreamReader extends FeedReader {
  /** Whether it named no cursor: it is told where it stands, so that it can come back without a gap. */
  readonly fromNow: boolean;
  /** Called when it is cut off: its connection is to be ended. Absent: the stream breaks off by itself. */
  readonly hangUp?: () => void;
}

const write = writtenOnce(({ name, data, seq }: ToldEvent): string => {
  const id = seq === undefined ? '' : `id: ${seq}\n`;
  return `${id}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
});

/** Nothing is held and nobody is listened to before the first read, so a stream that is thrown away costs nothing. */
export function feedStream(
  ports: Pick<AppPorts, 'store' | 'clock' | 'runtime'>,
  reader: StreamReader,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let waiting: string[] = [];
  let size = 0;
  let asked = false;
  let reading: FeedReading | undefined;
  let out: ReadableStreamDefaultController<Uint8Array> | undefined;

  function push(text: string): void {
    waiting.push(text);
    size += text.length;
    flush();
  }

  function flush(): void {
    if (!asked || waiting.length === 0 || !out) return;
    const chunk = encoder.encode(waiting.join(''));
    asked = false;
    drop();
    out.enqueue(chunk);
  }

  function drop(): void {
    waiting = [];
    size = 0;
  }

  function cutOff(why: string): void {
    drop();
    if (reader.hangUp) {
      out?.close();
      reader.hangUp();
    } else {
      out?.error(new Error(why));
    }
  }

  function begin(): void {
    reading = readFeed(ports, reader, {
      write,
      take: push,
      waiting: () => size,
      beat() {
        if (size === 0) push(': still here\n\n');
      },
      ended(end) {
        switch (end.why) {
          case 'slow':
            return cutOff('the reader is too slow');
          case 'revoked':
            return cutOff('the token was revoked');
          case 'gone':
            flush();
            drop();
            return out?.close();
          case 'failed':
            drop();
            return out?.error(end.error);
        }
      },
    });
    const { session, after, fromNow } = reader;
    push(`: ${session}\nretry: ${RETRY_MS}\n${fromNow ? `id: ${after}\n` : ''}\n`);
    reading.start();
  }

  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        out = controller;
        asked = true;
        if (!reading) return begin();
        reading.taken();
        flush();
      },
      cancel() {
        reading?.stop();
        drop();
      },
    },
    { highWaterMark: 0 },
  );
}
