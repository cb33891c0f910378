/** Owns the one field that `read`, `write` and `edit` share: which file is meant; never looks at a disk. */
import { z } from 'zod';

export const pathField = z
  .string()
  .min(1)
  .max(4096)
  .refine((text) => !text.includes('\0'), 'holds a NUL character, which no file name can carry')
  .describe(
    'The file: relative to your workspace folder, or absolute inside it, or below /tmp (the folder that all sessions of this chat share).',
  );
