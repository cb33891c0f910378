/**
 * Owns one call of the tool `bash`: waits for a place, runs the command in the worker's workspace, and puts
 * its end into words. Never checks the model's input and never kills by itself.
 */
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import type { ToolOutcome, Worker } from '../../../core/ports.ts';
import { type Environment, workerEnvironment } from './environment.ts';
import type { Isolation } from './isolation.ts';
import { outputFile } from './kept-output.ts';
import type { Marker } from './marker.ts';
import { makeOutput, type OutputLimits } from './output.ts';
import type { ProcessQueue } from './process-queue.ts';
import { type CommandEnd, runCommand } from './processes.ts';
import { reviewerTmp } from './sandbox-places.ts';
import type { WorkerSandbox } from './worker-sandbox.ts';

export interface BashSetting {
  readonly isolation: Isolation;
  /** Absent: there is none, and commands reach what the gateway's own user does. */
  readonly sandbox?: WorkerSandbox;
  readonly queue: ProcessQueue;
  readonly source: Readonly<Record<string, string | undefined>>;
  readonly limits: OutputLimits;
  /** Where the pipes are made, and what is half written. */
  readonly partial: string;
  readonly ceiling: string;
}

export interface BashCall {
  readonly worker: Worker;
  readonly callId: string;
  readonly marker: Marker;
  readonly command: string;
  readonly timeoutMs: number;
  readonly workspace: string;
  readonly tmp: string;
  /** Folders that git is to trust although another user may own them. */
  readonly trusted: readonly string[];
  readonly signal: AbortSignal;
  /** The time limit of a main session's tools, from when the call was made: waiting for a place counts. */
  readonly limitMs?: number;
  readonly onAlive: () => void;
}

/** Bytes of one argument that Linux takes, less a margin. */
const largestCommand = 130_000;

/** Runs the command; rejects with the signal's reason when that aborts, after its processes are dead. */
export async function runBash(setting: BashSetting, call: BashCall): Promise<ToolOutcome> {
  const size = Buffer.byteLength(call.command);
  if (size > largestCommand) {
    const words = `The command has ${size} bytes; the system takes ${largestCommand}. Put long text in a file with write.`;
    return { ok: false, text: words };
  }
  if (call.worker.reviewer === true && setting.sandbox === undefined) {
    return {
      ok: false,
      text: 'The command was not run: a reviewer changes nothing, and without a sandbox nothing would keep a command from it. Use read, glob and grep.',
    };
  }
  const began = performance.now();
  const place = await enter(setting.queue, call);
  if (place === undefined) {
    return {
      ok: false,
      text: `The command was not started: all places for processes were taken for ${seconds(call.limitMs ?? 0)}. Hand it to a subagent with sessions_spawn, or try again later.`,
    };
  }
  try {
    const waited = performance.now() - began;
    const left = call.limitMs === undefined ? Number.POSITIVE_INFINITY : Math.max(1, call.limitMs - waited);
    const { tmp, callId } = call;
    const kept = { tmp, isTmp: setting.isolation.privateTmp, partial: setting.partial };
    const file = outputFile(kept, { callId, kind: 'bash' });
    const output = makeOutput(file.begin, setting.limits);
    let told = Number.NEGATIVE_INFINITY;
    const shell = existsSync('/bin/bash') ? '/bin/bash' : 'sh';
    call.onAlive();
    const plain = [shell, '-c', call.command];
    const walled = await setting.sandbox?.wrap(plain, call);
    const end = await runCommand(
      {
        argv: walled?.argv ?? plain,
        upFromInside: walled !== undefined,
        cwd: call.workspace,
        env: environmentOf(setting, call),
        marker: call.marker,
        tmp: call.tmp,
        limitMs: Math.min(call.timeoutMs, left),
        signal: call.signal,
        onOutput(chunk) {
          if (performance.now() - told > 200) {
            told = performance.now();
            call.onAlive();
          }
          return output.take(chunk);
        },
      },
      setting.isolation,
      setting.partial,
    ).finally(() => walled?.ended());
    const printed = await output.finish(file.shown);
    if (call.signal.aborted) throw call.signal.reason;
    return inWords(end, printed, {
      limitMs: left < call.timeoutMs ? call.limitMs : undefined,
      timeoutMs: call.timeoutMs,
      kept: setting.limits.kept,
    });
  } finally {
    place();
  }
}

/** Waits for a place; undefined if the time limit is over first. */
async function enter(queue: ProcessQueue, call: BashCall): Promise<(() => void) | undefined> {
  const who = { chat: call.worker.chat, first: call.worker.path === '' };
  if (call.limitMs === undefined) return queue.enter(who, call.signal);
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), call.limitMs);
  try {
    return await queue.enter(who, AbortSignal.any([call.signal, limit.signal]));
  } catch {
    if (call.signal.aborted) throw call.signal.reason;
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

function environmentOf(setting: BashSetting, call: BashCall): Environment {
  return workerEnvironment({
    source: setting.source,
    path: call.worker.path,
    tmp: tmpOf(setting, call),
    sandboxed: setting.sandbox !== undefined,
    marker: call.marker,
    trusted: call.trusted,
    ceiling: setting.ceiling,
  });
}

function tmpOf({ isolation, sandbox }: BashSetting, { worker, tmp }: BashCall): string {
  if (sandbox !== undefined && worker.reviewer === true) return reviewerTmp;
  return isolation.privateTmp ? '/tmp' : tmp;
}

function inWords(
  end: CommandEnd,
  printed: string,
  limits: { readonly limitMs: number | undefined; readonly timeoutMs: number; readonly kept: number },
): ToolOutcome {
  const words: string[] = [];
  switch (end.kind) {
    case 'exited': {
      const number = end.signal === null ? 0 : constants.signals[end.signal];
      const code = number === 0 ? end.code : 128 + number;
      if (code !== 0) words.push(`[exit code ${code}${signalWords(code)}]`);
      break;
    }
    case 'timed_out':
      words.push(
        limits.limitMs !== undefined
          ? `[ended after ${seconds(limits.limitMs)}, the time limit of the main session's tools; above is what it had printed. Hand work that takes longer to a subagent with sessions_spawn.]`
          : `[ended after ${seconds(limits.timeoutMs)}, its time limit; above is what it had printed. Set timeout_seconds (at most 3600) if it needs longer.]`,
      );
      break;
    case 'too_much_output':
      words.push(
        `[ended because it printed more than ${limits.kept} bytes; send its output to a file or through a filter]`,
      );
      break;
    case 'not_started':
      words.push(`[not started: ${end.message}]`);
      break;
    case 'aborted':
      words.push('[ended from outside]');
      break;
  }
  if (end.left.length > 0) words.push(`[could not be ended: ${end.left.join(', ')}]`);
  const text = printed.trim() === '' ? '(no output)' : printed.replace(/\n$/, '');
  const ok = end.kind === 'exited' && words.length === 0;
  return { ok, text: [text, ...words].join('\n') };
}

function signalWords(code: number): string {
  const name = Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
  return code > 128 && name !== undefined ? `, as after ${name}` : '';
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
