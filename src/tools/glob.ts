/** Owns what a model is told of the tool `glob` and may send it; never looks at a disk. */
import { z } from 'zod';
import { folderField, globField, ignoredField } from './search-fields.ts';
import { workTool } from './work-tool.ts';

export const glob = workTool({
  name: 'glob',
  description: [
    'Finds files by the pattern of their names, newest first, in your workspace, /tmp or a configured',
    'repository. `*` stands for anything but a slash, `**` for any folders, `{a,b}` for either. A pattern',
    'without a slash is looked for in every folder. Symbolic links are not followed. Left out unless you ask',
    'for them: what git ignores, and outside of git repositories node_modules.',
  ].join(' '),
  input: z.object({
    pattern: globField.describe('Such as `*.ts`, `src/**/*.test.ts` or `{docs,src}/**`. Relative to `path`.'),
    path: folderField.optional(),
    ignored: ignoredField.optional(),
    limit: z.int().min(1).max(2_000).optional().describe('How many files to name at most. Default: 200.'),
  }),
  readOnly: true,
  repeatable: true,
});
