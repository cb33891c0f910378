/** What counts as a word, and how what was found is shown. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { snippetOf } from '../../src/core/snippet.ts';
import { marksIn, readQuery, wordsIn } from '../../src/core/words.ts';

/** Of any signs there are. */
const anyText = fc
  .array(fc.oneof(fc.nat(0x10ffff), fc.nat(0x3fff)), { maxLength: 40 })
  .map((codes) => String.fromCodePoint(...codes));

const texts = (text: string) => wordsIn(text).map((word) => word.text);

describe('the words of a text', () => {
  test.each([
    ['Füße, naïve CAFÉS', ['fusse', 'naive', 'cafes']],
    ['Øresund Łódź ﬁn', ['oresund', 'lodz', 'fin']],
    ['İstanbul ΣΟΦΟΣ', ['istanbul', 'σοφοσ']],
    ['v2 of src/app.ts, don’t', ['v2', 'of', 'src', 'app', 'ts', 'don', 't']],
    ['Go言語', ['go', '言', '語']],
    ['한국어', ['한', '국', '어']],
    ['カ\u3099 ガ ｶﾞ カ', ['ガ', 'ガ', 'ガ', 'カ']],
    ['हिन्दी', ['हिन्दी']],
    ['אָלֶף أَلِف', ['אלף', 'الف']],
    ['👨‍👩‍👧 🇩🇪 ❤️', ['👨', '👩', '👧', '🇩', '🇪', '❤']],
    ['--- "*" () ™', ['™'].flatMap(texts)],
    ['\u0301 \ud800 x', ['x']],
  ])('%s', (text, words) => {
    expect(texts(text)).toEqual(words);
  });

  test('stand where they say, in order, and none is longer than 64 characters', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const words = wordsIn(text);
        const wrong = words.filter(
          ({ text: word, from, to }, at) => word === '' || to <= from || from < (words[at - 1]?.from ?? 0),
        );
        expect(wrong).toEqual([]);
        expect(words.at(-1)?.to ?? 0).toBeLessThanOrEqual(text.length);
      }),
    );
    expect(texts('x'.repeat(1_000))).toEqual(['x'.repeat(64)]);
    expect(texts('é'.repeat(1_000))).toEqual(['e'.repeat(64)]);
  });
});

describe('what is asked for', () => {
  test('is nothing without a letter, a digit or a sign of its own', () => {
    for (const q of ['', ' ', '"', '*', '()', '-', '... ---', '\u0301']) expect(readQuery(q)).toBe(undefined);
  });

  test('is every word, the last as a beginning', () => {
    const find = (text: string, q: string) => marksIn(text, readQuery(q) ?? { phrases: [] });
    expect(find('Hello, World', 'world hel')).toEqual([
      [0, 5],
      [7, 12],
    ]);
    expect(find('Hello, World', 'wor hello')).toBe(undefined);
    expect(find('see src/app.ts', 'src/ap')).toEqual([[4, 11]]);
    expect(find('東京都', '京都')).toEqual([[1, 3]]);
    expect(find('aa aa', 'aa a')).toEqual([
      [0, 2],
      [3, 5],
    ]);
  });
});

describe('a snippet', () => {
  const shown = (text: string, q: string) => {
    const snippet = snippetOf(text, marksIn(text, readQuery(q) ?? { phrases: [] }) ?? []);
    return { ...snippet, marked: snippet.marks.map(([from, to]) => snippet.text.slice(from, to)) };
  };

  test('of a short text is all of it, on one line', () => {
    expect(shown('one\ntwo\u202e three\tfour', 'three')).toMatchObject({
      text: 'one two  three four',
      marked: ['three'],
    });
  });

  test('of a long one is what stands around the first find, cut between words', () => {
    const found = shown(`${'before '.repeat(200)}needle ${'after '.repeat(200)}needle`, 'needle');
    expect(found.text).toMatch(/^…(?:before ){4,6}needle (?:after )+after…$/);
    expect(found.text.length).toBeLessThanOrEqual(162);
    expect(found.marked).toEqual(['needle']);
    expect(shown(`${'before '.repeat(200)}needle`, 'needle').text).toMatch(/^…before .* needle$/);
  });

  test('is never longer, never half a sign, and its marks are in it, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom('needle', '😀', 'x'.repeat(300), '\n', ' '), fc.string()), {
          maxLength: 60,
        }),
        (parts) => {
          const found = shown(parts.join(''), 'needle');
          expect(found.text.length).toBeLessThanOrEqual(162);
          expect(found.text.isWellFormed()).toBe(true);
          for (const word of found.marked) expect(word).not.toBe('');
          for (const [from, to] of found.marks)
            expect(0 <= from && from < to && to <= found.text.length).toBe(true);
        },
      ),
    );
  });
});
