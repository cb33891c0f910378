/** Owns the two tools by which a session says how it speaks: `report` of subagents, `stay_silent` of main ones. */
import { z } from 'zod';
import type { Intent } from '../core/commands.ts';
import { head } from '../core/fence.ts';
import { QUESTION_CHARS } from '../core/input.ts';
import type { ToolCall } from '../core/ports.ts';
import { workTool } from './work-tool.ts';

const MAX_TITLE = 200;

const reportInput = z.strictObject({
  progress: z
    .string()
    .min(1)
    .max(500)
    .refine((text) => text.trim() !== '', 'is blank; it must say something')
    .optional()
    .describe('One line for people.'),
  question: z
    .string()
    .min(1)
    .max(QUESTION_CHARS)
    .refine((text) => text.trim() !== '', 'is blank; it must ask something')
    .optional()
    .describe(
      'What you must know, first in one line, then all it takes to answer it: what you know, what the choices are, which you would take. Whoever answers sees nothing else of your work.',
    ),
});

export const report = workTool({
  name: 'report',
  description: [
    'Says one of two things. progress: shows people in one line what you are doing now; it is not your result and',
    'ends nothing: use it when a long piece of work begins or takes a turn. question: asks your parent, and you',
    'wait until it is answered: only for what blocks your work and what you cannot decide sensibly yourself.',
  ].join(' '),
  input: reportInput,
  readOnly: false,
  repeatable: false,
});

/** Characters of a plan: all of it is shown to whoever may approve it. */
const PLAN_CHARS = 8_000;

/** `report` of a subagent whose plan must be approved before it acts. */
export const reportWithPlan = workTool({
  name: report.name,
  description: `${report.description} plan: hands in your plan, and you wait until it is approved; until then you can only read.`,
  input: reportInput.extend({
    plan: z
      .string()
      .min(1)
      .max(PLAN_CHARS)
      .refine((text) => text.trim() !== '', 'is blank; it must say what you are going to do')
      .optional()
      .describe(
        'What you are going to do, first in one line, then step by step: what you found, which files you change and how, which commands you run, how you check it, what could go wrong.',
      ),
  }),
  readOnly: false,
  repeatable: false,
});

/** What a call of `report` means: exactly one of its two fields says it. */
export function reportIntent(input: ToolCall['input'], plans: boolean): Intent {
  const parsed = plans ? reportWithPlan.parse(input) : report.parse(input);
  if (!parsed.ok) return { do: 'error', text: parsed.error };
  const { progress, question, plan } = { plan: undefined, ...parsed.input };
  if ([progress, question, plan].filter((one) => one !== undefined).length > 1) {
    const fields = plans ? '`progress`, `question` or `plan`' : '`progress` or `question`';
    return { do: 'error', text: `report takes one of ${fields} at a time: make a call for each.` };
  }
  if (plan !== undefined) return asking('plan', plan);
  if (progress !== undefined) return { do: 'progress', text: progress };
  if (question === undefined) {
    return {
      do: 'error',
      text: 'report needs `progress`, a line for people, or `question`, what you must know.',
    };
  }
  return asking('question', question);
}

function asking(kind: 'question' | 'plan', text: string): Intent {
  const detail = text.toWellFormed().trim();
  const title = head(detail.split('\n', 1)[0] ?? detail, MAX_TITLE);
  return { do: 'ask', kind, title, detail };
}

export const staySilent = workTool({
  name: 'stay_silent',
  description:
    'Ends your turn without words, when news came that needs no word to the person. Not in a turn in which a person spoke: a person is always answered.',
  input: z.strictObject({}),
  readOnly: false,
  repeatable: false,
});
