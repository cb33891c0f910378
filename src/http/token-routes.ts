/**
 * The routes by which named tokens are made, listed and revoked. Owns that a token is shown to nobody but who asked for
 * it to be made, and how one is made anew for the same request: tokens are kept nowhere.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import type { RepeatKey } from '../runtime/actor.ts';
import { tokenAddedAnswer, tokenAnswer, tokensAnswer } from './answers.ts';
import { noQuery, requestId } from './fields.ts';
import type { AppPorts } from './ports.ts';
import { type Problem, type ProblemKind, problem } from './problem.ts';
import { get, json, post, type Route } from './route.ts';
import { scopes } from './scopes.ts';
import type { TokenRequest } from './token-keeper.ts';
import {
  type KeptToken,
  keptToken,
  namePattern,
  newToken,
  RESERVED,
  type TokenRefusalKind,
} from './token-rules.ts';
import { digestOf, sameDigest, tokenPrefix } from './tokens.ts';

/** Bytes of a derived token: 192 bits, as many as one that is drawn has. */
const DERIVED_BYTES = 24;

const name = z.string().regex(namePattern, 'must be 1 to 64 of A-Z, a-z, 0-9 and _ . -');

export function tokenRoutes(ports: AppPorts): Route[] {
  const { tokens } = ports;
  if (!tokens) return [];

  const listed = get({
    name: 'listTokens',
    path: '/v1/tokens',
    scope: 'admin',
    summary: 'Lists all named tokens that were ever made, oldest first.',
    details: 'What a token opens is kept of it, never the token itself.',
    query: noQuery,
    answers: { 200: { description: 'All of them.', schema: tokensAnswer } },
    problems: [],
    async handle() {
      return json(tokensAnswer, 200, { tokens: (await tokens.list()).map(shown), next: null });
    },
  });

  const added = post({
    name: 'addToken',
    path: '/v1/tokens',
    scope: 'admin',
    summary: 'Makes a named token, which is shown this once.',
    details:
      'A name means one token for ever, also when it is revoked. The owner, whose chats it sees and makes, is the name unless another is given. With an `id` the same request again shows the same token.',
    query: noQuery,
    body: z.strictObject({
      name: name.refine((one) => one !== RESERVED, 'must not be admin: that is the admin token'),
      scopes: z.array(z.enum(scopes)).min(1, 'must hold at least one scope').max(scopes.length),
      owner: name.optional(),
      id: requestId,
    }),
    answers: {
      201: {
        description: 'The token, and its `secret`: what to send as the bearer.',
        schema: tokenAddedAnswer,
      },
      200: { description: 'The same request came before: what it made.', schema: tokenAddedAnswer },
    },
    problems: ['conflict', 'id-reused'],
    async handle({ body: { id: _, owner, ...rest }, key, caller }) {
      const salt = ports.newId();
      const drawn = key ? derived(ports.token(), salt, key) : newToken();
      const wish = { ...rest, ...(owner === undefined ? {} : { owner }) };
      const request = key && { ...requestOf(caller.owner, key), salt };
      const answer = await tokens.add(keptToken(wish, drawn, ports.clock.now()), request);
      if (!answer.ok) return refusal(answer.kind, answer.message);
      const { token, repeated, salt: first = salt } = answer.value;
      const secret = key ? derived(ports.token(), first, key) : drawn;
      if (!sameDigest(digestOf(secret), token.digest)) {
        return problem(
          'conflict',
          `This request made the token ${token.name} before the admin token was changed, so it can't be shown again: revoke it, and make another.`,
        );
      }
      return json(tokenAddedAnswer, repeated ? 200 : 201, { token: shown(token), secret });
    },
  });

  const revoked = post({
    name: 'revokeToken',
    path: '/v1/tokens/revoke',
    scope: 'admin',
    summary: 'Revokes a named token: it opens nothing from the next request on.',
    details:
      'Feeds that it has open are cut off within moments. One that was revoked stays revoked since then. The chats of its owner stay as they are.',
    query: noQuery,
    body: z.strictObject({ name, id: requestId }),
    answers: { 200: { description: 'The token as it is now.', schema: tokenAnswer } },
    problems: ['not-found', 'id-reused'],
    async handle({ body, key, caller }) {
      const answer = await tokens.revoke(body.name, key && requestOf(caller.owner, key));
      if (!answer.ok) return refusal(answer.kind, answer.message);
      return json(tokenAnswer, 200, { token: shown(answer.value.token) });
    },
  });

  return [listed, added, revoked];
}

/** In a name space of its owner's: others are free to use the same id. */
function requestOf(owner: string, { id, hash }: RepeatKey): TokenRequest {
  return { id: `${owner}:${id}`, hash };
}

/**
 * The token of a request that has an id. Whoever has it learns nothing of the admin token from it, even one that could
 * be guessed: the salt is known to the host only.
 */
function derived(adminToken: string, salt: string, { id, hash }: RepeatKey): string {
  const code = hmac(sha256, utf8ToBytes(adminToken), utf8ToBytes(`named token\n${salt}\n${id}\n${hash}`));
  const letters = btoa(String.fromCharCode(...code.slice(0, DERIVED_BYTES)));
  return `${tokenPrefix}${letters.replaceAll('+', '-').replaceAll('/', '_')}`;
}

function shown({ digest: _, scopes: given, ...rest }: KeptToken): z.output<typeof tokenAnswer>['token'] {
  return { ...rest, scopes: [...given] };
}

function refusal(kind: TokenRefusalKind, message: string): Problem {
  return problem(kindOf(kind), message);
}

function kindOf(kind: TokenRefusalKind): ProblemKind {
  switch (kind) {
    case 'taken':
      return 'conflict';
    case 'unknown':
      return 'not-found';
    case 'reused':
      return 'id-reused';
  }
}
