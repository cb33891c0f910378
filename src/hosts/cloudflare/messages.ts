/**
 * What objects say to each other, checked where it arrives: mail between sessions with its answer, rows of logs, views.
 * Owns these shapes. A message of a later release is not guessed at: it is sent again until its receiver is of that
 * release, too.
 */
import { z } from 'zod';
import type { Refusal } from '../../core/commands.ts';
import { postedMailSchema } from '../../core/correspondence.ts';
import { EVENT_VERSION } from '../../core/events.ts';

const count = z.number().int().nonnegative();

/** Raised with the events' version: mail is kept in them. */
export const MAIL_VERSION = EVENT_VERSION;

export const envelopeSchema = z.looseObject({ version: count });
export const mailSchema = z.object({
  version: count,
  sender: z.string().min(1).max(200),
  mails: z.array(postedMailSchema).min(1),
});
export type MailMessage = z.infer<typeof mailSchema>;

const refusalKinds = [
  'not_found',
  'ambiguous',
  'limit',
  'exists',
  'conflict',
  'not_allowed',
  'invalid',
] as const satisfies readonly Refusal['kind'][];

export const mailAnswerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('accepted'), upTo: count }),
  /** It will never be taken. */
  z.object({
    kind: z.literal('refused'),
    refusal: z.object({ kind: z.enum(refusalKinds), message: z.string() }),
  }),
  /** Not now: it is to be sent again. */
  z.object({ kind: z.literal('later'), why: z.string() }),
]);
export type MailAnswer = z.infer<typeof mailAnswerSchema>;

export const rowSchema = z.object({
  id: z.string(),
  chat: z.string(),
  parent: z.string().nullable(),
  kind: z.enum(['main', 'subagent']),
  owner: z.string(),
  createdAt: z.number(),
  seq: count,
  wants: z.boolean(),
  archived: z.boolean(),
  endedAt: z.number().nullable(),
});

/** Rows of a log, and whether there are more of those that were asked for. */
export const eventsSchema = z.object({
  rows: z.array(z.object({ seq: count, at: z.number(), event: z.string() })),
  more: z.boolean(),
});

export const progressSchema = z.object({
  name: z.literal('progress'),
  data: z.object({
    subagentId: z.string(),
    steps: count,
    activity: z.string(),
    usage: z.object({
      inputTokens: z.number(),
      outputTokens: z.number(),
      cacheReadTokens: z.number(),
      cacheWriteTokens: z.number(),
      usd: z.number(),
    }),
  }),
});

export const shelvedSchema = z.object({
  id: z.string(),
  owner: z.string(),
  createdAt: z.number(),
  archived: z.boolean(),
});

export const pageQuerySchema = z.object({
  before: z.string().optional(),
  limit: count,
  owner: z.string().optional(),
  archived: z.union([z.boolean(), z.literal('any')]).optional(),
});

export const searchSchema = z.object({
  q: z.string().min(1).max(1_000),
  limit: z.int().min(1).max(100),
  before: z.object({ session: z.string(), seq: count }).optional(),
});
