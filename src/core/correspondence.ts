/**
 * What sessions write to each other, and what a session accepts besides: people's words and the gateway's notes.
 * Owns the shapes; what each kind of mail does to its receiver is decided elsewhere.
 */
import { z } from 'zod';
import { capSchema } from './amount.ts';
import { cardSchema, childSpecSchema, endedSchema, inputNewsSchema, principalSchema } from './card.ts';
import { filePartSchema } from './files.ts';

const count = z.number().int().nonnegative();

const steerSchema = z.object({
  kind: z.literal('steer'),
  steerId: z.string(),
  target: z.string(),
  text: z.string(),
  by: z.enum(['parent', 'person']),
  from: principalSchema.optional(),
  interrupt: z.boolean(),
  /** The gateway itself tries a failed attempt again. */
  retry: z.literal(true).optional(),
});

const announcementSchema = z.object({
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
});

/** What sessions write to each other. */
export const mailBodySchema = z.discriminatedUnion('kind', [
  // down
  z.object({ kind: z.literal('task'), spec: childSpecSchema }),
  z.object({
    kind: z.literal('go'),
    attempt: count,
    spawns: count,
    day: z.string(),
    /** What it may spend in all its attempts together. */
    share: capSchema.optional(),
  }),
  steerSchema,
  z.object({ kind: z.literal('kill'), target: z.string(), by: z.enum(['parent', 'ancestor', 'person']) }),
  z.object({
    kind: z.literal('answer'),
    target: z.string(),
    request: z.string(),
    text: z.string(),
    /** Of what was to be allowed. */
    decision: z.enum(['allow', 'deny']).optional(),
    by: z.enum(['parent', 'ancestor', 'person']),
    from: principalSchema.optional(),
  }),
  /** What one that waited for it gets: how a sibling ended. */
  z.object({ kind: z.literal('result'), of: announcementSchema }),
  /** What it waits for won't come. */
  z.object({
    kind: z.literal('unmet'),
    path: z.string(),
    status: endedSchema,
    reason: z.string().optional(),
  }),
  // up
  z.object({
    kind: z.literal('status'),
    change: z.enum(['spawned', 'updated', 'ended', 'told', 'asked', 'answered']),
    card: cardSchema,
    read: z.array(z.object({ steerId: z.string(), step: count })).optional(),
    /** With `ended`: the beginning of the result, for people. */
    result: z.string().optional(),
    /** With `asked` and `answered`: what was asked, and what came of it. */
    input: inputNewsSchema.optional(),
    /** With `told`: what it tried and may not do. */
    refused: z.string().optional(),
    /** With `told`: how people's words begin that it ended without having read. */
    unread: z.array(z.string()).optional(),
  }),
  announcementSchema,
]);
export type MailBody = z.infer<typeof mailBodySchema>;

/** Mail on its way: `n` counts from 1 for each sender and receiver. */
export const postedMailSchema = z.object({ to: z.string(), n: count, body: mailBodySchema });
export type PostedMail = z.infer<typeof postedMailSchema>;

/** What a message is made of. */
export const partSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  filePartSchema,
]);
export type MessagePart = z.infer<typeof partSchema>;

/** What a session accepts: mail of other sessions, people's words, the gateway's notes to it. */
export const acceptedBodySchema = z.discriminatedUnion('kind', [
  ...mailBodySchema.options,
  z.object({
    kind: z.literal('message'),
    /** All texts of `parts` as one; empty: there are files alone. */
    text: z.string(),
    parts: z.array(partSchema),
    from: principalSchema,
    interrupt: z.boolean(),
  }),
  z.object({
    kind: z.literal('note'),
    text: z.string(),
    about: z.enum(['cut', 'empty', 'unverified', 'allowed', 'spoken']),
  }),
  /** A child's question, as the gateway puts it to its parent's model. */
  z.object({
    kind: z.literal('question'),
    subagentId: z.string(),
    request: z.string(),
    /** There is nothing in it for that model to do. */
    wakes: z.literal(false).optional(),
  }),
  /** A person denied what a child asked for: what its parent's model is told of it. */
  z.object({
    kind: z.literal('denial'),
    subagentId: z.string(),
    request: z.string(),
    wakes: z.literal(false).optional(),
  }),
]);
export type AcceptedBody = z.infer<typeof acceptedBodySchema>;

export const senders = { person: 'person', gateway: 'gateway' } as const;
