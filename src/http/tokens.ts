/**
 * Named tokens as the HTTP door needs them, whoever keeps them: only digests, scopes and owners. Owns how a
 * token is digested and digests are compared. Never sees a token that isn't being checked.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Scope } from './scopes.ts';

/** What every named token begins with, so that people and secret scanners know one when they see it. */
export const tokenPrefix = 'tid_';

export interface NamedToken {
  /** Means this one token for ever: a revoked name is never given again. */
  readonly name: string;
  /** Hexadecimal SHA-256 of the token: the token itself is kept nowhere. */
  readonly digest: string;
  readonly scopes: readonly Scope[];
  /** Whose chats it sees and makes. */
  readonly owner: string;
  readonly revoked: boolean;
}

/** What a host must bring for named tokens. */
export interface NamedTokens {
  /** All there are at this moment, the revoked among them; undefined: they can't be read. Asked at every request. */
  all(): readonly NamedToken[] | undefined;
  /** Calls after a change of what `all` tells, within a second of it; the returned function ends that. */
  watch(changed: () => void): () => void;
}

/** Hexadecimal SHA-256. */
export function digestOf(token: string): string {
  return bytesToHex(sha256(utf8ToBytes(token)));
}

/** Takes as long whatever is different: digests are compared to their ends. */
export function sameDigest(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let at = 0; at < a.length; at++) difference |= a.charCodeAt(at) ^ b.charCodeAt(at);
  return difference === 0;
}

/** Whether the token of this digest opens anything now. */
export function inForce(tokens: NamedTokens, digest: string): boolean {
  return (tokens.all() ?? []).some((one) => !one.revoked && sameDigest(one.digest, digest));
}
