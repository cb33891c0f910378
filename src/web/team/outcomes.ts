/** What came of something that was asked of the gateway, in words. Pure. */
import { type Killed, type Landed, ProblemError, type Removed } from '../../client/index.ts';
import { wordsOf } from '../state/app.ts';

export function killWords({ killed, unconfirmed, alreadyEnded }: Killed): string {
  const parts = [
    ...(killed.length > 0 ? [`Dead, with all that they had running: ${names(killed)}.`] : []),
    ...(unconfirmed.length > 0 ? [`Told to end, but not confirmed dead yet: ${names(unconfirmed)}.`] : []),
    ...(alreadyEnded.length > 0 ? [`Had ended before: ${names(alreadyEnded)}.`] : []),
  ];
  return parts.length > 0 ? parts.join(' ') : 'There was nothing to end.';
}

export function landWords({ base, commit, files, already }: Landed): string {
  if (already) return `${base} held all of it before.`;
  return `Landed on ${base} as ${commit.slice(0, 12)}: ${amount(files.length, 'file')}.`;
}

export function removeWords({ branch, lost }: Removed): string {
  return `${branch} and its worktree are removed${lost > 0 ? `; changes to ${amount(lost, 'file')} are lost` : ''}.`;
}

/** A refusal with the files that are in the way. */
export function refusalWords(error: unknown): string {
  const files = error instanceof ProblemError ? (error.files ?? []) : [];
  return files.length > 0 ? `${wordsOf(error)} In the way: ${names(files)}.` : wordsOf(error);
}

/** `1 step`, `2 steps`. */
export function amount(n: number, what: string): string {
  return `${n} ${n === 1 ? what : `${what}s`}`;
}

function names(all: readonly string[]): string {
  return all.length <= 12 ? all.join(', ') : `${all.slice(0, 12).join(', ')} and ${all.length - 12} more`;
}
