/** Owns what a model is told of the tool `write` and may send it; never opens a file. */
import { z } from 'zod';
import { pathField } from './path-field.ts';
import { workTool } from './work-tool.ts';

export const write = workTool({
  name: 'write',
  description: [
    'Writes a whole text file: makes it, with the folders above it, or replaces all that it held. An existing',
    "file's permissions are kept. To change a part of a file use `edit`.",
  ].join(' '),
  input: z.object({
    path: pathField,
    content: z
      .string()
      .max(5_000_000)
      .describe(
        'All that the file is to hold, byte for byte. May be empty; end the last line with a newline.',
      ),
  }),
  readOnly: false,
  repeatable: false,
});
