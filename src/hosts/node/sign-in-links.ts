/**
 * Links that sign a browser in once, kept in memory: a restart voids them. Owns how long one is good for, and how many
 * a token may have open. Keeps digests only, of codes and of tokens.
 */
import { nanoid } from 'nanoid';
import type { Clock } from '../../core/ports.ts';
import type { SignInLinks } from '../../http/link-routes.ts';
import { digestOf, sameDigest } from '../../http/tokens.ts';

/** An hour. */
const LIFE_MS = 3_600_000;
/** Links that a token may have open: the oldest of them makes way, never one of another token. */
const OPEN = 20;
/** 192 bits. */
const LETTERS = 32;

interface Open {
  /** Of its code. */
  readonly code: string;
  /** Of its token. */
  readonly token: string;
  /** Wall clock. */
  readonly expiresAt: number;
}

export function makeSignInLinks(clock: Pick<Clock, 'now'>): SignInLinks {
  let open: readonly Open[] = [];

  function live(): readonly Open[] {
    const now = clock.now();
    return open.filter(({ expiresAt }) => expiresAt > now);
  }

  return {
    make(token) {
      const code = nanoid(LETTERS);
      const all = live();
      const own = all.filter((one) => one.token === token);
      const spare = own.length < OPEN ? undefined : own[0];
      const expiresAt = clock.now() + LIFE_MS;
      open = [...all.filter((one) => one !== spare), { code: digestOf(code), token, expiresAt }];
      return { code, expiresAt };
    },
    take(code) {
      const digest = digestOf(code);
      const all = live();
      let found: Open | undefined;
      // Each is compared, to its end.
      for (const one of all) if (sameDigest(one.code, digest)) found = one;
      open = all.filter((one) => one !== found);
      return found?.token;
    },
  };
}
