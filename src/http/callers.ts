/**
 * Who asks: the token's owner and what it may. Owns what a caller sees and the words for what it may not do.
 * Compares no token.
 */
import type { Principal } from '../core/card.ts';
import type { Store } from '../core/ports.ts';
import { type Problem, problem } from './problem.ts';
import { covers, type Scope } from './scopes.ts';
import { inForce, type NamedToken, type NamedTokens } from './tokens.ts';

export interface Caller {
  /** Its token's name. */
  readonly token: string;
  /** Whose chats it makes and, without the scope `admin`, the only ones it sees. */
  readonly owner: string;
  readonly scopes: readonly Scope[];
  /** As the log and the feed name it. */
  readonly from: Principal;
  /** Calls once its token opens nothing any more, at once if that is so; the returned function ends that. */
  readonly onceRevoked: (ended: () => void) => () => void;
}

/** Whoever has the admin token: it stands as long as the gateway does. */
export const admin = callerWith('admin', 'admin', ['admin'], () => () => {});

/** Whoever asks where no token is needed: sees nothing and may nothing. */
export const nobody = callerWith('nobody', '', [], () => () => {});

/** Whoever has this token. */
export function callerOf(token: NamedToken, tokens: NamedTokens): Caller {
  return callerWith(token.name, token.owner, token.scopes, (ended) => {
    let unwatch = (): void => {};
    const look = (): boolean => {
      if (inForce(tokens, token.digest)) return true;
      unwatch();
      ended();
      return false;
    };
    // Revoked between the check of the request and now: no change is left to wait for.
    if (look()) unwatch = tokens.watch(look);
    return () => unwatch();
  });
}

function callerWith(
  token: string,
  owner: string,
  scopes: readonly Scope[],
  onceRevoked: Caller['onceRevoked'],
): Caller {
  return { token, owner, scopes, from: { principal: owner, channel: 'http' }, onceRevoked };
}

/** Why a caller may not do what needs this scope, if so. */
export function lacking(caller: Caller, scope: Scope): Problem | undefined {
  if (covers(caller.scopes, scope)) return undefined;
  return problem(
    'not-allowed',
    `This needs the scope ${scope}; the token ${caller.token} has ${caller.scopes.join(', ')}. Whoever keeps the gateway makes another with: tidings token add.`,
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
export function sees({ session }: Pick<Store, 'session'>, caller: Caller, chat: string): boolean {
  const row = session(chat);
  const owner = onlyOwner(caller);
  return row?.kind === 'main' && (owner === undefined || row.owner === owner);
}
