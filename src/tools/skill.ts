/** Owns what a model is told of the tool `skill` and may send it; never opens one. */
import { z } from 'zod';
import { workTool } from './work-tool.ts';

export const skill = workTool({
  name: 'skill',
  description: [
    'Opens a skill: instructions kept for a kind of work. The system prompt lists their names and what each is',
    'for. Open the one that fits before you begin. With `file` it opens one of the further files that the skill',
    'speaks of.',
  ].join(' '),
  input: z.object({
    name: z.string().min(1).max(200).describe('The name of the skill, as the system prompt lists it.'),
    file: z
      .string()
      .min(1)
      .max(1_024)
      .optional()
      .describe("One of the skill's files, relative to its folder. Default: its instructions."),
  }),
  readOnly: true,
  repeatable: true,
});
