/**
 * Who gets in: the names the gateway answers under, the pages that may call it, the admin token, and how often
 * a wrong token may be tried. Knows nothing of routes.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Clock } from '../core/ports.ts';
import type { AppPorts } from './ports.ts';
import { type Problem, problem } from './problem.ts';

/** Refuses a foreign `Host` (a name that was made to point here) and a foreign `Origin` (a page elsewhere). */
export function foreign(request: Request, allowed: ReturnType<AppPorts['allowed']>): Problem | undefined {
  const host = (request.headers.get('host') ?? new URL(request.url).host).toLowerCase();
  if (!allowed.hosts.includes(host)) {
    return problem(
      'foreign-host',
      `The gateway does not answer as ${host.slice(0, 200)}. Behind a proxy or another name, set TIDINGS_PUBLIC_URL to the address that people use.`,
    );
  }
  const origin = request.headers.get('origin')?.toLowerCase();
  if (origin !== undefined && !allowed.origins.includes(origin)) {
    return problem(
      'foreign-origin',
      `Pages of ${origin.slice(0, 200)} may not call this gateway. Programs outside of a browser send no Origin.`,
    );
  }
  return undefined;
}

/** Wrong tokens that may come at once, and how long it takes until one more may. */
const BURST = 30;
const REFILL_MS = 1_000;
const MAX_CLIENTS = 1_000;
const EVERYBODY = '';

export interface TokenGate {
  /** Why this request may not go on, if so. */
  check(authorization: string | undefined, client: string | undefined): Problem | undefined;
}

export function makeTokenGate(token: () => string, clock: Pick<Clock, 'monotonic'>): TokenGate {
  const failures = new Map<string, { left: number; at: number }>();

  function tries(client: string): { left: number; at: number } {
    const now = clock.monotonic();
    const known = failures.get(client);
    if (!known) return { left: BURST, at: now };
    const gained = Math.floor((now - known.at) / REFILL_MS);
    return { left: Math.min(BURST, known.left + gained), at: known.at + gained * REFILL_MS };
  }

  function failed(client: string): void {
    const { left, at } = tries(client);
    failures.delete(client);
    failures.set(client, { left: left - 1, at });
    for (const oldest of failures.keys()) {
      if (failures.size <= MAX_CLIENTS) return;
      failures.delete(oldest);
    }
  }

  return {
    check(authorization, client = EVERYBODY) {
      const given = /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
      if (given === undefined) {
        return problem('no-token', 'Send the admin token: Authorization: Bearer <token>.', {
          headers: { 'www-authenticate': 'Bearer realm="tidings"' },
        });
      }
      // Before the comparison: who guesses learns nothing more for a while.
      if (tries(client).left < 1) {
        return problem('too-many-attempts', 'Too many wrong tokens came from here. Wait a little.', {
          headers: { 'retry-after': String(Math.ceil(REFILL_MS / 1_000)) },
        });
      }
      if (same(given, token())) return undefined;
      failed(client);
      return problem('wrong-token', 'This is not the token of this gateway.', {
        headers: { 'www-authenticate': 'Bearer realm="tidings", error="invalid_token"' },
      });
    },
  };
}

/** Takes as long whatever is different: what is compared are digests, to their ends. */
function same(a: string, b: string): boolean {
  const digest = sha256(utf8ToBytes(b));
  let difference = 0;
  for (const [index, byte] of sha256(utf8ToBytes(a)).entries()) difference |= byte ^ (digest[index] ?? 0);
  return difference === 0;
}
