/**
 * Where the skills of a gateway on Node lie: first the folder that ships, then those that the configuration
 * names, each a skill's own folder or a folder of them. Owns which folders are looked at and in which order;
 * never reads what is in a skill.
 */
import { lstat, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { type FoundSkills, readShelf, type Shelf } from '../../../skills/shelf.ts';
import { type SkillFolder, type SkillNeed, type SkillProblem, skillFile } from '../../../skills/skill.ts';
import { codeOf, isInside } from '../workshop/places.ts';
import { nodeSkillFolder } from './folder.ts';

/** Folders in one folder of skills that are looked at. */
const LOOKED_AT = 500;

/**
 * Never rejects.
 * @param paths absolute, in the order in which their names count
 * @param on what the configuration switches on
 */
export async function nodeShelf(paths: readonly string[], on: readonly SkillNeed[]): Promise<Shelf> {
  const folders: SkillFolder[] = [];
  const problems: SkillProblem[] = [];
  const seen = new Set<string>();
  for (const path of paths) {
    const found = await foundAt(path);
    problems.push(...found.problems);
    for (const folder of found.folders) {
      // Named twice, it is still one.
      const real = await realpath(folder.place).catch(() => folder.place);
      if (!seen.has(real)) folders.push(folder);
      seen.add(real);
    }
  }
  return readShelf({ folders, problems }, on);
}

async function foundAt(path: string): Promise<FoundSkills> {
  const broken = (place: string, text: string): SkillProblem => ({ kind: 'broken', place, text });
  // A link called SKILL.md makes it a skill's folder, too; whether it may be followed is asked later.
  const own = await lstat(join(path, skillFile)).then(
    () => true,
    () => false,
  );
  if (own) return { folders: [nodeSkillFolder(path)], problems: [] };
  try {
    const root = await realpath(path);
    const entries = (await readdir(path, { withFileTypes: true }))
      .filter(({ name }) => !name.startsWith('.') && name !== 'node_modules')
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .sort((one, other) => (one.name < other.name ? -1 : 1));
    const folders: SkillFolder[] = [];
    const problems: SkillProblem[] = [];
    for (const entry of entries.slice(0, LOOKED_AT)) {
      const place = join(path, entry.name);
      if (entry.isSymbolicLink()) {
        const real = await realpath(place).catch(() => undefined);
        if (real === undefined || !isInside(root, real)) {
          const leads = real === undefined ? 'to nothing' : `out of ${path}, to ${real}`;
          problems.push(
            broken(place, `it is a link that leads ${leads}; name the folder itself in "skills" instead`),
          );
          continue;
        }
        if (!(await lstat(real)).isDirectory()) continue;
      }
      folders.push(nodeSkillFolder(place));
    }
    if (entries.length > LOOKED_AT) {
      problems.push(broken(path, `it holds ${entries.length} folders; only ${LOOKED_AT} are looked at`));
    } else if (entries.length === 0) {
      problems.push(broken(path, `it holds neither a ${skillFile} nor folders that do`));
    }
    return { folders, problems };
  } catch (error) {
    const code = codeOf(error);
    const why = code === 'EACCES' ? 'this user may not read it' : `it can't be read (${code})`;
    return { folders: [], problems: [broken(path, why)] };
  }
}
