/** Pages that were too long to show: kept where the chat's sessions read them, and nowhere that a link leads to. */
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { keepPage } from '../../src/hosts/node/workshop/kept-output.ts';
import { freshFolder } from './setup.ts';

function place() {
  const [tmp, partial] = [freshFolder(), freshFolder()];
  return { tmp, partial, isTmp: true };
}

test('a page lies in the folder of the chat, under a name that its sessions can open', async () => {
  const at = place();
  const shown = await keepPage(at, 'call_1', 'All of it.');
  expect(shown).toMatch(/^\/tmp\/output\/page-call_1-[0-9a-f]{8}\.md$/);
  expect(readFileSync(join(at.tmp, 'output', basename(shown ?? '')), 'utf8')).toBe('All of it.');
});

test('a page is not kept where a link or a file lies in the place of the folder', async () => {
  const [linked, taken] = [place(), place()];
  const outside = freshFolder();
  symlinkSync(outside, join(linked.tmp, 'output'));
  writeFileSync(join(taken.tmp, 'output'), 'of a session');
  for (const at of [linked, taken]) expect(await keepPage(at, 'call_1', 'x')).toBeUndefined();
  expect(readdirSync(outside)).toEqual([]);
});
