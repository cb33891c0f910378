import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeSkills } from '../../src/cli/skills.ts';
import { nodeShelf } from '../../src/hosts/node/skills/find.ts';
import { makeSkills } from '../../src/skills/open.ts';
import { problemLine, readShelf } from '../../src/skills/shelf.ts';
import { type SkillFolder, skillNeeds } from '../../src/skills/skill.ts';
import { folderOf, skillText } from './folders.ts';

async function look(...paths: string[]) {
  const shelf = await nodeShelf(paths, []);
  return { names: shelf.skills.map(({ name }) => name), lines: shelf.problems.map(problemLine), shelf };
}

describe('skills on a disk', () => {
  test('are found in a folder of them and as single ones, and stand in the order of their names', async () => {
    const many = folderOf({
      'zip/SKILL.md': skillText('zip'),
      'bake/SKILL.md': skillText('bake'),
      'README.md': '# Not a skill',
      '.git/config': 'hidden',
      'node_modules/x/SKILL.md': skillText('x'),
    });
    const one = folderOf({ 'pack/SKILL.md': skillText('pack'), 'pack/forms/a.md': 'A' });
    const { names, lines, shelf } = await look(many, join(one, 'pack'), many);
    expect(names).toEqual(['bake', 'pack', 'zip']);
    expect(lines).toEqual([]);
    expect(shelf.skills[1]?.files).toEqual({ files: ['forms/a.md'], outside: [], more: false });
    expect(describeSkills(shelf)).toMatchObject({ code: 0, text: expect.stringContaining('3 skills:') });
  });

  test('keep their name: the first found is used, the other is named with both places', async () => {
    const first = folderOf({ 'pack/SKILL.md': skillText('pack', 'First.') });
    const second = folderOf({ 'pack/SKILL.md': skillText('pack', 'Second.') });
    const { names, lines, shelf } = await look(first, second);
    expect(names).toEqual(['pack']);
    expect(shelf.skills[0]?.description).toBe('First.');
    expect(lines).toEqual([
      `The skill in ${second}/pack is left out: the name "pack" is taken by the skill in ${first}/pack: give it another name.`,
    ]);
    expect(describeSkills(shelf)).toMatchObject({ code: 0, text: expect.stringContaining(`${second}/pack`) });
  });

  test('that are broken are left out, each with its place and why, and the others are used', async () => {
    const folder = folderOf({
      'sound/SKILL.md': skillText('sound'),
      'broken/SKILL.md': '---\nname: broken\ndescription: "x\n---\n',
      'called/SKILL.md': skillText('other'),
      'huge/SKILL.md': skillText('huge', 'x', 'y'.repeat(60_000)),
      'latin/SKILL.md': Buffer.from(skillText('latin', 'caf\u00e9'), 'latin1'),
      'nul/SKILL.md': skillText('nul', 'x', 'a\0b'),
      'empty/notes.md': 'nothing',
      'small/skill.md': skillText('small'),
    });
    mkdirSync(join(folder, 'folder', 'SKILL.md'), { recursive: true });
    const { names, lines, shelf } = await look(folder);
    expect(names).toEqual(['sound']);
    const out = (name: string) => lines.find((line) => line.includes(`${folder}/${name} is left out: `));
    expect(out('broken')).toMatch(/is not YAML, at line \d/);
    expect(out('called')).toContain('its name is "other", and its folder is called "called"');
    expect(out('huge')).toMatch(/has 6\d{4} bytes, and may have 60000/);
    expect(out('latin')).toContain('not a text in UTF-8');
    expect(out('nul')).toContain('not a text in UTF-8');
    expect(out('empty')).toContain('holds no SKILL.md');
    expect(out('small')).toContain('its skill.md must be called SKILL.md');
    expect(out('folder')).toContain("can't be opened: it is a folder");
    expect(lines).toHaveLength(8);
    expect(describeSkills(shelf)).toMatchObject({ code: 1, text: expect.stringContaining('8 broken.') });
  });

  test('never come from outside of their folder through a link', async () => {
    const elsewhere = folderOf({ 'away/SKILL.md': skillText('away'), 'secret.md': skillText('sly') });
    const folder = folderOf({ 'sound/SKILL.md': skillText('sound'), 'sly/notes.md': '' });
    symlinkSync(join(elsewhere, 'away'), join(folder, 'away'));
    symlinkSync(join(folder, 'nothing'), join(folder, 'lost'));
    symlinkSync(join(elsewhere, 'secret.md'), join(folder, 'sly', 'SKILL.md'));
    symlinkSync('SKILL.md', join(folder, 'sound', 'again.md'));
    symlinkSync('/etc', join(folder, 'sound', 'etc'));
    const { names, lines, shelf } = await look(folder);
    expect(names).toEqual(['sound']);
    expect(shelf.skills[0]?.files).toEqual({ files: ['again.md'], outside: ['etc'], more: false });
    expect(lines).toEqual([
      expect.stringMatching(/away is left out: it is a link that leads out of .* name the folder itself/),
      expect.stringMatching(/lost is left out: it is a link that leads to nothing/),
      expect.stringMatching(/sly is left out: its SKILL.md can't be opened: it is a link that leads out/),
      expect.stringMatching(/About the skill in .*sound: its etc is a link that leads out/),
    ]);
    // Named itself, the folder may lie anywhere.
    expect((await look(join(folder, 'away'))).names).toEqual(['away']);
  });

  test('whose text points out of their folder or to nothing are used, and that is noted', async () => {
    const body = [
      'See [a](forms/a.md), [all](forms/), [this](./SKILL.md#top), [b](b%20c.md), [web](https://example.org/x), [top](#top).',
      'Not `[an](example.md)`,',
      '```\n[nor](this.md)\n```',
      'but [lost](forms/../lost.md), [out](../other/SKILL.md) and [far](forms/../../x%E0.md).',
    ].join('\n');
    const folder = folderOf({
      'pack/SKILL.md': skillText('pack', 'x', body),
      'pack/forms/a.md': '',
      'pack/b c.md': '',
    });
    const { names, lines, shelf } = await look(folder);
    expect(names).toEqual(['pack']);
    expect(lines).toEqual([
      expect.stringMatching(/its text points to forms\/\.\.\/lost\.md, which is not there\.$/),
      expect.stringMatching(/its text points to \.\.\/other\/SKILL\.md, which lies outside of its folder\.$/),
      expect.stringMatching(
        /its text points to forms\/\.\.\/\.\.\/x%E0\.md, which lies outside of its folder\.$/,
      ),
    ]);
    expect(describeSkills(shelf).code).toBe(0);
  });

  test('that are for something that is off are left out and named, which breaks nothing, and keep their names', async () => {
    const needing = (need: string) =>
      skillText('pack').replace('\n---\n', `\nmetadata:\n  tidings-needs: ${need}\n---\n`);
    const [ours, theirs] = [
      folderOf({ 'pack/SKILL.md': needing('markers') }),
      folderOf({ 'pack/SKILL.md': skillText('pack') }),
    ];
    const off = await nodeShelf([ours, theirs], ['repositories']);
    expect(off.skills).toEqual([]);
    expect(off.problems.map(problemLine)).toEqual([
      expect.stringContaining('the name "pack" is taken'),
      `The skill in ${ours}/pack is left out: it is for markers, and the configuration names none.`,
    ]);
    expect(describeSkills(off)).toMatchObject({ code: 0, text: expect.stringContaining('is for markers') });
    expect(await makeSkills(off).open('pack', undefined)).toMatchObject({ ok: false });
    const on = await nodeShelf([ours], ['markers']);
    expect(on).toMatchObject({ skills: [{ name: 'pack' }], problems: [] });
    // What nobody can switch on keeps no skill away.
    const strange = await nodeShelf([folderOf({ 'pack/SKILL.md': needing('wings') })], []);
    expect(strange.skills).toHaveLength(1);
    expect(strange.problems.map(problemLine)).toEqual([
      expect.stringContaining('its `tidings-needs` must be markers or repositories; it is not used'),
    ]);
  });

  test('in a folder that holds none, is gone or is a file are a line and no more', async () => {
    const folder = folderOf({ 'notes.md': '' });
    expect((await look(folder)).lines).toEqual([
      expect.stringContaining('holds neither a SKILL.md nor folders'),
    ]);
    expect((await look(join(folder, 'gone'))).lines).toEqual([expect.stringContaining('(ENOENT)')]);
    expect((await look(join(folder, 'notes.md'))).lines).toEqual([expect.stringContaining('(ENOTDIR)')]);
  });

  test('that this user may not read are left out', async () => {
    const folder = folderOf({ 'shut/SKILL.md': skillText('shut') });
    chmodSync(join(folder, 'shut', 'SKILL.md'), 0);
    const { names, lines } = await look(folder);
    // The superuser may read it all the same.
    if (process.getuid?.() === 0) expect(names).toEqual(['shut']);
    else expect(lines).toEqual([expect.stringContaining('this user may not read it')]);
  });

  test('with more files than anybody would list are listed in part', async () => {
    const files = Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`big/f${n}.md`, '']));
    const folder = folderOf({ ...files, 'big/SKILL.md': skillText('big') });
    const { shelf } = await look(folder);
    expect(shelf.skills[0]?.files).toMatchObject({ files: { length: 300 }, more: true });
  });
});

test('the skills that ship are sound, and orchestrate is among them', async () => {
  const { skills, problems } = await nodeShelf([join(import.meta.dirname, '../../skills')], skillNeeds);
  expect(problems).toEqual([]);
  expect(skills.map(({ name }) => name)).toContain('orchestrate');
});

test('no more than a hundred skills are used, whatever there is, and the first found are', async () => {
  const folders = Array.from({ length: 103 }, (_, n): SkillFolder => {
    const name = `s${String(200 - n)}`;
    const bytes = new TextEncoder().encode(skillText(name));
    return {
      name,
      place: `bundled ${name}`,
      read: async () => ({ kind: 'bytes', bytes }),
      list: async () => ({ files: [], outside: [], more: false }),
    };
  });
  const { skills, problems } = await readShelf({ folders, problems: [] }, []);
  expect(skills).toHaveLength(100);
  expect(skills[0]?.name).toBe('s101');
  expect(problems.map(({ place, kind }) => [place, kind])).toEqual([
    ['bundled s100', 'shadowed'],
    ['bundled s99', 'shadowed'],
    ['bundled s98', 'shadowed'],
  ]);
});
