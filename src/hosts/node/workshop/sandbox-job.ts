/**
 * What the gateway and the thread that makes sandboxes say to each other. Owns the shapes, and no behaviour.
 */
import { z } from 'zod';

/** Something put in a place of the file system, over whatever is there. */
const mountSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('read'),
    from: z.string(),
    to: z.string(),
    /** Passed over should `from` be gone by then. */
    ifThere: z.boolean().optional(),
  }),
  z.object({ kind: z.literal('write'), from: z.string(), to: z.string() }),
  /** An empty folder, which goes with the command. */
  z.object({ kind: z.literal('empty'), to: z.string() }),
]);
export type Mount = z.infer<typeof mountSchema>;

/** Where a command's reach ends. All paths are absolute; what is not there is passed over. */
export const boundsSchema = z.object({
  /** Folders that it may write in. All else is read-only. */
  write: z.array(z.string()),
  /** Folders and files that it may not read. */
  hide: z.array(z.string()),
  /** Folders that it may read although they lie below a hidden one, as those that it may write in. */
  show: z.array(z.string()),
  /** In this order, after all the above. */
  mounts: z.array(mountSchema),
});
export type Bounds = z.infer<typeof boundsSchema>;

export const sandboxJobSchema = z.object({
  /** Hosts that commands may reach. */
  hosts: z.array(z.string()),
  /** The program that connects sandboxes with the proxy, if not the one on the PATH. */
  socat: z.string().optional(),
});

export const sandboxAskSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('wrap'),
    id: z.number(),
    bounds: boundsSchema,
    /** What is run in the sandbox, for `sh -c`. */
    script: z.string(),
  }),
  /** A command that was wrapped has ended. */
  z.object({ kind: z.literal('ended') }),
  z.object({ kind: z.literal('close') }),
]);
export type SandboxAsk = z.infer<typeof sandboxAskSchema>;

export const sandboxNewsSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('failed'), message: z.string() }),
  z.object({ kind: z.literal('wrapped'), id: z.number(), argv: z.array(z.string()) }),
  z.object({ kind: z.literal('refused'), id: z.number(), message: z.string() }),
  z.object({ kind: z.literal('closed') }),
]);
export type SandboxNews = z.infer<typeof sandboxNewsSchema>;
