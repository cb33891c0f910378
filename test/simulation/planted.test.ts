/**
 * The test of the test: every planted bug is found by the simulation. One that isn't says that the simulation has
 * become too weak, or that the change no longer is a bug.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { plantedBugs } from './planted-bugs.ts';

/** Schedules in which a bug must be found: most are found within ten. */
const SCHEDULES = 1_500;

async function run(name: string, schedules: number): Promise<unknown> {
  const child = join(import.meta.dirname, 'planted-process.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [child, name, String(schedules)], {
    timeout: 280_000,
    killSignal: 'SIGKILL',
  });
  return JSON.parse(stdout);
}

describe.concurrent('the simulation finds out when', () => {
  test.each(plantedBugs.map(({ name }) => name))('%s', { timeout: 300_000 }, async (name) => {
    expect(await run(name, SCHEDULES)).toEqual({
      found: { seed: expect.any(Number), breach: expect.any(String) },
    });
  });
});

test.each(['nothing', 'nothing, apart'])(
  'and finds nothing where no bug is planted (%s)',
  {
    timeout: 300_000,
  },
  async (name) => {
    expect(await run(name, 200)).toEqual({ found: null });
  },
);
