/** What the system says of a process: its memory and its time. Linux only, as all figures are. */
import { readFileSync } from 'node:fs';

/** Resident memory of a process, in KiB. */
export function residentKib(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (!line) throw new Error(`/proc says nothing of the memory of process ${pid}`);
  return Number(line[1]);
}

/** Milliseconds of CPU that a process has used, in the system's steps of 10. */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
