/**
 * The chats that there are, wherever each is kept: whose one is, which come in a list, what one looks like, what was said
 * in them. What a host must bring; a host that keeps all of them itself has it here.
 */
import type { Store } from '../core/ports.ts';
import type { ChatView } from './answers.ts';
import type { Caller } from './callers.ts';
import type { AppPorts } from './ports.ts';
import type { Search } from './search.ts';
import { chatView } from './views.ts';

export interface Shelf {
  /** Whose chat it is; undefined: there is none of this name. Loads nothing of it. */
  owner(chat: string): string | undefined | Promise<string | undefined>;
  /** Ids, newest first: as `Store.chats` has them. */
  page(query: Parameters<Store['chats']>[0]): readonly string[] | Promise<readonly string[]>;
  /** Undefined: it is gone, or about to go. */
  view(chat: string): Promise<ChatView | undefined>;
  readonly search: Search;
}

/** The door of where a chat is kept, for a caller that was let in at this one. */
export type There = (request: Request, asking: Handed) => Promise<Response>;
export interface Handed {
  readonly caller: Caller;
  readonly requestId: string;
}

export function localShelf(
  ports: Pick<AppPorts, 'runtime' | 'budget' | 'clock'> & {
    readonly store: Pick<Store, 'session' | 'events' | 'chats'>;
    readonly search: Search;
  },
): Shelf {
  const { store, runtime } = ports;
  return {
    owner(chat) {
      const row = store.session(chat);
      return row?.kind === 'main' ? row.owner : undefined;
    },
    page: (query) => store.chats(query).map(({ id }) => id),
    async view(chat) {
      const state = runtime.state(chat);
      return state && !state.deleting ? chatView(ports, state) : undefined;
    },
    search: ports.search,
  };
}
