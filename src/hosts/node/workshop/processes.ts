/**
 * Owns the life of one command: starts it, hands on what it prints, and when it ends, for whatever reason,
 * sees to it that nothing of what it started is left. Never decides what to run or what a model reads of it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, constants, existsSync, openSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from './environment.ts';
import { type Isolation, tryOut } from './isolation.ts';
import { endMarked, type Marker } from './marker.ts';

export interface Command {
  readonly argv: readonly string[];
  readonly cwd: string;
  /** Holds the mark, too. */
  readonly env: Environment;
  readonly marker: Marker;
  /** The chat's folder, which the command may see as /tmp. */
  readonly tmp: string;
  /** `argv` itself says when the command begins; see `Isolation.wrap`. */
  readonly upFromInside?: boolean;
  readonly limitMs: number;
  readonly signal: AbortSignal;
  /** What the command printed, standard output and standard error in order of arrival; `full` ends it. */
  readonly onOutput: (chunk: Buffer) => Promise<'more' | 'full'>;
}

export type CommandEnd = (
  | { readonly kind: 'exited'; readonly code: number; readonly signal: NodeJS.Signals | null }
  | { readonly kind: 'timed_out' | 'aborted' | 'too_much_output' }
  | { readonly kind: 'not_started'; readonly message: string }
) & {
  /** Processes that could not be confirmed dead: `<pid> (<command>)`. */
  readonly left: readonly string[];
};

/** How long the kernel gets to end what was killed before it is named as left. */
const patienceMs = 2500;

/**
 * Runs a command to its end; never rejects. When it resolves, everything the command started is dead or named
 * in `left`. `folder` is where the pipe it prints to is made.
 */
export async function runCommand(
  command: Command,
  isolation: Isolation,
  folder: string,
): Promise<CommandEnd> {
  if (command.signal.aborted) return { kind: 'aborted', left: [] };
  const pipe = await makePipe(folder);
  if (pipe === undefined)
    return { kind: 'not_started', message: `no pipe could be made in ${folder}`, left: [] };
  const socket = new Socket({ fd: pipe.readEnd, readable: true, writable: false });
  socket.on('error', () => undefined);
  const child = start(command, isolation, pipe.writeEnd);
  closeSync(pipe.writeEnd);
  if (typeof child === 'string') {
    socket.destroy();
    return { kind: 'not_started', message: child, left: [] };
  }

  const preparing = wordsOf(child);
  const reading = read(socket, command.onOutput);
  const reason = await firstOf(child, reading, command);
  const ended = reason.kind === 'exited' || reason.kind === 'not_started';
  const left = await end(child, ended, isolation, command.marker);
  // All writers are dead, so the pipe ends by itself; one that isn't must not hold up the call.
  await Promise.race([reading, sleep(left.length > 0 ? 100 : 1000, undefined, { ref: false })]);
  socket.destroy();
  await reading;
  const words = await Promise.race([preparing, sleep(1000, 'up\n', { ref: false })]);
  if (reason.kind === 'exited' && !words.startsWith('up\n')) {
    return { kind: 'not_started', message: words.trim() || `it ended with code ${reason.code}`, left };
  }
  return { ...reason, left };
}

/**
 * A real pipe, which Node itself can't make: with its own kind (a socket pair) a command could not open
 * /dev/stdout or /dev/stderr. One pipe for both streams keeps their order.
 */
async function makePipe(folder: string): Promise<{ readEnd: number; writeEnd: number } | undefined> {
  const path = join(folder, `${randomUUID()}.pipe`);
  try {
    await mkdir(folder, { recursive: true });
    if ((await tryOut(['mkfifo', '-m', '600', path])) === undefined) return undefined;
    const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return { readEnd, writeEnd: openSync(path, constants.O_WRONLY) };
  } catch {
    return undefined;
  } finally {
    await rm(path, { force: true }).catch(() => undefined);
  }
}

function start(command: Command, isolation: Isolation, writeEnd: number): ChildProcess | string {
  if (!existsSync(command.cwd)) return `its folder ${command.cwd} does not exist any more`;
  const [file = '', ...args] = isolation.wrap(command.argv, command.tmp, {
    upFromInside: command.upFromInside ?? false,
  });
  try {
    return spawn(file, args, {
      cwd: command.cwd,
      env: command.env,
      stdio: ['ignore', writeEnd, 'pipe', writeEnd],
      // A process session of its own: no terminal to ask at, no share in the gateway's Ctrl-C.
      detached: true,
    });
  } catch (error) {
    return messageOf(error);
  }
}

/** What those that bring a command up say of it, once they are through; see `Isolation.wrap`. */
function wordsOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let words = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      if (words.length < 1000) words += chunk.toString('utf8');
    });
    child.stderr?.once('error', () => resolve(words));
    child.stderr?.once('close', () => resolve(words));
  });
}

async function read(socket: Socket, onOutput: Command['onOutput']): Promise<'end' | 'full'> {
  try {
    for await (const chunk of socket) {
      if (Buffer.isBuffer(chunk) && (await onOutput(chunk)) === 'full') return 'full';
    }
  } catch {
    // Destroyed from outside: what arrived so far is all there is.
  }
  return 'end';
}

type Reason =
  | { kind: 'exited'; code: number; signal: NodeJS.Signals | null }
  | { kind: 'timed_out' | 'aborted' | 'too_much_output' }
  | { kind: 'not_started'; message: string };

function firstOf(child: ChildProcess, reading: Promise<'end' | 'full'>, command: Command): Promise<Reason> {
  const { signal, limitMs } = command;
  return new Promise<Reason>((resolve) => {
    const timer = setTimeout(() => settle({ kind: 'timed_out' }), limitMs);
    const abort = (): void => settle({ kind: 'aborted' });
    function settle(reason: Reason): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      resolve(reason);
    }
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    child.once('error', (error) => settle({ kind: 'not_started', message: error.message }));
    child.once('exit', (code, bySignal) => settle({ kind: 'exited', code: code ?? 128, signal: bySignal }));
    void reading.then((how) => {
      if (how === 'full') settle({ kind: 'too_much_output' });
    });
  });
}

/** Ends what is left of a command, and says what could not be ended. */
async function end(
  child: ChildProcess,
  ended: boolean,
  isolation: Isolation,
  mark: Marker,
): Promise<string[]> {
  const { pid } = child;
  if (pid === undefined) return [];
  if (isolation.kind === 'namespace') {
    // The kernel reports the end of process 1 only after all others of its namespace have ended.
    if (ended) return child.signalCode === null ? [] : endMarked({ mark }, patienceMs);
    const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
    const inits = childrenOf(pid);
    for (const init of inits) kill(init);
    const reported = await Promise.race([inits.length > 0 ? gone : 'no', sleep(1000, 'no', { ref: false })]);
    if (reported !== 'no') return [];
    kill(pid);
    return endMarked({ mark }, patienceMs);
  }
  if (!ended) kill(-pid);
  return endMarked({ mark, sid: pid }, patienceMs);
}

function childrenOf(pid: number): number[] {
  try {
    const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return list
      .split(' ')
      .map(Number)
      .filter((child) => Number.isInteger(child) && child > 0);
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
