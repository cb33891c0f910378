/** Owns the form in which what can't be done with a worktree is told. Never decides what can't. */
import type { WorktreeRefusal } from '../../../core/ports.ts';
import { harmless } from '../../../tools/harmless.ts';

/** A refusal in words; `files` are those in the way. */
export function refusal(
  why: WorktreeRefusal['why'],
  message: string,
  files: readonly string[] = [],
): WorktreeRefusal {
  return { ok: false, why, message: harmless(message), files: files.map((name) => name.toWellFormed()) };
}
