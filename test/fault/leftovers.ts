/**
 * Processes that carry a gateway's mark, as seen from outside: all of them, and those that are older than the
 * gateway itself. Ends none of them.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findMarked, markerOf } from '../../src/hosts/node/workshop/marker.ts';

/** What runs under the mark of the gateways of a data folder, as `<pid> (<command line>)`. */
export async function leftovers(data: string, olderThan?: number): Promise<string[]> {
  const mark = `${markerOf(readFileSync(join(data, 'folder-id'), 'utf8').trim())}/`;
  const found = await findMarked({ mark });
  const since = olderThan === undefined ? Number.POSITIVE_INFINITY : startOf(olderThan);
  return found.flatMap((pid) => {
    const started = startOf(pid);
    return started !== undefined && since !== undefined && started < since
      ? [`${pid} (${commandOf(pid)})`]
      : [];
  });
}

/** When a process was started, in clock ticks since the boot; undefined for one that has ended. */
function startOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : Number(fields[19]);
  } catch {
    return undefined;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim().slice(0, 200);
  } catch {
    return 'gone';
  }
}
