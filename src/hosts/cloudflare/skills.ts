/**
 * The skills that ship, as they are bundled with a Worker, where there is no disk to find them on. A test sees to it
 * that none is forgotten here.
 */
import managerPlan from '../../../skills/manager-plan/SKILL.md';
import markers from '../../../skills/markers/SKILL.md';
import orchestrate from '../../../skills/orchestrate/SKILL.md';
import review from '../../../skills/review/SKILL.md';
import worktrees from '../../../skills/worktrees/SKILL.md';
import type { Skills } from '../../core/ports.ts';
import { makeSkills } from '../../skills/open.ts';
import { readShelf } from '../../skills/shelf.ts';
import { type SkillFolder, type SkillNeed, skillFile } from '../../skills/skill.ts';

const bundled: Readonly<Record<string, string>> = {
  'manager-plan': managerPlan,
  markers,
  orchestrate,
  review,
  worktrees,
};

/** @param on what the configuration switches on */
export async function shippedSkills(on: readonly SkillNeed[]): Promise<Skills> {
  const folders = Object.entries(bundled).map(([name, text]) => bundledFolder(name, text));
  return makeSkills(await readShelf({ folders, problems: [] }, on));
}

function bundledFolder(name: string, text: string): SkillFolder {
  return {
    name,
    place: `the skill ${name} of this release`,
    async read(file) {
      return file === skillFile
        ? { kind: 'bytes', bytes: new TextEncoder().encode(text) }
        : { kind: 'missing' };
    },
    list: async () => ({ files: [], outside: [], more: false }),
  };
}
