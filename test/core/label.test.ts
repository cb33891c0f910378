/** Labels that are made of other names: one set of rules, whoever asks. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LABEL_CHARS, labelOf, labelOfTask } from '../../src/core/label.ts';

/** As `sessions_spawn` takes them. */
const label = /^[a-z0-9][a-z0-9-]{0,47}$/;

test.each([
  ['feat/add-auth', 'feat-add-auth'],
  ['Ünïcode/Straße', 'unicode-stra-e'],
  ['ﬁne²', 'fine2'],
  ['--upload-pack=x', 'upload-pack-x'],
  ['Fix_1.x', 'fix-1-x'],
  ['a -- b', 'a-b'],
  ['x'.repeat(60), 'x'.repeat(48)],
  [`${'x'.repeat(47)}/y`, 'x'.repeat(47)],
  ['all', 'all-work'],
  ['  ALL!', 'all-work'],
  ['漢字', undefined],
  ['-', undefined],
])('the name %j makes the label %j', (name, made) => expect(labelOf(name)).toBe(made));

test.each([
  ['Count to three, then stop at once.', 'count-to-three-then'],
  ['Überprüfe die Anmeldung', 'uberprufe-die-anmeldung'],
  ['Internationalisation of everything there', 'internationalisation-of-everythi'],
  ['all', 'all-work'],
  ['数を数える', 'subagent'],
])('the task %j makes the label %j', (task, made) => expect(labelOfTask(task)).toBe(made));

test('whatever a name or a task is, what comes of it is a label, the same each time', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc
          .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 100 })
          .map((units) => String.fromCharCode(...units)),
        fc.string({ unit: fc.constantFrom('a', 'L', 'İ', '-', '/', ' ', '́', '\ud800', '9'), maxLength: 80 }),
      ),
      fc.integer({ min: 8, max: LABEL_CHARS }),
      (name, most) => {
        const made = labelOf(name, most);
        expect(labelOf(name, most)).toBe(made);
        if (made === undefined) expect(name).not.toMatch(/[a-z0-9]/i);
        else {
          expect(made).toMatch(label);
          expect(made).not.toBe('all');
          expect(made.length).toBeLessThanOrEqual(most);
          expect(labelOf(made, most)).toBe(made);
        }
        expect(labelOfTask(name)).toMatch(label);
        expect(labelOfTask(name)).not.toBe('all');
      },
    ),
  );
});
