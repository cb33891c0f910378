/**
 * The directory's object as the front asks it: what can be asked twice is, when the object was reset or deployed over,
 * and one that answers nothing is told of in words. Knows nothing of chats and tokens.
 */
import { Unreachable } from '../../http/problem.ts';
import { again } from './again.ts';
import { type Bindings, type DirectoryMethods, theOne } from './bindings.ts';

export type ReachedDirectory = Pick<
  DirectoryMethods,
  'owner' | 'page' | 'token' | 'tokens' | 'addToken' | 'revokeToken'
>;

/**
 * Its calls reject with `Unreachable`.
 * @param failed told of each call that failed for good
 */
export function reachDirectory(
  objects: Bindings['DIRECTORY'],
  failed: (error: unknown) => void,
): ReachedDirectory {
  const stub = (): DirectoryMethods => objects.getByName(theOne);

  async function told<Value>(call: Promise<Value>): Promise<Value> {
    try {
      return await call;
    } catch (error) {
      failed(error);
      throw new Unreachable(
        "The directory of chats and tokens can't be asked for now; the log says why. Send the same again in a moment, with the same id if it has one.",
      );
    }
  }

  return {
    owner: (chat) => told(again(() => stub().owner(chat))),
    page: (query) => told(again(() => stub().page(query))),
    token: (digest) => told(again(() => stub().token(digest))),
    tokens: () => told(again(() => stub().tokens())),
    // Whether it was made before the call broke off, nobody knows: only one with an id is sent again, by who asked.
    addToken: (addition) => told(stub().addToken(addition)),
    revokeToken: (revocation) => told(again(() => stub().revokeToken(revocation))),
  };
}
