/** Small files of each kind that people send along, made byte by byte, and what can be wrong with them. */
import { crc32, deflateSync } from 'node:zlib';

type Bytes = Uint8Array<ArrayBuffer>;

export function bytesOf(text: string): Bytes {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

export function utf8(text: string): Bytes {
  return Uint8Array.from(Buffer.from(text, 'utf8'));
}

export function joined(...parts: readonly Uint8Array[]): Bytes {
  return Uint8Array.from(Buffer.concat(parts));
}

function numbers(size: 1 | 2 | 4, littleEndian: boolean, ...values: readonly number[]): Bytes {
  const bytes = Buffer.alloc(size * values.length);
  for (const [at, value] of values.entries()) {
    if (littleEndian) bytes.writeUIntLE(value, at * size, size);
    else bytes.writeUIntBE(value, at * size, size);
  }
  return Uint8Array.from(bytes);
}

function chunk(name: string, data: Uint8Array): Bytes {
  const body = joined(bytesOf(name), data);
  return joined(numbers(4, false, data.length), body, numbers(4, false, crc32(body)));
}

/** A real picture; `claimed` is what its head says of its size, whatever is in it. */
export function png(width = 2, height = 2, claimed: readonly [number, number] = [width, height]): Bytes {
  const rows = Buffer.alloc((width + 1) * height, 0);
  return joined(
    bytesOf('\x89PNG\r\n\x1a\n'),
    chunk('IHDR', joined(numbers(4, false, ...claimed), Uint8Array.of(8, 0, 0, 0, 0))),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', new Uint8Array()),
  );
}

export function gif(width = 3, height = 1): Bytes {
  return joined(
    bytesOf('GIF89a'),
    numbers(2, true, width, height),
    Uint8Array.of(0x80, 0, 0, 0, 0, 0, 255, 255, 255),
    Uint8Array.of(0x21, 0xf9, 4, 0, 0, 0, 0, 0),
    Uint8Array.of(0x2c),
    numbers(2, true, 0, 0, width, height),
    Uint8Array.of(0, 2, 2, 0x44, 1, 0, 0x3b),
  );
}

/** The skeleton of one: tables and picture are left out. */
export function jpeg(width = 4, height = 5): Bytes {
  return joined(
    Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0),
    Uint8Array.of(0xff, 0xc0, 0, 11, 8),
    numbers(2, false, height, width),
    Uint8Array.of(1, 1, 0x11, 0),
    Uint8Array.of(0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x12, 0x34, 0xff, 0xd9),
  );
}

export function webp(width = 6, height = 7): Bytes {
  const size = ((width - 1) | ((height - 1) << 14)) >>> 0;
  const body = joined(Uint8Array.of(0x2f), numbers(4, true, size), new Uint8Array(7));
  const riff = joined(bytesOf('WEBPVP8L'), numbers(4, true, body.length), body);
  return joined(bytesOf('RIFF'), numbers(4, true, riff.length), riff);
}

export function pdf(more = ''): Bytes {
  return bytesOf(
    `%PDF-1.7\n1 0 obj <</Type /Pages /Kids [2 0 R] /Count 1>> endobj\n2 0 obj <</Type /Page>> endobj\n${more}\n%%EOF\n`,
  );
}

/** A PNG of so many bytes: what fills it up is a chunk of words. */
export function heavyPng(bytes: number): Bytes {
  const small = png();
  const filling = chunk('tEXt', new Uint8Array(bytes - small.length - 12).fill(120));
  return joined(small.subarray(0, -12), filling, small.subarray(-12));
}
