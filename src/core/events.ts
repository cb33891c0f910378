/**
 * Everything that can have happened to a session: the closed, versioned union that its log is made of.
 * An event is a past-tense fact and is never edited; what follows from it is the business of `session.ts`.
 */
import { z } from 'zod';
import { amountSchema, capSchema } from './amount.ts';
import { storedBlockSchema } from './attachments.ts';
import { callSchema } from './call-fact.ts';
import {
  cardSchema,
  childSpecSchema,
  endedSchema,
  inputRequestSchema,
  principalSchema,
  thinkingLevels,
  usageSchema,
  workspaceSchema,
} from './card.ts';
import { acceptedBodySchema, postedMailSchema } from './correspondence.ts';
import { planSchema } from './plan.ts';
import type { Block, PrefixParams, RefusalKind } from './ports.ts';
import { upgraded } from './upgrade.ts';

/** The version written with each event. A change of shape raises it and adds an upgrade to `upgrade.ts`. */
export const EVENT_VERSION = 5;

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

/** Why a session's requests begin anew. */
export const prefixReasons = ['created', 'compaction', 'quarantine', 'settings'] as const;
export type PrefixReason = (typeof prefixReasons)[number];
export type RenewalReason = Exclude<PrefixReason, 'created'>;

/** A message of the prefix before, as the new one sends it. */
const carriedSchema = z.object({
  role: z.enum(['user', 'assistant']),
  content: z.array(blockSchema),
  /** The event that brought it; 0 for what the gateway wrote for this prefix. */
  seq: count,
  /** The step that sent it, or whose answer it is. */
  step: count,
});
export type Carried = z.infer<typeof carriedSchema>;

/** A block that no request has held yet, as the new prefix is to send it. */
const pendingSchema = z.object({
  seq: count,
  /** Files that stand before it. */
  attached: z.array(storedBlockSchema).optional(),
  block: blockSchema,
  short: blockSchema.optional(),
});
export type PendingBlock = z.infer<typeof pendingSchema>;

/** Where the end of a conversation begins that is kept word for word: with a step's blocks, or with its answer. */
const cutSchema = z.object({ step: count, adds: z.boolean() });
export type Cut = z.infer<typeof cutSchema>;

const refusalKinds = [
  'invalid',
  'auth',
  'billing',
  'permission',
  'not_found',
  'too_large',
] as const satisfies readonly RefusalKind[];

/** `max_tokens` and the cache's ttl of a call, and what is set aside for it. */
const reservedSchema = amountSchema.extend({ maxTokens: count, ttl: z.enum(['5m', '1h']) });

const wakeReasons = [
  'message',
  'announcement',
  'steer',
  'task',
  'resume',
  'question',
  'denial',
  'note',
] as const;
export type WakeReason = (typeof wakeReasons)[number];
export const settlements = ['read', 'withdrawn', 'undeliverable'] as const;
export const abandonReasons = [
  'interrupt',
  'stop',
  'kill',
  'limit',
  'budget',
  'refused',
  'crash',
  'unverified',
] as const;
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
    /** Whether somebody chose the model: it is then kept when the configuration names another. */
    chosen: z.boolean(),
    thinking: z.enum(thinkingLevels).optional(),
    spec: childSpecSchema.optional(),
    /** A main session that no model leads: what comes waits until the program that leads it has read it. */
    lead: z.literal('program').optional(),
    /** A chat's own budget a day. */
    budgetUsd: z.number().optional(),
  }),
  /** Requests begin anew: with `params`, then `carried`. All else of the conversation stays in the log. */
  z.object({
    type: z.literal('prefix.started'),
    because: z.enum(prefixReasons),
    params: prefixSchema,
    carried: z.array(carriedSchema).optional(),
    pending: z.array(pendingSchema).optional(),
    /** The events that hold what was asked for, word for word, before this prefix. */
    asked: z.array(count).optional(),
  }),
  /** The next request waits for a new prefix. */
  z.object({ type: z.literal('prefix.due'), n: count, because: z.enum(prefixReasons).exclude(['created']) }),
  /** A summary of the conversation is being made beside it; `forced`: the next request waits for it. */
  z.object({
    type: z.literal('compaction.started'),
    n: count,
    forced: z.boolean(),
    reserved: reservedSchema,
  }),
  z.object({ type: z.literal('compaction.made'), n: count, summary: z.string(), from: cutSchema.optional() }),
  z.object({ type: z.literal('compaction.failed'), n: count, why: z.string() }),

  z.object({
    type: z.literal('mail.accepted'),
    /** A session's id, `person` or `gateway`. */
    sender: z.string(),
    n: count,
    body: acceptedBodySchema,
    /** Files that came along: they stand before the block, in one message with it. */
    attached: z.array(storedBlockSchema).optional(),
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
    /** In front of what is added: an assistant message that closes what stands open of the API's own tools. */
    closes: z.array(blockSchema).optional(),
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
  z.object({
    type: z.literal('step.answered'),
    step: count,
    content: z.array(blockSchema),
    /** What people read of its words, where that is not all of them. */
    said: z.string().optional(),
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
  /** The API refused the request as it stands; it is sent once more. */
  z.object({
    type: z.literal('step.refused'),
    step: count,
    why: z.enum(refusalKinds),
    message: z.string(),
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

  /** A call waits for an answer from above. */
  z.object({ type: z.literal('input.requested'), call: z.string(), request: inputRequestSchema }),
  z.object({
    type: z.literal('input.answered'),
    call: z.string(),
    request: inputRequestSchema,
    text: z.string(),
    by: z.enum(['parent', 'ancestor', 'person']),
    from: principalSchema.optional(),
    /** Of what was to be allowed. */
    decision: z.enum(['allow', 'deny']).optional(),
  }),
  /** Nobody will answer it any more, or need to. */
  z.object({ type: z.literal('input.withdrawn'), call: z.string(), request: inputRequestSchema }),

  z.object({
    type: z.literal('subagent.spawned'),
    spec: childSpecSchema,
    card: cardSchema,
    /** A share that was asked for is its own from here on. */
    share: capSchema.optional(),
    /** The step that spawned it, where its ending is announced together with the others of that step. */
    together: count.optional(),
  }),
  /** It waits for nobody any more: from here on for its place. */
  z.object({ type: z.literal('subagent.released'), card: cardSchema }),
  z.object({
    type: z.literal('subagent.admitted'),
    /** As it stands with its place. */
    card: cardSchema,
    spawns: count,
    /** What it may spend in all its attempts together. */
    share: capSchema.optional(),
  }),
  /** What is to be done, and by whom; in the place of what was planned before. */
  z.object({ type: z.literal('plan.set'), plan: planSchema }),
  z.object({ type: z.literal('steer.read'), steerId: z.string(), subagentId: z.string(), step: count }),

  z.object({ type: z.literal('workspace.opened'), attempt: count, block: blockSchema }),
  z.object({ type: z.literal('attempt.started'), attempt: count }),
  z.object({
    type: z.literal('attempt.closing'),
    attempt: count,
    status: endedSchema,
    reason: z.string().optional(),
    result: z.string(),
    verified: z.string().optional(),
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
    verified: z.string().optional(),
  }),
  /** Its result in the form that was asked for, as JSON text. */
  z.object({ type: z.literal('result.submitted'), result: z.string() }),
  /** It says that it is done: whether it is, is being checked for the `n`th time. */
  z.object({ type: z.literal('verification.started'), n: count, text: z.string() }),
  /** It isn't done, and why. */
  z.object({ type: z.literal('verification.failed'), text: z.string() }),
  z.object({ type: z.literal('session.swept'), attempt: count, left: z.array(z.string()) }),
  z.object({ type: z.literal('progress.reported'), text: z.string() }),
  /** What it does now, where no other event tells: that its call waits for the model API, or no longer does. */
  z.object({ type: z.literal('activity.changed'), text: z.string() }),

  z.object({ type: z.literal('session.parked'), reason: z.string(), text: z.string() }),
  z.object({ type: z.literal('session.unparked') }),
  /** Taken up again in the middle of a step; `clean`: after a stop in order or an eviction, so it is no crash. */
  z.object({ type: z.literal('session.resumed'), step: count, clean: z.boolean().optional() }),
  z.object({ type: z.literal('host.stopped') }),

  /** What was set of a chat: by someone, or by the gateway when a message gave it its title or took it up again. */
  z.object({
    type: z.literal('chat.changed'),
    title: z.string().optional(),
    /** A resolved id: adopted by the next prefix. */
    model: z.string().optional(),
    budgetUsd: z.number().optional(),
    archived: z.boolean().optional(),
    by: z.union([principalSchema, z.literal('gateway')]),
  }),
  /** From here on the chat only comes to its end; its log goes with it. */
  z.object({ type: z.literal('chat.deleting'), by: principalSchema }),
  /** Ended subagents, each with all below it, that are no longer part of the tree. */
  z.object({ type: z.literal('subagent.forgotten'), ids: z.array(z.string()) }),
  /** Nothing is left of these: their logs and folders are gone. */
  z.object({ type: z.literal('subagent.removed'), ids: z.array(z.string()) }),
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
