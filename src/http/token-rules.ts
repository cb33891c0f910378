/**
 * What may be asked of named tokens, and how one is made, whoever keeps them. Owns the names, the shape of what is
 * kept, and the words of refusals; shows a token once and never keeps it.
 */
import { nanoid } from 'nanoid';
import { z } from 'zod';
import { type Scope, scopes } from './scopes.ts';
import { digestOf, tokenPrefix } from './tokens.ts';

/** What names and owners consist of. */
export const namePattern = /^[A-Za-z0-9_.-]{1,64}$/;

/** 32 letters of 6 bits each: 192 bits. */
const RANDOM_LETTERS = 32;

/** Its name would be taken for the one token that is not kept here. */
export const RESERVED = 'admin';

/** A scope that this release doesn't know is refused: it must not be read as none. */
export const keptTokenSchema = z.strictObject({
  name: z.string().regex(namePattern),
  /** Hexadecimal SHA-256 of the token. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  scopes: z.array(z.enum(scopes)).min(1),
  owner: z.string().regex(namePattern),
  /** Milliseconds since the epoch. */
  createdAt: z.int(),
  revokedAt: z.int().optional(),
});
export type KeptToken = z.output<typeof keptTokenSchema>;

export interface TokenWish {
  readonly name: string;
  readonly scopes: readonly string[];
  /** By default the name. */
  readonly owner?: string;
}

/** A token itself, which can't be had again, and what is kept of it. */
export interface MadeToken {
  readonly token: string;
  readonly kept: KeptToken;
}

/** Something about named tokens that can't be done, in words for whoever asked for it. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
  /** 2: what was asked can't be; 1: what keeps the tokens can't be read or written. */
  readonly exitCode: 1 | 2;

  constructor(exitCode: 1 | 2, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
  }
}

/** Why a host that keeps tokens can't do what was asked of it. */
export const refusalKinds = ['taken', 'unknown', 'reused'] as const;
export type TokenRefusalKind = (typeof refusalKinds)[number];

/** What was asked can't be as things are: another one has the name, there is none, the request was another one. */
export class TokenRefusal extends TokenError {
  readonly kind: TokenRefusalKind;

  constructor(kind: TokenRefusalKind, message: string) {
    super(2, message);
    this.kind = kind;
  }
}

/** A token that nobody can guess. */
export function newToken(): string {
  return `${tokenPrefix}${nanoid(RANDOM_LETTERS)}`;
}

/**
 * Makes a token; whether its name is free, `mustBeFree` says.
 * @throws TokenError in words that say what would be right
 */
export function makeToken(wish: TokenWish, now: number): MadeToken {
  const token = newToken();
  return { token, kept: keptToken(wish, token, now) };
}

/**
 * What is kept of a token.
 * @throws TokenError in words that say what would be right
 */
export function keptToken(wish: TokenWish, token: string, now: number): KeptToken {
  const name = named(wish.name, 'A token');
  if (name === RESERVED) {
    throw new TokenError(2, "The name admin is the admin token's; take another one.");
  }
  const owner = wish.owner === undefined ? name : named(wish.owner, 'An owner');
  return { name, digest: digestOf(token), scopes: scopesOf(wish.scopes), owner, createdAt: now };
}

/**
 * A name means one token for ever.
 * @param taken what is kept under the name that is asked for
 * @throws TokenRefusal when there is such a token, in force or revoked
 */
export function mustBeFree(taken: KeptToken | undefined): void {
  if (taken === undefined) return;
  throw new TokenRefusal(
    'taken',
    taken.revokedAt === undefined
      ? `There is a token ${taken.name} already; revoke it, or take another name.`
      : `A token ${taken.name} was revoked, and a name means one token for ever; take another name, with the owner ${taken.owner} (--owner ${taken.owner}) for the same chats.`,
  );
}

/** The refusal for a name that no token has; `hint` says where the names are shown. */
export function noSuchToken(name: string, hint: string): TokenRefusal {
  const shown = namePattern.test(name) ? ` ${name}` : ' of this name';
  return new TokenRefusal('unknown', `There is no token${shown}. ${hint}`);
}

function named(name: string, what: string): string {
  if (namePattern.test(name)) return name;
  throw new TokenError(2, `${what} is named with 1 to 64 of A-Z, a-z, 0-9 and _ . -`);
}

function scopesOf(given: readonly string[]): Scope[] {
  const unknown = given.find((one) => !scopes.some((scope) => scope === one));
  const there = `There are ${scopes.join(', ')}.`;
  if (unknown !== undefined) {
    throw new TokenError(2, `There is no scope "${unknown.slice(0, 40).replace(/\p{Cc}/gu, '?')}". ${there}`);
  }
  const wanted = scopes.filter((scope) => given.includes(scope));
  if (wanted.length === 0) throw new TokenError(2, `A token needs at least one scope. ${there}`);
  return wanted;
}
