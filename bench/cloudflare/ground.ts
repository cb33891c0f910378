/**
 * A Worker in workerd with counters around its objects, before a scripted model, and a client: what each measurement
 * begins with. Owns what it starts and how two states of the counters become one; knows no measurement.
 */
import { join } from 'node:path';
import type { ParsedRequest } from '../../src/simulator/request.ts';
import type { Reply } from '../../src/simulator/script.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import { type Client, makeClient } from '../../test/e2e/client.ts';
import { startWorkerd, type WorkerdHost } from '../../test/workerd/host.ts';
import { type Figures, type Meter, meterAt, type ObjectFigures } from '../../test/workerd/meter.ts';

const entry = join(import.meta.dirname, '..', '..', 'test', 'workerd', 'metered-worker.ts');
const classes = { SESSIONS: 'SessionObject', DIRECTORY: 'DirectoryObject', LANES: 'LanesObject' };
const token = 'an-admin-token-for-the-measurements';

export interface Ground {
  readonly simulator: Simulator;
  readonly host: WorkerdHost;
  readonly meter: Meter;
  readonly client: Client;
  readonly token: string;
  close(): Promise<void>;
}

export async function openGround(script: (request: ParsedRequest) => Reply): Promise<Ground> {
  const simulator = await startSimulator({ script, record: 'none' });
  const host = await startWorkerd({
    entry,
    classes,
    chaos: true,
    bindings: {
      ANTHROPIC_API_KEY: 'sk-ant-scripted',
      ANTHROPIC_BASE_URL: simulator.url,
      TIDINGS_TOKEN: token,
      TIDINGS_LOG: 'silent',
      TIDINGS_CHAT_BUDGET_USD: '100000',
      TIDINGS_MAX_CHILDREN: '100',
    },
  });
  return {
    simulator,
    host,
    token,
    meter: meterAt(() => host.url),
    client: makeClient({ url: () => host.url, token: () => token }),
    async close() {
      await host.stop();
      await simulator.close();
    },
  };
}

/** What happened between two states of the counters, in all objects together or in those of one class. */
export interface Spent {
  /** Requests to the Worker. */
  readonly front: number;
  /** Requests to objects, each of their alarms being one. */
  readonly sessions: number;
  readonly directory: number;
  readonly lanes: number;
  readonly alarmsSet: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
  /** Bytes that the sessions' databases grew by. */
  readonly bytes: number;
}

export function spentBetween(before: Figures, after: Figures): Spent {
  const grown = (kind: string, of: (own: ObjectFigures) => number): number =>
    Object.entries(after.objects[kind] ?? {}).reduce((sum, [name, own]) => {
      const was = before.objects[kind]?.[name];
      return sum + of(own) - (was ? of(was) : 0);
    }, 0);
  const ofAll = (of: (own: ObjectFigures) => number): number =>
    Object.keys(after.objects).reduce((sum, kind) => sum + grown(kind, of), 0);
  const calls = (kind: string): number =>
    grown(kind, (own) => Object.values(own.calls).reduce((sum, n) => sum + n, 0));
  return {
    front: after.front - before.front,
    sessions: calls('SessionObject'),
    directory: calls('DirectoryObject'),
    lanes: calls('LanesObject'),
    alarmsSet: ofAll((own) => own.alarmsSet),
    rowsRead: ofAll((own) => own.rowsRead),
    rowsWritten: ofAll((own) => own.rowsWritten),
    bytes: grown('SessionObject', (own) => own.bytes),
  };
}

/** The same, of each of `n` equal things that were done at once. */
export function each(spent: Spent, n: number): Spent {
  return {
    front: spent.front / n,
    sessions: spent.sessions / n,
    directory: spent.directory / n,
    lanes: spent.lanes / n,
    alarmsSet: spent.alarmsSet / n,
    rowsRead: spent.rowsRead / n,
    rowsWritten: spent.rowsWritten / n,
    bytes: spent.bytes / n,
  };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Resolves when `condition` holds, which is asked of the outside, so that nothing of it is counted. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const from = performance.now();
  while (!(await condition())) {
    if (performance.now() - from > 120_000) throw new Error(`It did not come to this: ${what}.`);
    await pause(20);
  }
}
