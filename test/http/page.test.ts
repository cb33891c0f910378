import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { pageFiles } from '../../src/hosts/node/page-files.ts';
import { listen, openDoor } from './door.ts';
import { raw } from './raw.ts';

const SECRET = 'what nobody may read';
const immutable = 'public, max-age=31536000, immutable';

/** A folder as a build leaves it, with a secret beside it and one above. */
function built(files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-page-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const web = join(folder, 'web');
  mkdirSync(join(web, 'assets', 'folder'), { recursive: true });
  const all = {
    'index.html': '<!doctype html><title>The page</title>',
    'assets/index-B7kQ_x-1.js': 'script();',
    'assets/index-C3f9aZ0p.css': 'body { color: red }',
    'assets/icon.svg': '<svg/>',
    'assets/.hidden': SECRET,
    'secret.txt': SECRET,
    '../secret.txt': SECRET,
    ...files,
  };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(web, name), text);
  return web;
}

function doorWith(folder: string) {
  return openDoor({ ports: { page: pageFiles(folder) } });
}

const anyone = { authorization: '', accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

describe('the page', () => {
  test('is at / for browsers, for whoever asks, under a policy that lets in what is its own and nothing else', async () => {
    const door = doorWith(built());
    for (const method of ['GET', 'HEAD']) {
      const response = await door.request(method, '/', undefined, anyone);
      expect(response.status).toBe(200);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'content-security-policy': [
          "default-src 'none'",
          "script-src 'self'",
          "style-src 'self'",
          "img-src 'self' data: blob:",
          "connect-src 'self'",
          "font-src 'self'",
          "manifest-src 'self'",
          "base-uri 'none'",
          "form-action 'none'",
          "frame-ancestors 'none'",
          "require-trusted-types-for 'script'",
          "trusted-types 'none'",
        ].join('; '),
      });
      expect(await response.text()).toBe(method === 'HEAD' ? '' : '<!doctype html><title>The page</title>');
    }
    expect((await door.get('/', { authorization: '' })).body).toMatchObject({ name: 'tidings' });
  });

  test('is as the latest build left it; without one there is a word on how to build it', async () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'tidings-page-')), 'web');
    onTestFinished(() => rmSync(join(folder, '..'), { recursive: true, force: true }));
    const door = doorWith(folder);
    const page = async () => (await door.request('GET', '/', undefined, anyone)).text();
    expect(await page()).toContain('npm run build:web');
    expect((await door.request('GET', '/assets/index-B7kQ_x-1.js')).status).toBe(404);
    mkdirSync(folder);
    writeFileSync(join(folder, 'index.html'), 'first');
    expect(await page()).toBe('first');
    writeFileSync(join(folder, 'index.html'), 'second');
    expect(await page()).toBe('second');
  });

  test('has its files below /assets, with their types, kept for ever where their name says what they hold', async () => {
    const door = doorWith(built());
    for (const [name, type, cache, text] of [
      ['index-B7kQ_x-1.js', 'text/javascript; charset=utf-8', immutable, 'script();'],
      ['index-C3f9aZ0p.css', 'text/css; charset=utf-8', immutable, 'body { color: red }'],
      ['icon.svg', 'image/svg+xml; charset=utf-8', 'no-store', '<svg/>'],
    ] as const) {
      for (const method of ['GET', 'HEAD']) {
        const response = await door.request(method, `/assets/${name}`, undefined, anyone);
        expect(response.status, name).toBe(200);
        expect(Object.fromEntries(response.headers), name).toMatchObject({
          'content-type': type,
          'cache-control': cache,
          'x-content-type-options': 'nosniff',
          // Opened by itself, a picture runs nothing either.
          'content-security-policy': expect.stringMatching(/^default-src 'none'/),
        });
        expect(await response.text()).toBe(method === 'HEAD' ? '' : text);
      }
    }
    expect((await door.request('POST', '/assets/icon.svg')).status).toBe(405);
    expect((await door.request('GET', '/assets/icon.svg', undefined, { host: 'evil.example' })).status).toBe(
      403,
    );
  });

  test('has no file that is not one of its assets, however it is asked for', async () => {
    const door = doorWith(built());
    const { url, port, close } = await listen(
      openDoor({
        ports: {
          page: pageFiles(built()),
          allowed: () => ({ hosts: [`127.0.0.1:${port}`], origins: [] }),
        },
      }).app,
    );
    onTestFinished(close);
    for (const name of [
      '..',
      '.',
      '',
      '.hidden',
      '../secret.txt',
      '../../secret.txt',
      '..%2fsecret.txt',
      '..%2F..%2Fsecret.txt',
      '%2e%2e%2fsecret.txt',
      '%2e%2e/secret.txt',
      '..%5csecret.txt',
      '..\\secret.txt',
      '%252e%252e%252fsecret.txt',
      '....//secret.txt',
      'index-B7kQ_x-1.js/../../secret.txt',
      'folder',
      'folder/',
      'folder/x',
      'icon.svg%00',
      'icon.svg%00.js',
      '%00',
      '%zz',
      'ICON.SVG ',
      'nothing-B7kQ_x-1.js',
      '/etc/passwd',
      '//etc/passwd',
      'x'.repeat(300),
    ]) {
      const response = await door.request('GET', `/assets/${name}`, undefined, anyone);
      expect(await response.text(), name).not.toContain(SECRET);
      expect(response.status, name).not.toBe(500);
      expect(response.headers.get('cache-control'), name).toBe('no-store');
      // By the byte, since clients tidy addresses up.
      const head = `GET /assets/${name} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`;
      const answer = await raw(url, [head]);
      expect(answer, name).not.toContain(SECRET);
      expect(answer, name).toMatch(/^HTTP\/1\.1 (4\d\d|200)/);
    }
    expect(door.failures).toEqual([]);
  });
});
