/** What the skills that ship tell a model to do can be done: as they are opened, by the tool, from the package's folder. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nodeShelf } from '../../src/hosts/node/skills/find.ts';
import { makeSkills } from '../../src/skills/open.ts';

async function opened(name: string): Promise<string> {
  const skills = makeSkills(await nodeShelf([join(import.meta.dirname, '../../skills')]));
  const reading = await skills.open(name, undefined);
  expect(reading).toMatchObject({ ok: true });
  return reading.text;
}

describe('the skill worktrees', () => {
  test('says how to open and merge a pull request, with nothing that a worktree may not write', async () => {
    const text = await opened('worktrees');
    expect(text).toMatch(/^git push origin subagent\/\S+$/m);
    expect(text).toMatch(/^gh pr create --head subagent\/\S+ --base main --title ".+" --body/m);
    expect(text).toContain('`gh pr merge --squash <number>`');
    expect(text).not.toMatch(/push (-u|--set-upstream)/);
    expect(text).not.toMatch(/gh pr merge[^`\n]*--delete-branch/);
  });

  test('says when that can’t be done, how one finds out, and who does it then', async () => {
    const text = await opened('worktrees');
    const section = text.slice(text.indexOf('## Pull requests instead'));
    expect(section).toContain("In a sandbox you can't open one");
    expect(section).toContain('git remote get-url origin && gh auth status');
    expect(section).toMatch(
      /\*\*If it fails\*\*.*Land locally, or give the person the branch and what to run/s,
    );
  });
});

describe('the skill review', () => {
  test('sends a reviewer to no place that it can’t write to', async () => {
    const text = await opened('review');
    expect(text).toContain('if you have `bash`');
    expect(text).toContain('write in `$TMPDIR` alone');
    expect(text).not.toMatch(/script[^.]* in `\/tmp`/);
  });

  test('has the patch handed to a reviewer that has no commands', async () => {
    expect(await opened('review')).toMatch(/the patch itself where commands don't run in a sandbox/);
  });
});
