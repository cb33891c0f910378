/** An outside agent's program as a process that speaks JSON, a line each. Owns that process, which goes with the test. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { processesOf } from '../../src/cli/demo/processes.ts';

const packages = join(import.meta.dirname, 'node_modules');

/** All that it sees of an environment. */
export interface Environment extends Readonly<Record<string, string>> {
  readonly HOME: string;
}

export interface AgentProcess {
  /** Everything that it printed, on both streams. */
  readonly printed: string;
  /** Writes a line to its standard input. */
  tell(line: object): void;
  /** Closes its standard input; resolves with its exit code. */
  end(): Promise<number | null>;
  /** Resolves with its exit code once it has ended by itself. */
  readonly ended: Promise<number | null>;
}

/** @param path where its program lies within its package for this system */
export function programOf(name: string, ...path: readonly string[]): string {
  const file = join(packages, `${name}-${process.platform}-${process.arch}`, ...path);
  if (!existsSync(file)) throw new Error(`${file} is not installed: npm run agents does that.`);
  return file;
}

export function startAgent(
  file: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Environment },
): AgentProcess {
  const child = spawn(file, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  }
  child.stdin.on('error', () => {});
  const ended = once(child, 'close').then(() => child.exitCode);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    // What it started lives in groups of its own, and has its home.
    for (const { pid } of processesOf(env.HOME) ?? []) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has just ended by itself.
      }
    }
    await ended;
  });
  return {
    get printed() {
      return printed;
    },
    tell: (line) => void child.stdin.write(`${JSON.stringify(line)}\n`),
    end() {
      child.stdin.end();
      return ended;
    },
    ended,
  };
}
