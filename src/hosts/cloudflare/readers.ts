/**
 * Who reads a session's feed with a token that may be revoked: the directory is told once of each such token, and tells
 * this session when it is. Owns that book; ends nobody by itself.
 */
import type { DirectoryMethods } from './bindings.ts';
import { makeTurns } from './in-turn.ts';

export interface Readers {
  /** Calls once the token of this digest opens nothing any more; the returned function ends that. */
  onceRevoked(digest: string, ended: () => void): () => void;
  /** Whether the token of this digest is in force at this moment. Rejects when nobody can tell. */
  inForce(digest: string): Promise<boolean>;
  /** The directory says that it was revoked. */
  revoked(digest: string): void;
}

export function makeReaders(
  session: string,
  directory: () => Pick<DirectoryMethods, 'watch' | 'unwatch'>,
  failed: (error: unknown) => void,
): Readers {
  const readers = new Map<string, Set<() => void>>();
  // Who left and came back at once is watched in the end.
  const inTurn = makeTurns();

  function revoked(digest: string): void {
    const all = readers.get(digest);
    readers.delete(digest);
    for (const ended of all ?? []) ended();
  }

  return {
    revoked,
    // Whoever asks reads on: the directory tells when that must end.
    inForce: (digest) => inTurn(() => directory().watch(digest, session)),
    onceRevoked(digest, ended) {
      const own = (): void => ended();
      const known = readers.get(digest);
      const all = known ?? new Set();
      readers.set(digest, all);
      all.add(own);
      if (!known) {
        inTurn(() => directory().watch(digest, session))
          .then((inForce) => {
            if (!inForce) revoked(digest);
          })
          // Nobody could say when it ends: better let go, and come back.
          .catch((error: unknown) => {
            failed(error);
            revoked(digest);
          });
      }
      return () => {
        if (!all.delete(own) || all.size > 0 || readers.get(digest) !== all) return;
        readers.delete(digest);
        inTurn(async () => {
          if (!readers.has(digest)) await directory().unwatch(digest, session);
        }).catch(failed);
      };
    },
  };
}
