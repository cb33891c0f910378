import { describe, expect, test } from 'vitest';
import { type Check, check } from '../../src/cli/demo/check.ts';
import { checkEnding } from '../../src/cli/demo/ending.ts';
import { makeTimeline } from '../../src/cli/demo/timeline.ts';
import { verdict } from '../../src/cli/demo/verdict.ts';

const survivor = { pid: 42, started: '901', command: 'sleep 600' };
const holds = check('All is well', true, 'nothing');

describe('the verdict', () => {
  function told(...parts: readonly (readonly Check[])[]): { code: number; text: string } {
    const lines: string[] = [];
    const timeline = makeTimeline(
      (line) => lines.push(line),
      { colour: false, width: 60 },
      () => 0,
    );
    const titled = parts.map((checks, index) => ({ title: `Part ${index}`, checks }));
    return { code: verdict(timeline, titled), text: lines.join('\n') };
  }

  test('is 0 only if all of all parts holds', () => {
    const { code, text } = told([holds], [holds, holds]);
    expect(code).toBe(0);
    expect(text).toContain('All 3 hold.');
  });

  test('is 0 where something can not be looked at, and says so', () => {
    const { code, text } = told([check('No process is left', undefined, 'unknown')]);
    expect(code).toBe(0);
    expect(text).toContain('– No process is left (not checked');
  });

  test('is 1 and says what was found where a check failed', () => {
    const { code, text } = told([holds], checkEnding({ stopped: 143, left: [survivor] }));
    expect(code).toBe(1);
    expect(text.replaceAll(/\s+/g, ' ')).toContain('Found: it ended with 143; left: 42 (sleep 600)');
    expect(text).toContain('1 of 2 checks failed.');
  });
});

describe('the check of the end', () => {
  const okOf = (...facts: Parameters<typeof checkEnding>): (boolean | undefined)[] =>
    checkEnding(...facts).map(({ ok }) => ok);

  test('holds where the gateway stopped in order and left nothing', () => {
    expect(okOf({ stopped: 143, left: [] })).toEqual([true]);
  });

  test('fails where it had to be ended, or a process is left', () => {
    expect(okOf({ stopped: 'SIGKILL', left: [] })).toEqual([false]);
    expect(okOf({ stopped: 143, left: [survivor] })).toEqual([false]);
  });

  test('is left open where a system shows no processes', () => {
    expect(okOf({ stopped: 143, left: undefined })).toEqual([undefined]);
  });
});
