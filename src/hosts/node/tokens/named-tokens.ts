/**
 * The named tokens as a running gateway sees them: read again whenever their file has changed, whoever changed it.
 * Owns when it looks. Never writes what the file holds.
 */
import { chmodSync, statSync } from 'node:fs';
import type { Clock } from '../../../core/ports.ts';
import type { NamedToken, NamedTokens } from '../../../http/tokens.ts';
import { readTokens, tokenFilePath } from './token-file.ts';

/** How often it looks while somebody waits for a change. Every request looks besides. */
const LOOK_MS = 250;

export interface NamedTokensOptions {
  readonly clock: Pick<Clock, 'after'>;
  /** Told once of each state of the file that is not as it should be, in a sentence. */
  readonly trouble: (words: string) => void;
}

export function namedTokens(dataFolder: string, { clock, trouble }: NamedTokensOptions): NamedTokens {
  const path = tokenFilePath(dataFolder);
  const watchers = new Set<() => void>();
  let seen: string | undefined;
  let tokens: readonly NamedToken[] | undefined;
  let rest = (): void => {};

  function look(): void {
    const stamp = stampOf(path);
    if (stamp === seen) return;
    seen = stamp;
    tokens = read();
    for (const changed of [...watchers]) changed();
  }

  function read(): readonly NamedToken[] | undefined {
    try {
      closeToOthers();
      return readTokens(dataFolder).map(({ name, digest, scopes, owner, revokedAt }) => ({
        name,
        digest,
        scopes,
        owner,
        revoked: revokedAt !== undefined,
      }));
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      trouble(`${words} Until then every named token is refused; the admin token works.`);
      return undefined;
    }
  }

  /** Who may write here lets in whom they like. */
  function closeToOthers(): void {
    const mode = (statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o777;
    if ((mode & 0o077) === 0) return;
    chmodSync(path, 0o600);
    // This was the gateway's own change.
    seen = stampOf(path);
    trouble(
      `${path} was open to other users of this machine (mode ${mode.toString(8).padStart(4, '0')}); it is 0600 now. Look whether you know every token: tidings token list.`,
    );
  }

  function lookAgain(): void {
    rest = clock.after(LOOK_MS, () => {
      look();
      if (watchers.size > 0) lookAgain();
    });
  }

  // What is wrong is told at the start, not when the first request comes.
  look();
  return {
    all() {
      look();
      return tokens;
    },
    watch(changed) {
      const own = (): void => changed();
      if (watchers.size === 0) lookAgain();
      watchers.add(own);
      return () => {
        if (watchers.delete(own) && watchers.size === 0) rest();
      };
    },
  };
}

/** Differs whenever the file was written or replaced. */
function stampOf(path: string): string {
  try {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    return found ? [found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ') : 'none';
  } catch (error) {
    return String(error);
  }
}
