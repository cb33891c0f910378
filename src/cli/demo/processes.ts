/** Looks for processes in /proc. Only looks; never ends one. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process for as long as it lives: ids are used again, but never with the same start. */
export interface Sighting {
  readonly pid: number;
  readonly started: string;
  readonly command: string;
}

/**
 * The live processes that bear `mark` in their command, environment or folder, this one aside; undefined on a
 * system without /proc.
 */
export function processesOf(mark: string): Sighting[] | undefined {
  let names: string[];
  try {
    names = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return undefined;
  }
  if (names.length === 0) return undefined;
  return names.flatMap((name) => {
    const pid = Number(name);
    if (pid === process.pid) return [];
    const command = readOr(() => readFileSync(`/proc/${name}/cmdline`, 'utf8'));
    const bears = [
      command,
      readOr(() => readFileSync(`/proc/${name}/environ`, 'utf8')),
      readOr(() => readlinkSync(`/proc/${name}/cwd`)),
    ].some((text) => text.includes(mark));
    const started = bears ? startOf(pid) : undefined;
    return started === undefined ? [] : [{ pid, started, command: command.replaceAll('\0', ' ').trim() }];
  });
}

/** Whether that very process still lives. */
export function lives({ pid, started }: Sighting): boolean {
  return startOf(pid) === started;
}

/** When a process started, in the kernel's ticks; undefined for one that has ended, a zombie too. */
function startOf(pid: number): string | undefined {
  const stat = readOr(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return stat === '' || state === 'Z' || state === 'X' ? undefined : fields[18];
}

/** Empty for what is gone or not ours to read. */
function readOr(look: () => string): string {
  try {
    return look();
  } catch {
    return '';
  }
}
