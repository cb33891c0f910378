/** What the log keeps of a tool call that a model made: how it is acted on, and what it waits for. Holds no behaviour. */
import { z } from 'zod';
import type { Intent } from './commands.ts';
import type { Json } from './ports.ts';

/** What makes subagents. */
export type Spawning = Extract<Intent, { do: 'spawn' | 'plan' }>;

/** What a call does: change sessions at once, wait for a kill to be confirmed or for an answer, or work outside. */
export const callSchema = z.object({
  /** The API's id of the call. */
  id: z.string(),
  name: z.string(),
  summary: z.string(),
  mode: z.enum(['session', 'kill', 'ask', 'work']),
  readOnly: z.boolean(),
  repeatable: z.boolean(),
  /** Whether it may start processes, which must then be confirmed dead. */
  processes: z.boolean(),
  /** What must be allowed before it starts. */
  permission: z
    .object({ title: z.string(), detail: z.string(), person: z.literal(true).optional() })
    .optional(),
  /** Only of a spawn that waits to be allowed, by itself or with others of its step: what is decided then. */
  held: z
    .custom<Spawning>((value) => typeof value === 'object' && value !== null && 'do' in value)
    .optional(),
  /** It was said in words: by what. Its outcome comes back as a note, since no call of a tool stands for it. */
  spoken: z.string().optional(),
  /** Only for work: what it is to run with. */
  input: z
    .custom<{ readonly [key: string]: Json }>((value) => typeof value === 'object' && value !== null)
    .optional(),
});
export type CallFact = z.infer<typeof callSchema>;
