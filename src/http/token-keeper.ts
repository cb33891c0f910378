/**
 * What a host brings that keeps named tokens, for the routes that make, list and revoke them. Owns the shapes of what
 * it is told and answers, and that a request which comes again is done once. Sees digests, never a token.
 */
import { z } from 'zod';
import { type KeptToken, keptTokenSchema, refusalKinds, TokenRefusal } from './token-rules.ts';

/** A request by its id, with what it takes to know and to answer it when it comes again. */
export const tokenRequestSchema = z.strictObject({
  /** Beginning with whose it is: others are free to use the same. */
  id: z.string().min(1).max(200),
  /** Of where and what it was. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** Of the token that was made for it, which can be derived again with this and the admin token. */
  salt: z.string().max(64).optional(),
});
export type TokenRequest = z.output<typeof tokenRequestSchema>;

/** A request that was done, and the token that it was about. */
export const doneRequestSchema = tokenRequestSchema.extend({ token: z.string() });
export type DoneRequest = z.output<typeof doneRequestSchema>;

const keptSchema = z.object({
  token: keptTokenSchema,
  /** Whether the request was done before, and with which salt. */
  repeated: z.boolean(),
  salt: z.string().optional(),
});
export type Kept = z.output<typeof keptSchema>;

/** What was done, or in words why it can't be: errors don't cross from object to object as they are. */
export const keeperAnswerSchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: keptSchema }),
  z.object({ ok: z.literal(false), kind: z.enum(refusalKinds), message: z.string() }),
]);
export type KeeperAnswer = z.output<typeof keeperAnswerSchema>;

export interface TokenKeeper {
  /** All that were ever made, oldest first. */
  list(): readonly KeptToken[] | Promise<readonly KeptToken[]>;
  /** Keeps a new one, whose name must be free. */
  add(token: KeptToken, request?: TokenRequest): KeeperAnswer | Promise<KeeperAnswer>;
  /** One that was revoked stays revoked since then. */
  revoke(name: string, request?: TokenRequest): KeeperAnswer | Promise<KeeperAnswer>;
}

/** Does it and answers in words. What isn't a refusal is thrown on. */
export function inWords(job: () => Kept): KeeperAnswer {
  try {
    return { ok: true, value: job() };
  } catch (error) {
    if (error instanceof TokenRefusal) return { ok: false, kind: error.kind, message: error.message };
    throw error;
  }
}

/**
 * What a request that was done before is answered with.
 * @throws TokenRefusal when it was another one that had this id
 */
export function repeatedAnswer(
  done: DoneRequest,
  { hash }: TokenRequest,
  tokenOf: (name: string) => KeptToken | undefined,
): Kept {
  const token = tokenOf(done.token);
  if (done.hash !== hash || token === undefined) {
    throw new TokenRefusal(
      'reused',
      'This id was used before with another body or on another path: use a new id, or send the same again.',
    );
  }
  return { token, repeated: true, ...(done.salt === undefined ? {} : { salt: done.salt }) };
}
