/** Owns what a model is told of the tool `bash` and may send it; never starts a process. */
import { z } from 'zod';
import { workTool } from './work-tool.ts';

export const bash = workTool({
  name: 'bash',
  description: [
    'Runs a command with bash in your workspace and returns what it printed (standard output and standard',
    'error in order of arrival) and its exit code. Every call starts afresh in the workspace folder: a `cd`',
    'or an exported variable does not reach the next call. Standard input is empty, so nothing can ask you',
    'anything. Everything the command started, background processes too, is ended when the call ends: a',
    'server lives only as long as the call that started it. Long output is shown with its middle left out',
    'and kept whole in a file that the result names. Prefer `read`, `write` and `edit` for single files.',
  ].join(' '),
  input: z.object({
    command: z
      .string()
      .min(1)
      .max(100_000)
      .refine((text) => text.trim() !== '', 'is blank; it must hold a command')
      .refine((text) => !text.includes('\0'), 'holds a NUL character, which no command line can carry')
      .describe('The command line or script for bash. Quote file names that hold spaces.'),
    timeout_seconds: z
      .int()
      .min(1)
      .max(3600)
      .optional()
      .describe('After how many seconds the command is ended, with what it printed so far. Default: 300.'),
  }),
  readOnly: false,
  repeatable: false,
});
