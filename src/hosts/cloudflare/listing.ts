/**
 * How a chat stands in the directory: told by its own object, until the directory has heard, one thing after the other,
 * since calls of one object may overtake each other. Owns the note that something is still to be told.
 */
import type { DirectoryMethods } from './bindings.ts';
import { makeTurns } from './in-turn.ts';
import type { SessionStore } from './session-store.ts';

/** The note: the directory is still to hear of the chat as it is now. */
const unlisted = 'unlisted';

type Stored = Pick<SessionStore, 'session' | 'note' | 'setNote'>;

/** In the transaction that changes how the chat is listed. */
export function mustBeListed(store: Stored): void {
  store.setNote(unlisted, 'yes');
}

/** Whether the directory is still to hear of it. */
export function isUnlisted(store: Stored): boolean {
  return store.note(unlisted) !== undefined;
}

export interface Listing {
  /** Tells the directory, if there is anything to tell. Rejects if it can't be reached. */
  tell(): Promise<void>;
  /** The chat is about to go: nothing enters it again. */
  takeAway(): Promise<void>;
}

/** @param leaving whether the chat is being deleted */
export function makeListing(
  chat: string,
  {
    store,
    directory,
    leaving,
  }: {
    readonly store: Stored;
    readonly directory: () => Pick<DirectoryMethods, 'shelve' | 'unshelve'>;
    readonly leaving: () => boolean;
  },
): Listing {
  const inTurn = makeTurns();

  async function tell(): Promise<void> {
    if (!isUnlisted(store) || leaving()) return;
    const row = store.session(chat);
    if (row?.kind !== 'main') return;
    const { id, owner, createdAt, archived } = row;
    await directory().shelve({ id, owner, createdAt, archived });
    // Changed meanwhile: it is told again.
    if (store.session(chat)?.archived === archived) store.setNote(unlisted, undefined);
  }

  return {
    // Nobody waits for others where there is nothing to tell.
    tell: () => (isUnlisted(store) ? inTurn(tell) : Promise.resolve()),
    takeAway: () => inTurn(() => directory().unshelve(chat)),
  };
}
