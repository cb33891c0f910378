/** Owns what a model is told of the tool `grep` and may send it; never opens a file. */
import { z } from 'zod';
import { folderField, globField, ignoredField } from './search-fields.ts';
import { workTool } from './work-tool.ts';

export const grep = workTool({
  name: 'grep',
  description: [
    'Finds lines of text files that match a regular expression (JavaScript syntax), in your workspace, /tmp or',
    'a configured repository: `file:line:text`, and with `context` `file-line-text` for the lines around.',
    'Symbolic links are not followed, binary files and files over 20 MB are left out. So is, unless you ask for',
    'it, what git ignores, and outside of git repositories node_modules.',
  ].join(' '),
  input: z.object({
    pattern: z
      .string()
      .min(1)
      .max(2_000)
      .describe(
        'The regular expression, tried on each line by itself. Escape ( [ { . * + ? ^ $ | \\ to mean them.',
      ),
    path: folderField.optional(),
    glob: globField.optional().describe('Only files whose names match, such as `*.ts` or `src/**/*.md`.'),
    ignore_case: z.boolean().optional().describe('Whether A and a are the same. Default: false.'),
    context: z
      .int()
      .min(0)
      .max(20)
      .optional()
      .describe('Lines to show before and after each match. Default: 0.'),
    output: z
      .enum(['lines', 'files', 'counts'])
      .optional()
      .describe('lines (default): what matches. files: only the names. counts: matching lines of each file.'),
    ignored: ignoredField.optional(),
    limit: z.int().min(1).max(2_000).optional().describe('How many matches to show at most. Default: 200.'),
  }),
  readOnly: true,
  repeatable: true,
});
