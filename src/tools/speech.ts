/** Owns the two tools by which a session says how it speaks: `report` of subagents, `stay_silent` of main ones. */
import { z } from 'zod';
import { workTool } from './work-tool.ts';

export const report = workTool({
  name: 'report',
  description:
    'Shows people in one line what you are doing now. It is not your result and ends nothing: use it when a long piece of work begins or takes a turn.',
  input: z.strictObject({
    progress: z
      .string()
      .min(1)
      .max(500)
      .refine((text) => text.trim() !== '', 'is blank; it must say something')
      .describe('One line for people.'),
  }),
  readOnly: false,
  repeatable: false,
});

export const staySilent = workTool({
  name: 'stay_silent',
  description:
    'Ends your turn without words, when news came that needs no word to the person. Not in a turn in which a person spoke: a person is always answered.',
  input: z.strictObject({}),
  readOnly: false,
  repeatable: false,
});
