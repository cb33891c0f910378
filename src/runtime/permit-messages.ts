/**
 * What a session and the desk that grants permits for model calls say to each other, and the times that both keep to.
 * They are objects of their own, perhaps of two versions of this program: each reads what the other says with these
 * schemas, and passes over fields that it doesn't know. Owns no behaviour.
 *
 * Every message may come late, never, or twice. A ticket's asks are numbered upwards; a lease is known by its ticket
 * and the number of the ask that it answered. So a repetition says nothing new.
 */
import { z } from 'zod';
import type { TransientKind } from '../core/ports.ts';

/** The longest that a message stays open before it is answered: the other side may be gone, and nobody be told. */
export const OPEN_MS = 20_000;
/** A lease that is not heard of for so long is given back: three renewals were lost, or its holder is. */
export const LEASE_MS = 60_000;

/** Who asks, and for what. */
const who = z.object({
  session: z.string().min(1).max(200),
  /** One life of the session's object: what an earlier one held is given back when a new one is heard of. */
  life: z.string().min(1).max(200),
  /** Counts the tickets of this life. */
  ticket: z.int().min(1),
  chat: z.string().min(1).max(200),
  priority: z.literal([0, 1, 2]),
});
export type Who = z.infer<typeof who>;

const why = z.enum([
  'rate_limited',
  'overloaded',
  'server',
  'connection',
  'cut',
  'stalled',
] as const satisfies readonly TransientKind[]);
const number = z.int().min(1);
const ms = z.number().min(0);
/** Whether the API has taken a call on this lease up. */
const taken = z.boolean();

const back = z.object({
  who,
  /** All that the ticket had up to this ask is given back: its lease, or its place among those who wait. */
  n: number,
  taken,
  /** The lease's last call failed. */
  failed: z
    .object({
      why,
      retryAfterMs: ms.exactOptional(),
      /** What it would wait from now on if it were alone. */
      pauseMs: ms,
    })
    .exactOptional(),
});
export type Back = z.infer<typeof back>;

/** Asks for a permit, and hands in what it rids itself of at the same time. Stays open until its turn has come. */
const ask = z.object({ kind: z.literal('ask'), who, n: number, backs: z.array(back).max(100) });
export type Ask = z.infer<typeof ask>;

/** A lease is still wanted. Stays open while more calls may start on it. */
const keep = z.object({ kind: z.literal('keep'), who, n: number, taken });
export type Keep = z.infer<typeof keep>;

/** Gives back, at once. */
const handIn = z.object({ kind: z.literal('back'), backs: z.array(back).max(100) });

export const permitMessage = z.discriminatedUnion('kind', [ask, keep, handIn]);
export type PermitMessage = z.infer<typeof permitMessage>;

const hold = z.object({ why, notBefore: z.number().exactOptional() });

export const askAnswer = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('granted'),
    /** Calls that may be made one after the other, the last beginning within `ms`. */
    calls: number,
    ms,
    /** The lease is to be renewed so often. */
    renewMs: ms,
    /** Others wait to hear whether the API takes calls up: it is told at once. */
    eager: z.boolean(),
  }),
  /** Its place is kept; it is to ask again at once. Present: no call starts now, and why. */
  z.object({ kind: z.literal('wait'), hold: hold.exactOptional() }),
]);
export type AskAnswer = z.infer<typeof askAnswer>;

/** Whether more calls may begin on the lease than the one that is under way. */
export const keepAnswer = z.object({ kind: z.literal('kept'), more: z.boolean() });
export type KeepAnswer = z.infer<typeof keepAnswer>;

/** For each that was given back with a failure: whether all calls wait now. */
export const backAnswer = z.object({ kind: z.literal('back'), shared: z.array(z.boolean()) });
export type BackAnswer = z.infer<typeof backAnswer>;

export type PermitAnswer = AskAnswer | KeepAnswer | BackAnswer;
