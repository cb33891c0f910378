/**
 * Makes, keeps and revokes named tokens in the data folder. Owns neither what may be asked nor where they are kept.
 */
import {
  inWords,
  type Kept,
  repeatedAnswer,
  type TokenKeeper,
  type TokenRequest,
} from '../../../http/token-keeper.ts';
import {
  type KeptToken,
  type MadeToken,
  makeToken,
  mustBeFree,
  noSuchToken,
  type TokenWish,
} from '../../../http/token-rules.ts';
import { changeTokens, readTokens, type TokenFile } from './token-file.ts';

/**
 * Makes a token.
 * @returns the token itself, which can't be had again, and what is kept of it
 * @throws TokenError in words that say what would be right
 */
export function addToken(dataFolder: string, wish: TokenWish, now: number): MadeToken {
  const made = makeToken(wish, now);
  keepToken(dataFolder, made.kept, undefined);
  return made;
}

/**
 * Revokes a token. One that was revoked stays revoked since then.
 * @returns what is kept of it
 * @throws TokenError when there is none of this name
 */
export function revokeToken(dataFolder: string, name: string, now: number): KeptToken {
  const found = readTokens(dataFolder).find((one) => one.name === name);
  // Neither is a reason to touch the folder.
  if (!found) throw unknown(name);
  if (found.revokedAt !== undefined) return found;
  return revoke(dataFolder, { name, now }, undefined).token;
}

/** The tokens of a data folder, for the routes that work on them. */
export function tokenKeeper(dataFolder: string, { now }: { readonly now: () => number }): TokenKeeper {
  return {
    list: () => readTokens(dataFolder),
    add: (token, request) => inWords(() => keepToken(dataFolder, token, request)),
    revoke: (name, request) => inWords(() => revoke(dataFolder, { name, now: now() }, request)),
  };
}

function keepToken(dataFolder: string, token: KeptToken, request: TokenRequest | undefined): Kept {
  return once(dataFolder, request, (kept) => {
    mustBeFree(tokenOf(kept, token.name));
    return { token, after: { ...kept, tokens: [...kept.tokens, token] } };
  });
}

function revoke(
  dataFolder: string,
  { name, now }: { readonly name: string; readonly now: number },
  request: TokenRequest | undefined,
): Kept {
  return once(dataFolder, request, (kept) => {
    const found = tokenOf(kept, name);
    if (!found) throw unknown(name);
    if (found.revokedAt !== undefined) return { token: found, after: kept };
    const token = { ...found, revokedAt: now };
    return { token, after: { ...kept, tokens: kept.tokens.map((one) => (one === found ? token : one)) } };
  });
}

/** Makes a change, unless it was made for this very request before; with it, that it was. */
function once(
  dataFolder: string,
  request: TokenRequest | undefined,
  change: (kept: TokenFile) => { readonly token: KeptToken; readonly after: TokenFile },
): Kept {
  let answer: Kept | undefined;
  changeTokens(dataFolder, (kept) => {
    const { requests = [] } = kept;
    const done = request && requests.find(({ id }) => id === request.id);
    if (request && done) {
      answer = repeatedAnswer(done, request, (name) => tokenOf(kept, name));
      return kept;
    }
    const { token, after } = change(kept);
    answer = { token, repeated: false };
    return request ? { ...after, requests: [...requests, { ...request, token: token.name }] } : after;
  });
  if (!answer) throw new Error('the tokens were not looked at');
  return answer;
}

function tokenOf({ tokens }: TokenFile, name: string): KeptToken | undefined {
  return tokens.find((one) => one.name === name);
}

function unknown(name: string): Error {
  return noSuchToken(name, 'See: tidings token list');
}
