/**
 * Everything that can have happened to a session: the closed, versioned union that its log is made of.
 * An event is a past-tense fact and is never edited; what follows from it is the business of `session.ts`.
 */
import { z } from 'zod';
import { amountSchema, capSchema } from './amount.ts';
import {
  cardSchema,
  childSpecSchema,
  endedSchema,
  principalSchema,
  thinkingLevels,
  usageSchema,
  workspaceSchema,
} from './card.ts';
import { acceptedBodySchema, postedMailSchema } from './correspondence.ts';
import type { Block, Json, PrefixParams } from './ports.ts';
import { upgraded } from './upgrade.ts';

/** The version written with each event. A change of shape raises it and adds an upgrade to `upgrade.ts`. */
const EVENT_VERSION = 2;

const count = z.number().int().nonnegative();
const blockSchema = z.custom<Block>(
  (value) => typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string',
);
const prefixSchema = z.custom<PrefixParams>(
  (value) => typeof value === 'object' && value !== null && 'model' in value && 'max_tokens' in value,
);

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

/** `max_tokens` and the cache's ttl of a call, and what is set aside for it. */
const reservedSchema = amountSchema.extend({ maxTokens: count, ttl: z.enum(['5m', '1h']) });

const wakeReasons = ['message', 'announcement', 'steer', 'task', 'resume', 'note'] as const;
export type WakeReason = (typeof wakeReasons)[number];
export const settlements = ['read', 'withdrawn', 'undeliverable'] as const;
export const abandonReasons = ['interrupt', 'stop', 'kill', 'limit', 'budget', 'refused', 'crash'] as const;
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
    /** A chat's own budget a day. */
    budgetUsd: z.number().optional(),
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
    /** What is set aside for the call, and what it may be therefore. */
    reserved: reservedSchema.optional(),
  }),
  /** Set aside anew for a call that goes out again: what was set aside before is charged or was lost. */
  z.object({ type: z.literal('call.reserved'), call: z.string(), reserved: reservedSchema }),
  /** A call of which no answer comes: what the API told of it, and what it may have cost beyond. */
  z.object({
    type: z.literal('call.cut'),
    call: z.string(),
    usage: usageSchema.optional(),
    charged: amountSchema,
  }),
  /** What was set of a chat. */
  z.object({
    type: z.literal('chat.changed'),
    budgetUsd: z.number().optional(),
    by: z.union([principalSchema, z.literal('gateway')]),
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

  z.object({
    type: z.literal('subagent.spawned'),
    spec: childSpecSchema,
    card: cardSchema,
    /** A share that was asked for is its own from here on. */
    share: capSchema.optional(),
  }),
  z.object({
    type: z.literal('subagent.admitted'),
    /** As it stands with its place. */
    card: cardSchema,
    spawns: count,
    /** What it may spend in all its attempts together. */
    share: capSchema.optional(),
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
  z.object({
    type: z.literal('notice'),
    level: z.enum(['info', 'warning', 'error']),
    text: z.string(),
    /** It told that so much of the day's budget is used up. */
    budgetPercent: count.optional(),
  }),
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
  return {
    seq: row.seq,
    at: row.at,
    worked: envelope.worked ?? 0,
    event: eventSchema.parse(upgraded(envelope)),
  };
}
