/**
 * Fault runs of the host whose sessions are objects: the local runtime is killed with all that it started and comes up
 * on the same folder; every object at work is reset; objects are put to sleep as soon as they can be. Owns these blows.
 */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Simulator } from '../../src/simulator/server.ts';
import { makeClient } from '../e2e/client.ts';
import { apiKey } from '../e2e/house-environment.ts';
import { type Choices, chance, fromTape, tapeOf, weighted } from '../simulation/choices.ts';
import { type BellWish, bellPath } from '../workerd/bell.ts';
import { startWorkerd, startWorkerdProcess, type WorkerdHost, type WorkerdOptions } from '../workerd/host.ts';
import type { StoredLog } from './log-book.ts';
import { readObjectLogs } from './object-logs.ts';
import { type Counts, noCounts, unfinished } from './oracle.ts';
import { type Outcome, playRound, plenty, type Site } from './round.ts';

/**
 * The runtime is killed at any moment; all objects are reset at any moment, or after each answer of the model; one
 * is reset, so that those that wait for it go on; each is put to sleep whenever it can be.
 */
export type Blow = 'kill' | 'reset' | 'step' | 'one' | 'evict';

export interface ObjectFaults {
  readonly blow: Blow;
  readonly blows: number;
  readonly seed: number;
  readonly blowsPerRound: number;
  readonly chats: number;
  /** Whether what is left at the end is left to its alarm, which takes a while; else somebody looks at it. */
  readonly alarms?: boolean;
  readonly onProgress?: (done: number) => void;
}

export interface ObjectSummary extends Counts {
  blows: number;
  rounds: number;
  requests: number;
  breaches: string[];
}

/** A free port is taken by no one else for as long as nobody listens there. */
const nowhere = 'http://127.0.0.1:9';
const chatsSchema = z.object({ chats: z.array(z.object({ id: z.string() })) });
/** In the end, what is left is taken up so often: a slow machine may need some more. */
const TRIES = 10;
/** By then the alarm of whatever wants anything has gone off. */
const ALARM_MS = 22_000;
export const token = 'the-admin-token-of-these-tests';

export async function runObjectFaults(options: ObjectFaults): Promise<ObjectSummary> {
  const summary: ObjectSummary = { ...noCounts(), blows: 0, rounds: 0, requests: 0, breaches: [] };
  while (summary.blows < options.blows && summary.breaches.length === 0) {
    const blows = Math.min(options.blowsPerRound, options.blows - summary.blows);
    const choices = fromTape(tapeOf(options.seed + summary.rounds, 200_000));
    const outcome = await playRound({
      name: `${options.blow}${summary.rounds}`,
      choices,
      chats: options.chats,
      blows,
      // Who reads a feed keeps the chat's object awake.
      feeds: options.blow !== 'evict',
      open: (simulator, breach) => openSite(options, simulator, choices, breach),
      struck() {
        summary.blows += 1;
        options.onProgress?.(summary.blows);
      },
    });
    addUp(summary, outcome);
    summary.rounds += 1;
  }
  return summary;
}

function addUp(summary: ObjectSummary, { counts, requests, breaches }: Outcome): void {
  for (const name of ['events', 'messages', 'spawns', 'endings', 'read', 'crashes'] as const) {
    summary[name] += counts[name];
  }
  summary.requests += requests;
  summary.breaches.push(...breaches);
}

/** The Worker with objects that can be reset one by one. */
export const bellEntry = join(import.meta.dirname, '..', 'workerd', 'bell-worker.ts');

/** What a Worker is told: where the model is, and whatever else. */
export function workerOptions(
  simulator: { readonly url: string },
  more: Readonly<Record<string, string>> = {},
): WorkerdOptions {
  return {
    entry: join(import.meta.dirname, '..', '..', 'src', 'hosts', 'cloudflare', 'worker.ts'),
    classes: { SESSIONS: 'SessionObject', DIRECTORY: 'DirectoryObject', LANES: 'LanesObject' },
    bindings: {
      TIDINGS_TOKEN: token,
      ANTHROPIC_API_KEY: apiKey,
      ANTHROPIC_BASE_URL: simulator.url,
      TIDINGS_LOG: 'silent',
      // The simulator is also the page that is read.
      TIDINGS_CONFIG_JSON: JSON.stringify({ fetch: { allow: ['127.0.0.1'] } }),
      ...more,
    },
  };
}

async function openSite(
  { blow, alarms = false }: Pick<ObjectFaults, 'blow' | 'alarms'>,
  simulator: Simulator,
  choices: Choices,
  breach: (what: string) => void,
): Promise<Site> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tidings-objects-fault-')));
  const belled = blow === 'one' ? { entry: bellEntry } : {};
  const options = { ...workerOptions(simulator, plenty), ...belled, folder };
  const host =
    blow === 'kill' ? await killSite(options, choices) : await chaosSite(blow, options, choices, simulator);
  return {
    ...host,
    token: () => token,
    end: () => settle(host, folder, alarms),
    async clear(keep) {
      await host.stop();
      if (keep) breach(`the folder is kept: ${folder}`);
      else rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

type Settled = WorkerdOptions & { readonly folder: string };
type Struck = Omit<Site, 'token' | 'end' | 'clear'> & { readonly stop: () => Promise<void> };

async function killSite(options: Settled, choices: Choices): Promise<Struck> {
  const host = await startWorkerdProcess(options);
  let up: Promise<boolean> = Promise.resolve(true);
  const start = (): void => {
    up = host.start().then(
      () => true,
      () => false,
    );
  };
  async function ready(): Promise<void> {
    if (!(await up)) throw new Error('the runtime did not start');
  }
  return {
    url: () => host.url || nowhere,
    ready,
    async strike() {
      const how = weighted(choices, [
        [60, 'at work'],
        [15, 'in its start'],
        [15, 'in its recovery'],
        [10, 'stopped'],
      ] as const);
      if (how === 'in its start') await Promise.race([up, sleep(choices.below(900))]);
      else await ready();
      if (how === 'in its recovery') await sleep(choices.below(40));
      if (how === 'at work' || how === 'stopped') await sleep(20 + choices.below(350));
      if (how === 'stopped') await host.stop();
      else await host.kill();
      await up;
      return how !== 'stopped';
    },
    look: () => readObjectLogs(options.folder),
    up: start,
    stop: () => host.stop(),
  };
}

async function chaosSite(
  blow: Exclude<Blow, 'kill'>,
  options: Settled,
  choices: Choices,
  simulator: Simulator,
): Promise<Struck> {
  let host = await startWorkerd({ ...options, chaos: true });
  let up: Promise<unknown> | undefined = Promise.resolve();
  const sleeper = makeSleeper(() => host);
  return {
    url: () => host.url,
    ready: async () => void (await up),
    async strike() {
      switch (blow) {
        case 'evict':
          await sleep(choices.below(60));
          return await sleeper.settle();
        case 'reset':
          await sleep(choices.below(250));
          break;
        case 'one':
          await sleep(choices.below(40));
          await resetOne(host.url, choices);
          return true;
        case 'step': {
          const { answered } = simulator.counts;
          await Promise.race([simulator.until(() => simulator.counts.answered > answered), sleep(1_000)]);
          await sleep(choices.below(8));
        }
      }
      await host.abortAll();
      return true;
    },
    up() {
      up ??= startWorkerd({ ...options, chaos: true }).then((next) => {
        host = next;
      });
    },
    async stop() {
      if (!up) return;
      up = undefined;
      await host.stop();
    },
  };
}

/**
 * Sees to it that each session's object is put to sleep as soon as nothing of it is under way, over and over.
 */
function makeSleeper(host: () => WorkerdHost) {
  const waiting = new Set<string>();
  let slept = 0;
  let counted = 0;
  return {
    /** Whether one more was put to sleep since the last call. */
    async settle(): Promise<boolean> {
      for (const session of await sessionsAt(host().url, 'all')) {
        if (waiting.has(session)) continue;
        waiting.add(session);
        host()
          .evict('SESSIONS', session)
          .then(() => {
            slept += 1;
          })
          // It slept already, or was at it for longer than is waited.
          .catch(() => sleep(20))
          .finally(() => waiting.delete(session));
      }
      if (counted === slept) return false;
      counted += 1;
      return true;
    },
  };
}

/** Some object: of a session as a rule, now and then the one that all sessions wait for. */
async function resetOne(url: string, choices: Choices): Promise<void> {
  const sessions = await sessionsAt(url, 'live').catch(() => []);
  const session = sessions[choices.below(sessions.length)];
  const shared: BellWish = { what: 'reset-shared', which: chance(choices, 70) ? 'LANES' : 'DIRECTORY' };
  const wish: BellWish = session === undefined || chance(choices, 15) ? shared : { what: 'reset', session };
  await (await fetch(`${url}${bellPath}`, { method: 'POST', body: JSON.stringify(wish) })).text();
}

/** All sessions there are, or those that have not ended, as the API tells. */
async function sessionsAt(url: string, which: 'all' | 'live'): Promise<string[]> {
  const client = makeClient({ url: () => url, token: () => token });
  const { body } = await client.get('/v1/chats');
  const chats = chatsSchema.parse(body).chats.map(({ id }) => id);
  const below = await Promise.all(chats.map((id) => client.chat(id).subagents()));
  const found = below.flat().filter(({ endedAt }) => which === 'all' || endedAt === undefined);
  return [...chats, ...found.map(({ id }) => id)];
}

/**
 * Stops the host and reads what it leaves behind. What was at rest for all that people could see may still have mail to
 * confirm, and its object may have been struck over it: its alarm takes it up, or at once whoever looks at it.
 */
async function settle(host: Struck, folder: string, alarms: boolean): Promise<StoredLog[]> {
  for (let tries = 0; ; tries += 1) {
    await host.stop();
    const logs = readObjectLogs(folder);
    const left = unfinished(logs);
    if (left.length === 0 || tries === TRIES) return logs;
    host.up();
    await host.ready();
    if (alarms) await sleep(ALARM_MS);
    else await Promise.all(left.map((session) => lookAt(host.url(), session, logs)));
    await sleep(500);
  }
}

async function lookAt(url: string, session: string, logs: readonly StoredLog[]): Promise<void> {
  const birth = logs.find((one) => one.session === session)?.log[0]?.event;
  if (birth?.type !== 'session.created') return;
  const of = birth.kind === 'main' ? '' : `/subagents/${session}`;
  const headers = { accept: 'application/json', authorization: `Bearer ${token}` };
  await (await fetch(`${url}/v1/chats/${birth.chat}${of}/events`, { headers })).text();
}
