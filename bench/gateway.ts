/**
 * The gateway as its users run it: the real command in a process of its own, with a data folder on a real disk.
 * Owns the process's life and what the system says of it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/free-port.ts';
import { type Chat, inParallel, inSeries, pinging, type Side } from './chat.ts';
import { now } from './clock.ts';
import { type Door, openChat } from './gateway-chat.ts';
import { cpuMs } from './process-facts.ts';

const command = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const token = 'bench-0123456789-bench-0123456789';

export interface Gateway extends Side {
  readonly door: Door;
  /** Milliseconds from the start of the process to the first 200 of /readyz. */
  readonly readyMs: number;
}

export interface GatewayOptions {
  readonly folder: string;
  readonly modelUrl: string;
  /** A folder for a CPU profile of the process; it is then stopped cleanly. */
  readonly profile?: string;
}

/** No limit of the gateway's own stands in the way: all that are spawned work, all calls are out at once. */
export const limits = {
  TIDINGS_MAX_CHILDREN: '2000',
  TIDINGS_MAX_SPAWNS: '1000000',
  TIDINGS_CHAT_BUDGET_USD: '1000000',
  TIDINGS_SUBAGENT_BUDGET_USD: '10',
  TIDINGS_MAX_DEPTH: '1',
  TIDINGS_MODEL_CALLS: '4000',
} as const;

export async function startGateway({ folder, modelUrl, profile }: GatewayOptions): Promise<Gateway> {
  const port = await freePort();
  const flags = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const from = now();
  const child = spawn(process.execPath, [...flags, command, 'start'], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      PORT: String(port),
      TIDINGS_DATA: `${folder}/data`,
      TIDINGS_TOKEN: token,
      ANTHROPIC_API_KEY: 'bench',
      ANTHROPIC_BASE_URL: modelUrl,
      ...limits,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-4_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const gone = once(child, 'exit');
  const kill = (): void => void child.kill('SIGKILL');
  // Nothing outlives the bench, however it ends.
  process.once('exit', kill);
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;

  while (!(await isReady(port))) {
    if (hasEnded()) throw new Error(`The gateway did not start:\n${output}`);
    if (now() - from > 60_000) throw new Error(`The gateway was not ready within a minute:\n${output}`);
  }
  const readyMs = now() - from;
  const agent = new Agent({ keepAlive: true });
  const door: Door = { port, token, agent };

  return {
    name: 'gateway',
    pid: child.pid ?? 0,
    door,
    readyMs,
    open: async () => driven(await openChat(door)),
    async parallel(n, each, order) {
      const chats = await Promise.all(Array.from({ length: n }, () => openChat(door)));
      const spent = await inParallel(chats, each, order, () => cpuMs(child.pid ?? 0));
      for (const chat of chats) chat.close();
      return spent;
    },
    async stop() {
      agent.destroy();
      if (!hasEnded()) child.kill(profile === undefined ? 'SIGKILL' : 'SIGTERM');
      await gone;
      process.off('exit', kill);
    },
  };
}

export function driven(chat: Chat): Awaited<ReturnType<Side['open']>> {
  return {
    series: (n, order) => inSeries(chat, n, order),
    async startPings(order, pauseMs) {
      let over = false;
      const told = pinging(chat, order, pauseMs, () => over);
      return () => {
        over = true;
        return told;
      };
    },
    close: () => chat.close(),
  };
}

/** Asks once; waits a moment if nobody is there. */
function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const notYet = (): void => void setTimeout(resolve, 2, false);
    const asked = get({ host: '127.0.0.1', port, path: '/readyz', agent: false }, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve(true);
      else notYet();
    });
    asked.on('error', notYet);
  });
}
