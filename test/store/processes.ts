/**
 * Starts real processes that run `store-process.ts`, and reads what they say.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import * as z from 'zod';

const program = fileURLToPath(new URL('./store-process.ts', import.meta.url));

const saying = z.object({
  ready: z.number().optional(),
  opened: z.number().optional(),
  refused: z.string().optional(),
  message: z.string().optional(),
  committed: z.number().optional(),
  batch: z.number().optional(),
  failed: z.string().optional(),
  failedAgain: z.string().optional(),
  heldAfterFailure: z.number().optional(),
  repeated: z.string().optional(),
  heldInTheEnd: z.number().optional(),
});
type Saying = z.infer<typeof saying>;

interface StoreProcess {
  readonly pid: number;
  /** Everything said so far, oldest first. */
  said(): Saying[];
  /** The `count`-th thing it says, counted from 1; rejects if it ends without. */
  saying(count: number): Promise<Saying>;
  tell(line: string): void;
  /** `kill -9`; resolves when it is gone and all it said is read. */
  kill(): Promise<void>;
  ended(): Promise<void>;
}

/**
 * Starts `store-process.ts <part> <folder>`, by `wrapper` if given: a command that runs the one appended to it.
 * It is killed at the end of the test, if it still lives.
 */
export function startProcess(part: string, folder: string, wrapper: readonly string[] = []): StoreProcess {
  const [command = process.execPath, ...args] = [...wrapper, process.execPath, program, part, folder];
  const child: ChildProcess = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let output = '';
  let errors = '';
  const closed = once(child, 'close');
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    child.emit('said');
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  // Its end may close the pipe before we do.
  child.stdin?.on('error', () => {});

  function said(): Saying[] {
    const lines = output.split('\n').slice(0, -1);
    return lines.map((line) => saying.parse(JSON.parse(line)));
  }

  return {
    pid: child.pid ?? 0,
    said,
    async saying(count) {
      for (;;) {
        const found = said()[count - 1];
        if (found !== undefined) return found;
        if (child.exitCode !== null || child.signalCode !== null) {
          await closed;
          const last = said()[count - 1];
          if (last !== undefined) return last;
          throw new Error(`${part} ended with ${child.exitCode ?? child.signalCode}:\n${output}${errors}`);
        }
        await Promise.race([once(child, 'said'), closed]);
      }
    },
    tell(line) {
      child.stdin?.write(`${line}\n`);
    },
    async kill() {
      child.kill('SIGKILL');
      await closed;
    },
    async ended() {
      await closed;
    },
  };
}

/**
 * A command under which the one appended to it sees its mounts changed by `script` (its `$1` is `folder`), or
 * undefined where this user may not do that.
 */
export function withMounts(script: string, folder: string): string[] | undefined {
  for (const flags of [['--mount'], ['--mount', '--user', '--map-root-user']]) {
    const wrapper = ['unshare', ...flags, 'sh', '-c', `${script} && shift && exec "$@"`, 'sh', folder];
    const [command = '', ...args] = wrapper;
    if (spawnSync(command, [...args, 'true']).status === 0) return wrapper;
  }
  return undefined;
}
