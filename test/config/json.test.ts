import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readJson } from '../../src/config/json.ts';

function parse(text: string): unknown {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return 'refused';
  }
}

function read(text: string): unknown {
  const reading = readJson(text);
  return reading.ok ? { value: reading.value } : 'refused';
}

describe('the reader of the configuration file', () => {
  test('reads what JSON.parse reads, to the same value', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary' }), fc.nat(4), (text, indent) => {
        const spaced = JSON.stringify(JSON.parse(text), null, indent);
        fc.pre(!spaced.includes('__proto__'));
        expect(read(spaced)).toEqual(parse(spaced));
      }),
    );
  });

  test('refuses what JSON.parse refuses, and nothing else but a key that stands twice', () => {
    const broken = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.constantFrom('', ',', '{', '}', '[', ']', '"', ':', '\\', '0', '-', '.', 'e', '\t', '\n', 'x'),
      )
      .map(([text, at, piece]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + piece + text.slice(place + (at % 2));
      });
    fc.assert(
      fc.property(broken, (text) => {
        const reading = readJson(text);
        fc.pre(reading.ok || !/stands twice|__proto__/.test(reading.message));
        expect(read(text)).toEqual(parse(text));
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['', 1, 1, 'the file is empty; without any setting it would hold {}'],
    ['{', 1, 2, 'the file ends where a key or } should stand'],
    ['{"a"', 1, 5, 'the file ends where a colon after the key should stand'],
    ['{"a" 1}', 1, 6, 'a colon after the key should stand before this'],
    ['{"a": 1', 1, 8, 'the file ends where a comma or } should stand'],
    ['{"a": [1', 1, 9, 'the file ends where a comma or ] should stand'],
    ['{"a": [1,]}', 1, 10, 'the comma before this ] is one too many'],
    ['{\r\n  "a": 1,\r\n}', 3, 1, 'the comma before this } is one too many'],
    ['{a: 1}', 1, 2, 'this should be a key in double quotes'],
    ["{'a': 1}", 1, 2, 'this should be a key in double quotes'],
    [`{"a": 'x'}`, 1, 7, 'text must stand in double quotes, not single ones'],
    ['{"a": "x\n"}', 1, 7, 'this text has no closing double quote on its line'],
    ['{"a": "\tx"}', 1, 8, 'a control character, such as a tab, must be escaped (\\t)'],
    ['{"a": "C:\\dir"}', 1, 10, 'this escape is unknown; a backslash itself is written \\\\'],
    ['{\n\t// port\n}', 2, 2, 'comments are not allowed in JSON'],
    ['{"a": /* b */ 1}', 1, 7, 'comments are not allowed in JSON'],
    ['# port\n{}', 1, 1, 'comments are not allowed in JSON'],
    ['{} {}', 1, 4, 'nothing may follow the end of the outermost value'],
    ['{"a":1,\n "a":2}', 2, 2, 'the key "a" stands twice in the same object'],
    ['{"__proto__": {}}', 1, 2, 'a key can not be named __proto__'],
  ])('%j is broken at line %i, column %i: %s', (text, line, column, message) => {
    expect(readJson(text)).toEqual({ ok: false, line, column, message });
  });

  test.each(['08', '+1', '.5', '1.', 'True', 'nulls', 'undefined', 'NaN', '1e', '--1'])(
    '%s is no value',
    (text) => {
      expect(readJson(`{"a": ${text}}`)).toMatchObject({
        line: 1,
        column: 7,
        message: expect.stringMatching(/^this is not a number/),
      });
    },
  );

  test('ten thousand brackets are refused, not a crash', () => {
    expect(readJson('['.repeat(10_000))).toMatchObject({
      message: 'this is nested more than 64 levels deep',
    });
  });

  test('knows the line of each key and item, also behind a byte order mark', () => {
    const reading = readJson('\uFEFF{\n"a": {\n"b": [1,\n 2]}}');
    if (!reading.ok) throw new Error(reading.message);
    const places = [['a'], ['a', 'b'], ['a', 'b', 1], ['b'], ['a', 'b', 2]];
    expect(places.map(reading.lineOf)).toEqual([2, 3, 4, undefined, undefined]);
  });
});
