/** Owns what a model is told of the tool `read` and may send it; never opens a file. */
import { z } from 'zod';
import { pathField } from './path-field.ts';
import { workTool } from './work-tool.ts';

export const read = workTool({
  name: 'read',
  description: [
    'Reads a text file and returns its lines with their numbers (a number, a tab, the line). Files of the',
    'configured repositories can be read too, by absolute path. A long file comes in parts: the result says',
    'which lines it shows, of how many, and the `offset` to go on from.',
  ].join(' '),
  input: z.object({
    path: pathField,
    offset: z.int().min(1).max(100_000_000).optional().describe('The first line to show. Default: 1.'),
    limit: z.int().min(1).max(10_000).optional().describe('How many lines to show at most. Default: 2000.'),
  }),
  readOnly: true,
  repeatable: true,
});
