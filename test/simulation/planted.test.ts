/**
 * The test of the test: every planted bug is found by the simulation. One that isn't says that the simulation has
 * become too weak, or that the change no longer is a bug.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { amount } from '../amounts.ts';
import { plantedBugs } from './planted-bugs.ts';
import seeds from './planted-seeds.json' with { type: 'json' };

/** Schedules in which a bug must be found: most are found within ten. */
const SCHEDULES = 3_000;

/**
 * The schedule that found a bug when it was last looked for from the first one on (`npm run fault` does). It is tried
 * first, since looking takes minutes; should it find nothing any more, all others are tried in their order, and it is
 * time for `remember-process.ts`, which writes these down.
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

/** Every other one in `npm test`; that each still stands where it is planted is looked at for all. */
const tried = plantedBugs.filter((_, at) => at % amount(3, 1) === 0);

test('each planted bug has its place in the source, exactly once', () => {
  const source = join(import.meta.dirname, '..', '..', 'src');
  const misplaced = plantedBugs.flatMap(({ name, edits }) =>
    edits
      .filter(({ file, find }) => readFileSync(join(source, file), 'utf8').split(find).length !== 2)
      .map(({ file }) => `${name}: ${file}`),
  );
  expect(misplaced).toEqual([]);
});

describe.concurrent('the simulation finds out when', () => {
  test.each(tried.map(({ name }) => name))('%s', { timeout: 300_000 }, async (name) => {
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
