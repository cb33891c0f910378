/** Makes and revokes named tokens in the data folder. Owns neither what may be asked nor where they are kept. */
import {
  type KeptToken,
  type MadeToken,
  makeToken,
  mustBeFree,
  noSuchToken,
  type TokenWish,
} from '../../../http/token-rules.ts';
import { changeTokens, readTokens } from './token-file.ts';

/**
 * Makes a token.
 * @returns the token itself, which can't be had again, and what is kept of it
 * @throws TokenError in words that say what would be right
 */
export function addToken(dataFolder: string, wish: TokenWish, now: number): MadeToken {
  const made = makeToken(wish, now);
  changeTokens(dataFolder, (tokens) => {
    mustBeFree(tokens.find(({ name }) => name === made.kept.name));
    return [...tokens, made.kept];
  });
  return made;
}

/**
 * Revokes a token. One that was revoked stays revoked since then.
 * @returns what is kept of it
 * @throws TokenError when there is none of this name
 */
export function revokeToken(dataFolder: string, name: string, now: number): KeptToken {
  const found = readTokens(dataFolder).find((one) => one.name === name);
  if (!found) throw noSuchToken(name, 'See: tidings token list');
  if (found.revokedAt !== undefined) return found;
  // Names are for ever, so whatever else was changed since, it is there still.
  const revoked = { ...found, revokedAt: now };
  changeTokens(dataFolder, (tokens) => tokens.map((one) => (one.name === name ? revoked : one)));
  return revoked;
}
