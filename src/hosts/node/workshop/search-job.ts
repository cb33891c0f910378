/**
 * What the gateway and the thread that looks through files say to each other. Owns the shapes, and no behaviour.
 */
import { z } from 'zod';

const places = z.object({
  /** The folder to look in, absolute and free of links. */
  root: z.string(),
  /** The one file to look at, if it isn't a folder. */
  file: z.string().optional(),
  /** What git says there is below `root`, names apart by NUL; absent: the folders are walked. */
  listing: z.instanceof(Uint8Array).optional(),
  /** Folders that are not entered. */
  closed: z.array(z.string()),
  /** Enter `node_modules` where folders are walked. */
  ignored: z.boolean(),
  /** Only files whose path below `root` fits. */
  glob: z.string().optional(),
  /** How many files or matches are wanted. */
  limit: z.number(),
  /** Milliseconds after which it says what it has. */
  patienceMs: z.number(),
});

export const searchJobSchema = z.discriminatedUnion('kind', [
  places.extend({ kind: z.literal('glob') }),
  places.extend({
    kind: z.literal('grep'),
    pattern: z.string(),
    ignoreCase: z.boolean(),
    context: z.number(),
    output: z.enum(['lines', 'files', 'counts']),
    /** Characters of all lines together. */
    size: z.number(),
  }),
]);
export type SearchJob = z.infer<typeof searchJobSchema>;

/** What a line begins with is the file's path below `root`, so the names of files stand apart from the rest. */
export const searchNewsSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('found'), lines: z.array(z.object({ file: z.string(), rest: z.string() })) }),
  z.object({
    kind: z.literal('end'),
    /** Files, or matches, in all; when `more`, at least so many. */
    total: z.number(),
    more: z.boolean(),
    /** Whether time or the number of files ended it before all was looked at. */
    unfinished: z.enum(['time', 'files']).optional(),
    looked: z.number(),
    binary: z.number(),
    large: z.array(z.string()),
  }),
]);
export type SearchNews = z.infer<typeof searchNewsSchema>;
