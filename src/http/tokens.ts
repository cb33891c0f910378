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

/** Whose token it is, wherever they are kept. What a host must bring for named tokens. */
export interface TokenBook {
  /** The token of this digest, a revoked one too; `unreadable`: nobody can tell at this moment. */
  find(digest: string): Found | Promise<Found>;
  /** Calls once the token of this digest opens nothing any more, at once if that is so; the returned function ends that. */
  onceRevoked(digest: string, ended: () => void): () => void;
}
type Found = NamedToken | 'unreadable' | undefined;

/** Tokens that are all at hand. */
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

/** Looks tokens up in a list: each time with all there are, whichever it is. */
export function bookOf(tokens: NamedTokens): TokenBook {
  const find = (digest: string): Found => {
    const all = tokens.all();
    if (!all) return 'unreadable';
    let found: NamedToken | undefined;
    for (const one of all) if (sameDigest(one.digest, digest)) found = one;
    return found;
  };
  return {
    find,
    onceRevoked(digest, ended) {
      let unwatch = (): void => {};
      const look = (): boolean => {
        const found = find(digest);
        if (typeof found === 'object' && !found.revoked) return true;
        unwatch();
        ended();
        return false;
      };
      // Revoked between the check of the request and now: no change is left to wait for.
      if (look()) unwatch = tokens.watch(look);
      return () => unwatch();
    },
  };
}
