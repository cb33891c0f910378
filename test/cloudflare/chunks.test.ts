import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PART_BYTES, partsOf } from '../../src/hosts/cloudflare/chunks.ts';

const bytes = (text: string): number => Buffer.byteLength(text);

describe('a text in parts', () => {
  test('is what it was, whatever it holds, and no part is too large or cuts a code point', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.string({ unit: fc.constantFrom('a', 'é', '≠', '🜚', '\0'), maxLength: 60 }),
    );
    fc.assert(
      fc.property(text, fc.integer({ min: 4, max: 40 }), (whole, limit) => {
        const parts = partsOf(whole, limit);
        expect(parts.join('')).toBe(whole);
        for (const part of parts) {
          expect(bytes(part)).toBeLessThanOrEqual(limit);
          expect(part.isWellFormed()).toBe(true);
        }
        // None is smaller than it must be: the next code point had no room in it.
        for (const [at, part] of parts.slice(0, -1).entries()) {
          const next = String.fromCodePoint(parts[at + 1]?.codePointAt(0) ?? 0);
          expect(bytes(part + next)).toBeGreaterThan(limit);
        }
      }),
    );
  });

  test('has one part when it is short or empty', () => {
    expect(partsOf('')).toEqual(['']);
    expect(partsOf('short')).toEqual(['short']);
    expect(partsOf('a'.repeat(PART_BYTES))).toHaveLength(1);
    expect(partsOf('a'.repeat(PART_BYTES + 1)).map((part) => part.length)).toEqual([PART_BYTES, 1]);
    expect(partsOf('≠'.repeat(333_334)).map((part) => part.length)).toEqual([333_333, 1]);
  });

  test('keeps half a surrogate pair as JSON writes it, and refuses one that is bare', () => {
    const written = JSON.stringify(`${'🜚'.repeat(5)}\ud83d`);
    expect(JSON.parse(partsOf(written, 7).join(''))).toBe(`${'🜚'.repeat(5)}\ud83d`);
    expect(() => partsOf('a\ud83d')).toThrow('half a surrogate pair');
  });
});
