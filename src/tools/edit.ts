/** Owns what a model is told of the tool `edit` and may send it; never opens a file. */
import { z } from 'zod';
import { pathField } from './path-field.ts';
import { workTool } from './work-tool.ts';

export const edit = workTool({
  name: 'edit',
  description: [
    'Replaces text in a text file. `old_text` must stand in the file exactly as given, white space included,',
    'and only once: add lines around it until it is unique, or set `replace_all` to replace every occurrence.',
    'The line numbers and tabs that `read` puts before each line are not part of the file.',
  ].join(' '),
  input: z.object({
    path: pathField,
    old_text: z
      .string()
      .min(1)
      .max(1_000_000)
      .describe('The text to replace, exactly as it stands in the file.'),
    new_text: z
      .string()
      .max(1_000_000)
      .describe('What is to stand there instead. Empty removes the old text.'),
    replace_all: z
      .boolean()
      .optional()
      .describe('Replace every occurrence instead of exactly one. Default: false.'),
  }),
  readOnly: false,
  repeatable: false,
});
