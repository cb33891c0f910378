/**
 * Takes sessions out of the world: their folders, then their logs, then whatever listens to them. A crash anywhere
 * in it is made good by doing it again. Decides nothing about which sessions go.
 */
import type { Clock, KeptWork, Store, Workshop } from '../core/ports.ts';
import type { Actor } from './actor.ts';
import type { Broadcast } from './broadcast.ts';
import type { Committer } from './committer.ts';
import type { Elsewhere } from './elsewhere.ts';

export interface RemovalLog {
  /** Sessions of a chat are gone. What was kept of their work, and processes that could not be ended. */
  readonly removed: (
    chat: string,
    gone: { whole: boolean; sessions: number; kept: readonly KeptWork[]; left: readonly string[] },
  ) => void;
  readonly retentionFailed: (error: unknown) => void;
}

export interface Removal {
  /** Forgotten subagents, of the chat whose main session `main` is. */
  subagents(main: Actor, ids: readonly string[], signal: AbortSignal): Promise<void>;
  /** The whole chat. `unconfirmed`: sessions whose processes may still live. */
  chat(main: Actor, unconfirmed: readonly string[], signal: AbortSignal): Promise<void>;
  /** One session of this process, with nothing around it. */
  here(session: string): Promise<void>;
  /** Resolves with what was kept when the chat is gone, or with undefined after `ms`. */
  gone(chat: string, ms: number): Promise<readonly KeptWork[] | undefined>;
}

export function makeRemoval(ports: {
  store: Store;
  elsewhere: Elsewhere;
  unlist?: (chat: string) => Promise<void>;
  clock: Clock;
  committer: Committer;
  broadcast: Broadcast;
  workshop: Workshop;
  fatal: (error: unknown) => void;
  log: RemovalLog;
  /** Those of these sessions that are at hand. */
  inMemory: (ids: readonly string[]) => readonly Actor[];
  forget: (id: string) => void;
}): Removal {
  const { store, elsewhere, clock, committer, broadcast, workshop } = ports;
  const waiting = new Map<string, Set<(kept: readonly KeptWork[]) => void>>();

  /**
   * Without a pause: whatever is committed of these sessions is committed before, and nothing is after. False when
   * the store failed: then the process ends, and the next one does it again.
   */
  function removeLogs(ids: readonly string[]): boolean {
    for (const actor of ports.inMemory(ids)) actor.drop();
    committer.flush();
    if (committer.broken) return false;
    try {
      store.remove(ids);
    } catch (error) {
      ports.fatal(error);
      return false;
    }
    for (const id of ids) {
      ports.forget(id);
      broadcast.end(id);
    }
    return true;
  }

  /** Those that are kept elsewhere. Whatever fails is done again, with all of it. */
  async function removePeers(ids: readonly string[], signal: AbortSignal): Promise<void> {
    await Promise.all(ids.map((id) => elsewhere(id)?.remove()));
    signal.throwIfAborted();
  }

  return {
    async subagents(main, ids, signal) {
      const chat = main.id;
      for (const actor of ports.inMemory(ids)) await actor.close();
      const { kept, left } = await workshop.discard({ chat, sessions: ids, whole: false, unconfirmed: [] });
      signal.throwIfAborted();
      await removePeers(ids, signal);
      if (!removeLogs(ids)) return;
      ports.log.removed(chat, { whole: false, sessions: ids.length, kept, left });
      await main.send({ type: 'removed', ids });
    },

    async chat(main, unconfirmed, signal) {
      const chat = main.id;
      const { tree, leaving } = main.state ?? { tree: { cards: {} }, leaving: [] };
      const here = store.sessions(chat).map((row) => row.id);
      const ids = [...new Set([...here, ...Object.keys(tree.cards), ...leaving])];
      await main.ended();
      for (const actor of ports.inMemory(ids)) if (actor !== main) await actor.close();
      const { kept, left } = await workshop.discard({ chat, sessions: ids, whole: true, unconfirmed });
      signal.throwIfAborted();
      await removePeers(ids, signal);
      await ports.unlist?.(chat);
      signal.throwIfAborted();
      if (!removeLogs(ids)) return;
      ports.log.removed(chat, { whole: true, sessions: ids.length, kept, left });
      const told = waiting.get(chat) ?? [];
      waiting.delete(chat);
      for (const tell of told) tell(kept);
    },

    async here(session) {
      for (const actor of ports.inMemory([session])) await actor.close();
      removeLogs([session]);
    },

    gone(chat, ms) {
      return new Promise((resolve) => {
        const all = waiting.get(chat) ?? new Set();
        const tell = (kept: readonly KeptWork[]): void => {
          cancel();
          resolve(kept);
        };
        const cancel = clock.after(ms, () => {
          all.delete(tell);
          if (all.size === 0 && waiting.get(chat) === all) waiting.delete(chat);
          resolve(undefined);
        });
        all.add(tell);
        waiting.set(chat, all);
      });
    },
  };
}
