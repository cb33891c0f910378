/**
 * How a subagent's handle is made of other words: a task, a branch, a worktree's or a project's name. Owns these rules
 * alone; whether a label is taken, and what one is called of which nothing is left, is for whoever asks.
 */
import { ALL } from './policy.ts';

/** Characters of a label at most. */
export const LABEL_CHARS = 48;

/** Of a label that follows from a task. */
const TASK_WORDS = 4;
const TASK_CHARS = 32;

/**
 * A name as labels are written, `[a-z0-9][a-z0-9-]*`. Letters become small, and lose their accents (`Ü` is `u`, `ﬁ` is
 * `fi`); each run of anything but a-z and 0-9 becomes one hyphen, with none at either end; what is too long is cut. `all`,
 * which stands for every subagent, becomes `all-work`. A label of at most `most` characters stays as it is, unless it has
 * hyphens in a row or at its end. The same name always makes the same label.
 * @param most characters, at least 8
 * @returns undefined if nothing is left, as of a name in another script
 */
export function labelOf(name: string, most = LABEL_CHARS): string | undefined {
  const label = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}+/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, most)
    .replace(/-$/, '');
  if (label === '') return undefined;
  return label === ALL ? `${ALL}-work` : label;
}

/** The label of a subagent that was given none: the first words of its task. */
export function labelOfTask(task: string): string {
  const label = labelOf(task, TASK_CHARS) ?? 'subagent';
  return label.split('-').slice(0, TASK_WORDS).join('-');
}
