/**
 * What a skill is, what it may measure, and what a host must bring to read one: the shapes that the rest of this
 * folder works on. Reads nothing itself.
 */

/** One skill's folder, wherever a host keeps it: on a disk, or bundled. */
export interface SkillFolder {
  /** The folder's own name, which the skill's name must equal. */
  readonly name: string;
  /** Where it is, for people: a path, or words. */
  readonly place: string;
  /** The path by which programs find it; absent where there is no file system. */
  readonly path?: string;
  /** A file's bytes. `file` is relative with `/`, without `..`. Never rejects. */
  read(file: string, maxBytes: number): Promise<FileReading>;
  /** Its files besides SKILL.md, sorted. Never rejects. */
  list(): Promise<FileListing>;
}

export type FileReading =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'missing' }
  | { readonly kind: 'too_large'; readonly size: number }
  /** `why` ends the sentence "… can't be opened: ". */
  | { readonly kind: 'refused'; readonly why: string };

export interface FileListing {
  readonly files: readonly string[];
  /** Links that lead out of the folder: never opened. */
  readonly outside: readonly string[];
  /** Whether there are more files than are listed. */
  readonly more: boolean;
}

/** A skill as it was read at the start. */
export interface Skill {
  readonly name: string;
  readonly description: string;
  readonly compatibility?: string;
  /** What it is for, where that may be off. */
  readonly needs?: SkillNeed;
  /** What stands below the front matter. */
  readonly body: string;
  readonly files: FileListing;
  readonly folder: SkillFolder;
}

export interface SkillProblem {
  /** `broken`: left out. `shadowed`, `off`: sound, but left out. `note`: used all the same. */
  readonly kind: 'broken' | 'shadowed' | 'off' | 'note';
  readonly place: string;
  /** A sentence without its full stop, that says what is wrong and what would be right. */
  readonly text: string;
}

/** What of a gateway a skill can be for: where that is off, nobody is told of the skill. */
export const skillNeeds = ['markers', 'repositories'] as const;
export type SkillNeed = (typeof skillNeeds)[number];

/** What of that is on, by the configuration. */
export function switchedOn(settings: Readonly<Record<SkillNeed, readonly string[]>>): readonly SkillNeed[] {
  return skillNeeds.filter((need) => settings[need].length > 0);
}

/** Every SKILL.md is opened whole, so none may be larger than what one tool result may carry. */
export const maxSkillBytes = 60_000;
/** Characters of another file that one result shows. */
export const maxShownChars = 60_000;
/** Bytes of the largest further file that is opened at all. */
export const maxFileBytes = 2_000_000;
/** Skills that a prompt tells of. */
export const maxSkills = 100;
/** The format's limits. */
export const maxNameChars = 64;
export const maxDescriptionChars = 1_024;
export const maxCompatibilityChars = 500;

export const skillFile = 'SKILL.md';
