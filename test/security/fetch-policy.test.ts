/** Which addresses of the web are let through: all spellings of private ones are refused, whatever the spelling. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isFetchRule, makeFetchPolicy } from '../../src/tools/fetch-policy.ts';

const none = makeFetchPolicy({ allow: [], refuse: [] });
const isLet = (url: string, policy = none): boolean => policy.url(url).ok;

const privateBlocks: readonly (readonly [number[], number])[] = [
  [[0, 0, 0, 0], 8],
  [[10, 0, 0, 0], 8],
  [[100, 64, 0, 0], 10],
  [[127, 0, 0, 0], 8],
  [[169, 254, 0, 0], 16],
  [[172, 16, 0, 0], 12],
  [[192, 0, 0, 0], 24],
  [[192, 168, 0, 0], 16],
  [[198, 18, 0, 0], 15],
  [[224, 0, 0, 0], 4],
  [[240, 0, 0, 0], 4],
];

/** Any address of any private block, as a number. */
const privateV4 = fc
  .tuple(fc.constantFrom(...privateBlocks), fc.integer({ min: 0, max: 0xffffffff }))
  .map(([[bytes, bits], noise]) => {
    const start = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    return start + (noise % 2 ** (32 - bits));
  });
const bytesOf = (n: number): number[] => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
const hex = (n: number): string => n.toString(16);

/** All the ways to write an IPv4 address in a URL that we know of. */
function spellings(n: number): string[] {
  const [a = 0, b = 0, c = 0, d = 0] = bytesOf(n);
  const octal = (byte: number): string => `0${byte.toString(8)}`;
  const high = hex(n >>> 16);
  const low = hex(n & 0xffff);
  return [
    `${a}.${b}.${c}.${d}`,
    `${a}.${b}.${c}.${d}.`,
    String(n),
    `0x${hex(n)}`,
    `0${n.toString(8)}`,
    `${a}.${n & 0xffffff}`,
    `${a}.${b}.${n & 0xffff}`,
    [a, b, c, d].map(octal).join('.'),
    [a, b, c, d].map((byte) => `0x${hex(byte)}`).join('.'),
    `0x${hex(a)}.${b}.${octal(c)}.${d}`,
    `%3${String(a)[0]}${String(a).slice(1)}.${b}.${c}.${d}`,
    [a, b, c, d].join('。'),
    `[::ffff:${a}.${b}.${c}.${d}]`,
    `[::ffff:${high}:${low}]`,
    `[0:0:0:0:0:ffff:${high}:${low}]`,
    `[::${high}:${low}]`,
    `[::ffff:0:${high}:${low}]`,
    `[64:ff9b::${high}:${low}]`,
    `[64:ff9b:1::${high}:${low}]`,
    `[2002:${high}:${low}::1]`,
    `[2001:0:${high}:${low}::1]`,
  ];
}

describe('addresses', () => {
  test('every spelling of every private IPv4 address is refused', () => {
    fc.assert(
      fc.property(privateV4, fc.constantFrom('http', 'https'), (n, scheme) => {
        for (const host of spellings(n)) expect(isLet(`${scheme}://${host}/`), host).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('IPv6 addresses outside of the public ones are refused, in any of their blocks', () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    fc.assert(
      fc.property(
        fc.constantFrom(0, 0x100, 0xfc00, 0xfd00, 0xfdec, 0xfe80, 0xfec0, 0xff02, 0x4000, 0x5f00, 0x3fff),
        fc.tuple(group, group, group, group, group, group),
        (first, rest) => {
          const address = `${hex(first)}:0:${rest.map(hex).join(':')}`;
          expect(isLet(`http://[${address}]/`), address).toBe(false);
          expect(none.address('site.example.org', address).ok, address).toBe(false);
        },
      ),
    );
  });

  test.each([
    'http://0.0.0.0/',
    'http://0/',
    'http://127.1/',
    'http://[::]/',
    'http://[::1]/',
    'http://[fd00:ec2::254]/latest/meta-data/',
    'http://169.254.169.254/latest/meta-data/',
    'http://168.63.129.16/',
    'http://100.100.100.200/',
    'http://2852039166/',
    'http://localhost/',
    'http://LOCALHOST./',
    'http://a.localhost/',
    'http://metadata/',
    'http://metadata.google.internal/',
    'http://printer.local/',
    'http://router.home.arpa/',
    'http://user@example.org/',
    'http://user:secret@example.org/',
    'http://example.org:22/',
    'https://example.org:25/',
    'file:///etc/passwd',
    'ftp://example.org/',
    'gopher://example.org/',
    'data:text/html,hello',
    'javascript:alert(1)',
    'example.org',
    '//example.org/',
    'http://',
    '',
  ])('%s is refused in words', (url) => {
    const checked = none.url(url);
    expect(checked).toMatchObject({ ok: false, message: expect.stringMatching(/\w{3}/) });
  });

  test.each([
    'http://example.org/',
    'https://example.org:8443/a?b=c#d',
    'http://93.184.216.34/',
    'https://[2606:4700:4700::1111]/',
    'http://[::ffff:93.184.216.34]/',
    'http://[64:ff9b::5db8:d822]/',
    'https://bücher.example/',
  ])('%s is let through', (url) => {
    expect(none.url(url)).toMatchObject({ ok: true });
  });

  test('an address that a name led to is judged by itself', () => {
    for (const address of [
      '127.0.0.1',
      '::1',
      '::ffff:10.1.2.3',
      'fe80::1%eth0',
      '169.254.169.254',
      'nonsense',
      '',
    ]) {
      expect(none.address('site.example.org', address).ok, address).toBe(false);
    }
    for (const address of ['93.184.216.34', '2606:4700:4700::1111']) {
      expect(none.address('site.example.org', address).ok, address).toBe(true);
    }
  });
});

describe('the list of exceptions', () => {
  test('lets a private host, the names below one, an address and a range through, and nothing beside them', () => {
    const policy = makeFetchPolicy({
      allow: ['wiki.corp', '*.docs.corp', '10.1.0.0/16', '[fd00::5]', 'localhost'],
      refuse: [],
    });
    for (const url of [
      'http://wiki.corp/',
      'http://WIKI.corp.:81/',
      'http://a.b.docs.corp/',
      'http://10.1.9.9:22/',
      'http://[fd00::5]/',
      'http://[::ffff:10.1.0.1]/',
      'http://localhost/',
    ]) {
      expect(policy.url(url).ok, url).toBe(true);
    }
    for (const url of [
      'http://xwiki.corp/',
      'http://docs.corp/',
      'http://10.2.0.1/',
      'http://[fd00::6]/',
      'http://127.0.0.1/',
    ]) {
      expect(policy.url(url).ok, url).toBe(false);
    }
    expect(policy.address('wiki.corp', '192.168.7.7').ok).toBe(true);
    expect(policy.address('other.example.org', '10.1.0.1').ok).toBe(true);
    expect(policy.address('other.example.org', '192.168.7.7').ok).toBe(false);
  });

  test('a name that is allowed does not open a cloud’s metadata', () => {
    const policy = makeFetchPolicy({ allow: ['wiki.corp'], refuse: [] });
    expect(policy.address('wiki.corp', '169.254.169.254').ok).toBe(false);
    expect(policy.address('wiki.corp', '168.63.129.16').ok).toBe(false);
    expect(
      makeFetchPolicy({ allow: ['169.254.169.254'], refuse: [] }).url('http://169.254.169.254/').ok,
    ).toBe(true);
  });

  test('what is refused is refused, public or allowed', () => {
    const policy = makeFetchPolicy({
      allow: ['10.0.0.0/8', 'a.example.org'],
      refuse: ['10.9.0.0/16', '*.example.org', '93.184.0.0/16'],
    });
    expect(policy.url('http://10.8.0.1/').ok).toBe(true);
    expect(policy.url('http://10.9.0.1/').ok).toBe(false);
    expect(policy.url('http://a.example.org/').ok).toBe(false);
    expect(policy.url('http://example.org/').ok).toBe(true);
    expect(policy.address('elsewhere.net', '93.184.216.34').ok).toBe(false);
  });

  test.each([
    'wiki',
    'wiki.corp',
    '*.corp',
    '10.0.0.1',
    '10.0.0.0/8',
    'fd00::/8',
    '[::1]',
    '::ffff:10.0.0.0/104',
  ])('%s is an entry', (entry) => expect(isFetchRule(entry)).toBe(true));
  test.each([
    '',
    '*',
    '*.',
    'http://wiki',
    'wiki/path',
    'wiki:80',
    '10.0.0.0/33',
    '10.0.0',
    '0x7f.1',
    'a b',
    '**.x',
    'user@x',
  ])('%j is none', (entry) => expect(isFetchRule(entry)).toBe(false));
});
