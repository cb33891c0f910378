/**
 * Who gets in: the names the gateway answers under, the pages that may call it, the tokens, and how often a
 * wrong token may be tried. Knows nothing of routes.
 */
import { admin, type Caller, callerOf } from './callers.ts';
import type { AppPorts } from './ports.ts';
import { type Problem, problem } from './problem.ts';
import { digestOf, sameDigest, tokenPrefix } from './tokens.ts';

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

/** Parameters of an address in which other programs carry tokens. */
const secretParameter = /^((access|auth|api)[_-]?)?(token|key)$|^(authorization|bearer)$/i;

export interface TokenGate {
  /** Who asks, or why this request may not go on. */
  admit(request: Request, client: string | undefined): Promise<Caller | Problem>;
}

export function makeTokenGate({
  token,
  named,
  clock,
}: Pick<AppPorts, 'token' | 'named' | 'clock'>): TokenGate {
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
    async admit(request, client = EVERYBODY) {
      const inAddress = [...new URL(request.url).searchParams.keys()].find((one) =>
        secretParameter.test(one),
      );
      if (inAddress !== undefined) {
        return noToken(
          `A token is never taken from the address (?${inAddress}=…), because addresses are logged and remembered. If that was one, it is no secret any more: have it revoked. Send the new one as Authorization: Bearer <token>.`,
        );
      }
      const given = /^bearer +(\S+) *$/i.exec(request.headers.get('authorization') ?? '')?.[1];
      if (given === undefined) return noToken('Send a token: Authorization: Bearer <token>.');
      // Before the comparison: who guesses learns nothing more for a while.
      if (tries(client).left < 1) {
        return problem('too-many-attempts', 'Too many wrong tokens came from here. Wait a little.', {
          headers: { 'retry-after': String(Math.ceil(REFILL_MS / 1_000)) },
        });
      }
      const digest = digestOf(given);
      const isAdmin = sameDigest(digest, digestOf(token()));
      if (isAdmin) return admin;
      // A guess at the admin token is counted at once, however many come together: only what may be a named one is asked for.
      const found = given.startsWith(tokenPrefix) ? await named?.find(digest) : undefined;
      if (named && typeof found === 'object' && !found.revoked) return callerOf(found, named);
      // Neither of these is a guess: many who lost their token at once must not shut out the others beside them.
      if (typeof found === 'object') return wrongToken('This token was revoked.');
      if (found === 'unreadable') {
        return problem(
          'unavailable',
          "The gateway can't read its named tokens, so it can't tell whether this is one; its log says why.",
          { headers: { 'retry-after': '10' } },
        );
      }
      failed(client);
      return wrongToken('This is not a token of this gateway.');
    },
  };
}

function noToken(detail: string): Problem {
  return problem('no-token', detail, { headers: { 'www-authenticate': 'Bearer realm="tidings"' } });
}

function wrongToken(detail: string): Problem {
  return problem('wrong-token', detail, {
    headers: { 'www-authenticate': 'Bearer realm="tidings", error="invalid_token"' },
  });
}
