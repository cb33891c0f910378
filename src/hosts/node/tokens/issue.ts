/** Makes and revokes named tokens. Owns what may be asked of either; shows a token once and never keeps it. */
import { nanoid } from 'nanoid';
import { type Scope, scopes } from '../../../http/scopes.ts';
import { digestOf, tokenPrefix } from '../../../http/tokens.ts';
import { changeTokens, type KeptToken, namePattern, readTokens, TokenError } from './token-file.ts';

/** 32 letters of 6 bits each: 192 bits. */
const RANDOM_LETTERS = 32;

/** Its name would be taken for the one token that is not kept here. */
const RESERVED = 'admin';

export interface TokenWish {
  readonly name: string;
  readonly scopes: readonly string[];
  /** By default the name. */
  readonly owner?: string;
}

/**
 * Makes a token.
 * @returns the token itself, which can't be had again, and what is kept of it
 * @throws TokenError in words that say what would be right
 */
export function addToken(
  dataFolder: string,
  wish: TokenWish,
  now: number,
): { readonly token: string; readonly kept: KeptToken } {
  const name = named(wish.name, 'A token');
  if (name === RESERVED) {
    throw new TokenError(2, "The name admin is the admin token's; take another one.");
  }
  const owner = wish.owner === undefined ? name : named(wish.owner, 'An owner');
  const token = `${tokenPrefix}${nanoid(RANDOM_LETTERS)}`;
  const kept = { name, digest: digestOf(token), scopes: scopesOf(wish.scopes), owner, createdAt: now };
  changeTokens(dataFolder, (tokens) => {
    const taken = tokens.find((one) => one.name === name);
    if (taken) {
      throw new TokenError(
        2,
        taken.revokedAt === undefined
          ? `There is a token ${name} already; revoke it, or take another name.`
          : `A token ${name} was revoked, and a name means one token for ever; take another name, with --owner ${taken.owner} for the same chats.`,
      );
    }
    return [...tokens, kept];
  });
  return { token, kept };
}

/**
 * Revokes a token. One that was revoked stays revoked since then.
 * @returns what is kept of it
 * @throws TokenError when there is none of this name
 */
export function revokeToken(dataFolder: string, name: string, now: number): KeptToken {
  const found = readTokens(dataFolder).find((one) => one.name === name);
  if (!found) {
    const shown = namePattern.test(name) ? ` ${name}` : ' of this name';
    throw new TokenError(2, `There is no token${shown}. See: tidings token list`);
  }
  if (found.revokedAt !== undefined) return found;
  // Names are for ever, so whatever else was changed since, it is there still.
  const revoked = { ...found, revokedAt: now };
  changeTokens(dataFolder, (tokens) => tokens.map((one) => (one.name === name ? revoked : one)));
  return revoked;
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
