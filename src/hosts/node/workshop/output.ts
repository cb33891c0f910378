/**
 * Owns what becomes of a command's output: its head and tail in memory, the whole in a file once it is too
 * long to show. Memory is bounded whatever comes; never decides when a command ends.
 */
import type { FileHandle } from 'node:fs/promises';
import { shownText } from './shown-text.ts';

export interface OutputLimits {
  /** Bytes shown of an output at most, its middle left out. */
  readonly shown: number;
  /** Bytes kept in the file at most. */
  readonly kept: number;
}

export interface Output {
  /** Takes the next bytes; resolves once they are stored. `full` when no more is kept. */
  take(chunk: Buffer): Promise<'more' | 'full'>;
  /** Closes the file and gives the text for the model, possibly empty. `name` is what the model calls the file. */
  finish(name: string): Promise<string>;
}

/** @param begin makes the file, once there is something to keep in it */
export function makeOutput(begin: () => Promise<FileHandle>, limits: OutputLimits): Output {
  const headSize = Math.floor(limits.shown / 3);
  const tailSize = limits.shown - headSize;
  /** All of it while it is short enough to show; afterwards its first bytes. */
  let head: Buffer = Buffer.alloc(0);
  let tail: Buffer = Buffer.alloc(0);
  let total = 0;
  let kept = 0;
  let long = false;
  let handle: FileHandle | undefined;
  let trouble: string | undefined;

  async function keep(bytes: Buffer): Promise<void> {
    if (trouble !== undefined || bytes.length === 0) return;
    try {
      handle ??= await begin();
      const part = bytes.subarray(0, limits.kept - kept);
      await handle.writeFile(part);
      kept += part.length;
    } catch (error) {
      trouble = error instanceof Error ? error.message : String(error);
    }
  }

  return {
    async take(chunk) {
      total += chunk.length;
      if (!long && total <= limits.shown) {
        head = Buffer.concat([head, chunk]);
        return 'more';
      }
      if (!long) {
        long = true;
        const all = Buffer.concat([head, chunk]);
        head = Buffer.from(all.subarray(0, headSize));
        tail = Buffer.from(all.subarray(-tailSize));
        await keep(all);
      } else {
        const recent = chunk.length >= tailSize ? chunk : Buffer.concat([tail, chunk]);
        tail = Buffer.from(recent.subarray(-tailSize));
        await keep(chunk);
      }
      return total >= limits.kept ? 'full' : 'more';
    },
    async finish(name) {
      await handle?.close().catch(() => undefined);
      if (!long) return shownText(head);
      const first = head.subarray(0, head.length - unfinished(head));
      const last = tail.subarray(continuation(tail));
      const left = total - first.length - last.length;
      const where =
        trouble !== undefined
          ? `the whole could not be kept: ${trouble}`
          : kept < total
            ? `the first ${kept} bytes are in ${name}`
            : `the whole is in ${name}`;
      return `${shownText(first)}\n[… ${left} bytes left out here; ${where} …]\n${shownText(last)}`;
    },
  };
}

/** How many bytes at the end begin a character that isn't complete. */
function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}

/** How many bytes at the start belong to a character whose beginning was cut off. */
function continuation(bytes: Buffer): number {
  let skip = 0;
  while (skip < Math.min(3, bytes.length) && ((bytes[skip] ?? 0) & 0xc0) === 0x80) skip += 1;
  return skip;
}
