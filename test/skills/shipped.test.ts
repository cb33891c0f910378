/** What the skills that ship tell a model to do can be done: as they are opened, by the tool, from the package's folder. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { nodeShelf } from '../../src/hosts/node/skills/find.ts';
import { markerGroups, markerIn, markersOf } from '../../src/markers/grammar.ts';
import { readText } from '../../src/markers/reader.ts';
import { makeSkills } from '../../src/skills/open.ts';
import { skillNeeds } from '../../src/skills/skill.ts';
import { call, chat, latestWords } from '../core/play.ts';

async function opened(name: string): Promise<string> {
  const skills = makeSkills(await nodeShelf([join(import.meta.dirname, '../../skills')], skillNeeds));
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

describe('the skill markers', () => {
  test('shows nothing in brackets that is no marker, and every marker that there is', async () => {
    const text = await opened('markers');
    const kinds = markersOf(markerGroups);
    const shown = [...text.matchAll(/^```\n([\s\S]*?)^```$/gm)]
      .flatMap(([, lines = '']) => lines.split('\n'))
      .filter((line) => line.startsWith('[') && line !== '[END TASK]');
    const names = shown.map((line) => markerIn(line, kinds)?.name ?? line);
    expect(new Set(names)).toEqual(new Set(kinds.map(({ name }) => name)));
    // The skill itself, read or said, does nothing.
    expect(readText([text], kinds)).toEqual({ shown: text, markers: [], more: 0 });
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

describe('the skill manager-plan', () => {
  test('shows calls that the tool takes, each of which is as the text says', async () => {
    const calls = [...(await opened('manager-plan')).matchAll(/```json\n(.*?)\n```/gs)].map(([, json = '']) =>
      z.record(z.string(), z.json()).parse(JSON.parse(json)),
    );
    expect(calls.map(({ action }) => action)).toEqual(['set', 'update', 'update']);
    const main = chat();
    main.say('Go.');
    for (const input of calls.slice(0, 2)) {
      main.answer([call('plan', input)]);
      expect(JSON.parse(latestWords(main)[0] ?? '')).toMatchObject({ status: 'accepted' });
    }
    expect(main.state.plan?.tasks.map(({ id }) => id)).toEqual([
      'models',
      'endpoints',
      'check',
      'together',
      'guide',
    ]);
    main.answer([call('plan', calls[2] ?? {})]);
    expect(latestWords(main)[0]).toContain("together can't be completed before");
  });
});
