/**
 * Owns the mark that every process of the workshop carries in its environment, and finds and ends processes
 * by it. Never touches a process without the mark it was asked for.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileName } from './folders.ts';

export const markerVariable = 'TIDINGS_RUN';

/** `<data folder>/<session>/<attempt>/<call>`. */
export type Marker = string;

export function markerOf(...parts: readonly string[]): Marker {
  return parts.map(fileName).join('/');
}

/** Which processes are meant: those that carry this mark, and those of one process session. */
export interface Marked {
  /** A whole mark, or a beginning that ends in a slash. */
  readonly mark: Marker;
  /** Also every process of this process session: catches one that emptied its environment. */
  readonly sid?: number;
}

/**
 * Ends all that match with SIGKILL, again and again until none is left or `patienceMs` is over. Returns what
 * still lives then, as `<pid> (<command>)`. Where there is no /proc nothing is found.
 */
export async function endMarked(target: Marked, patienceMs: number): Promise<string[]> {
  const deadline = performance.now() + patienceMs;
  for (let round = 0; ; round += 1) {
    const found = await findMarked(target);
    for (const pid of found) kill(pid, target);
    if (found.length === 0) return [];
    if (performance.now() > deadline) return found.map((pid) => `${pid} (${commandOf(pid)})`);
    await sleep(Math.min(5 * 2 ** round, 100));
  }
}

/** The process ids that match, in no order; neither this process nor those that already ended. */
export async function findMarked(target: Marked): Promise<number[]> {
  const names = await readdir('/proc').catch((): string[] => []);
  const found: number[] = [];
  for (const name of names) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const environment = await readFile(`/proc/${pid}/environ`).catch(() => undefined);
    if (environment !== undefined && carries(environment, target.mark)) found.push(pid);
    else if (target.sid !== undefined && sessionOf(pid) === target.sid) found.push(pid);
  }
  return found;
}

/** Looks once more right before the blow: between finding and killing an id may have passed to another. */
function kill(pid: number, target: Marked): void {
  try {
    const still =
      carries(readFileSync(`/proc/${pid}/environ`), target.mark) ||
      (target.sid !== undefined && sessionOf(pid) === target.sid);
    if (still) process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile, or it isn't ours to end; the next look tells.
  }
}

function carries(environment: Buffer, mark: Marker): boolean {
  const text = `\0${environment.toString('latin1')}\0`;
  return text.includes(`\0${markerVariable}=${mark}${mark.endsWith('/') ? '' : '\0'}`);
}

/** The process session of a live process; undefined for one that ended, a zombie too. */
function sessionOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, , , sid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? undefined : Number(sid);
  } catch {
    return undefined;
  }
}

function commandOf(pid: number): string {
  try {
    const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return (line === '' ? readlinkSync(`/proc/${pid}/exe`) : line).slice(0, 200);
  } catch {
    return 'command unknown';
  }
}
