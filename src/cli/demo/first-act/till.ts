/** The repository of the first act: a till that splits the bill, with a bug and a test that fails for it. */
import type { Beginning } from '../repository.ts';
import { repositoryName } from './story.ts';

export const till: Beginning = {
  name: repositoryName,
  subject: 'A till that splits the bill',
  files: {
    'package.json': `${JSON.stringify({ name: repositoryName, private: true, type: 'module', scripts: { test: 'node --test' } }, null, 2)}\n`,
    'README.md': '# Till\n\nSplits the bill.\n',
    'AGENTS.md': 'Run the tests with `node --test`. There is nothing to install.\n',
    'src/split.js': `/** Splits an amount among people, in whole cents. */
export function split(cents, people) {
  const share = Math.floor(cents / people);
  return Array.from({ length: people }, () => share);
}
`,
    'test/split.test.js': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { split } from '../src/split.js';

test('four share 10.00 evenly', () => {
  assert.deepEqual(split(1000, 4), [250, 250, 250, 250]);
});

test('no cent is lost when three share 10.00', () => {
  assert.equal(split(1000, 3).reduce((sum, share) => sum + share), 1000);
});
`,
  },
};
