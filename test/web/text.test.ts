/** The page's small texts: where links may lead, what references mean, how figures are said. */
import { describe, expect, test } from 'vitest';
import { decoded } from '../../src/web/text/entities.ts';
import { safeHref } from '../../src/web/text/links.ts';
import { duration, money, size, tokens } from '../../src/web/text/words.ts';

describe('a link', () => {
  test.each(['https://example.org/a?b=c#d', 'http://localhost:3000/', 'mailto:ada@example.org'])(
    'may lead to %s',
    (href) => {
      expect(safeHref(href)).toBe(href);
    },
  );

  test.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    ' \u0001javascript:alert(1)',
    'java\nscript:alert(1)',
    'java\tscript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:msgbox(1)',
    'blob:https://example.org/1',
    'file:///etc/passwd',
    'filesystem:https://example.org/',
    'ws://example.org',
    'intent://x#Intent;end',
    '/v1/chats',
    '//example.org',
    '#/chat_1',
    'https://gateway.example@evil.example/',
    'https://:password@evil.example/',
    '',
    'not a link',
  ])('never leads to %j', (href) => {
    expect(safeHref(href)).toBeUndefined();
  });
});

describe('character references', () => {
  test.each([
    ['a &amp; b', 'a & b'],
    ['&lt;script&gt;', '<script>'],
    ['&#65;&#x42;', 'AB'],
    ['&constructor;', '&constructor;'],
    ['&toString;', '&toString;'],
    ['&#0;&#x1b;&#xD800;&#x110000;', '\ufffd\ufffd\ufffd\ufffd'],
    ['&amp;lt;', '&lt;'],
    ['a & b', 'a & b'],
  ])('%j is read as %j', (given, read) => {
    expect(decoded(given)).toBe(read);
  });
});

test('figures are said shortly', () => {
  expect([0, 59_999, 60_000, 3_599_000, 3_600_000, -5].map(duration)).toEqual([
    '0s',
    '59s',
    '1m 00s',
    '59m 59s',
    '1h 00m',
    '0s',
  ]);
  expect([0, 0.001, 0.01, 1.234].map(money)).toEqual(['$0', '<$0.01', '$0.01', '$1.23']);
  expect([999, 34_000, 10_485_760].map(size)).toEqual(['999 B', '34 kB', '10.5 MB']);
  expect(
    tokens({ inputTokens: 14_000, outputTokens: 200, cacheReadTokens: 0, cacheWriteTokens: 10, usd: 0 }),
  ).toBe('14.2k');
});
