/** How a text in Markdown begins, where there is room for a line. */
import { expect, test } from 'vitest';
import { beginning } from '../../src/web/team/beginning.ts';

test('the beginning of a text is its first words, without what makes them Markdown', () => {
  expect(beginning('\n## Plan\n\n- **Read** what is there\n> and `run` it\nmore')).toBe(
    'Plan Read what is there and run it',
  );
  expect(beginning('**All** of it is done.')).toBe('All of it is done.');
  expect(beginning('---\n***\n')).toBe('');
  expect(beginning('w'.repeat(1_000))).toHaveLength(300);
});

test('names and patterns in it stay as they are', () => {
  const words = 'Review 014_orders.sql and __init__.py, then src/**/*.ts and *.md with -rf';
  expect(beginning(words)).toBe(words);
  expect(beginning('-rf is dangerous, #12 says')).toBe('-rf is dangerous, #12 says');
});
