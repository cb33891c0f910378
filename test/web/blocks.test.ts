/** What the page reads of Markdown, within bounds: whatever is written, reading it comes to an end. */
import { expect, test } from 'vitest';
import { blocksOf } from '../../src/web/text/blocks.ts';
import { heavy, payloads, swallowing } from '../browser/attack-corpus.ts';

// Without its bounds some of these take minutes, which the runner doesn't wait for.
test.each(Object.entries(heavy))(
  '%s, a hundred thousand deep, are read or left as they were written',
  (_, text) => {
    const blocks = blocksOf(text);
    if (blocks)
      expect(
        blocks
          .map(({ raw }) => raw)
          .join('')
          .trim(),
      ).toBe(text.trim());
    expect(text.length).toBeGreaterThan(90_000);
  },
);

test('not a letter of what was made to attack is lost', () => {
  const lost = [...payloads, ...swallowing].filter(
    (text) =>
      (blocksOf(text) ?? [])
        .map(({ raw }) => raw)
        .join('')
        .trim() !== text.trim(),
  );
  expect(lost).toEqual([]);
});

test('headings are an outline, whatever level they begin at or leave out', () => {
  const levels = (text: string) =>
    blocksOf(text)?.flatMap((one) => (one.type === 'heading' ? [Number(one.depth)] : []));
  expect(levels('### a\n\n#### b\n\n### c')).toEqual([1, 2, 1]);
  expect(levels('# a\n\n#### b\n\n#### c\n\n## d')).toEqual([1, 2, 3, 2]);
});

test('a long paragraph with much emphasis is still read', () => {
  const [block] = blocksOf('A *word* and a **strong** one. '.repeat(200)) ?? [];
  expect(JSON.stringify(block).match(/"type":"strong"/g)).toHaveLength(200);
});
