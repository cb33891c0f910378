import { execFileSync } from 'node:child_process';
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PrefixSubject } from '../../src/core/commands.ts';
import { nodeShelf } from '../../src/hosts/node/skills/find.ts';
import { makeSkills } from '../../src/skills/open.ts';
import { readShelf } from '../../src/skills/shelf.ts';
import type { SkillFolder } from '../../src/skills/skill.ts';
import { systemPrompt } from '../../src/tools/prompt.ts';
import { skill } from '../../src/tools/skill.ts';
import { makeToolset } from '../../src/tools/toolset.ts';
import { folderOf, skillText } from './folders.ts';

async function skillsIn(folder: string) {
  return makeSkills(await nodeShelf([folder], []));
}

describe('the tool skill', () => {
  test('opens a skill’s text, and says which files it has and where', async () => {
    const folder = folderOf({
      'pack/SKILL.md': skillText('pack', 'x\ncompatibility: Requires tar', '# Pack\n\nSee forms/a.md.\r\n'),
      'pack/forms/a.md': 'A',
      'zip/SKILL.md': skillText('zip'),
    });
    const skills = await skillsIn(folder);
    const whole = [
      '# Pack\n\nSee forms/a.md.',
      '[needs: Requires tar]',
      '[files of this skill, to open with `file`: forms/a.md]',
      `[its folder on this machine: ${folder}/pack]`,
    ].join('\n\n');
    expect(await skills.open('pack', undefined)).toEqual({ ok: true, text: whole });
    expect(await skills.open('pack', 'SKILL.md')).toEqual({ ok: true, text: whole });
    expect(await skills.open('zip', undefined)).toEqual({ ok: true, text: 'How to zip.' });
  });

  test('opens one of its files, as it is now', async () => {
    const folder = folderOf({ 'pack/SKILL.md': skillText('pack'), 'pack/forms/a.md': 'One.' });
    const skills = await skillsIn(folder);
    expect(await skills.open('pack', 'forms/a.md')).toEqual({ ok: true, text: 'One.' });
    expect(await skills.open('pack', './forms//a.md')).toEqual({ ok: true, text: 'One.' });
    writeFileSync(join(folder, 'pack/forms/a.md'), 'Two.');
    expect(await skills.open('pack', 'forms/a.md')).toEqual({ ok: true, text: 'Two.' });
    rmSync(join(folder, 'pack/forms/a.md'));
    expect(await skills.open('pack', 'forms/a.md')).toMatchObject({ ok: false });
  });

  test('says what there is when a skill or a file is unknown', async () => {
    const skills = await skillsIn(
      folderOf({ 'pack/SKILL.md': skillText('pack'), 'pack/a.md': 'A', 'zip/SKILL.md': skillText('zip') }),
    );
    expect(await skills.open('Pack\u0007', undefined)).toEqual({
      ok: false,
      text: 'There is no skill "Pack\\u0007"; there are pack, zip.',
    });
    expect(await skills.open('pack', 'b.md')).toEqual({
      ok: false,
      text: 'The skill "pack" has no file "b.md". It has SKILL.md, a.md.',
    });
    expect(await skills.open('zip', 'b.md')).toEqual({
      ok: false,
      text: 'The skill "zip" has no file "b.md". The skill "zip" has only its SKILL.md.',
    });
  });

  test.each([
    ['../secret.md', 'may not lead out'],
    ['forms/../../secret.md', 'may not lead out'],
    ['..', 'may not lead out'],
    ['/etc/passwd', "relative to the skill's folder"],
    ['C:\\secret.md', "relative to the skill's folder"],
    ['~/secret.md', "relative to the skill's folder"],
    ['forms\\a.md', 'must be parted by /'],
    ['a\0.md', 'NUL'],
    ['./', 'must name a file'],
    ['forms', 'it is a folder'],
    ['out.md', 'is a link that leads out'],
    ['outside/secret.md', 'is a link that leads out'],
    ['round.md', 'go in a circle'],
    ['pipe', 'not an ordinary file'],
    ['x'.repeat(1_000), 'too long for the file system'],
    ['forms/a.md/b', 'has no file'],
  ])('refuses the file %j in words and never reads outside of its folder', async (file, words) => {
    const folder = folderOf({
      'secret.md': 'SECRET',
      'pack/SKILL.md': skillText('pack'),
      'pack/forms/a.md': 'A',
    });
    symlinkSync('../secret.md', join(folder, 'pack/out.md'));
    symlinkSync('..', join(folder, 'pack/outside'));
    symlinkSync('round.md', join(folder, 'pack/round.md'));
    execFileSync('mkfifo', [join(folder, 'pack/pipe')]);
    const skills = await skillsIn(join(folder, 'pack'));
    const { ok, text } = await skills.open('pack', file);
    expect(ok).toBe(false);
    expect(text).toContain(words);
    expect(text).not.toContain('SECRET');
  });

  test('shows of a long file the beginning and says how much is left out', async () => {
    const folder = folderOf({
      'pack/SKILL.md': skillText('pack'),
      'pack/long.md': 'é'.repeat(70_000),
      'pack/huge.md': 'x'.repeat(2_000_001),
      'pack/picture.png': Uint8Array.of(0x89, 0x50, 0, 0xff),
      'pack/blank.md': ' \n',
    });
    const skills = await skillsIn(folder);
    const long = await skills.open('pack', 'long.md');
    expect(long.ok).toBe(true);
    expect(long.text).toBe(
      `${'é'.repeat(60_000)}\n\n[the last 10000 of 70000 characters are left out. On this machine it is ${folder}/pack/long.md.]`,
    );
    expect((await skills.open('pack', 'huge.md')).text).toContain(
      '"huge.md" has 2000001 bytes, too many to be shown.',
    );
    expect((await skills.open('pack', 'picture.png')).text).toContain('is not a text in UTF-8, but 4 bytes');
    expect(await skills.open('pack', 'blank.md')).toEqual({ ok: true, text: '"blank.md" is empty.' });
  });

  test('serves skills that were bundled, where there is no file system', async () => {
    const files: Record<string, string> = { 'SKILL.md': skillText('pack'), 'a.md': 'A' };
    const folder: SkillFolder = {
      name: 'pack',
      place: 'the bundle',
      async read(file) {
        const text = files[file];
        return text === undefined
          ? { kind: 'missing' }
          : { kind: 'bytes', bytes: new TextEncoder().encode(text) };
      },
      list: async () => ({ files: ['a.md'], outside: [], more: false }),
    };
    const skills = makeSkills(await readShelf({ folders: [folder], problems: [] }, []));
    expect((await skills.open('pack', undefined)).text).toBe(
      'How to pack.\n\n[files of this skill, to open with `file`: a.md]',
    );
    expect(await skills.open('pack', 'a.md')).toEqual({ ok: true, text: 'A' });
  });
});

describe('what a session is told of skills', () => {
  const settings = {
    canWork: false,
    canFetch: false,
    repositories: [],
    models: ['m'],
    maxMinutes: 1,
    maxUsd: 1,
    choose: () => ({ ok: true as const, model: 'm', priced: true }),
    judge: () => ({ is: 'run' as const }),
  };
  const trust = 'auto' as const;
  const subjects: PrefixSubject[] = [
    { kind: 'main', role: 'worker', mayDelegate: true, model: 'm' },
    { kind: 'subagent', role: 'worker', mayDelegate: false, model: 'm' },
  ];

  test('is nothing where there are none: neither a tool nor a word', () => {
    for (const subject of subjects) {
      expect(
        makeToolset(settings)
          .schemas(subject)
          .map(({ name }) => name),
      ).not.toContain('skill');
      expect(systemPrompt(subject, undefined, { skills: [], canWork: true }).join()).not.toMatch(/skill/i);
      const call = { id: 'c', name: 'skill', input: { name: 'pack' } };
      expect(makeToolset(settings).intend(call, { ...subject, trust }).intent).toMatchObject({ do: 'error' });
    }
  });

  test('is the same in main sessions and subagents, with each name and description in a line', () => {
    const skills = [
      { name: 'pack', description: 'Packs.' },
      { name: 'zip', description: 'Zips.' },
    ];
    for (const subject of subjects) {
      const tools = makeToolset({ ...settings, hasSkills: true });
      expect(tools.schemas(subject)).toContainEqual(skill.schema);
      expect(systemPrompt(subject, undefined, { skills, canWork: true }).join()).toContain(
        '\n- pack: Packs.\n- zip: Zips.',
      );
      expect(
        tools.intend({ id: 'c', name: 'skill', input: { name: 'pack' } }, { ...subject, trust }),
      ).toEqual({
        summary: 'skill: pack',
        intent: { do: 'work', readOnly: true, repeatable: true, processes: false },
      });
    }
  });
});
