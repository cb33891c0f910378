/** Owns what a model is told of `subagents` and may send; steers, answers and kills nobody itself. */
import { z } from 'zod';
import type { Intent } from '../core/commands.ts';
import type { ToolCall } from '../core/ports.ts';
import { workTool } from './work-tool.ts';

/** Characters of a message to a subagent. */
export const MAX_STEER = 20_000;

export const subagentsInput = z.strictObject({
  action: z.enum(['list', 'show', 'steer', 'answer', 'kill']),
  target: z.string().min(1).max(400).optional().describe('For show, steer, answer and kill: which subagent.'),
  message: z
    .string()
    .min(1)
    .max(MAX_STEER)
    .refine((text) => text.trim() !== '', 'is blank; it must say something')
    .optional()
    .describe('For steer: what it is to know or do differently. For answer: the answer.'),
  interrupt: z
    .boolean()
    .optional()
    .describe('For steer: give up what it is doing right now. Only if going on would do harm.'),
  decision: z
    .enum(['allow', 'deny'])
    .optional()
    .describe(
      'For answer to a permission or a plan. What is beyond your own rights only a person may allow; deny it, or leave it to them.',
    ),
  request: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('For answer: which request, if it asked for more than one thing.'),
  offset: z.int().min(0).optional().describe('For show: from which character of the result.'),
});

export const subagents = workTool({
  name: 'subagents',
  description: [
    'Looks after the subagents you spawned and those below them. list: how each stands. show: one in full, its',
    'task, latest words and calls, and its result by pages (offset). steer: message is read by its next step, or',
    'at once with interrupt; one that has ended is resumed with it. answer: message answers what one that waits',
    'asked; with decision, allow or deny, where it asked for permission or for approval of its plan. kill: ends it and all below it; "all" ends every one. Targets are labels, paths (boss/pawn) or ids. News comes by itself: list only when you need to',
    'know how things stand, never to wait.',
  ].join(' '),
  input: subagentsInput,
  readOnly: true,
  repeatable: true,
});

/** What a call of `subagents` means: two actions read, the others act on one that is named. */
export function subagentsIntent(input: ToolCall['input']): Intent {
  const parsed = subagents.parse(input);
  if (!parsed.ok) return { do: 'error', text: parsed.error };
  const { action, target, message, interrupt, request, decision } = parsed.input;
  const reading: Intent = { do: 'work', readOnly: true, repeatable: true, processes: false };
  if (action === 'list') return reading;
  if (target === undefined) {
    return { do: 'error', text: `subagents ${action} needs a \`target\`: a label, a path or an id.` };
  }
  switch (action) {
    case 'show':
      return reading;
    case 'kill':
      return { do: 'kill', target };
    case 'answer':
      return message === undefined && decision === undefined
        ? {
            do: 'error',
            text: 'subagents answer needs a `message`, the answer, or where it asks for permission or approval a `decision`.',
          }
        : {
            do: 'answer',
            target,
            ...(request === undefined ? {} : { request }),
            ...(decision === undefined ? {} : { decision }),
            text: message?.toWellFormed() ?? '',
          };
    case 'steer':
      return message === undefined
        ? { do: 'error', text: 'subagents steer needs a `message`: what it is to know or do differently.' }
        : { do: 'steer', target, message: message.toWellFormed(), interrupt: interrupt ?? false };
  }
}
