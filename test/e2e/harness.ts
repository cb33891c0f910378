/**
 * A house for end-to-end tests: a strict simulator and a gateway on a folder of their own, in this process or
 * as a real one, and a client of its HTTP door. Takes all of it down after the test, and fails the test if a
 * request broke a rule of the API or a session's prefix changed.
 */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { decodeEvent, type Recorded } from '../../src/core/events.ts';
import { loadConfig } from '../../src/hosts/node/config.ts';
import { makeLog } from '../../src/hosts/node/log.ts';
import { type RunningGateway, startGateway } from '../../src/hosts/node/main.ts';
import { openStore } from '../../src/hosts/node/store/sqlite-store.ts';
import type { ParsedRequest } from '../../src/simulator/request.ts';
import type { Script } from '../../src/simulator/script.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import { type Client, makeClient } from './client.ts';
import type { FeedReader } from './feed-reader.ts';
import { type GatewayProcess, startGatewayProcess } from './gateway-child.ts';
import { apiKey, environmentOf } from './house-environment.ts';
import { makePrefixWatch } from './prefix-watch.ts';

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
}

/** A house whose gateway runs in this process. */
export async function openHouse(options: HouseOptions = {}): Promise<House> {
  let gateway: RunningGateway | undefined;
  return furnish(options, {
    async start(folder, env) {
      gateway = await startGateway(loadConfig({ env, cwd: folder }), {
        log: makeLog('silent'),
        version: 'test',
        fatal: (error) => {
          throw error;
        },
      });
      return { url: gateway.url, token: gateway.token };
    },
    async stop() {
      await gateway?.close();
      gateway = undefined;
    },
  });
}

export interface ProcessHouse extends House {
  /** The gateway's process, as it was last started. */
  readonly gateway: GatewayProcess;
}

/** A house whose gateway is a process of its own: `tidings start`. */
export async function openProcessHouse(options: HouseOptions = {}): Promise<ProcessHouse> {
  let gateway: GatewayProcess | undefined;
  const house = await furnish(options, {
    async start(folder, env) {
      gateway = startGatewayProcess({ cwd: folder, env });
      return gateway.ready();
    },
    async stop() {
      await gateway?.end('SIGTERM');
    },
  });
  return Object.defineProperties(
    { ...house, gateway: startedOf(gateway) },
    {
      ...Object.getOwnPropertyDescriptors(house),
      gateway: { get: () => startedOf(gateway) },
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

interface Host {
  start(folder: string, env: Record<string, string>): Promise<{ url: string; token: string }>;
  stop(): Promise<void>;
}

async function furnish(options: HouseOptions, host: Host): Promise<House> {
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
    client: makeClient({
      url: () => address.url,
      token: () => address.token,
      opened: (reader) => readers.push(reader),
    }),
    async start() {
      running = await host.start(folder, environmentOf(simulator, data, options.env));
      address = running;
    },
    async stop() {
      running = undefined;
      await host.stop();
    },
    log(session) {
      if (running) throw new Error('stop the gateway first: one process owns a data folder');
      const store = openStore(data);
      try {
        return store.events(session, 0, 1_000_000).map(decodeEvent);
      } finally {
        store.close();
      }
    },
  };

  onTestFinished(async () => {
    await Promise.all(readers.map((reader) => reader.close()));
    await host.stop();
    await simulator.close();
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
