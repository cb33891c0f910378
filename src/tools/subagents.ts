/** Owns what a model is told of `subagents` and may send; steers and kills nobody itself. */
import { z } from 'zod';
import { workTool } from './work-tool.ts';

/** Characters of a message to a subagent. */
export const MAX_STEER = 20_000;

export const subagents = workTool({
  name: 'subagents',
  description: [
    'Looks after the subagents you spawned and those below them. list: how each stands. show: one in full, its',
    'task, latest words and calls, and its result by pages (offset). steer: message is read by its next step, or',
    'at once with interrupt; one that has ended is resumed with it. kill: ends it and all below it; "all" ends',
    'every one. Targets are labels, paths (boss/pawn) or ids. News comes by itself: list only when you need to',
    'know how things stand, never to wait.',
  ].join(' '),
  input: z.strictObject({
    action: z.enum(['list', 'show', 'steer', 'kill']),
    target: z.string().min(1).max(400).optional().describe('For show, steer and kill: which subagent.'),
    message: z
      .string()
      .min(1)
      .max(MAX_STEER)
      .refine((text) => text.trim() !== '', 'is blank; it must say something')
      .optional()
      .describe('For steer: what it is to know or do differently.'),
    interrupt: z
      .boolean()
      .optional()
      .describe('For steer: give up what it is doing right now. Only if going on would do harm.'),
    offset: z.int().min(0).optional().describe('For show: from which character of the result.'),
  }),
  readOnly: true,
  repeatable: true,
});
