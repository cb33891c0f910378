/** Runs a `tidings` command to its end, as a process of its own, and gives back what it printed and its code. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const program = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');

interface Ran {
  readonly code: number | null;
  /** Standard output. */
  readonly said: string;
  /** Standard error. */
  readonly complained: string;
}

/** @param options.wrapper a command that runs the one appended to it */
export async function tidings(
  args: readonly string[],
  options: {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string>>;
    readonly wrapper?: readonly string[];
  },
): Promise<Ran> {
  const [command = '', ...rest] = [...(options.wrapper ?? []), process.execPath, program, ...args];
  const child = spawn(command, rest, {
    cwd: options.cwd,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let complained = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complained += text;
  });
  await once(child, 'close');
  return { code: child.exitCode, said, complained };
}
