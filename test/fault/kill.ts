/**
 * Fault runs: a real gateway is killed with `kill -9`, stopped, and frozen at random moments, in its recovery too,
 * while people keep its chats busy; at the end of each round all comes to rest and is judged. Owns the rounds.
 */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startSimulator } from '../../src/simulator/server.ts';
import { type Client, makeClient } from '../e2e/client.ts';
import type { FeedReader } from '../e2e/feed-reader.ts';
import { type GatewayProcess, startGatewayProcess } from '../e2e/gateway-child.ts';
import { apiKey, environmentOf } from '../e2e/house-environment.ts';
import { makePrefixWatch } from '../e2e/prefix-watch.ts';
import { type Choices, fromTape, tapeOf, weighted } from '../simulation/choices.ts';
import { leftovers } from './leftovers.ts';
import { makeLogBook, readLogs } from './log-book.ts';
import { type Counts, judge, noCounts, unfinished } from './oracle.ts';
import { makePerson, type Person } from './people.ts';
import { play } from './play.ts';

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
const REST_MS = 90_000;
const MAX_RESTARTS = 4;
/** Between two looks at the stored logs. */
const KILLS_PER_LOOK = 4;

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
    await playRound(round, choices, options, summary);
    summary.rounds += 1;
  }
  return summary;
}

interface Site {
  readonly data: string;
  readonly client: Client;
  /** Starts a process; it need not be ready. */
  start(): GatewayProcess;
  /** Waits until the process listens; undefined if it ended before. */
  ready(gateway: GatewayProcess): Promise<boolean>;
}

async function playRound(
  kills: number,
  choices: Choices,
  options: FaultOptions,
  summary: Summary,
): Promise<void> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tidings-fault-')));
  const data = join(folder, 'data');
  const prefixes = makePrefixWatch();
  const simulator = await startSimulator({ script: play, apiKey, record: 'none', onRequest: prefixes.see });
  const breach = (what: string): void => void summary.breaches.push(what);
  let address = { url: 'http://127.0.0.1:9', token: '' };
  const url = () => address.url;
  const token = () => address.token;
  const client = makeClient({ url, token });
  const env = environmentOf(simulator, data, {
    TIDINGS_MAX_CHILDREN: '4',
    TIDINGS_MAX_SPAWNS: '100000',
    // Each kill charges what was under way; how a budget holds is shown elsewhere.
    TIDINGS_CHAT_BUDGET_USD: '1000000',
    TIDINGS_SUBAGENT_BUDGET_USD: '1000',
  });
  const site: Site = {
    data,
    client,
    start: () => startGatewayProcess({ cwd: folder, env }),
    async ready(gateway) {
      try {
        address = await gateway.ready();
      } catch {
        return false;
      }
      for (const one of await leftovers(data, gateway.pid)) breach(`outlived its gateway: ${one}`);
      return true;
    },
  };

  let gateway = site.start();
  try {
    if (!(await site.ready(gateway))) throw new Error(`the gateway did not start:\n${gateway.printed}`);
    const people: Person[] = [];
    for (let n = 0; n < options.chats; n += 1) {
      people.push(await makePerson(client, `r${summary.rounds}c${n}`, choices));
    }
    const readers = people.map(({ chat }) => chat.feed({ durableOnly: true }));
    const book = makeLogBook();
    for (let done = 0; done < kills; ) {
      const fate = await strike(site, gateway, choices, summary);
      if (fate.killed) {
        done += 1;
        options.onProgress?.(summary);
      }
      for (const words of fate.breaches) breach(words);
      if (done % KILLS_PER_LOOK === 0) for (const words of book.compare(readLogs(data))) breach(words);
      gateway = site.start();
    }

    if (!(await site.ready(gateway))) throw new Error(`the gateway did not start:\n${gateway.printed}`);
    await Promise.all(people.map((person) => person.leave()));
    await comeToRest(people, breach);
    const shown = await readToTheEnd(people, readers, breach);
    await stopped(gateway, breach);
    // Processes of those that ended may still have been looked for: the next gateway goes on with that.
    for (let tries = 0; tries < MAX_RESTARTS && unfinished(readLogs(data)).length > 0; tries += 1) {
      gateway = site.start();
      if (!(await site.ready(gateway))) throw new Error(`the gateway did not start:\n${gateway.printed}`);
      await sleep(500);
      await stopped(gateway, breach);
    }
    for (const one of await leftovers(data)) breach(`left behind: ${one}`);
    const logs = readLogs(data);
    const promised = people.flatMap((person) => person.promised);
    const verdict = judge({ logs, promised, shown, billedUsd: simulator.counts.billedUsd });
    for (const words of [
      ...book.compare(logs),
      ...verdict.breaches,
      ...prefixes.breaches,
      ...people.flatMap(({ complaints }) => complaints),
      ...readers.flatMap(({ breaches }) => breaches),
      ...simulator.violations.map(({ request, id, message }) => `request ${request}: ${id}, ${message}`),
    ]) {
      breach(words);
    }
    for (const name of ['events', 'messages', 'spawns', 'endings', 'read', 'crashes'] as const) {
      summary[name] += verdict.counts[name];
    }
    summary.requests += simulator.counts.requests;
  } finally {
    await gateway.end('SIGKILL');
    await simulator.close();
    if (summary.breaches.length === 0) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    else breach(`the data folder is kept: ${data}`);
  }
}

/** Lets a gateway that was just started live for a while, and ends it in one way or another. */
async function strike(
  site: Site,
  gateway: GatewayProcess,
  choices: Choices,
  summary: Summary,
): Promise<{ killed: boolean; breaches: readonly string[] }> {
  const breaches: string[] = [];
  const how = weighted(choices, [
    [45, 'at work'],
    [20, 'in its start'],
    [20, 'in its recovery'],
    [5, 'frozen'],
    [10, 'stopped'],
  ] as const);
  const ready = site.ready(gateway);
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
    await stopped(gateway, (words) => breaches.push(words));
    return { killed: false, breaches };
  }
  const { signal, code } = await gateway.end('SIGKILL');
  // One that ends by itself gave up: a kill is the only thing that may end it here.
  if (signal !== 'SIGKILL') breaches.push(`the gateway ended with ${code}:\n${gateway.printed}`);
  await ready;
  summary.kills += 1;
  if (how === 'in its start' || how === 'in its recovery') summary.killsInRecovery += 1;
  return { killed: true, breaches };
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

/** Resumes what is parked and waits until every chat is idle and all news is read. */
async function comeToRest(people: readonly Person[], breach: (words: string) => void): Promise<void> {
  const deadline = performance.now() + REST_MS;
  for (const { chat } of people) {
    let asked = false;
    for (;;) {
      const { status } = await chat.view();
      const tree = await chat.subagents();
      const live = tree.filter(({ endedAt }) => endedAt === undefined);
      const pending = tree.filter(({ announcement }) => announcement === 'pending');
      if (status === 'parked') await chat.resume();
      else if (status === 'idle' && live.length === 0) {
        if (pending.length === 0) break;
        // News of a kill of the assistant's own wakes nobody: some words bring it along.
        if (!asked) await chat.say('What is the news?');
        asked = true;
      }
      if (performance.now() > deadline) {
        const left = [...live, ...pending].map((one) => `${one.path} ${one.status} ${one.announcement}`);
        breach(`${chat.id} did not come to rest: ${status}; ${left.join(', ')}`);
        return;
      }
      await sleep(100);
    }
  }
}

/** What the readers were shown, once they have been shown everything. */
async function readToTheEnd(
  people: readonly Person[],
  readers: readonly FeedReader[],
  breach: (words: string) => void,
) {
  const shown = [];
  for (const [index, { chat }] of people.entries()) {
    const reader = readers[index];
    if (!reader) continue;
    const due = (await chat.events()).length;
    await reader
      .until(() => reader.entries.length >= due)
      .catch(() => breach(`${chat.id}: ${reader.entries.length} of ${due} events were shown`));
    await reader.close();
    shown.push({ chat: chat.id, entries: reader.entries });
  }
  return shown;
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
