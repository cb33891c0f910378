/**
 * A house for end-to-end tests: a strict simulator and a gateway on a folder of their own, on the host that the
 * project of the tests names, in this process or as a real one, and a client of its HTTP door. Takes all of it down
 * after the test, and fails the test if a request broke a rule of the API, a session's prefix changed, or the logs
 * say that a promise was not kept.
 */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { Recorded } from '../../src/core/events.ts';
import type { ParsedRequest } from '../../src/simulator/request.ts';
import type { Script } from '../../src/simulator/script.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import type { StoredLog } from '../fault/log-book.ts';
import { type Client, makeClient } from './client.ts';
import type { FeedReader } from './feed-reader.ts';
import type { GatewayProcess } from './gateway-child.ts';
import { host } from './hosts.ts';
import { apiKey } from './house-environment.ts';
import type { HouseHost } from './house-host.ts';
import { nodeHost, nodeProcessHost } from './node-host.ts';
import { oracle } from './oracle.ts';
import { makePrefixWatch } from './prefix-watch.ts';
import { workerdHost, workerdProcessHost } from './workerd-host.ts';

export interface HouseOptions {
  readonly script?: Script;
  /** Settings of the environment, on top of those that point at the simulator. */
  readonly env?: Readonly<Record<string, string>>;
  /** What `tidings.config.json` holds. */
  readonly config?: object;
  /** A folder that is there, with its data; by default a new one. */
  readonly folder?: string;
}

export interface House {
  readonly simulator: Simulator;
  readonly client: Client;
  /** The working directory. */
  readonly folder: string;
  readonly data: string;
  readonly url: string;
  readonly token: string;
  /** The simulator's requests as scripts read them, oldest first. */
  readonly requests: readonly ParsedRequest[];
  /** Ends the gateway cleanly; a house without one can still be started again. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** A session's log, read from the store: only while the gateway is down. */
  log(session: string): Recorded[];
  /** All sessions that have a log, under the same condition. */
  sessions(): string[];
}

/** A house whose gateway runs in this process. */
export async function openHouse(options: HouseOptions = {}): Promise<House> {
  return furnish(options, host === 'node' ? nodeHost() : workerdHost());
}

export interface ProcessHouse extends House {
  /** The gateway's process, as it was last started. */
  readonly gateway: GatewayProcess;
}

/** A house whose gateway is a process of its own: `tidings start`, or a workerd with all that belongs to it. */
export async function openProcessHouse(options: HouseOptions = {}): Promise<ProcessHouse> {
  const processes = host === 'node' ? nodeProcessHost() : workerdProcessHost();
  const house = await furnish(options, processes);
  return Object.defineProperties(
    { ...house, gateway: startedOf(processes.gateway()) },
    {
      ...Object.getOwnPropertyDescriptors(house),
      gateway: { get: () => startedOf(processes.gateway()) },
    },
  );
}

function startedOf(gateway: GatewayProcess | undefined): GatewayProcess {
  if (!gateway) throw new Error('the gateway was never started');
  return gateway;
}

/** A new folder that goes with the test. */
export function freshFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tidings-e2e-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

async function furnish(options: HouseOptions, ground: HouseHost): Promise<House> {
  const folder = options.folder ?? freshFolder();
  const data = join(folder, 'data');
  if (options.config) writeFileSync(join(folder, 'tidings.config.json'), JSON.stringify(options.config));
  const prefixes = makePrefixWatch();
  const requests: ParsedRequest[] = [];
  const simulator = await startSimulator({
    ...(options.script === undefined ? {} : { script: options.script }),
    apiKey,
    onRequest(request) {
      requests.push(request);
      prefixes.see(request);
    },
  });
  const readers: FeedReader[] = [];
  let running: { url: string; token: string } | undefined;
  let address = { url: '', token: '' };

  function stored(): StoredLog[] {
    if (running) throw new Error('stop the gateway first: one process owns a data folder');
    return ground.logs(data);
  }

  /** Whether each session that ever was has its log still, so that the accounts can be held against the bills. */
  let whole = true;
  const made = makeClient({
    url: () => address.url,
    token: () => address.token,
    opened: (reader) => readers.push(reader),
  });
  const client: Client = {
    ...made,
    remove(path) {
      whole = false;
      return made.remove(path);
    },
  };

  const house: House = {
    simulator,
    folder,
    data,
    requests,
    get url() {
      return address.url;
    },
    get token() {
      return address.token;
    },
    client,
    async start() {
      running = await ground.start({ folder, data, simulator, env: options.env ?? {} });
      address = running;
    },
    async stop() {
      running = undefined;
      await ground.stop();
    },
    log(session) {
      const found = stored().find((one) => one.session === session);
      if (!found) throw new Error(`there is no log of ${session}`);
      return [...found.log];
    },
    sessions: () => stored().map(({ session }) => session),
  };

  onTestFinished(async () => {
    await Promise.all(readers.map((reader) => reader.close()));
    await ground.stop();
    await simulator.close();
    const evidence = { logs: ground.logs(data), ...(whole ? { billedUsd: simulator.counts.billedUsd } : {}) };
    expect(oracle(evidence), 'promises that were not kept').toEqual([]);
    expect(simulator.violations, 'requests that break a rule of the API').toEqual([]);
    expect(prefixes.breaches, 'prefixes that changed').toEqual([]);
    expect(
      readers.flatMap((reader) => reader.breaches),
      'what was wrong on the feed',
    ).toEqual([]);
  });
  await house.start();
  return house;
}
