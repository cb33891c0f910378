/** Looks at whether commands of sessions can be enclosed on this machine, as the configuration asks for it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../../../config/environment.ts';
import type { Settings } from '../../../config/schema.ts';
import { findIsolation } from '../workshop/isolation.ts';
import { findSandbox } from '../workshop/sandbox.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

/** What it means to have none. */
const open = 'commands read, write and reach what this user does';

export async function sandboxFinding(
  { mode, hosts, write, hide }: Settings['sandbox'],
  source: Environment,
): Promise<Finding> {
  if (mode === 'off') {
    return warning('sandbox', `switched off, so ${open}`, 'Set sandbox to preferred or required.');
  }
  const folder = await mkdtemp(join(tmpdir(), 'tidings-doctor-'));
  try {
    const isolation = await findIsolation({ bindTmp: false, folder });
    const found = await findSandbox({ isolation, hosts, source, marker: 'doctor', folder });
    if (found.works) {
      await found.sandbox.close();
      const reached = hosts.length === 1 ? '1 host' : `${hosts.length === 0 ? 'no' : hosts.length} hosts`;
      const more = [
        ...(write.length > 0 ? [`may also write in ${write.join(', ')}`] : []),
        ...(hide.length > 0 ? [`may not read ${hide.join(', ')}`] : []),
      ];
      return ok(
        'sandbox',
        `${mode}: each command writes in its session's folders only, reads no credentials and reaches ${reached}${more.map((words) => `; it ${words}`).join('')}`,
      );
    }
    return mode === 'required'
      ? problem(
          'sandbox',
          `required, and there is none: ${found.why}`,
          'Do that; without it no start succeeds.',
        )
      : warning(
          'sandbox',
          `there is none: ${found.why}`,
          `Do that, or set sandbox to off if it is meant: ${open}.`,
        );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
