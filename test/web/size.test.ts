/** What a browser has to load before the page works. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const assets = join(import.meta.dirname, '..', '..', 'dist', 'web', 'assets');

function compressed(ending: string): number {
  const files = readdirSync(assets).filter((name) => name.endsWith(ending));
  return files.reduce((sum, name) => sum + gzipSync(readFileSync(join(assets, name))).length, 0);
}

test('the page has less than 60 kB of script and 10 kB of style, compressed', () => {
  expect(compressed('.js')).toBeGreaterThan(10_000);
  expect(compressed('.js')).toBeLessThan(60_000);
  expect(compressed('.css')).toBeLessThan(10_000);
});

test('nothing in its script is from another origin or made from text', () => {
  const script = readdirSync(assets)
    .filter((name) => name.endsWith('.js'))
    .map((name) => readFileSync(join(assets, name), 'utf8'))
    .join('\n');
  expect(script).not.toMatch(/\beval\(|new Function\(|importScripts|dangerouslySetInnerHTML:/);
});
