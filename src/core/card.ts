/**
 * What is known of people, models' use and subagents wherever it is told: the shapes that events, mail and the feed
 * share. Holds no behaviour.
 */
import { z } from 'zod';
import { amountSchema, capSchema } from './amount.ts';

const count = z.number().int().nonnegative();

/** Who asks, and through which door. */
export const principalSchema = z.object({ principal: z.string(), channel: z.string() });
export type Principal = z.infer<typeof principalSchema>;

export const usageSchema = z.object({
  inputTokens: z.number(),
  outputTokens: z.number(),
  cacheReadTokens: z.number(),
  cacheWriteTokens: z.number(),
  usd: z.number(),
});

/** What calls of one day and model came to. */
export const spendingSchema = z.object({ day: z.string(), model: z.string(), usage: usageSchema });

export const thinkingLevels = ['off', 'low', 'medium', 'high', 'xhigh', 'max'] as const;

/** How far a session may act by itself, from the narrowest: its plan is approved first, what no rule allows is asked for, all but what a rule asks for. */
export const trustLevels = ['plan', 'ask', 'auto'] as const;
export const trustSchema = z.enum(trustLevels);
export type TrustLevel = z.infer<typeof trustSchema>;

/** What must hold before a subagent is believed to have completed. */
export const doneWhenSchema = z.object({
  /** Commands that must succeed in its workspace. */
  commands: z.array(z.string()),
  /** What each of them may take. */
  limitMs: z.number().positive(),
  /** The JSON Schema that its result must fit. */
  resultSchema: z.record(z.string(), z.json()).optional(),
});
export type DoneWhen = z.infer<typeof doneWhenSchema>;

// ───────────────────────────────────────────────────────── what is known of a subagent

export const subagentStatuses = [
  'blocked',
  'queued',
  'running',
  'waiting',
  'input_required',
  'completed',
  'failed',
  'timed_out',
  'over_budget',
  'killed',
] as const;
export const endedStatuses = ['completed', 'failed', 'timed_out', 'over_budget', 'killed'] as const;
export const endedSchema = z.enum(endedStatuses);
export type EndedStatus = z.infer<typeof endedSchema>;

export const workspaceSchema = z.object({
  branch: z.string(),
  base: z.string(),
  commits: count,
  files: count,
  wip: z.boolean(),
});

/** What a session must be told before it can go on. */
export const inputRequestSchema = z.object({
  id: z.string(),
  kind: z.enum(['permission', 'question', 'plan']),
  /** One line. */
  title: z.string(),
  /** The whole. */
  detail: z.string(),
  /** No session above may allow it: that is a person's to give. */
  person: z.literal(true).optional(),
});
export type InputRequest = z.infer<typeof inputRequestSchema>;

/** What became of a request for input, as ancestors are told of it. */
export const inputNewsSchema = z.object({
  request: inputRequestSchema,
  /** Absent: it was just made. */
  outcome: z.enum(['answered', 'withdrawn']).optional(),
  by: z.enum(['parent', 'ancestor', 'person']).optional(),
  /** Of what was to be allowed. */
  decision: z.enum(['allow', 'deny']).optional(),
  /** The beginning of the answer. */
  text: z.string().optional(),
});
export type InputNews = z.infer<typeof inputNewsSchema>;

/** What every ancestor keeps of a subagent, as its last news told it. */
export const cardSchema = z.object({
  id: z.string(),
  label: z.string(),
  path: z.string(),
  parent: z.string(),
  /** The beginning of the task; the whole stands in the subagent's own log. */
  task: z.string(),
  role: z.enum(['worker', 'reviewer']),
  agent: z.string(),
  /** What it was given; absent in older cards. */
  trust: trustSchema.optional(),
  model: z.string(),
  status: z.enum(subagentStatuses),
  reason: z.string().optional(),
  attempt: count,
  createdAt: z.number(),
  startedAt: z.number().optional(),
  endedAt: z.number().optional(),
  steps: count,
  activity: z
    .string()
    .describe(
      'What it does now: a tool at work, or what it waits for; while it thinks or waits for its own, what it last reported of itself, or else that it does. Empty: nothing.',
    ),
  usage: usageSchema,
  /** What it was given: minutes at work for each attempt; money and tokens for all of them and all below it. */
  share: z.object({ minutes: z.number(), usd: z.number().optional(), tokens: z.number().optional() }),
  /** At rest all that it and those below may have spent, at work what is known of it. Absent in older cards. */
  spent: amountSchema.optional(),
  /** At rest: what was spent may still turn out to be less. */
  unsettled: z.literal(true).optional(),
  /** While it waits for its place: what its next request holds at most, and the shortest answer, in tokens. */
  next: z.object({ input: count, least: count }).optional(),
  /** Its own calls, by day and model. */
  spending: z.array(spendingSchema).optional(),
  after: z
    .array(z.string())
    .optional()
    .describe(
      'Whom it was to wait for: their ids, as `id` and `parent` are, whatever they were called when it was spawned. It begins once all of them have completed. Absent: nobody.',
    ),
  pendingSteers: count,
  /** Its open requests for input, oldest first; absent: none. */
  requests: z.array(inputRequestSchema).optional(),
  /** How many it has ever made; absent: none. */
  asked: count.optional(),
  workspace: workspaceSchema.optional(),
  /** What was checked before it was believed to have completed. */
  verified: z.string().optional(),
  announcement: z.enum(['none', 'pending', 'read', 'withdrawn', 'undeliverable']),
  /** The last mail of its parent that it had accepted when this was told. */
  heard: count,
  /** Absent: nothing of it is known to live. A list: what was still unconfirmed when last told. */
  unswept: z.array(z.string()).optional(),
});
export type Card = z.infer<typeof cardSchema>;

/** What a spawn fixes for a subagent: all that its session is born with. */
export const childSpecSchema = z.object({
  id: z.string(),
  chat: z.string(),
  owner: z.string(),
  parent: z.string(),
  label: z.string(),
  path: z.string(),
  depth: count,
  task: z.string(),
  role: z.enum(['worker', 'reviewer']),
  model: z.string(),
  thinking: z.enum(thinkingLevels).optional(),
  repo: z.string().optional(),
  limitMs: z.number().positive(),
  /** What it is to get for each attempt, as it was asked for. */
  share: capSchema.optional(),
  idleMs: z.number().positive(),
  announce: z.enum(['each', 'together', 'quiet']),
  /** Ids of its parent's children that must have completed before it begins. */
  after: z.array(z.string()).optional(),
  /** How often it is tried again when it failed. */
  retries: count.optional(),
  /** Names the words that asked for it, where the same words are not to make two. */
  once: z.string().optional(),
  /** Absent in older ones: as far as the configuration goes. */
  trust: trustSchema.optional(),
  /** How far it may act once its plan is approved. */
  afterPlan: trustSchema.exclude(['plan']).optional(),
  doneWhen: doneWhenSchema.optional(),
  secret: z.string(),
  createdAt: z.number(),
});
export type ChildSpec = z.infer<typeof childSpecSchema>;
