import { describe, expect, test } from 'vitest';
import { worktreesIntent, worktreesTool } from '../../src/tools/worktrees.ts';

const landing = worktreesTool({ mayLand: true });
const looking = worktreesTool({ mayLand: false });
const fields = ({ schema }: typeof landing): string[] => Object.keys(Object(schema.input_schema.properties));

describe('worktrees', () => {
  test.each([
    [{ action: 'list' }, true],
    [{ action: 'diff', target: 'fix', offset: 20_000 }, true],
    [{ action: 'land', target: 'fix', message: 'fix: mend it' }, false],
    [{ action: 'remove', target: 'fix', discard: true }, false],
  ])('%j only looks: %s; what looks may be done again after a crash', (input, looks) => {
    expect(worktreesIntent(landing, input)).toEqual({
      do: 'work',
      readOnly: looks,
      repeatable: looks,
      processes: false,
    });
  });

  test.each([
    [{ action: 'diff' }, 'worktrees diff needs a `target`: a label, a path or an id.'],
    [{ action: 'land', message: 'x' }, 'worktrees land needs a `target`: a label, a path or an id.'],
    [
      { action: 'land', target: 'fix', message: 'one\ntwo' },
      'worktrees was not run, because its input is wrong: `message` must be one line that says something.',
    ],
    [
      { action: 'land', target: 'fix', force: true },
      'worktrees was not run, because its input is wrong: `force` is not a field here: there are action, target, offset, message, discard.',
    ],
  ])('%j is an error in words', (input, words) => {
    expect(worktreesIntent(landing, input)).toEqual({ do: 'error', text: words });
  });

  test('of a session that may not land only looks, and knows no word of landing', () => {
    expect(fields(looking)).toEqual(['action', 'target', 'offset']);
    expect(fields(landing)).toEqual(['action', 'target', 'offset', 'message', 'discard']);
    expect(looking.description).not.toMatch(/land:|remove/);
    for (const action of ['land', 'remove']) {
      expect(worktreesIntent(looking, { action, target: 'fix' })).toMatchObject({ do: 'error' });
    }
    expect(worktreesIntent(looking, { action: 'diff', target: 'fix' })).toMatchObject({ do: 'work' });
  });
});
