/** Owns the fields that `glob` and `grep` share: where to look and for which names; never looks at a disk. */
import { z } from 'zod';

const noNul = (text: string): boolean => !text.includes('\0');

export const folderField = z
  .string()
  .min(1)
  .max(4096)
  .refine(noNul, 'holds a NUL character, which no file name can carry')
  .describe(
    'Where to look: a folder or a file in your workspace, below /tmp or in a configured repository. Default: your workspace folder.',
  );

export const globField = z
  .string()
  .min(1)
  .max(1_000)
  .refine(noNul, 'holds a NUL character, which no file name can carry')
  .refine(
    (text) => !text.startsWith('/'),
    'begins with /; give the folder as `path` and the rest as pattern',
  );

export const ignoredField = z
  .boolean()
  .describe('Look at what git ignores and at node_modules, too. Default: false.');
