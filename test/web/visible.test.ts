/** What an eye would miss in a command is named where it stands. */
import { describe, expect, test } from 'vitest';
import { hasUnseen, pieces } from '../../src/web/text/visible.ts';

const marks = (text: string): string[] => pieces(text).flatMap(({ mark }) => mark ?? []);

describe('a text made visible', () => {
  test('is left as it is where all of it shows itself', () => {
    const plain = 'git commit -m "Grüße, мир, 世界, 👍" \\\n\t&& npm test | tee ~/log.txt';
    expect(pieces(plain)).toEqual([{ text: plain }]);
    expect(hasUnseen(plain)).toBe(false);
    expect(pieces('')).toEqual([]);
  });

  test('names what turns the direction of reading', () => {
    expect(pieces('rm \u202etxt.exe\u202c')).toEqual([
      { text: 'rm ' },
      { text: '\u202e', mark: 'U+202E' },
      { text: 'txt.exe' },
      { text: '\u202c', mark: 'U+202C' },
    ]);
    for (const code of [0x200e, 0x200f, 0x061c, 0x202a, 0x202b, 0x202d, 0x2066, 0x2067, 0x2068, 0x2069])
      expect(hasUnseen(`a${String.fromCodePoint(code)}b`)).toBe(true);
  });

  test('names what has no width, controls, and what looks like a space and is none', () => {
    const unseen = [
      0x00, 0x07, 0x08, 0x0b, 0x0d, 0x1b, 0x7f, 0x85, 0xa0, 0xad, 0x34f, 0x115f, 0x17b4, 0x180e, 0x2003,
      0x200b, 0x200c, 0x200d, 0x2028, 0x2029, 0x202f, 0x2060, 0x2800, 0x3000, 0x3164, 0xe000, 0xfe0f, 0xfeff,
      0xffa0, 0xe0041, 0xe0100,
    ];
    for (const code of unseen) {
      const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
      expect(marks(`a${String.fromCodePoint(code)}b`)).toEqual([name]);
    }
  });

  test('names half a character, which no text should hold', () => {
    expect(marks('a\ud800b')).toEqual(['U+D800']);
  });

  test('is the same text when its pieces are put together', () => {
    const text = 'a\u200bb\r\nc\u{e0041}\u{e0042} d';
    expect(
      pieces(text)
        .map((piece) => piece.text)
        .join(''),
    ).toBe(text);
  });
});
