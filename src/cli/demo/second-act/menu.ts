/** The repository of the second act: a menu that shows prices, with a bug, a test that fails for it, and old files. */
import type { Beginning } from '../repository.ts';
import { repositoryName, work } from './story.ts';

const old = Object.fromEntries(work.old.map((path) => [path, 'dish,cents\nsoup,650\ncurry,1150\n']));

/** The line that is to be mended. */
export const bug = '  return String(cents / 100);';

export const menu: Beginning = {
  name: repositoryName,
  subject: 'A menu with prices',
  files: {
    'package.json': `${JSON.stringify({ name: repositoryName, private: true, type: 'module', scripts: { test: 'node --test' } }, null, 2)}\n`,
    'AGENTS.md': 'Run the tests with `node --test`. There is nothing to install.\n',
    [work.source]: `/** A price in cents, as the menu shows it. */
export function price(cents) {
${bug}
}
`,
    'test/price.test.js': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { price } from '../src/price.js';

test('a price has two decimals', () => {
  for (const [cents, right] of [[900, '9.00'], [650, '6.50'], [1250, '12.50']])
    assert.equal(price(cents), right, \`\${right} is shown as \${price(cents)}\`);
});
`,
    ...old,
  },
};
