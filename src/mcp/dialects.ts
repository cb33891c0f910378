/** Which sets of tools there are, and which of them stand under which address. Owns no tool. */
import type { z } from 'zod';
import { dialect247 } from './dialects/247.ts';
import { tmuxWorktree } from './dialects/tmux-worktree.ts';
import { tidings } from './tidings.ts';
import type { Dialect } from './tool.ts';

/** Sets of tools beside our own, by the names that the configuration knows them by. */
const others: readonly Dialect[] = [dialect247, tmuxWorktree];

/**
 * @param input the schema of what is spawned
 * @param names those of the others that are wanted
 */
export function dialectsOf(input: z.ZodType, names: readonly Dialect['name'][]): readonly Dialect[] {
  return [tidings(input), ...others.filter(({ name }) => names.includes(name))];
}
