/**
 * A gateway whose store fails at a chosen commit, as if the process had died there: with the commit lost, or
 * written and nobody told. Another life on the same store is the next start. Owns no HTTP door.
 */
import { onTestFinished } from 'vitest';
import type { Commit, Store } from '../../src/core/ports.ts';
import { type Gateway, makeGateway } from '../../src/gateway/gateway.ts';
import { nodeClock } from '../../src/hosts/node/clock.ts';
import { defaultModel, makeCatalogue } from '../../src/model/catalogue.ts';
import { makeModel } from '../../src/model/client.ts';
import { apiKey } from '../e2e/house-environment.ts';

export interface Crash {
  readonly when: 'before' | 'after';
  /** Whether this is the commit at which it happens. */
  readonly at: (commit: Commit) => boolean;
}

export interface Life {
  readonly gateway: Gateway;
  /** Resolves when the crash has happened. */
  readonly crashed: Promise<void>;
}

/** One life of a gateway on a store; it takes up what was at work. */
export function live(store: Store, simulator: { readonly url: string }, crash?: Crash): Life {
  let down = (): void => {};
  const crashed = new Promise<void>((resolve) => {
    down = resolve;
  });
  const catalogue = makeCatalogue({});
  const nothing = (): void => {};
  const gateway = makeGateway(
    {
      model: defaultModel,
      subagentModel: defaultModel,
      repositories: [],
      maxChildren: 8,
      maxDepth: 3,
      maxSpawns: 200,
      subagentMinutes: 60,
      idleMinutes: 10,
      mainToolSeconds: 15,
      modelCalls: 64,
      budget: { chatUsd: 1_000, subagentUsd: 100 },
    },
    {
      store: { ...store, commit: (batch) => commit(store, batch, crash) },
      clock: nodeClock,
      model: makeModel({ apiKey, baseURL: simulator.url, catalogue, clock: nodeClock }),
      catalogue,
      random: Math.random,
      fatal: () => down(),
      log: {
        retried: nothing,
        gaveUp: nothing,
        unreached: nothing,
        broken: nothing,
        removed: nothing,
        retentionFailed: nothing,
      },
    },
  );
  gateway.runtime.start();
  // One that crashed can't write its last word; it only has to let go of its connections.
  if (crash === undefined) onTestFinished(() => gateway.runtime.stop());
  return { gateway, crashed };
}

function commit(store: Store, batch: readonly Commit[], crash: Crash | undefined): void {
  const struck = crash !== undefined && batch.some(crash.at);
  if (struck && crash.when === 'before') throw new Error('down before the commit');
  store.commit(batch);
  if (struck) throw new Error('down after the commit');
}

/** Whether a commit is of this session and holds an event of this type that says so. */
export function holds(commit: Commit, type: string, words = ''): boolean {
  return commit.events.some(({ event }) => event.includes(`"type":"${type}"`) && event.includes(words));
}
