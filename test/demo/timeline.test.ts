import { describe, expect, test } from 'vitest';
import { lookOf, makeTimeline, wrap } from '../../src/cli/demo/timeline.ts';

const colours = '\u001b[';

function printed(look: { colour: boolean; width: number }): string[] {
  const lines: string[] = [];
  const timeline = makeTimeline(
    (line) => lines.push(line),
    look,
    () => 12_345,
  );
  timeline.rule('… and started again. Nobody tells it what to do, and it goes on by itself');
  timeline.line('sub:write-docs', `writes ${'a-very-long-word-'.repeat(8)} and then some more words`);
  timeline.say('A paragraph that is longer than one line of a narrow terminal can hold.');
  timeline.item('✓', 'A check whose words are longer than one line of a narrow terminal can hold.');
  return lines;
}

describe('a timeline', () => {
  test.each([40, 60, 80, 100])('has no line longer than %i columns', (width) => {
    for (const line of printed({ colour: false, width })) expect(line.length).toBeLessThanOrEqual(width);
  });

  test('says when and who', () => {
    const lines = printed({ colour: false, width: 60 });
    expect(lines.some((line) => line.startsWith(' 12.3s    write-docs writes'))).toBe(true);
  });

  test('has the same words with and without colour', () => {
    const coloured = printed({ colour: true, width: 60 });
    expect(coloured.join('\n')).toContain(colours);
    const plain = coloured.map((line) =>
      line
        .split(colours)
        .map((part, i) => (i === 0 ? part : part.replace(/^\d+m/, '')))
        .join(''),
    );
    expect(plain.map((line) => line.trimEnd())).toEqual(printed({ colour: false, width: 60 }));
  });
});

describe('the look', () => {
  test('has colour only in a terminal that wants it', () => {
    expect(lookOf({ isTTY: true, columns: 80 }, {})).toEqual({ colour: true, width: 80 });
    expect(lookOf({ isTTY: true, columns: 80 }, { NO_COLOR: '1' }).colour).toBe(false);
    expect(lookOf({ isTTY: true, columns: 80 }, { TERM: 'dumb' }).colour).toBe(false);
    expect(lookOf({}, {}).colour).toBe(false);
  });

  test('keeps lines readable in a very narrow and a very wide terminal', () => {
    expect(lookOf({ isTTY: true, columns: 12 }, {}).width).toBe(40);
    expect(lookOf({ isTTY: true, columns: 400 }, {}).width).toBe(100);
  });
});

test('a text is wrapped at blanks and loses nothing', () => {
  const text = 'one two three four five six seven';
  expect(wrap(text, 9)).toEqual(['one two', 'three', 'four five', 'six seven']);
  expect(wrap('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
});
