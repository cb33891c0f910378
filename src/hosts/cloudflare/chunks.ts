/**
 * Texts that are larger than a row may be: taken apart between code points, put together as they were. Owns how
 * large a part is. Knows no table.
 */

/** Half of what a row may hold: the other columns have room, and so has what the platform adds. */
export const PART_BYTES = 1_000_000;

/** The most parts a text may have; more than the memory of an object could hold. */
export const MOST_PARTS = 4_096;

const encoder = new TextEncoder();

/**
 * The text in parts of at most `bytes` UTF-8 bytes, none of which ends inside a code point: one part at least.
 *
 * @throws RangeError for half a surrogate pair, which no database keeps; texts that are JSON have none
 */
export function partsOf(text: string, bytes: number = PART_BYTES): string[] {
  if (!text.isWellFormed()) throw new RangeError('A text with half a surrogate pair can not be stored.');
  if (text.length * 3 <= bytes) return [text];
  if (bytes < 4) throw new RangeError('A part must have room for one code point.');
  const room = new Uint8Array(bytes);
  const parts: string[] = [];
  for (let from = 0; from < text.length; ) {
    // Each unit of UTF-16 is a byte at least: what lies behind these can't be in this part, and where they end
    // inside a pair there is no room for its first half.
    const { read } = encoder.encodeInto(text.slice(from, from + bytes), room);
    parts.push(text.slice(from, from + read));
    from += read;
  }
  if (parts.length > MOST_PARTS) throw new RangeError(`A text of ${parts.length} parts is too large.`);
  return parts;
}
