/** The tool for subagents' git worktrees, where the gateway has repositories. Owns its outcomes; no git. */
import type { z } from 'zod';
import type { Client, Worktree } from '../../client/index.ts';
import { worktreesInput, worktreesTool } from '../../tools/worktrees.ts';
import type { McpTool, ToolOutcome } from '../tool.ts';
import { mistake, namesOf, told } from '../words.ts';

export const worktrees: McpTool<typeof worktreesInput> = {
  name: 'worktrees',
  title: 'Review and land work',
  description: worktreesTool({ mayLand: true }).description,
  input: worktreesInput,
  async run(parent, input) {
    const { action, target } = input;
    if (action !== 'list' && target === undefined) {
      return mistake(`worktrees ${action} needs a \`target\`: a label, a path or an id.`);
    }
    const chat = await parent.chat();
    return target === undefined ? list(parent.client, chat) : act(parent.client, chat, target, input);
  },
};

async function list(client: Client, chat: string): Promise<ToolOutcome> {
  const all = await client.worktrees(chat);
  return told(all.length === 0 ? 'No subagent has a worktree.' : all.map(linesOf).join('\n'), {
    worktrees: all,
  });
}

async function act(
  client: Client,
  chat: string,
  target: string,
  { action, offset = 0, message, discard }: z.output<typeof worktreesInput>,
): Promise<ToolOutcome> {
  switch (action) {
    case 'list':
      return mistake('worktrees list takes no `target`: it tells of all.');
    case 'diff': {
      const { patch, chars, next } = await client.diff(chat, target, { offset });
      if (chars === 0) return told(`${target} has changed nothing since it began.`, { patch, chars, next });
      const from = Math.min(offset, chars);
      const where = `The patch of ${target}, characters ${from} to ${from + patch.length} of ${chars}`;
      const rest = next === null ? '' : `\n(${chars - next} more: diff with offset ${next})`;
      return told(`${where}:\n${patch}${rest}`, { patch, chars, next });
    }
    case 'land': {
      const landed = await client.land(chat, target, message === undefined ? {} : { message });
      const { branch, base, commit, files, already, overlaps } = landed;
      const what = already
        ? `${base} holds the work of ${branch} already, as ${commit.slice(0, 12)}; nothing was done.`
        : `Landed ${branch} on ${base} as ${commit.slice(0, 12)}, ${filesWords(files)}.`;
      return told([what, ...overlapLines(overlaps)].join('\n'), { landed });
    }
    case 'remove': {
      const removed = await client.removeWorktree(chat, target, discard === undefined ? {} : { discard });
      const { branch, lost } = removed;
      const losses = lost > 0 ? ` What it changed in ${lost} ${lost === 1 ? 'file' : 'files'} is lost.` : '';
      return told(`Removed the worktree and its branch ${branch}.${losses}`, { removed });
    }
  }
}

function linesOf(one: Worktree): string {
  const { path, subagentId, status, branch, repository, base, commits, files, uncommitted, landed } = one;
  const line = [
    `${path} (${subagentId}), ${status}: ${branch} of ${repository}, from ${base}`,
    `${commits} ${commits === 1 ? 'commit' : 'commits'}`,
    filesWords(files),
    ...(uncommitted > 0 ? [`${uncommitted} of them not committed`] : []),
    landed ? `landed as ${landed.slice(0, 12)}` : files.length > 0 ? 'not landed' : 'nothing to land',
  ].join('; ');
  return [line, ...overlapLines(one.overlaps)].join('\n');
}

function overlapLines(overlaps: Worktree['overlaps']): string[] {
  return overlaps.map(({ branch, files }) => `  also changed by ${branch}, not landed: ${namesOf(files)}`);
}

function filesWords(files: readonly string[]): string {
  if (files.length === 0) return 'no files';
  return `${files.length} ${files.length === 1 ? 'file' : 'files'}: ${namesOf(files)}`;
}
