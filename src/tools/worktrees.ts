/** Owns what a model is told of `worktrees` and may send; lists, lands and removes none itself. */
import { z } from 'zod';
import type { Intent } from '../core/commands.ts';
import type { ToolCall } from '../core/ports.ts';
import { type WorkTool, workTool } from './work-tool.ts';

/** Characters of the title of a landed commit. */
const MAX_TITLE = 200;

export interface WorktreesInput {
  readonly action: 'list' | 'diff' | 'land' | 'remove';
  readonly target?: string | undefined;
  readonly offset?: number | undefined;
  readonly message?: string | undefined;
  readonly discard?: boolean | undefined;
}

const looking = [
  'Looks at the git worktrees of the subagents that were given a repo. list: each with its branch, commits and',
  'changed files, what has landed, and which other worktrees change the same files. diff: all that one changed',
  'since it began, uncommitted work among it, by pages (offset).',
];

const landing = [
  'Reviews, lands and removes the git worktrees of subagents that were given a repo. list: each with its branch,',
  'commits and changed files, what has landed, and which other worktrees change the same files: look before you',
  'land. diff: all that one changed since it began, uncommitted work among it, by pages (offset); review it',
  'first. land: puts all of it as one commit on the branch that it began from, one landing at a time. A conflict,',
  'or changes that are not committed where that branch is checked out, refuse it, name the files and leave all',
  'as it was: then steer the subagent to merge that branch into its own. What it adds later lands the same way.',
  'remove: takes worktree and branch away; refused while that would lose what has not landed, unless discard.',
  'Only one that has ended lands or is removed.',
];

const target = z
  .string()
  .min(1)
  .max(400)
  .optional()
  .describe('Which subagent: its label, path (boss/pawn) or id. Not for list.');
const offset = z.int().min(0).optional().describe('For diff: from which character.');

/** Of whoever may land. */
export const worktreesInput = z.strictObject({
  action: z.enum(['list', 'diff', 'land', 'remove']),
  target,
  offset,
  message: z
    .string()
    .min(1)
    .max(MAX_TITLE)
    .refine((text) => text.trim() !== '' && !text.includes('\n'), 'must be one line that says something')
    .optional()
    .describe("For land: the commit's title. Default: the subagent's label and task."),
  discard: z
    .boolean()
    .optional()
    .describe('For remove: lose for good what has not landed. Only if that is wanted.'),
});

/** The tool of a session that may land, or of one that only looks. */
export function worktreesTool({ mayLand }: { readonly mayLand: boolean }): WorkTool<WorktreesInput> {
  if (!mayLand) {
    return workTool({
      name: 'worktrees',
      description: looking.join(' '),
      input: z.strictObject({ action: z.enum(['list', 'diff']), target, offset }),
      readOnly: true,
      repeatable: true,
    });
  }
  return workTool({
    name: 'worktrees',
    description: landing.join(' '),
    input: worktreesInput,
    readOnly: false,
    repeatable: false,
  });
}

/** What a call of `worktrees` means: two actions look, the others change what is outside. */
export function worktreesIntent(tool: WorkTool<WorktreesInput>, input: ToolCall['input']): Intent {
  const parsed = tool.parse(input);
  if (!parsed.ok) return { do: 'error', text: parsed.error };
  const { action } = parsed.input;
  if (action !== 'list' && parsed.input.target === undefined) {
    return { do: 'error', text: `worktrees ${action} needs a \`target\`: a label, a path or an id.` };
  }
  switch (action) {
    case 'list':
    case 'diff':
      return { do: 'work', readOnly: true, repeatable: true, processes: false };
    case 'land':
    case 'remove':
      return { do: 'work', readOnly: false, repeatable: false, processes: false };
  }
}
