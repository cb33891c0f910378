/**
 * Who asks: the token's owner and what it may. Owns what a caller sees, the words for what it may not do, and how a
 * caller is handed on to where a chat is kept. Compares no token.
 */
import { z } from 'zod';
import type { Principal } from '../core/card.ts';
import { type Problem, problem } from './problem.ts';
import { covers, type Scope, scopes } from './scopes.ts';
import type { NamedToken, TokenBook } from './tokens.ts';

export interface Caller {
  /** Its token's name. */
  readonly token: string;
  /** Whose chats it makes and, without the scope `admin`, the only ones it sees. */
  readonly owner: string;
  readonly scopes: readonly Scope[];
  /** Its token's, if that can be revoked. */
  readonly digest?: string;
  /** As the log and the feed name it. */
  readonly from: Principal;
  /** Calls once its token opens nothing any more, at once if that is so; the returned function ends that. */
  readonly onceRevoked: (ended: () => void) => () => void;
}

const never = (): (() => void) => () => {};

/** Whoever has the admin token: it stands as long as the gateway does. */
export const admin = callerWith({ token: 'admin', owner: 'admin', scopes: ['admin'] }, never);

/** Whoever asks where no token is needed: sees nothing and may nothing. */
export const nobody = callerWith({ token: 'nobody', owner: '', scopes: [] }, never);

/** Whoever has this token. */
export function callerOf({ name, owner, digest, scopes: given }: NamedToken, book: TokenBook): Caller {
  return callerWith({ token: name, owner, scopes: given, digest }, (ended) =>
    book.onceRevoked(digest, ended),
  );
}

function callerWith(
  who: Pick<Caller, 'token' | 'owner' | 'scopes' | 'digest'>,
  onceRevoked: Caller['onceRevoked'],
): Caller {
  return { ...who, from: { principal: who.owner, channel: 'http' }, onceRevoked };
}

const handedSchema = z.object({
  token: z.string(),
  owner: z.string(),
  scopes: z.array(z.enum(scopes)),
  digest: z.string().optional(),
});

/** A caller as text in ASCII, for the door of where its chat is kept. */
export function handedOn({ token, owner, scopes: given, digest }: Caller): string {
  return encodeURIComponent(
    JSON.stringify({ token, owner, scopes: given, ...(digest === undefined ? {} : { digest }) }),
  );
}

/**
 * The caller that another door let in and handed on.
 * @throws when this is none: only that door may write it
 */
export function received(text: string, onceRevoked: TokenBook['onceRevoked']): Caller {
  const { digest, ...who } = handedSchema.parse(JSON.parse(decodeURIComponent(text)));
  return digest === undefined
    ? callerWith(who, never)
    : callerWith({ ...who, digest }, (ended) => onceRevoked(digest, ended));
}

/** Why a caller may not do what needs this scope, if so. */
export function lacking(caller: Caller, scope: Scope): Problem | undefined {
  if (covers(caller.scopes, scope)) return undefined;
  return problem(
    'not-allowed',
    `This needs the scope ${scope}; the token ${caller.token} has ${caller.scopes.join(', ')}. Whoever has the admin token makes another: POST /v1/tokens, or, on the gateway's own machine, tidings token add.`,
  );
}

/** The one owner whose chats a caller sees; undefined: it sees those of all. */
export function onlyOwner(caller: Caller): string | undefined {
  return covers(caller.scopes, 'admin') ? undefined : caller.owner;
}

/**
 * Whether there is such a chat for this caller. Another owner's chat and none at all are told apart by nobody:
 * it is one look at one row either way, and nothing of the chat is loaded.
 */
export async function sees(
  { owner }: { owner(chat: string): string | undefined | Promise<string | undefined> },
  caller: Caller,
  chat: string,
): Promise<boolean> {
  const of = await owner(chat);
  const only = onlyOwner(caller);
  return of !== undefined && (only === undefined || of === only);
}
