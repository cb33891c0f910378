/**
 * The gateway as a real process, `tidings start`, for tests that stop, starve or kill it. Owns that one process
 * and what it prints.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const program = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');

export interface GatewayProcess {
  readonly pid: number;
  /** Everything it printed, standard output and standard error. */
  readonly printed: string;
  readonly ended: boolean;
  /** Resolves when it listens; rejects with what it printed if it ends without. */
  ready(): Promise<{ url: string; token: string }>;
  signal(signal: NodeJS.Signals): void;
  /** Sends the signal, if it still lives, and resolves with how it ended. */
  end(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Resolves when it has ended by itself. */
  exit(): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

export interface GatewayProcessOptions {
  readonly cwd: string;
  /** Its whole environment; `TIDINGS_DATA` is where its token is read. */
  readonly env: Readonly<Record<string, string>>;
  /** The subcommand. */
  readonly command?: string;
}

export function startGatewayProcess({ cwd, env, command = 'start' }: GatewayProcessOptions): GatewayProcess {
  const child: ChildProcess = spawn(process.execPath, [program, command], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const alive = (): boolean => child.exitCode === null && child.signalCode === null;
  // A test that is cut short must not leave it behind.
  const atExit = (): void => void child.kill('SIGKILL');
  process.once('exit', atExit);
  const closed = once(child, 'close').then(() => process.removeListener('exit', atExit));
  let printed = '';
  const looks = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      for (const look of [...looks]) look();
    });
  }
  const token = (): string =>
    env.TIDINGS_TOKEN ??
    readFileSync(resolve(cwd, env.TIDINGS_DATA ?? '.tidings', 'admin-token'), 'utf8').trim();

  const gateway: GatewayProcess = {
    pid: child.pid ?? 0,
    get printed() {
      return printed;
    },
    get ended() {
      return !alive();
    },
    async ready() {
      const url = await new Promise<string>((resolve, reject) => {
        const look = (): void => {
          const found = /listens on (\S+)/.exec(printed)?.[1];
          if (!found) return;
          looks.delete(look);
          resolve(found);
        };
        looks.add(look);
        look();
        void closed.then(() => reject(new Error(`the gateway ended before it listened:\n${printed}`)));
      });
      return { url, token: token() };
    },
    signal: (signal) => void child.kill(signal),
    async end(signal) {
      if (alive()) child.kill(signal);
      return gateway.exit();
    },
    async exit() {
      await closed;
      return { code: child.exitCode, signal: child.signalCode };
    },
  };
  return gateway;
}
