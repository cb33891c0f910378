/**
 * A house for faults of sessions' objects: the Worker in workerd with bells that a test can hold, a strict simulator,
 * a client. At the end all that was stored is judged; a test that breaks a promise fails.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { Script } from '../../../src/simulator/script.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/server.ts';
import { type Chat, type Client, makeClient } from '../../e2e/client.ts';
import type { FeedReader } from '../../e2e/feed-reader.ts';
import { apiKey } from '../../e2e/house-environment.ts';
import { makePrefixWatch } from '../../e2e/prefix-watch.ts';
import type { StoredLog } from '../../fault/log-book.ts';
import { readObjectLogs } from '../../fault/object-logs.ts';
import { bellEntry, token, workerOptions } from '../../fault/objects.ts';
import { judge, unfinished } from '../../fault/oracle.ts';
import type { Promised } from '../../fault/people.ts';
import { type BellWish, bellAnswer, bellPath } from '../../workerd/bell.ts';
import { startWorkerd, type WorkerdHost } from '../../workerd/host.ts';

export interface FaultHouse {
  readonly simulator: Simulator;
  readonly client: Client;
  readonly host: WorkerdHost;
  bell(wish: BellWish): Promise<number | null>;
  /** Says it, and holds the gateway to its having been taken. */
  say(chat: Chat, text: string): Promise<void>;
  stop(): Promise<void>;
  /** Starts it again on the same folder; without its token, it can't do anything. */
  restart(more?: { readonly token?: boolean }): Promise<void>;
  /** Ends it, and holds all logs against what must be kept. Of each object nothing is left to do. */
  judged(): Promise<readonly StoredLog[]>;
}

export async function openFaultHouse(script: Script): Promise<FaultHouse> {
  const prefixes = makePrefixWatch();
  const simulator = await startSimulator({ script, apiKey, onRequest: prefixes.see });
  const folder = mkdtempSync(join(tmpdir(), 'tidings-faults-'));
  const promised: Promised[] = [];
  const readers: FeedReader[] = [];
  const options = {
    ...workerOptions(simulator),
    entry: bellEntry,
    chaos: true,
    folder,
  };
  let host = await startWorkerd(options);
  let runs = true;
  onTestFinished(async () => {
    await Promise.all(readers.map((reader) => reader.close()));
    if (runs) await host.stop();
    await simulator.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  async function stop(): Promise<void> {
    if (runs) await host.stop();
    runs = false;
  }

  return {
    simulator,
    client: makeClient({
      url: () => host.url,
      token: () => token,
      opened: (reader) => readers.push(reader),
    }),
    get host() {
      return host;
    },
    async bell(wish) {
      const response = await fetch(`${host.url}${bellPath}`, { method: 'POST', body: JSON.stringify(wish) });
      const answer = bellAnswer.parse(await response.json());
      if ('error' in answer) throw new Error(answer.error);
      return answer.value;
    },
    async say(chat, text) {
      const { seq } = await chat.say(text);
      promised.push({ kind: 'message', chat: chat.id, seq, text });
    },
    stop,
    async restart(more = {}) {
      await stop();
      const { TIDINGS_TOKEN: known = '', ...others } = options.bindings ?? {};
      const bindings = more.token === false ? others : { TIDINGS_TOKEN: known, ...others };
      host = await startWorkerd({ ...options, bindings });
      runs = true;
    },
    async judged() {
      await stop();
      const logs = readObjectLogs(folder);
      const verdict = judge({ logs, promised, shown: [], billedUsd: simulator.counts.billedUsd });
      expect(verdict.breaches).toEqual([]);
      expect(unfinished(logs)).toEqual([]);
      expect(simulator.violations).toEqual([]);
      expect(prefixes.breaches).toEqual([]);
      return logs;
    },
  };
}
