/** What the documentation points to is there: files, and tests under the very names it gives. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { environment, settingNames } from '../../src/config/schema.ts';

const root = join(import.meta.dirname, '..', '..');
const pages = [
  'README.md',
  'AGENTS.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

function links(page: string): { words: string; target: string }[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/\[([^\]]+)\]\(([^)\s]+)\)/g)].map((match) => ({
    words: match[1] ?? '',
    target: match[2] ?? '',
  }));
}

test('docs/configuration.md tells of every setting and its variable', () => {
  const text = readFileSync(join(root, 'docs/configuration.md'), 'utf8');
  const untold = settingNames.filter((name) => {
    const variable = environment[name]?.variable;
    return !text.includes(`| \`${name}\` | ${variable === undefined ? '|' : `\`${variable}\` |`}`);
  });
  expect(untold).toEqual([]);
});

describe.each(pages)('%s', (page) => {
  test('links only to what is there, and to tests by their names', () => {
    const broken: string[] = [];
    for (const { words, target } of links(page)) {
      if (/^https?:/.test(target)) continue;
      const path = join(root, dirname(page), target);
      if (!existsSync(path)) broken.push(`${target} is not there`);
      else if (path.endsWith('.test.ts') && !readFileSync(path, 'utf8').includes(words)) {
        broken.push(`${target} has no test "${words}"`);
      }
    }
    expect(broken).toEqual([]);
  });
});
