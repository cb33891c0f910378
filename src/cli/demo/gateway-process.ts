/**
 * The gateway as a process of its own: `tidings start` with the demo's settings. Owns its start and its end;
 * everything else goes over HTTP.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installation } from '../installation.ts';
import type { Playground } from './playground.ts';

/** How a process ended: its exit code, or the signal. */
export type Ended = number | NodeJS.Signals;

export interface GatewayProcess {
  readonly pid: number;
  readonly url: string;
  /** Why commands run without a sandbox, if they do: the gateway's own words. */
  readonly unenclosed?: string;
  /** `kill -9`. Resolves with the exit code or the signal when it has ended. */
  kill(): Promise<Ended>;
  /** Tells it to stop, and ends it if it doesn't. Resolves likewise. Repeatable. */
  stop(): Promise<Ended>;
}

export interface GatewaySetting {
  readonly playground: Playground;
  /** Where the simulator is. */
  readonly modelUrl: string;
  readonly token: string;
  /** What stands in its configuration file besides the repositories. */
  readonly config?: Readonly<Record<string, unknown>>;
}

const READY_MS = 30_000;
const STOP_MS = 10_000;

/** What the gateways of a playground have printed. */
export function logFile(playground: Playground): string {
  return join(playground.folder, 'gateway.log');
}

/** The last of them that tell of trouble. */
export function troubles(playground: Playground): string[] {
  try {
    const lines = readFileSync(logFile(playground), 'utf8').split('\n');
    return lines.filter((line) => /^\{|error/i.test(line)).slice(-3);
  } catch {
    return [];
  }
}

/** Starts a gateway on the playground's data folder; resolves when it answers. */
export async function startGatewayProcess(
  { playground, modelUrl, token, config = {} }: GatewaySetting,
  signal: AbortSignal,
): Promise<GatewayProcess> {
  signal.throwIfAborted();
  const { folder } = playground;
  const repositories = Object.fromEntries(playground.repositories.map(({ name, path }) => [name, path]));
  const file = join(folder, 'tidings.config.json');
  writeFileSync(file, JSON.stringify({ repositories, ...config }, null, 2));
  const child = spawn(process.execPath, [installation.program, 'start'], {
    cwd: folder,
    env: {
      ...playground.environment,
      ANTHROPIC_BASE_URL: modelUrl,
      ANTHROPIC_API_KEY: 'no-key-is-needed-here',
      TIDINGS_CONFIG: file,
      TIDINGS_DATA: join(folder, 'data'),
      TIDINGS_TOKEN: token,
      PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C is for the demo to hear, which then stops its gateway.
    detached: true,
  });
  // Whatever becomes of the demo, its gateway goes with it.
  const last = (): void => void child.kill('SIGKILL');
  process.once('exit', last);
  const ended = new Promise<Ended>((resolve) => {
    child.once('error', () => resolve(127));
    child.once('exit', (code, by) => {
      process.off('exit', last);
      resolve(by ?? code ?? 0);
    });
  });
  const end = (how: NodeJS.Signals): typeof ended => {
    child.kill(how);
    return ended;
  };
  try {
    const greeting = await greetingOf(child, playground, ended, signal);
    const [, url] = /listens on (http:\S+)\n/.exec(greeting) ?? [];
    if (url === undefined) throw new Error('the gateway did not say where it is');
    const [, unenclosed] = /WITHOUT A SANDBOX[^:\n]*: (.+)\n/.exec(greeting) ?? [];
    let stopping: typeof ended | undefined;
    return {
      pid: child.pid ?? 0,
      url,
      ...(unenclosed === undefined ? {} : { unenclosed }),
      kill: () => end('SIGKILL'),
      stop() {
        if (stopping) return stopping;
        const late = setTimeout(last, STOP_MS);
        stopping = end('SIGTERM').finally(() => clearTimeout(late));
        return stopping;
      },
    };
  } catch (error) {
    await end('SIGKILL');
    throw error;
  }
}

/** What the gateway prints once it answers, to its last line. */
function greetingOf(
  child: ChildProcess,
  playground: Playground,
  ended: Promise<Ended>,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = '';
    const hear = (chunk: Buffer): void => {
      appendFileSync(logFile(playground), chunk);
      printed += chunk.toString('utf8');
      if (/^The whole API: .*\n/m.test(printed)) settle(() => resolve(printed));
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    const timer = setTimeout(
      () => settle(() => reject(new Error(`the gateway was not ready within ${READY_MS / 1000} s`))),
      READY_MS,
    );
    const leave = (): void => settle(() => reject(signal.reason));
    signal.addEventListener('abort', leave, { once: true });
    void ended.then((how) =>
      settle(() => reject(new Error(`the gateway did not start: it ended with ${how}`))),
    );
    function settle(then: () => void): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', leave);
      then();
    }
  });
}
