/**
 * All skills of a gateway, read once at its start: checks each folder, leaves out what is broken and what is for
 * something that is off, decides whose name counts. A broken skill never stops anything: it is a line for people.
 */
import { readSkillText } from './front-matter.ts';
import {
  type FileListing,
  maxSkillBytes,
  maxSkills,
  type Skill,
  type SkillFolder,
  type SkillNeed,
  type SkillProblem,
  skillFile,
} from './skill.ts';

/** What a host found: folders in the order in which their names count, and what was no folder at all. */
export interface FoundSkills {
  readonly folders: readonly SkillFolder[];
  readonly problems: readonly SkillProblem[];
}

export interface Shelf {
  /** In the order of their names. */
  readonly skills: readonly Skill[];
  readonly problems: readonly SkillProblem[];
}

/**
 * Reads every folder. Never rejects.
 * @param on what the configuration switches on; a skill that is for something else keeps its name all the same
 */
export async function readShelf(found: FoundSkills, on: readonly SkillNeed[]): Promise<Shelf> {
  const byName = new Map<string, Skill>();
  const problems = [...found.problems];
  // One after the other: who comes first keeps the name, whatever the disk does.
  for (const folder of found.folders) {
    const reading = await readSkill(folder);
    problems.push(...reading.problems);
    const { skill } = reading;
    if (!skill) continue;
    const owner = byName.get(skill.name);
    const say = (text: string): void => void problems.push({ kind: 'shadowed', place: folder.place, text });
    if (owner) {
      say(`the name "${skill.name}" is taken by the skill in ${owner.folder.place}: give it another name`);
    } else if (byName.size >= maxSkills) {
      say(`there are ${maxSkills} skills before it, and no more than that are used`);
    } else {
      byName.set(skill.name, skill);
    }
  }
  const skills = [...byName.values()]
    .filter(({ needs, folder: { place } }) => {
      if (needs === undefined || on.includes(needs)) return true;
      problems.push({ kind: 'off', place, text: `it is for ${needs}, and the configuration names none` });
      return false;
    })
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  return { skills, problems };
}

/** A line for people. */
export function problemLine({ kind, place, text }: SkillProblem): string {
  return kind === 'note'
    ? `About the skill in ${place}: ${text}.`
    : `The skill in ${place} is left out: ${text}.`;
}

async function readSkill(folder: SkillFolder): Promise<{ skill?: Skill; problems: SkillProblem[] }> {
  const { place } = folder;
  const broken = (text: string) => ({ problems: [{ kind: 'broken' as const, place, text }] });
  const files = await folder.list();
  const reading = await folder.read(skillFile, maxSkillBytes);
  switch (reading.kind) {
    case 'missing': {
      const near = files.files.find((file) => file.toLowerCase() === skillFile.toLowerCase());
      return broken(
        near ? `its ${near} must be called ${skillFile}` : `it holds no ${skillFile}, so it is not a skill`,
      );
    }
    case 'too_large':
      return broken(
        `its ${skillFile} has ${reading.size} bytes, and may have ${maxSkillBytes}: move what is seldom needed into files beside it`,
      );
    case 'refused':
      return broken(`its ${skillFile} can't be opened: ${reading.why}`);
    case 'bytes':
      break;
  }
  const text = utf8(reading.bytes);
  if (text === undefined) return broken(`its ${skillFile} is not a text in UTF-8`);
  const read = readSkillText(text, folder.name);
  if (!read.ok) return broken(read.why);
  const notes = [
    ...read.notes,
    ...strayLinks(read.body, files).slice(0, 10),
    ...files.outside
      .slice(0, 10)
      .map((file) => `its ${file} is a link that leads out of its folder: never opened`),
  ];
  return {
    skill: {
      name: read.name,
      description: read.description,
      ...(read.compatibility === undefined ? {} : { compatibility: read.compatibility }),
      ...(read.needs === undefined ? {} : { needs: read.needs }),
      body: read.body,
      files,
      folder,
    },
    problems: notes.map((note) => ({ kind: 'note', place, text: note })),
  };
}

/** Links of a skill's text to files that nobody can open: notes, since a link may be an example. */
function strayLinks(body: string, { files, more }: FileListing): string[] {
  const prose = body.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').replace(/`[^`\n]*`/g, '');
  const targets = new Set([...prose.matchAll(/\]\(<?([^)\s>]+)/g)].map((match) => match[1] ?? ''));
  return [...targets].flatMap((target) => {
    if (/^[a-z][a-z0-9+.-]*:|^[#/]/i.test(target)) return [];
    const file = inside(target.replace(/[?#].*$/, '').replaceAll('%20', ' '));
    if (file === undefined) return [`its text points to ${target}, which lies outside of its folder`];
    const there = more || files.some((one) => one === file || one.startsWith(`${file}/`));
    return there || file === skillFile ? [] : [`its text points to ${target}, which is not there`];
  });
}

/** A relative path without its dots; undefined if it leads out. */
function inside(path: string): string | undefined {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..' && parts.pop() === undefined) return undefined;
    if (part !== '' && part !== '.' && part !== '..') parts.push(part);
  }
  return parts.join('/');
}

/** The bytes as text without a byte order mark; undefined if they are not UTF-8, or no text at all. */
export function utf8(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
