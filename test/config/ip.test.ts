import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ipVersion } from '../../src/config/ip.ts';

const pieces = fc.constantFrom(
  ...['0', '1', '01', '255', '256', 'ffff', '00001', 'g', '::', ':', '1:', 'f:', '.', '1.2.3.4', '1.2.3.04'],
  ...['10.1', ' ', '-', '/', '\n', '0x7f'],
);

describe('an IP address', () => {
  test('is what Node takes for one', () => {
    const texts = fc.oneof(
      fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join('')),
      fc.ipV4(),
      fc.ipV6(),
      fc.string(),
    );
    fc.assert(
      fc.property(texts, (text) => {
        fc.pre(!text.includes('%'));
        expect(ipVersion(text)).toBe(isIP(text));
      }),
      { numRuns: 5_000 },
    );
  });

  test.each(['fe80::1%eth0', '::1%1', '::%'])('with a zone is none, since it fits in no URL: %s', (text) => {
    expect(ipVersion(text)).toBe(0);
  });
});
