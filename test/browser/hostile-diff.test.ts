/**
 * The changes of a subagent as its drawer shows them, when what it committed was made to attack whoever looks: names of
 * files and lines with markup, controls and characters that aren't seen, a huge line, very many lines, bytes that are no
 * text. Nothing runs, nothing lies beside its place, and what can't be seen is named.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { bash, cast } from '../e2e/cast.ts';
import { freshFolder, openHouse } from '../e2e/harness.ts';
import { git, repository } from '../workshop/setup.ts';
import { payloads } from './attack-corpus.ts';
import { openAt, row, said, seen, soon, type } from './person.ts';

/** A name of at most 240 bytes, as a folder takes it. */
const named = (words: string): string =>
  Buffer.from(words.replaceAll('/', '∕'))
    .subarray(0, 240)
    .toString('utf8')
    .replace(/\ufffd$/, '');

/** Of each, how the page is to show it. */
const names: ReadonlyMap<string, string> = new Map([
  ...payloads
    .filter((one) => /^[\x20-\x7e]+$/.test(one))
    .map((one): [string, string] => [named(one), named(one)]),
  ['admin\u202egnp.exe', 'adminU+202Egnp.exe'],
  ['a\u2066b\u2069c\u200bd\ufeffe', 'aU+2066bU+2069cU+200BdU+FEFFe'],
  ['\u001b[31mred\u001b[0m\u0007', 'U+001B[31mredU+001B[0mU+0007'],
  ['two\nlines\tand\rmore', 'two\nlines\tandU+000Dmore'],
  ['a b/a b/"quoted" \\ back', 'a b/a b/"quoted" \\ back'],
  ['-rf --no-index', '-rf --no-index'],
]);

const lines = 10_000;
const contents: Readonly<Record<string, string | Uint8Array>> = {
  'every payload': `${payloads.join('\n')}\n`,
  'many lines': Array.from({ length: lines }, (_, n) => `line ${n} <b>\n`).join(''),
  'one line': 'w'.repeat(100_000),
  'bytes.bin': Uint8Array.from({ length: 2_000 }, (_, n) => (n * 7) % 256),
  'windows.txt': 'one\r\ntwo\r\n',
  'escapes.txt': '\u001b]8;;http://attacker.invalid\u0007link\u001b]8;;\u0007 \u001b[2J \u0008 \u009b31m\n',
  'a patch.txt':
    'diff --git a/evil b/evil\n--- a/evil\n+++ b/evil\n@@ -1 +1 @@\n-<script>window.ran=1</script>\n+x\n',
};

/** Whatever of the diff isn't made of what it may be made of; empty: nothing. */
function strangers(diff: Locator): Promise<string[]> {
  return diff.evaluate((box) => {
    const elements = new Set(['details', 'summary', 'code', 'span', 'pre', 'mark', 'p', 'button']);
    const attributes = new Set(['class', 'open', 'tabindex', 'title', 'type', 'data-kind', 'data-returns']);
    const wrong = [...box.querySelectorAll('*')].filter(
      (one) =>
        !elements.has(one.localName) ||
        [...one.attributes].some(({ name, value }) => !attributes.has(name) || value.includes('window.')),
    );
    return [...wrong.map(({ outerHTML }) => outerHTML.slice(0, 120)), ...('ran' in window ? ['it ran'] : [])];
  });
}

/** What reaches beyond its place; a line that is too long scrolls in its own file. */
function beside(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const wide = [...document.querySelectorAll('html, .drawer, .drawer-scroll, .diff')].filter(
      ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth,
    );
    const scroll = document.querySelector('.drawer-scroll')?.getBoundingClientRect();
    const out = [...document.querySelectorAll('.diff-file, .diff-file > *')].filter((one) => {
      const { left, right } = one.getBoundingClientRect();
      return !scroll || left < scroll.left - 1 || right > scroll.right + 1;
    });
    return [...wide, ...out].map(({ className, localName }) => `${localName}.${className}`);
  });
}

test('a patch made to attack is shown as it is: nothing of it runs, breaks the page or hides', async () => {
  const made = join(freshFolder(), 'made');
  for (const [path, content] of [
    ...[...names.keys()].map((name) => [name, 'x\n'] as const),
    ...Object.entries(contents),
  ]) {
    mkdirSync(dirname(join(made, path)), { recursive: true });
    writeFileSync(join(made, path), content);
  }
  const app = repository({ 'windows.txt': 'one\n', 'old\u200bname.txt': 'a\nb\nc\nd\n' });
  const house = await openHouse({
    config: { repositories: { app } },
    script: cast({
      main: { text: 'Well.' },
      'Bring it': [
        {
          toolCalls: [
            bash(
              `git mv "$(printf 'old\\342\\200\\213name.txt')" '<b>new.txt' && cp -r ${made}/. . && git add -A && git commit -qm all`,
            ),
          ],
        },
        { text: 'Brought.' },
      ],
    }),
  });
  const chat = await house.client.newChat();
  await chat.spawn({ task: 'Bring it.', label: 'bringer', repo: 'app' });
  const page = await openAt(house, chat);
  page.on('dialog', () => expect.fail('something opened a dialog'));
  await row(page, 'bringer', 'done').click();
  expect(git(app, 'log', '-1', '--format=%s', 'subagent/bringer')).toBe('all');
  const drawer = page.getByRole('dialog', { name: 'bringer' });
  await drawer.getByRole('tab', { name: 'Changes' }).click();
  const diff = drawer.locator('.diff');
  const files = diff.locator('details');
  const more = diff.getByRole('button', { name: /^More/ });
  await seen(files);
  const count = names.size + Object.keys(contents).length + 1;
  await soon(async () => {
    if (await more.isVisible()) await more.click();
    return files.count();
  }).toBe(count);

  // Names, and where one was called otherwise before.
  const shown = await files.locator('summary code').allTextContents();
  expect(new Set(shown)).toEqual(
    new Set([...names.values(), ...Object.keys(contents), 'oldU+200Bname.txt → <b>new.txt']),
  );
  const file = (name: string): Locator => files.nth(shown.indexOf(name));
  const text = (name: string): Promise<string | null> => file(name).locator('pre').textContent();
  expect(await file('many lines').locator('summary').textContent()).toContain(`+${lines}`);

  // All of it at once, as whoever unfolds each would have it.
  await files.evaluateAll((all) => {
    for (const one of all) if (one instanceof HTMLDetailsElement) one.open = true;
  });
  await soon(() => diff.locator('.diff-line').count()).toBeGreaterThan(lines + payloads.length);
  expect(await strangers(diff)).toEqual([]);
  const all = (await diff.textContent()) ?? '';
  expect(all).not.toMatch(/[^\P{C}\n\t]|\p{Default_Ignorable_Code_Point}/u);
  for (const one of payloads.filter((line) => /^[\x20-\x7e]+$/.test(line))) expect(all).toContain(`+${one}`);
  expect(all).toContain('adminU+202Egnp.exe');
  expect(await text('windows.txt')).toMatch(/-one\n\+oneU\+000D\n\+twoU\+000D\n/);
  expect(await text('escapes.txt')).toContain('+U+001B]8;;http://attacker.invalidU+0007link');
  expect(await text('escapes.txt')).toContain(' U+001B[2J U+0008 ');
  expect(await text('bytes.bin')).toContain('Binary files');
  expect(await text('every payload')).toContain('aU+2066bU+2069cU+200B');
  // A patch in a file is what the file holds.
  expect(await text('a patch.txt')).toContain('+@@ -1 +1 @@\n+-<script>window.ran=1</script>\n');
  expect(await text('one line')).toContain(`+${'w'.repeat(100_000)}\n`);

  for (const width of [1400, 360]) {
    await page.setViewportSize({ width, height: 800 });
    expect(await beside(page), `at ${width}`).toEqual([]);
  }
  await page.setViewportSize({ width: 1400, height: 900 });
  await type(page, 'Still here.');
  await seen(said(page, 'You', 'Still here.'));
  await seen(said(page, 'Assistant', 'Well.'));
  expect(await strangers(diff)).toEqual([]);
});
