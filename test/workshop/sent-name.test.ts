/** What files are called on the disk, whatever they are called by who sends them. */
import { expect, test } from 'vitest';
import { numbered, safeName } from '../../src/hosts/node/workshop/sent-name.ts';

test.each([
  ['report.csv', 'report.csv'],
  ['Q3 report (final).csv', 'Q3-report-final.csv'],
  ['日本語 メモ.md', '日本語-メモ.md'],
  ['u\u0308ber.txt', 'über.txt'],
  ['archive.tar.gz', 'archive.tar.gz'],
  ['../../etc/passwd', 'etc-passwd'],
  ['a\\b:c.txt', 'a-b-c.txt'],
  ['.bashrc', 'file.bashrc'],
  ['...', 'file'],
  ['-rf', 'rf'],
  ['--.-x.csv', 'x.csv'],
  ['$(reboot)`id`;"\'&|<>*?.sh', 'reboot-id.sh'],
  ['a\nb\tc\u0000d.txt', 'a-b-c-d.txt'],
  ['invoice\u202efdp.exe', 'invoicefdp.exe'],
  ['\u3164\u200b\ufeff\u00ad.png', 'file.png'],
  ['\u0301\u0302.png', 'file.png'],
  ['🎉.png', 'file.png'],
  ['half \ud83d.png', 'half.png'],
  ['', 'file'],
])('%j is called %s', (name, called) => {
  expect(safeName(name)).toBe(called);
  // It stays what it is.
  expect(safeName(called)).toBe(called);
});

test('no name is longer than a file system takes, and its ending stays', () => {
  for (const letter of ['a', 'é', '語', '𝒳']) {
    const name = safeName(`${letter.repeat(200)}.markdown`);
    expect(Buffer.byteLength(numbered(name, 1_000))).toBeLessThan(140);
    expect(name).toMatch(/^(.)\1+\.markdown$/u);
    expect(name.isWellFormed()).toBe(true);
  }
});

test('another file of the same name has a number before its ending', () => {
  expect([1, 2, 17].map((n) => numbered('report.csv', n))).toEqual([
    'report.csv',
    'report-2.csv',
    'report-17.csv',
  ]);
  expect(numbered('Makefile', 2)).toBe('Makefile-2');
});
