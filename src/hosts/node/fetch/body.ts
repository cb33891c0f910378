/**
 * Owns reading an answer's body: unpacked, up to a number of bytes, until a time. What came so far is kept
 * whatever ends it. Knows nothing of what the bytes mean.
 */
import type { IncomingMessage } from 'node:http';
import { pipeline, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { PageBody } from '../../../tools/page-fetch.ts';

/** `undefined`: sent as it is; 'unknown': packed in a way that can't be undone here. */
export function unpackerOf(response: IncomingMessage): Transform | undefined | 'unknown' {
  const coding = (response.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  switch (coding) {
    case '':
    case 'identity':
      return undefined;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      return 'unknown';
  }
}

/** Reads at most `most` bytes, counted after unpacking; stops when `signal` aborts. Never rejects. */
export function readBody(
  response: IncomingMessage,
  unpacker: Transform | undefined,
  most: number,
  signal: AbortSignal,
): Promise<PageBody> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const source = unpacker === undefined ? response : pipeline(response, unpacker, () => undefined);
    const stop = (): void => settle('time');
    function settle(cut?: 'size' | 'time' | 'broken'): void {
      signal.removeEventListener('abort', stop);
      source.removeAllListeners('data');
      source.destroy();
      response.destroy();
      resolve({ bytes: Buffer.concat(chunks), ...(cut === undefined ? {} : { cut }) });
    }
    signal.addEventListener('abort', stop, { once: true });
    source.on('data', (chunk: Buffer) => {
      const room = most - size;
      chunks.push(chunk.subarray(0, room));
      size += chunk.length;
      if (size > most) settle('size');
    });
    source.once('end', () => settle(response.complete ? undefined : 'broken'));
    source.once('error', () => settle('broken'));
    source.once('close', () => settle('broken'));
    if (signal.aborted) stop();
  });
}
