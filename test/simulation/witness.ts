/**
 * Sees every commit: keeps the logs as they were written, in the order of the whole world, and goes down with
 * the gateway where a schedule wants a crash. Judges nothing; `oracle.ts` does.
 */
import { decodeEvent, type Recorded } from '../../src/core/events.ts';
import type { Commit, Store } from '../../src/core/ports.ts';
import { memoryStore } from '../../src/runtime/memory-store.ts';

/** One session's share of a transaction, as it became durable. */
export interface Written {
  readonly session: string;
  readonly events: readonly Recorded[];
  readonly life: number;
  /** The how-manieth transaction of the world it was in. */
  readonly transaction: number;
}

export interface Crash {
  /** Which of the transactions to come: 1 is the next one. */
  readonly at: number;
  /** `before`: it is lost. `after`: it is durable, and nobody hears of it. */
  readonly when: 'before' | 'after';
}

export interface Witness {
  readonly store: Store;
  readonly written: readonly Written[];
  /** The text of every event, by session, as it was when it was committed. */
  readonly texts: ReadonlyMap<string, readonly string[]>;
  readonly logs: ReadonlyMap<string, readonly Recorded[]>;
  readonly transactions: number;
  /** Commits that the store would not take: there must be none. */
  readonly refused: readonly string[];
  /** The store as one life of the gateway sees it. */
  of(life: number, isUp: () => boolean): Store;
  arm(crash: Crash | undefined): void;
  /** Called for each commit once it is durable. */
  watch(see: (written: Written) => void): void;
}

export function makeWitness(): Witness {
  const store = memoryStore();
  const written: Written[] = [];
  const texts = new Map<string, string[]>();
  const logs = new Map<string, Recorded[]>();
  const refused: string[] = [];
  const watchers: ((written: Written) => void)[] = [];
  let armed: Crash | undefined;
  let transactions = 0;
  let since = 0;

  function record(commit: Commit, life: number): void {
    const own = texts.get(commit.session) ?? [];
    const log = logs.get(commit.session) ?? [];
    texts.set(commit.session, own);
    logs.set(commit.session, log);
    const events = commit.events.map(decodeEvent);
    for (const { event } of commit.events) own.push(event);
    log.push(...events);
    const one = { session: commit.session, events, life, transaction: transactions };
    written.push(one);
    for (const see of watchers) see(one);
  }

  return {
    store,
    written,
    texts,
    logs,
    refused,
    get transactions() {
      return transactions;
    },
    of(life, isUp) {
      return {
        ...store,
        remove(sessions) {
          if (!isUp()) throw new Error('this gateway is down');
          store.remove(sessions);
        },
        commit(batch) {
          if (!isUp()) throw new Error('this gateway is down');
          since += 1;
          const crash = armed && since >= armed.at ? armed : undefined;
          if (crash) armed = undefined;
          if (crash?.when === 'before') throw new Error('crash before the commit');
          try {
            store.commit(batch);
          } catch (error) {
            refused.push(`the store refused a commit: ${String(error)}`);
            throw error;
          }
          transactions += 1;
          for (const commit of batch) record(commit, life);
          if (crash) throw new Error('crash after the commit');
        },
      };
    },
    arm(crash) {
      armed = crash;
      since = 0;
    },
    watch(see) {
      watchers.push(see);
    },
  };
}
