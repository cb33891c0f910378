/** What words of these clients are taken for: yes and no, names of sessions, lines of a patch. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changedLines, sessionName } from '../../../src/mcp/dialects/247-session.ts';
import { decisionIn } from '../../../src/mcp/dialects/answers.ts';

/** As `sessions_spawn` takes them. */
const label = /^[a-z0-9][a-z0-9-]{0,47}$/;

describe('the first word decides', () => {
  test.each([
    { text: 'y', decision: 'allow' },
    { text: ' YES ', decision: 'allow' },
    { text: '1', decision: 'allow' },
    { text: '2', decision: 'allow' },
    { text: 'Approve.', decision: 'allow' },
    { text: 'yes, but only once', decision: 'allow', reason: 'but only once' },
    { text: 'n', decision: 'deny' },
    { text: '3', decision: 'deny' },
    { text: 'No! Use pnpm.\nIt is there.', decision: 'deny', reason: 'Use pnpm.\nIt is there.' },
  ])('$text', ({ text, decision, reason }) => {
    expect(decisionIn(text)).toEqual({ decision, ...(reason === undefined ? {} : { text: reason }) });
  });

  test.each(['', ' ', 'Well.', 'yesterday', 'nobody said no', 'not now', '11', 'do it', '？', '"yes"'])(
    'and "%s" decides nothing',
    (text) => expect(decisionIn(text)).toBeUndefined(),
  );
});

test('whatever a branch or project is called, the name of its session is a label', () => {
  expect(sessionName('app', 'feat/add-auth')).toBe('app--spawn-feat-add-auth');
  expect(sessionName('app', '漢字')).toMatch(/^app--spawn-[a-z]+-\d\d$/);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0xffff })), (units) => {
      const name = String.fromCharCode(...units);
      expect(sessionName(name)).toMatch(label);
      expect(sessionName('app', name)).toMatch(label);
      expect(sessionName('an_even-longer-name-of-a-repository-than-one-would-give-to-any', name)).toMatch(
        label,
      );
    }),
  );
});

test('lines of a patch are counted, those of its heads are not', () => {
  const patch = [
    'diff --git a/a b/a',
    '--- a/a',
    '+++ b/a',
    '@@ -1,2 +1,3 @@',
    ' same',
    '-old',
    '+++ new',
    '+more',
    'diff --git a/b b/b',
    'deleted file mode 100644',
    '--- a/b',
    '+++ /dev/null',
    '@@ -1 +0,0 @@',
    '--- gone',
  ].join('\n');
  expect(changedLines(patch)).toEqual({ linesAdded: 2, linesRemoved: 2 });
});
