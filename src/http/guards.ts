/**
 * Who gets in: whoever has a token, or is signed in with the cookie that a token opened. Owns what is said to those
 * who don't. Knows nothing of routes.
 */
import type { Attempts } from './attempts.ts';
import { admin, type Caller, callerOf } from './callers.ts';
import { isProblem } from './lookup.ts';
import { unsaidOrigin } from './origins.ts';
import type { AppPorts } from './ports.ts';
import { type Problem, problem } from './problem.ts';
import type { SessionCookie } from './session-cookie.ts';
import { digestOf, sameDigest, tokenPrefix } from './tokens.ts';

/** Parameters of an address in which other programs carry tokens. */
const secretParameter = /^((access|auth|api)[_-]?)?(token|key)$|^(authorization|bearer)$/i;

export interface SignedIn {
  readonly caller: Caller;
  /** By the gateway's clock. */
  readonly expiresAt: number;
}

export interface TokenGate {
  /** Who asks, by token or by cookie, or why this request may not go on. */
  admit(request: Request, client: string | undefined): Promise<Caller | Problem>;
  /** Who has this token. A wrong one is counted. */
  holder(token: string, client: string | undefined): Promise<Caller | Problem>;
  /** Whose token has this digest, which the gateway itself has kept or signed. */
  known(digest: string): Promise<Caller | Problem>;
  /** Who is signed in by the cookie of a request, or why its cookie opens nothing; undefined: it has none. */
  signedIn(request: Request, client: string | undefined): Promise<SignedIn | Problem | undefined>;
}

export function makeTokenGate(
  { token, named }: Pick<AppPorts, 'token' | 'named'>,
  attempts: Attempts,
  cookie: SessionCookie,
): TokenGate {
  const isAdmin = (digest: string): boolean => sameDigest(digest, digestOf(token()));

  /** Whoever has the named token of this digest, or why it opens nothing; undefined: there was never one. */
  async function namedHolder(digest: string): Promise<Caller | Problem | undefined> {
    const found = await named?.find(digest);
    if (named && typeof found === 'object' && !found.revoked) return callerOf(found, named);
    if (typeof found === 'object') return wrongToken('This token was revoked.');
    if (found === 'unreadable') {
      return problem(
        'unavailable',
        "The gateway can't read its named tokens, so it can't tell whether this is one; its log says why.",
        { headers: { 'retry-after': '10' } },
      );
    }
    return undefined;
  }

  async function holder(given: string, client: string | undefined): Promise<Caller | Problem> {
    // Before the comparison: who guesses learns nothing more for a while.
    const refusal = attempts.refusal(client);
    if (refusal) return refusal;
    const digest = digestOf(given);
    if (isAdmin(digest)) return admin;
    // A guess at the admin token is counted at once, however many come together: only what may be a named one is asked for.
    const found = given.startsWith(tokenPrefix) ? await namedHolder(digest) : undefined;
    // A revoked one is no guess: many who lost their token at once must not shut out the others beside them.
    if (found) return found;
    attempts.failed(client);
    return wrongToken('This is not a token of this gateway.');
  }

  async function known(digest: string): Promise<Caller | Problem> {
    return isAdmin(digest)
      ? admin
      : ((await namedHolder(digest)) ??
          wrongToken('The token that this was opened with is none of this gateway any more.'));
  }

  async function signedIn(
    request: Request,
    client: string | undefined,
  ): Promise<SignedIn | Problem | undefined> {
    const said = await cookie.read(request);
    switch (said.kind) {
      case 'nothing':
        return undefined;
      case 'forged': {
        const refusal = attempts.refusal(client);
        if (refusal) return refusal;
        attempts.failed(client);
        return takenAway(request, wrongToken('This cookie is none of this gateway: sign in again.'));
      }
      case 'expired':
        return takenAway(
          request,
          noToken('You were signed in for thirty days, which are over: sign in again.'),
        );
      case 'ambiguous':
        return takenAway(
          request,
          noToken(
            "Your browser sends two sessions of two tokens here, and one was put there by another page: delete this site's cookies, then sign in again.",
          ),
        );
      case 'session': {
        const unsaid = unsaidOrigin(request);
        if (unsaid) return unsaid;
        const caller = await known(said.digest);
        if (!isProblem(caller)) return { caller, expiresAt: said.expiresAt };
        // What can't be looked up for now is no reason to sign anybody out.
        return caller.kind === 'wrong-token' ? takenAway(request, caller) : caller;
      }
    }
  }

  async function takenAway(request: Request, refusal: Problem): Promise<Problem> {
    return { ...refusal, headers: { ...refusal.headers, 'set-cookie': await cookie.signOut(request) } };
  }

  return {
    holder,
    known,
    signedIn,
    async admit(request, client) {
      const inAddress = [...new URL(request.url).searchParams.keys()].find((one) =>
        secretParameter.test(one),
      );
      if (inAddress !== undefined) {
        return noToken(
          `A token is never taken from the address (?${inAddress}=…), because addresses are logged and remembered. If that was one, it is no secret any more: have it revoked. Send the new one as Authorization: Bearer <token>.`,
        );
      }
      const credentials = request.headers.get('authorization') ?? '';
      const given = /^bearer +(\S+) *$/i.exec(credentials)?.[1];
      if (given !== undefined) return holder(given, client);
      // A proxy's own password, in another scheme, stands in nobody's way.
      const session = /^bearer\b/i.test(credentials) ? undefined : await signedIn(request, client);
      if (session === undefined) {
        return noToken('Send a token: Authorization: Bearer <token>. In a browser, sign in at /.');
      }
      return isProblem(session) ? session : session.caller;
    },
  };
}

/** Nobody has shown that they may come in. */
export function noToken(detail: string): Problem {
  return problem('no-token', detail, { headers: { 'www-authenticate': 'Bearer realm="tidings"' } });
}

function wrongToken(detail: string): Problem {
  return problem('wrong-token', detail, {
    headers: { 'www-authenticate': 'Bearer realm="tidings", error="invalid_token"' },
  });
}
