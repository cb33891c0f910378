/** What of a text is a marker, and that all else of it passes as it is, however it comes in pieces. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formOf, LINE_CHARS, markerGroups, markersOf } from '../../src/markers/grammar.ts';
import { KEPT_MARKERS, makeReader, type Read, readText } from '../../src/markers/reader.ts';

const kinds = markersOf(markerGroups);
const read = (text: string): Read => readText([text], kinds);
const shown = (text: string): string => read(text).shown;
const names = (text: string): string[] => read(text).markers.map(({ name }) => name);

/** Every marker with words that fit it. */
const written = kinds.map((kind) =>
  kind.takes === 'words' ? `[${kind.name}: some words [1]]` : formOf(kind),
);

/** Lines of which a hostile or careless answer is made. */
const lines = fc.oneof(
  fc.constantFrom(
    ...written,
    ...written.map((marker) => marker.toLowerCase()),
    '',
    '   ',
    '```',
    '```ts',
    '~~~~',
    '  ```  ',
    '[END TASK]',
    'A sentence about [SESSION_STATUS] within.',
    '[SESSION_STATUS] and more',
    '[CREATE_SESSION: no end',
    '[CREATE_SESSION',
    '    [SESSION_STATUS]',
    '\t[SESSION_STATUS]',
    '> [SESSION_STATUS]',
    '[[SESSION_STATUS]]',
    '[SESSION_STATUSES]',
    '[LINK](https://example.org)',
    '[CREATE_SESSION: x]\r',
  ),
  fc.string({ maxLength: 30 }),
  fc.stringMatching(/^[ [\]:`~A-Z_]{0,30}$/),
);
const texts = fc.array(lines, { maxLength: 14 }).map((all) => all.join('\n'));

/** A text and how it comes: cut at these places. */
const streams = texts.chain((text) =>
  fc.tuple(fc.constant(text), fc.array(fc.nat({ max: text.length }), { maxLength: 30 })),
);

function inPieces(text: string, cuts: readonly number[]): Read & { readonly pieces: readonly string[] } {
  const reader = makeReader(kinds);
  const places = [...new Set([0, ...cuts, text.length])].sort((a, b) => a - b);
  const pieces = places.slice(1).map((end, at) => reader.push(text.slice(places[at], end)));
  pieces.push(reader.end());
  const { markers, more } = reader;
  return { shown: pieces.join(''), markers, more, pieces };
}

describe('the grammar', () => {
  test('each marker of the table is one on a line of its own, in capitals or not, and is taken out', () => {
    for (const [at, marker] of written.entries()) {
      for (const form of [marker, marker.toLowerCase(), `  ${marker} \t\r`]) {
        expect(names(`Before.\n\n${form}\n`), form).toEqual([kinds[at]?.name]);
        expect(shown(`Before.\n\n${form}`), form).toBe('Before.');
      }
    }
  });

  test('its words are all between the colon and the last bracket of the line', () => {
    expect(read('[CREATE_SESSION: org/repo mend a[0] in [x] ]').markers).toEqual([
      { name: 'CREATE_SESSION', words: 'org/repo mend a[0] in [x]' },
    ]);
  });

  test.each([
    'See [SESSION_STATUS] in the text.',
    '[SESSION_STATUS] is what I would say.',
    '[SESSION_STATUS: now]',
    '[SESSION_STATUSES]',
    '[SESSION STATUS]',
    '[CREATE_SESSION]',
    '[CREATE_SESSION org/repo do it]',
    '[[SESSION_STATUS]]',
    '- [SESSION_STATUS]',
    '> [SESSION_STATUS]',
    '    [SESSION_STATUS]',
    '\t[SESSION_STATUS]',
    '`[SESSION_STATUS]`',
    '[CREATE_SESSION: no end',
    '[CREATE_SESSION: two\nlines]',
    '[END TASK]',
    '[ſESSION_STATUS]',
    '[',
    '',
    '\n\n  \n',
  ])('%j only looks like a marker and passes unharmed', (text) => {
    expect(read(text)).toEqual({ shown: text, markers: [], more: 0 });
  });

  test('inside code fences markers are text, until the fence is closed', () => {
    const fenced = '```\n[SESSION_STATUS]\n~~~\n``` x\n[TASK_COMPLETE]\n```';
    expect(read(fenced)).toEqual({ shown: fenced, markers: [], more: 0 });
    expect(names(`${fenced}\n[SESSION_STATUS]`)).toEqual(['SESSION_STATUS']);
    const open = '~~~~md\n[SESSION_STATUS]\n~~~\n[SESSION_STATUS]';
    expect(read(open)).toEqual({ shown: open, markers: [], more: 0 });
    expect(names('``` not `` a fence\n[SESSION_STATUS]')).toEqual(['SESSION_STATUS']);
  });

  test('only the kinds that are named are markers', () => {
    const text = '[SESSION_STATUS]\n[CONTINUE: on]';
    expect(readText([text], markersOf(['sessions'])).shown).toBe('[CONTINUE: on]');
    expect(readText([text], markersOf(['manager'])).shown).toBe('[SESSION_STATUS]');
    expect(readText([text], markersOf([])).shown).toBe(text);
  });

  test('the blank lines around markers become the longest of them, and none at the ends', () => {
    expect(shown('A\n\n[SESSION_STATUS]\n\n[SESSION_STATUS]\n\nB')).toBe('A\n\nB');
    expect(shown('A\n[SESSION_STATUS]\nB')).toBe('A\nB');
    expect(shown('A\n[SESSION_STATUS]\n\nB\n')).toBe('A\n\nB\n');
    expect(shown('\n[SESSION_STATUS]\n\nB')).toBe('B');
    expect(shown('A\n\n\n[SESSION_STATUS]\n')).toBe('A');
  });
});

describe('a task for a worker', () => {
  const task = (text: string): (string | undefined)[] => read(text).markers.map((one) => one.task);

  test('is all lines up to its end, blank ones among them', () => {
    const lines = 'Create models:\n- User\n\nOutput expected:\n- models.py\n\nContext:\n- PostgreSQL';
    const text = `Off it goes.\n\n[TASK FOR WORKER]\n${lines}\n\n[END TASK]\n\nThat is all.`;
    expect(read(text)).toEqual({
      shown: 'Off it goes.\n\nThat is all.',
      markers: [{ name: 'TASK FOR WORKER', words: '', task: lines }],
      more: 0,
    });
    expect(task(`[TASK FOR WORKER]\n${lines}`)).toEqual([lines]);
  });

  test('ends at the next marker, which counts as well', () => {
    const text =
      '[TASK FOR WORKER]\nOne.\n[TASK FOR WORKER: app]\nTwo.\n[WORKER_ASSIGNED: a - two]\nOn we go.';
    expect(read(text)).toEqual({
      shown: 'On we go.',
      markers: [
        { name: 'TASK FOR WORKER', words: '', task: 'One.' },
        { name: 'TASK FOR WORKER', words: 'app', task: 'Two.' },
        { name: 'WORKER_ASSIGNED', words: 'a - two' },
      ],
      more: 0,
    });
  });

  test('keeps the code in it, whatever that holds', () => {
    const code = '```\n[END TASK]\n[SESSION_STATUS]\n```';
    expect(task(`[TASK FOR WORKER]\nRun this:\n${code}\n[END TASK]`)).toEqual([`Run this:\n${code}`]);
  });
});

describe('an answer', () => {
  test('ends a line where something else than text stands between', () => {
    const runs = ['I look.\n[SESSION_STATUS]', 'Found [it', '].'];
    expect(readText(runs, kinds)).toEqual({
      shown: 'I look.\nFound [it].',
      markers: [{ name: 'SESSION_STATUS', words: '' }],
      more: 0,
    });
    expect(names(runs.join(''))).toEqual([]);
  });

  test('that was cut off within a marker or a block neither shows it nor acts on it', () => {
    for (const [end, kept] of [
      ['[CREATE_SESSION: mend a[0]', []],
      ['[TASK FOR WORKER]\nMend', []],
      ['[SESSION_STATUS]\n[TASK FOR WORKER]', ['SESSION_STATUS']],
    ] as const) {
      const { shown: words, markers, cut } = readText([`Well.\n\n${end}`], kinds, true);
      expect([words, markers.map(({ name }) => name), cut], end).toEqual(['Well.', kept, true]);
    }
    const whole = 'Well.\n[CREATE_SESSION: mend it]\nSo [CREATE_SES';
    expect(readText([whole], kinds, true)).toEqual({
      shown: 'Well.\nSo [CREATE_SES',
      markers: [{ name: 'CREATE_SESSION', words: 'mend it' }],
      more: 0,
    });
  });
});

describe('a stream', () => {
  test('however a text comes in pieces, the same is shown of it and the same markers are found', () => {
    fc.assert(
      fc.property(streams, ([text, cuts]) => {
        const { pieces: _, ...split } = inPieces(text, cuts);
        expect(split).toEqual(read(text));
      }),
      { numRuns: 600 },
    );
  });

  test('a text without markers passes byte for byte', () => {
    const harmless = texts.filter(
      (text) => !kinds.some(({ name }) => text.toUpperCase().includes(`[${name}`)),
    );
    fc.assert(
      fc.property(harmless, fc.array(fc.nat({ max: 200 }), { maxLength: 20 }), (text, cuts) => {
        expect(
          inPieces(
            text,
            cuts.filter((cut) => cut <= text.length),
          ).shown,
        ).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  test('nothing but markers and blank lines is ever taken out', () => {
    const words = (text: string): string => text.replace(/\s+/g, '');
    fc.assert(
      fc.property(fc.array(lines, { maxLength: 14 }), (all) => {
        // Without blocks, whose lines are the task's.
        const kept = all.filter((line) => !/task for worker/i.test(line));
        const { shown: rest, markers } = read(kept.join('\n'));
        const taken = markers.reduce((sum, { name, words: said }) => sum + words(`${name}${said}`).length, 0);
        const lost = words(kept.join('\n')).length - words(rest).length;
        expect(lost - taken - 2 * markers.length).toBeLessThanOrEqual(markers.length);
        expect(lost >= taken).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('what can be no marker any more is shown at once, and what can be one is held back', () => {
    const reader = makeReader(kinds);
    expect(reader.push('Some wo')).toBe('Some wo');
    expect(reader.push('rds\n')).toBe('rds');
    expect(reader.push('\n[CREA')).toBe('');
    expect(reader.push('TED]')).toBe('\n\n[CREATED]');
    expect(reader.push('\n[CREATE_SESSION: a')).toBe('');
    expect(reader.push(' b')).toBe('');
    expect(reader.end()).toBe('\n[CREATE_SESSION: a b');
  });

  test('a marker without an end is held back up to a bound and then shown whole', () => {
    const reader = makeReader(kinds);
    let seen = '';
    let given = '';
    for (const piece of ['[CREATE_SESSION: ', ...Array<string>(400).fill('x'.repeat(100))]) {
      given += piece;
      seen += reader.push(piece);
      expect(given.length - seen.length).toBeLessThanOrEqual(LINE_CHARS);
    }
    expect(seen + reader.push(']') + reader.end()).toBe(`${given}]`);
    expect(reader.markers).toEqual([]);
  });

  test('a million markers are taken out, and of most only the number is kept', () => {
    const reader = makeReader(kinds);
    const thousand = '[STOP_SESSION: x]\n'.repeat(1_000);
    let seen = '';
    for (let n = 0; n < 1_000; n++) seen += reader.push(thousand);
    expect(seen + reader.end()).toBe('');
    expect(reader.markers).toHaveLength(KEPT_MARKERS);
    expect(reader.more).toBe(1_000_000 - KEPT_MARKERS);
  });

  test('a million blank lines, brackets and fences pass', () => {
    for (const line of ['\n', '[\n', '```\n', ' [CONTINUE:\n']) {
      const text = line.repeat(250_000);
      expect(shown(text) === text, JSON.stringify(line)).toBe(true);
    }
  });
});
