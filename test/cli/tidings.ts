/** The `tidings` command as a process that runs to its end. Owns nothing but that process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export const program = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');

export interface Ran {
  readonly code: number | null;
  /** Standard output. */
  readonly printed: string;
  /** Standard error. */
  readonly complained: string;
}

export interface Surroundings {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input; absent: there is none. */
  readonly input?: string;
}

/** Runs `tidings <args>` with nothing in its environment but what is given and the way to programs. */
export async function tidings(args: readonly string[], { cwd, env = {}, input }: Surroundings): Promise<Ran> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.end(input);
  let printed = '';
  let complained = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complained += text;
  });
  await once(child, 'close');
  return { code: child.exitCode, printed, complained };
}
