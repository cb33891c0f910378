/**
 * Everything that can have happened to a session: the closed, versioned union that its log is made of.
 * An event is a past-tense fact and is never edited; what follows from it is the business of `session.ts`.
 */
import { z } from 'zod';
import type { Block, Json, PrefixParams } from './ports.ts';

/** The version written with each event. A change of shape raises it and adds an upgrade to `decodeEvent`. */
const EVENT_VERSION = 1;

const count = z.number().int().nonnegative();
const blockSchema = z.custom<Block>(
  (value) => typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string',
);
const prefixSchema = z.custom<PrefixParams>(
  (value) => typeof value === 'object' && value !== null && 'model' in value && 'max_tokens' in value,
);

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

export const thinkingLevels = ['off', 'low', 'medium', 'high', 'xhigh', 'max'] as const;

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
const endedSchema = z.enum(endedStatuses);
export type EndedStatus = z.infer<typeof endedSchema>;

export const workspaceSchema = z.object({
  branch: z.string(),
  base: z.string(),
  commits: count,
  files: count,
  wip: z.boolean(),
});

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
  model: z.string(),
  status: z.enum(subagentStatuses),
  reason: z.string().optional(),
  attempt: count,
  createdAt: z.number(),
  startedAt: z.number().optional(),
  endedAt: z.number().optional(),
  steps: count,
  activity: z.string(),
  usage: usageSchema,
  /** What it was given: minutes at work for each attempt. */
  share: z.object({ minutes: z.number() }),
  pendingSteers: count,
  workspace: workspaceSchema.optional(),
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
  idleMs: z.number().positive(),
  announce: z.enum(['each', 'quiet']),
  secret: z.string(),
  createdAt: z.number(),
});
export type ChildSpec = z.infer<typeof childSpecSchema>;

// ───────────────────────────────────────────────────────── mail

const steerSchema = z.object({
  kind: z.literal('steer'),
  steerId: z.string(),
  target: z.string(),
  text: z.string(),
  by: z.enum(['parent', 'person']),
  from: principalSchema.optional(),
  interrupt: z.boolean(),
});

/** What sessions write to each other. */
export const mailBodySchema = z.discriminatedUnion('kind', [
  // down
  z.object({ kind: z.literal('task'), spec: childSpecSchema }),
  z.object({ kind: z.literal('go'), attempt: count, spawns: count, day: z.string() }),
  steerSchema,
  z.object({ kind: z.literal('kill'), target: z.string(), by: z.enum(['parent', 'ancestor', 'person']) }),
  // up
  z.object({
    kind: z.literal('status'),
    change: z.enum(['spawned', 'updated', 'ended', 'told']),
    card: cardSchema,
    read: z.array(z.object({ steerId: z.string(), step: count })).optional(),
    /** With `ended`: the beginning of the result, for people. */
    result: z.string().optional(),
  }),
  z.object({
    kind: z.literal('announcement'),
    attempt: count,
    card: cardSchema,
    result: z.string(),
    resultChars: count,
    workedMs: z.number(),
    wakes: z.boolean(),
    /** How many of the spawns that it was lent on `day` it has used. */
    spawns: count,
    day: z.string(),
  }),
]);
export type MailBody = z.infer<typeof mailBodySchema>;

/** Mail on its way: `n` counts from 1 for each sender and receiver. */
const postedMailSchema = z.object({ to: z.string(), n: count, body: mailBodySchema });
export type PostedMail = z.infer<typeof postedMailSchema>;

/** What a session accepts: mail of other sessions, people's words, the gateway's notes to it. */
const acceptedBodySchema = z.discriminatedUnion('kind', [
  ...mailBodySchema.options,
  z.object({
    kind: z.literal('message'),
    /** All of `parts` as one text. */
    text: z.string(),
    parts: z.array(z.object({ type: z.literal('text'), text: z.string() })),
    from: principalSchema,
    interrupt: z.boolean(),
  }),
  z.object({ kind: z.literal('note'), text: z.string(), about: z.enum(['cut', 'empty']) }),
]);
export type AcceptedBody = z.infer<typeof acceptedBodySchema>;

export const senders = { person: 'person', gateway: 'gateway' } as const;

/** A block by the event that brought it. `short`: the announcement's short form was sent. */
const blockRefSchema = z.object({ seq: count, short: z.boolean().optional() });
export type BlockRef = z.infer<typeof blockRefSchema>;

// ───────────────────────────────────────────────────────── tool calls

/** What a call does: change sessions at once, wait for a kill to be confirmed, or work outside. */
const callSchema = z.object({
  /** The API's id of the call. */
  id: z.string(),
  name: z.string(),
  summary: z.string(),
  mode: z.enum(['session', 'kill', 'work']),
  readOnly: z.boolean(),
  repeatable: z.boolean(),
  /** Whether it may start processes, which must then be confirmed dead. */
  processes: z.boolean(),
  /** Only for work: what it is to run with. */
  input: z
    .custom<{ readonly [key: string]: Json }>((value) => typeof value === 'object' && value !== null)
    .optional(),
});
export type CallFact = z.infer<typeof callSchema>;

const wakeReasons = ['message', 'announcement', 'steer', 'task', 'resume', 'note'] as const;
export type WakeReason = (typeof wakeReasons)[number];
export const settlements = ['read', 'withdrawn', 'undeliverable'] as const;
export const abandonReasons = ['interrupt', 'stop', 'kill', 'limit', 'refused', 'crash'] as const;
export type AbandonReason = (typeof abandonReasons)[number];

// ───────────────────────────────────────────────────────── the union

const eventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('session.created'),
    id: z.string(),
    chat: z.string(),
    kind: z.enum(['main', 'subagent']),
    owner: z.string(),
    title: z.string(),
    secret: z.string(),
    model: z.string(),
    thinking: z.enum(thinkingLevels).optional(),
    spec: childSpecSchema.optional(),
  }),
  z.object({ type: z.literal('prefix.started'), because: z.enum(['created']), params: prefixSchema }),

  z.object({
    type: z.literal('mail.accepted'),
    /** A session's id, `person` or `gateway`. */
    sender: z.string(),
    n: count,
    body: acceptedBodySchema,
    /** Mail that is read by the model brings its block, rendered once. */
    block: blockSchema.optional(),
    /** An announcement's short form. */
    short: blockSchema.optional(),
  }),
  z.object({
    type: z.literal('mail.settled'),
    mail: z.string(),
    how: z.enum(settlements),
    step: count.optional(),
    turn: count.optional(),
    /** When it was an announcement: whose. */
    announcement: z.object({ subagentId: z.string(), attempt: count }).optional(),
  }),
  z.object({ type: z.literal('mail.posted'), mail: postedMailSchema }),
  z.object({ type: z.literal('mail.delivered'), to: z.string(), upTo: count }),

  z.object({ type: z.literal('turn.started'), turn: count, because: z.array(z.enum(wakeReasons)) }),
  z.object({
    type: z.literal('turn.ended'),
    turn: count,
    stop: z.enum(['done', 'stopped', 'parked']),
    usage: usageSchema,
    error: z.string().optional(),
  }),
  z.object({
    type: z.literal('step.requested'),
    step: count,
    turn: count,
    takes: z.array(z.string()),
    adds: z.array(blockRefSchema),
  }),
  z.object({
    type: z.literal('step.answered'),
    step: count,
    content: z.array(blockSchema),
    stop: z.string(),
    usage: usageSchema,
    calls: z.array(callSchema),
    partial: z.boolean().optional(),
    ms: z.number(),
  }),
  z.object({
    type: z.literal('step.abandoned'),
    step: count,
    turn: count,
    because: z.enum(abandonReasons),
    /** Whether its call was still out, so that words may have been shown which are void now. */
    calling: z.boolean(),
  }),
  /** Tokens of an answer that does not stand in the transcript. */
  z.object({ type: z.literal('usage.counted'), usage: usageSchema }),
  z.object({
    type: z.literal('tool.started'),
    call: z.string(),
    name: z.string(),
    summary: z.string(),
    /** Only for a kill: the subagents it is aimed at, found among all that the calls before it made. */
    targets: z.array(z.string()).optional(),
  }),
  z.object({
    type: z.literal('tool.finished'),
    call: z.string(),
    ok: z.boolean(),
    ms: z.number(),
    block: blockSchema,
  }),

  z.object({ type: z.literal('subagent.spawned'), spec: childSpecSchema, card: cardSchema }),
  z.object({
    type: z.literal('subagent.admitted'),
    /** As it stands with its place. */
    card: cardSchema,
    spawns: count,
  }),
  z.object({ type: z.literal('steer.read'), steerId: z.string(), subagentId: z.string(), step: count }),

  z.object({ type: z.literal('workspace.opened'), attempt: count, block: blockSchema }),
  z.object({ type: z.literal('attempt.started'), attempt: count }),
  z.object({
    type: z.literal('attempt.closing'),
    attempt: count,
    status: endedSchema,
    reason: z.string().optional(),
    result: z.string(),
    /** False when the one who ended it was told so already. */
    wakes: z.boolean(),
  }),
  z.object({
    type: z.literal('attempt.ended'),
    attempt: count,
    status: endedSchema,
    reason: z.string().optional(),
    result: z.string(),
    workspace: workspaceSchema.optional(),
  }),
  z.object({ type: z.literal('session.swept'), attempt: count, left: z.array(z.string()) }),
  z.object({ type: z.literal('progress.reported'), text: z.string() }),

  z.object({ type: z.literal('session.parked'), reason: z.string(), text: z.string() }),
  z.object({ type: z.literal('session.unparked') }),
  /** Taken up again in the middle of a step; `clean`: after a stop that ended it in order. */
  z.object({ type: z.literal('session.resumed'), step: count, clean: z.boolean().optional() }),
  z.object({ type: z.literal('host.stopped') }),
  z.object({ type: z.literal('notice'), level: z.enum(['info', 'warning', 'error']), text: z.string() }),
]);
export type SessionEvent = z.infer<typeof eventSchema>;

/** An event in its place: what the fold and the feed work on. */
export interface Recorded {
  readonly seq: number;
  readonly at: number;
  /** Milliseconds at work since the event before it, by the monotonic clock. */
  readonly worked: number;
  readonly event: SessionEvent;
}

/** The JSON text under which an event is stored. */
export function encodeEvent(event: SessionEvent, worked: number): string {
  return JSON.stringify(worked > 0 ? { v: EVENT_VERSION, worked, ...event } : { v: EVENT_VERSION, ...event });
}

const envelopeSchema = z.looseObject({ v: count, worked: z.number().optional() });

/**
 * Reads a stored event of this or any earlier version.
 * @throws when it was written by a later version or is no event at all: a log is never guessed at.
 */
export function decodeEvent(row: { seq: number; at: number; event: string }): Recorded {
  const envelope = envelopeSchema.parse(JSON.parse(row.event));
  if (envelope.v > EVENT_VERSION) {
    throw new Error(
      `event ${row.seq} was written by a later release (version ${envelope.v}, this one reads up to ${EVENT_VERSION}): start the release that wrote it`,
    );
  }
  return { seq: row.seq, at: row.at, worked: envelope.worked ?? 0, event: eventSchema.parse(envelope) };
}
