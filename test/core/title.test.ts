import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { titleFrom } from '../../src/core/title.ts';

describe('a title', () => {
  test.each([
    ['Plan my week', 'Plan my week'],
    ['\n\n  \n# Plan **my** `week`\nmore', 'Plan my week'],
    ['> - [ ] 1. Buy _milk_', 'Buy _milk_'],
    ['```ts\nconst a = 1;\n```', 'const a = 1;'],
    ['---\n***\nAfter the rules', 'After the rules'],
    ['See [the docs](https://example.org/x) and ![a picture](b.png)', 'See the docs and a picture'],
    ['2 * 3 * 4 is *what*?', '2 * 3 * 4 is what?'],
    ['snake_case_name and __bold__', 'snake_case_name and bold'],
    ['C# and F# ##', 'C# and F#'],
    ['a\tb\u0000c\u202ed', 'a b c d'],
    ['日本語のタイトル', '日本語のタイトル'],
  ])('of %j is %j', (text, title) => {
    expect(titleFrom(text)).toBe(title);
  });

  test('that would be too long ends at a word’s end', () => {
    expect(titleFrom('Please look into the auth module, and then into everything that depends on it')).toBe(
      'Please look into the auth module, and then into everything…',
    );
    expect(titleFrom('x'.repeat(500))).toBe(`${'x'.repeat(59)}…`);
    expect(titleFrom(`${'x'.repeat(58)}😀😀😀`)).toBe(`${'x'.repeat(58)}…`);
  });

  test('of words that say nothing is none', () => {
    for (const text of ['...', '---\n\n***', '\u0007', '```\n```', ''])
      expect(titleFrom(text)).toBeUndefined();
  });

  test('of any text is one line of at most 60 characters, and well formed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const title = titleFrom(text) ?? 'none';
        expect(title.length).toBeLessThanOrEqual(60);
        expect(title).toMatch(/^[^\p{Cc}\u2028\u2029]+$/u);
        expect(title.trim()).toBe(title);
        expect(title.isWellFormed()).toBe(true);
      }),
    );
  });
});
