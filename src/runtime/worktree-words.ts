/**
 * What a model reads of a call of `worktrees`. Owns the words only: what a subagent made of names, branches and
 * patches stands in them as data, which can open no tag of ours and forge no line.
 */
import { z } from 'zod';
import { encodeBody, head } from '../core/fence.ts';
import type { ToolCall, ToolOutcome, Worktree } from '../core/ports.ts';
import type { Session } from '../core/session.ts';
import type { ChatWorktrees, ListedWorktree, WorktreeFault } from './worktrees.ts';

/** Characters of a patch that one `diff` carries. */
const PAGE_CHARS = 20_000;
/** Files that a line names. */
const NAMED = 20;

const inputSchema = z.looseObject({
  action: z.enum(['list', 'diff', 'land', 'remove']),
  target: z.string().default(''),
  offset: z.number().int().nonnegative().default(0),
  message: z.string().optional(),
  discard: z.boolean().default(false),
});

/** Does what a session asked of its descendants' worktrees, and says what came of it. */
export async function answerWorktrees(
  worktrees: ChatWorktrees,
  state: Session,
  call: ToolCall,
): Promise<ToolOutcome> {
  const input = inputSchema.safeParse(call.input);
  if (!input.success) return { ok: false, text: 'worktrees: list, diff, land and remove are done here.' };
  const { action, target, offset, message, discard } = input.data;
  switch (action) {
    case 'list':
      return said(listWords(await worktrees.list(state)));
    case 'diff': {
      const outcome = await worktrees.diff(state, target);
      return outcome.ok ? said(pageWords(outcome.subagent.path, outcome.patch, offset)) : faulty(outcome);
    }
    case 'land': {
      const outcome = await worktrees.land(state, target, { message });
      if (!outcome.ok) return faulty(outcome);
      const { branch, base, commit, files, already, overlaps } = outcome.landed;
      const what = already
        ? `${base} holds the work of ${branch} already, as ${commit.slice(0, 12)}; nothing was done.`
        : `Landed ${branch} on ${base} as ${commit.slice(0, 12)}, ${filesWords(files)}.`;
      return said([what, ...overlapWords(overlaps)].join('\n'));
    }
    case 'remove': {
      const outcome = await worktrees.remove(state, target, { discard });
      if (!outcome.ok) return faulty(outcome);
      const { subagent, branch, lost } = outcome;
      const losses = lost > 0 ? ` What it changed in ${lost} ${lost === 1 ? 'file' : 'files'} is lost.` : '';
      return said(`Removed the worktree of ${subagent.path} and the branch ${branch}.${losses}`);
    }
  }
}

function listWords(listed: readonly ListedWorktree[]): string {
  if (listed.length === 0) return 'No subagent has a worktree.';
  return listed
    .map(({ subagent, worktree }) => {
      const { branch, repository, base, commits, files, uncommitted, landed } = worktree;
      const line = [
        `${subagent.path} (${subagent.id}), ${subagent.status}: ${branch} of ${repository}, from ${base}`,
        `${commits} ${commits === 1 ? 'commit' : 'commits'}`,
        filesWords(files),
        ...(uncommitted > 0 ? [`${uncommitted} of them not committed`] : []),
        landed ? `landed as ${landed.slice(0, 12)}` : files.length > 0 ? 'not landed' : 'nothing to land',
      ].join('; ');
      return [line, ...overlapWords(worktree.overlaps)].join('\n');
    })
    .join('\n');
}

function overlapWords(overlaps: Worktree['overlaps']): string[] {
  return overlaps.map(({ branch, files }) => `  also changed by ${branch}, not landed: ${names(files)}`);
}

function pageWords(path: string, patch: string, offset: number): string {
  if (patch === '') return `${path} has changed nothing since it began.`;
  const page = head(patch.slice(offset), PAGE_CHARS);
  const end = Math.min(offset, patch.length) + page.length;
  const rest = patch.length - end;
  const where = `${path}, its patch, characters ${Math.min(offset, patch.length)} to ${end} of ${patch.length}`;
  return `${where}:\n${page}${rest > 0 ? `\n(${rest} more: diff with offset ${end})` : ''}`;
}

function filesWords(files: readonly string[]): string {
  if (files.length === 0) return 'no files';
  return `${files.length} ${files.length === 1 ? 'file' : 'files'}: ${names(files)}`;
}

function names(files: readonly string[]): string {
  const some = files.slice(0, NAMED).map(nameWords);
  return `${some.join(', ')}${files.length > NAMED ? ` and ${files.length - NAMED} more` : ''}`;
}

/** A name as it is, or in quotes where it could be taken for more than a name. */
function nameWords(name: string): string {
  return /[\p{C}\p{Zl}\p{Zp}",\\]|^\s|\s$/u.test(name) ? JSON.stringify(name) : name;
}

function faulty({ message, files }: WorktreeFault): ToolOutcome {
  return { ok: false, text: encodeBody(files.length === 0 ? message : `${message}\nFiles: ${names(files)}`) };
}

function said(text: string): ToolOutcome {
  return { ok: true, text: encodeBody(text) };
}
