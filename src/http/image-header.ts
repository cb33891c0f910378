/**
 * Reads of an image's bytes its kind, its size and whether it is whole, as far as its structure tells. Decodes no
 * picture, and takes no more time for one that claims to be huge.
 */
import type { ImageType } from '../core/files.ts';

export interface ImageHeader {
  readonly mediaType: ImageType;
  readonly width: number;
  readonly height: number;
}

/** Undefined: no image of these kinds. A string: one that isn't whole, in words that complete "the image …". */
export function imageHeader(bytes: Uint8Array): ImageHeader | string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader = readers.find(({ begins }) => begins(bytes));
  if (!reader) return undefined;
  const size = reader.size(view);
  if (!size) return 'ends too early, or is damaged';
  const [width, height] = size;
  return { mediaType: reader.mediaType, width, height };
}

type Size = readonly [width: number, height: number];

interface Reader {
  readonly mediaType: ImageType;
  readonly begins: (bytes: Uint8Array) => boolean;
  /** Undefined: it isn't whole. */
  readonly size: (view: DataView) => Size | undefined;
}

const readers: readonly Reader[] = [
  { mediaType: 'image/png', begins: (bytes) => text(bytes, 0, 8) === '\x89PNG\r\n\x1a\n', size: png },
  { mediaType: 'image/gif', begins: (bytes) => /^GIF8[79]a$/.test(text(bytes, 0, 6)), size: gif },
  { mediaType: 'image/jpeg', begins: (bytes) => text(bytes, 0, 3) === '\xff\xd8\xff', size: jpeg },
  {
    mediaType: 'image/webp',
    begins: (bytes) => text(bytes, 0, 4) === 'RIFF' && text(bytes, 8, 12) === 'WEBP',
    size: webp,
  },
];

function text(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}

function nameAt(view: DataView, at: number): string {
  return text(new Uint8Array(view.buffer, view.byteOffset + at, 4), 0, 4);
}

/** Chunk after chunk up to the last one, each of which must be there. */
function png(view: DataView): Size | undefined {
  let size: Size | undefined;
  let holdsPicture = false;
  for (let at = 8; at + 12 <= view.byteLength; ) {
    const length = view.getUint32(at);
    const name = nameAt(view, at + 4);
    const next = at + 12 + length;
    if (next > view.byteLength) return undefined;
    if (at === 8) {
      if (name !== 'IHDR' || length !== 13) return undefined;
      size = [view.getUint32(16), view.getUint32(20)];
    }
    if (name === 'IDAT') holdsPicture = true;
    if (name === 'IEND') return holdsPicture ? size : undefined;
    at = next;
  }
  return undefined;
}

function gif(view: DataView): Size | undefined {
  if (view.byteLength < 14) return undefined;
  const colours = (flags: number): number => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  /** Behind the blocks that begin here, each with its length; undefined: they don't end. */
  const behind = (from: number): number | undefined => {
    for (let at = from; at < view.byteLength; ) {
      const length = view.getUint8(at);
      at += length + 1;
      if (length === 0) return at;
    }
    return undefined;
  };
  let holdsPicture = false;
  let at: number | undefined = 13 + colours(view.getUint8(10));
  while (at !== undefined && at < view.byteLength) {
    switch (view.getUint8(at)) {
      case 0x3b:
        return holdsPicture ? [view.getUint16(6, true), view.getUint16(8, true)] : undefined;
      case 0x21:
        at = behind(at + 2);
        break;
      case 0x2c:
        if (at + 11 > view.byteLength) return undefined;
        at = behind(at + 11 + colours(view.getUint8(at + 9)));
        holdsPicture = true;
        break;
      default:
        return undefined;
    }
  }
  return undefined;
}

/** Segment after segment up to the picture, behind which there must be an end. */
function jpeg(view: DataView): Size | undefined {
  let size: Size | undefined;
  for (let at = 2; at + 4 <= view.byteLength; ) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    // Markers may be filled up.
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const length = view.getUint16(at + 2);
    if (length < 2 || at + 2 + length > view.byteLength) return undefined;
    // The frame headers are C0 to CF, but for three that hold tables.
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      if (length < 8) return undefined;
      size = [view.getUint16(at + 7), view.getUint16(at + 5)];
    }
    if (marker === 0xda) return size && endsBehind(view, at + 2 + length) ? size : undefined;
    at += 2 + length;
  }
  return undefined;
}

/** Whether the end of a JPEG stands behind this place; what cameras write after it doesn't matter. */
function endsBehind(view: DataView, from: number): boolean {
  for (let at = view.byteLength - 2; at >= from; at--) {
    if (view.getUint16(at) === 0xffd9) return true;
  }
  return false;
}

function webp(view: DataView): Size | undefined {
  if (view.byteLength < 30 || view.getUint32(4, true) + 8 > view.byteLength) return undefined;
  const length = view.getUint32(16, true);
  if (20 + length > view.byteLength) return undefined;
  switch (nameAt(view, 12)) {
    case 'VP8 ':
      return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
    case 'VP8L': {
      const bits = view.getUint32(21, true);
      return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
    }
    case 'VP8X':
      return [(view.getUint32(24, true) & 0xffffff) + 1, (view.getUint32(26, true) >>> 8) + 1];
    default:
      return undefined;
  }
}
