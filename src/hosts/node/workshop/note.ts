/** Owns the words that tell a worker where it works and what becomes of its work; never makes a workspace. */
import { instructionsOf } from './instructions.ts';
import type { WorktreeRecord } from './record.ts';

export interface TmpNote {
  /** The chat's folder. */
  readonly tmp: string;
  /** Whether commands see it as /tmp. */
  readonly isTmp: boolean;
}

export async function worktreeNote(
  record: WorktreeRecord,
  remarks: readonly string[],
  tmp: TmpNote,
  reviewer: boolean,
): Promise<string> {
  const instructions = await instructionsOf(record.folder);
  const rest = instructions === undefined ? [] : [instructions];
  if (reviewer) {
    return [
      `Your workspace is ${record.folder}, a git worktree of the repository ${record.repository} that stands at ${record.base} (${record.baseCommit.slice(0, 12)}). You read there, and change nothing.`,
      ...remarks,
      ...rest,
    ].join('\n');
  }
  return [
    `Your workspace is ${record.folder}, a git worktree of the repository ${record.repository} on the branch ${record.branch}, made from ${record.base} (${record.baseCommit.slice(0, 12)}). It is yours alone: work there, commit on this branch, and leave the other branches and ${record.top} as they are.`,
    ...remarks,
    'Commit what is finished, in commits of a sensible size. What is uncommitted when you end is committed there as work in progress.',
    tmpWords(tmp),
    ...rest,
  ].join('\n');
}

export function scratchNote(folder: string, tmp: TmpNote): string {
  return [
    `Your workspace is ${folder}, an empty scratch folder of your own. It is not a git repository, and only what you report reaches anyone by itself.`,
    tmpWords(tmp),
  ].join('\n');
}

function tmpWords({ tmp, isTmp }: TmpNote): string {
  return isTmp
    ? '/tmp is one folder that all sessions of this chat share.'
    : `/tmp in read, write and edit is one folder that all sessions of this chat share; in bash it is $TMPDIR (${tmp}).`;
}
