/**
 * The test of the test: every planted bug is found by the simulation. One that isn't says that the simulation has
 * become too weak, or that the change no longer is a bug.
 */
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { amount } from '../amounts.ts';
import { plantedBugs } from './planted-bugs.ts';
import seeds from './planted-seeds.json' with { type: 'json' };

/** Schedules in which a bug must be found: most are found within ten. */
const SCHEDULES = 1_500;

/**
 * The schedule that found a bug when it was last looked for from the first one on (`npm run fault` does). It is tried
 * first, since looking takes minutes; should it find nothing any more, all others are tried in their order.
 */
const remembered = amount<Readonly<Record<string, number>>>(seeds, {});

async function run(name: string, schedules: number): Promise<unknown> {
  const child = join(import.meta.dirname, 'planted-process.ts');
  const args = [child, name, String(schedules), String(remembered[name] ?? 0)];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    timeout: 280_000,
    // All but one or two modules are the same for all: they need not be read anew by each.
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'tidings-planted') },
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
    expect(await run(name, amount(40, 200))).toEqual({ found: null });
  },
);
