import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/problems.ts';
import { adminToken, adminTokenPath } from '../../src/hosts/node/admin-token.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'tidings-token-')), 'data');
  path = adminTokenPath(folder);
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

const mode = (of: string) => (statSync(of).mode & 0o777).toString(8);

describe('the admin token', () => {
  test('is made at the first start, readable to its user only, and the same ever after', () => {
    const first = adminToken({}, folder);
    expect(first).toMatchObject({ from: 'made', path, token: expect.stringMatching(/^[\w-]{32}$/) });
    expect(mode(path)).toBe('600');
    expect(mode(folder)).toBe('700');
    expect(readFileSync(path, 'utf8')).toBe(`${first.token}\n`);
    expect(adminToken({}, folder)).toEqual({ token: first.token, from: 'file', path });
  });

  test('differs from folder to folder', () => {
    expect(adminToken({}, folder).token).not.toBe(adminToken({}, `${folder}2`).token);
  });

  test('is the configured one where there is one, which is not written down', () => {
    expect(adminToken({ token: 'configured-token' }, folder)).toEqual({
      token: 'configured-token',
      from: 'configuration',
    });
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
  });

  test('is made whole after a crash in the middle of making it, whatever the mode of what was left', () => {
    mkdirSync(folder);
    writeFileSync(`${path}.new`, 'hal', { mode: 0o666 });
    const made = adminToken({}, folder);
    expect(made.from).toBe('made');
    expect(mode(path)).toBe('600');
    expect(readFileSync(path, 'utf8')).toBe(`${made.token}\n`);
    expect(statSync(`${path}.new`, { throwIfNoEntry: false })).toBeUndefined();
  });

  test.each(['644', '640', '666', '604'])('with mode %s is tightened, and its user told', (open) => {
    const { token } = adminToken({}, folder);
    chmodSync(path, Number.parseInt(open, 8));
    const again = adminToken({}, folder);
    expect(again.token).toBe(token);
    expect(again.notice).toBe(
      `${path} was open to other users of this machine (mode 0${open}); it is 0600 now. If somebody may have read it, remove it and start again for a new token.`,
    );
    expect(mode(path)).toBe('600');
    expect(adminToken({}, folder).notice).toBeUndefined();
  });

  test.each([
    ['', 'is empty'],
    [' \n', 'is empty'],
    ['too-short', 'does not hold a usable token'],
    ['two words in one file', 'does not hold a usable token'],
    ['first-line-is-fine\nbut-there-is-more', 'does not hold a usable token'],
    ['\0'.repeat(32), 'does not hold a usable token'],
  ])('in a file that holds %j is refused, and what it holds is not printed', (text, what) => {
    mkdirSync(folder);
    writeFileSync(path, text, { mode: 0o600 });
    expect(() => adminToken({}, folder)).toThrow(
      new ConfigError([
        `${path} ${what}; it must hold the admin token of at least 16 characters. Remove it, and the next start makes a new one, or set TIDINGS_TOKEN.`,
      ]),
    );
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  test('a folder in its place is refused', () => {
    mkdirSync(path, { recursive: true });
    expect(() => adminToken({}, folder)).toThrow(/admin-token is not a file; it must hold the admin token/);
  });

  test('a data folder that cannot be is refused with the reason', () => {
    writeFileSync(folder, '');
    expect(() => adminToken({}, folder)).toThrow(ConfigError);
    expect(() => adminToken({}, folder)).toThrow(
      /can't be read or kept: EEXIST.*name another in TIDINGS_DATA/,
    );
  });
});
