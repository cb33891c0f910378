/**
 * Fault runs: a real gateway is killed with `kill -9`, stopped, and frozen at random moments, in its recovery too,
 * while people keep its chats busy; at the end of each round all comes to rest and is judged. Owns these rounds.
 */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type GatewayProcess, startGatewayProcess } from '../e2e/gateway-child.ts';
import { environmentOf } from '../e2e/house-environment.ts';
import { type Choices, fromTape, tapeOf, weighted } from '../simulation/choices.ts';
import { leftovers } from './leftovers.ts';
import { readLogs } from './log-book.ts';
import { type Counts, noCounts, unfinished } from './oracle.ts';
import { type Outcome, playRound, plenty, type Site } from './round.ts';

export interface FaultOptions {
  readonly kills: number;
  readonly seed: number;
  /** Kills on one data folder before all comes to rest and is judged. */
  readonly killsPerRound: number;
  readonly chats: number;
  /** Told after each kill. */
  readonly onProgress?: (summary: Summary) => void;
}

export interface Summary extends Counts {
  kills: number;
  /** Of them, those that hit a start or what it took up. */
  killsInRecovery: number;
  stops: number;
  freezes: number;
  rounds: number;
  requests: number;
  breaches: string[];
}

/** A stop must be through by then. */
const STOP_MS = 30_000;
/** As often as a slow machine may need; one more is only made where something is left. */
const MAX_RESTARTS = 12;

export async function runFaults(options: FaultOptions): Promise<Summary> {
  const summary: Summary = {
    ...noCounts(),
    kills: 0,
    killsInRecovery: 0,
    stops: 0,
    freezes: 0,
    rounds: 0,
    requests: 0,
    breaches: [],
  };
  while (summary.kills < options.kills && summary.breaches.length === 0) {
    const round = Math.min(options.killsPerRound, options.kills - summary.kills);
    const choices = fromTape(tapeOf(options.seed + summary.rounds, 200_000));
    const outcome = await playRound({
      name: `r${summary.rounds}`,
      choices,
      chats: options.chats,
      blows: round,
      open: async (simulator, breach) => openGateway(simulator, breach, choices, summary),
      struck: () => options.onProgress?.(summary),
    });
    addUp(summary, outcome);
    summary.rounds += 1;
  }
  return summary;
}

function addUp(summary: Summary, { counts, requests, breaches }: Outcome): void {
  for (const name of ['events', 'messages', 'spawns', 'endings', 'read', 'crashes'] as const) {
    summary[name] += counts[name];
  }
  summary.requests += requests;
  summary.breaches.push(...breaches);
}

function openGateway(
  simulator: { readonly url: string },
  breach: (what: string) => void,
  choices: Choices,
  summary: Summary,
): Site {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tidings-fault-')));
  const data = join(folder, 'data');
  const env = environmentOf(simulator, data, plenty);
  let address = { url: 'http://127.0.0.1:9', token: '' };
  let gateway = start();

  function start(): GatewayProcess {
    return startGatewayProcess({ cwd: folder, env });
  }

  /** Waits until a process listens; false if it ended before. */
  async function listens(one: GatewayProcess): Promise<boolean> {
    try {
      address = await one.ready();
    } catch {
      return false;
    }
    for (const left of await leftovers(data, one.pid)) breach(`outlived its gateway: ${left}`);
    return true;
  }

  async function ready(): Promise<void> {
    if (!(await listens(gateway))) throw new Error(`the gateway did not start:\n${gateway.printed}`);
  }

  return {
    url: () => address.url,
    token: () => address.token,
    ready,
    strike: () => strike(gateway, listens(gateway), { breach, choices, summary }),
    look: () => readLogs(data),
    up() {
      gateway = start();
    },
    async end() {
      await stopped(gateway, breach);
      // Processes of those that ended may still have been looked for: the next gateway goes on with that.
      for (let tries = 0; tries < MAX_RESTARTS && unfinished(readLogs(data)).length > 0; tries += 1) {
        gateway = start();
        await ready();
        await sleep(500);
        await stopped(gateway, breach);
      }
      for (const one of await leftovers(data)) breach(`left behind: ${one}`);
      return readLogs(data);
    },
    async clear(keep) {
      await gateway.end('SIGKILL');
      if (keep) breach(`the data folder is kept: ${data}`);
      else rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Lets a gateway that was just started live for a while, and ends it in one way or another. */
async function strike(
  gateway: GatewayProcess,
  ready: Promise<boolean>,
  run: { readonly breach: (what: string) => void; readonly choices: Choices; readonly summary: Summary },
): Promise<boolean> {
  const { breach, choices, summary } = run;
  const how = weighted(choices, [
    [45, 'at work'],
    [20, 'in its start'],
    [20, 'in its recovery'],
    [5, 'frozen'],
    [10, 'stopped'],
  ] as const);
  if (how === 'in its start') await Promise.race([ready, sleep(choices.below(700))]);
  else if (!(await ready)) throw new Error(`the gateway did not start:\n${gateway.printed}`);
  if (how === 'in its recovery') await sleep(choices.below(30));
  if (how === 'at work' || how === 'stopped') await sleep(50 + choices.below(700));
  if (how === 'frozen') {
    await sleep(choices.below(300));
    gateway.signal('SIGSTOP');
    await sleep(100 + choices.below(900));
    gateway.signal('SIGCONT');
    await sleep(choices.below(300));
    summary.freezes += 1;
  }
  if (how === 'stopped') {
    summary.stops += 1;
    await stopped(gateway, breach);
    return false;
  }
  const { signal, code } = await gateway.end('SIGKILL');
  // One that ends by itself gave up: a kill is the only thing that may end it here.
  if (signal !== 'SIGKILL') breach(`the gateway ended with ${code}:\n${gateway.printed}`);
  await ready;
  summary.kills += 1;
  if (how === 'in its start' || how === 'in its recovery') summary.killsInRecovery += 1;
  return true;
}

async function stopped(gateway: GatewayProcess, breach: (words: string) => void): Promise<void> {
  const late = new AbortController();
  const ended = await Promise.race([
    gateway.end('SIGTERM'),
    sleep(STOP_MS, undefined, { signal: late.signal }).catch(() => undefined),
  ]);
  late.abort();
  if (!ended) breach(`a stop took longer than ${STOP_MS} ms`);
  else if (ended.code !== 143) breach(`a stop ended with ${ended.code}:\n${gateway.printed}`);
}

/** One more draw for those who start a run without a seed. */
export function anySeed(): number {
  return Math.floor(Math.random() * 1_000_000);
}

export function inWords(summary: Summary): string {
  return [
    `${summary.kills} kills (${summary.killsInRecovery} in a start or recovery)`,
    `${summary.stops} stops`,
    `${summary.freezes} freezes`,
    `${summary.crashes} sessions taken up`,
    `${summary.messages} messages`,
    `${summary.spawns} spawns`,
    `${summary.endings} endings (${summary.read} read)`,
    `${summary.events} events`,
    `${summary.requests} requests`,
    `${summary.breaches.length} breaches`,
  ].join(', ');
}
