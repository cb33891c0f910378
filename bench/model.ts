/** The scripted model's process as the measurements see it. Owns the shapes of what it answers. */
import { z } from 'zod';
import { startPeer } from './rpc.ts';

const prefix = z.looseObject({ model: z.string(), max_tokens: z.number() });
export const prefixesSchema = z.object({ main: prefix, subagent: prefix });
export type Prefixes = z.infer<typeof prefixesSchema>;

const rowSchema = z.object({
  kind: z.enum(['talk', 'spawn', 'started', 'news', 'work']),
  news: z.number(),
  at: z.number(),
  firstByteAt: z.number().nullable(),
  endedAt: z.number().nullable(),
  answered: z.boolean(),
});
/** One request: when it arrived, when its answer began and ended, by the run's clock. */
export type ModelRow = z.infer<typeof rowSchema>;

const countsSchema = z.object({
  requests: z.number(),
  refused: z.number(),
  faulted: z.number(),
  aborted: z.number(),
});

export interface ScriptedModel {
  readonly url: string;
  readonly pid: number;
  /** What the gateway's requests begin with; only once both kinds of session have sent one. */
  prefixes(): Promise<Prefixes>;
  mark(): Promise<number>;
  log(since: number): Promise<ModelRow[]>;
  held(gate: string, n: number): Promise<void>;
  left(gate: string): Promise<void>;
  open(gate: string): Promise<number>;
  read(since: number, n: number): Promise<void>;
  counts(): Promise<z.infer<typeof countsSchema>>;
  stop(): Promise<void>;
}

/** What may take long, and never does when all is well. */
const timeoutMs = 120_000;

export async function startModel(): Promise<ScriptedModel> {
  const peer = await startPeer('./model-process.ts');
  const url = await peer.call('url', null, z.string());
  return {
    url,
    pid: peer.pid,
    prefixes: () => peer.call('prefixes', null, prefixesSchema),
    mark: () => peer.call('mark', null, z.number()),
    log: (since) => peer.call('log', since, z.array(rowSchema)),
    async held(gate, n) {
      await peer.call('held', { gate, n, timeoutMs }, z.null());
    },
    async left(gate) {
      await peer.call('left', gate, z.null());
    },
    open: (gate) => peer.call('open', gate, z.number()),
    async read(since, n) {
      await peer.call('read', { since, n, timeoutMs }, z.null());
    },
    counts: () => peer.call('counts', null, countsSchema),
    stop: () => peer.stop(),
  };
}
