/**
 * The main proof: thousands of drawn schedules of one chat, and some stories with a crash at each of their
 * commits, each judged by the oracle. `SIMULATION_SCHEDULES` says how many schedules; `SIMULATION_SEED` and
 * `SIMULATION_PATH` tell one again that failed.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { amount } from '../amounts.ts';
import { judge } from './oracle.ts';
import { tell } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { traceOf, tryOut } from './try-out.ts';
import type { Crash } from './witness.ts';

const asked = Number(process.env.SIMULATION_SCHEDULES ?? '');
const schedules = asked > 0 ? asked : amount(320, 50_000);
const apart = asked > 0 ? asked : amount(100, 20_000);
const seed = Number(process.env.SIMULATION_SEED ?? '20261120');
const path = process.env.SIMULATION_PATH;

/** The decisions of one schedule: fast-check makes a failing one shorter and plainer. */
const tapes = fc.array(fc.nat({ max: 65_535 }), { minLength: 0, maxLength: 700, size: 'max' });

/** Lines of a failed schedule's trace that are shown: the end of it. */
const SHOWN = 150;

describe('whatever crashes, ends, is steered, killed or said when', () => {
  test('the same decisions make the same world', { timeout: 60_000 }, async () => {
    const [tape = []] = fc.sample(tapes, { numRuns: 1, seed: 7 });
    const first = await traceOf(tape);
    expect(first).toContain('gateway 1 starts');
    expect(await traceOf(tape)).toBe(first);
  });

  for (const { name, each, runs } of [
    { name: 'all promises are kept in', each: false, runs: schedules },
    {
      name: 'all promises are kept, with each session kept by itself and reached by messages that may be lost, in',
      each: true,
      runs: apart,
    },
  ]) {
    test(`${name} ${runs} schedules`, { timeout: 1_800_000 }, async () => {
      const property = fc.asyncProperty(tapes, async (tape) => {
        const breaches = await tryOut(tape, each);
        if (breaches.length > 0) throw new Error(breaches.slice(0, 8).join('\n'));
      });
      const result = await fc.check(property, {
        numRuns: runs,
        seed,
        ...(path === undefined ? {} : { path }),
        unbiased: true,
      });
      if (!result.failed) return;
      const [tape = []] = result.counterexample ?? [];
      const trace = (await traceOf(tape, each).catch(String)).split('\n');
      expect.fail(
        [
          `SIMULATION_SEED=${result.seed} SIMULATION_PATH=${result.counterexamplePath}, after ${result.numRuns} schedules and ${result.numShrinks} shrinks:`,
          result.errorInstance instanceof Error ? result.errorInstance.message : String(result.errorInstance),
          ...trace.slice(-SHOWN),
        ].join('\n'),
      );
    });
  }
});

describe.each(scenarios)('with a crash at any of its commits: $name', (scenario) => {
  const whens = ['before', 'after'] as const;

  /** Tells it with each of these crashes; what was breached, by crash. */
  async function withEach(all: readonly (readonly Crash[])[], how = {}): Promise<string[]> {
    const found: string[] = [];
    for (const crashes of all) {
      const world = await tell(scenario, crashes, how);
      const where = crashes.map(({ at, when }) => `${when} ${at}`).join(', then ');
      for (const breach of [...judge(world), ...scenario.ends(world)]) found.push(`${where}: ${breach}`);
    }
    return found;
  }

  async function points(how = {}): Promise<Crash[]> {
    const { witness } = await tell(scenario, [], how);
    return Array.from({ length: witness.transactions }, (_, i) => i + 1).flatMap((at) =>
      whens.map((when) => ({ at, when })),
    );
  }

  test('without one it ends as it should', async () => {
    expect(await withEach([[]])).toEqual([]);
  });

  test('before and after every commit', { timeout: 300_000 }, async () => {
    const all = await points();
    expect(all.length).toBeGreaterThan(20);
    expect(await withEach(all.map((crash) => [crash]))).toEqual([]);
  });

  test('of one session that is kept by itself, before and after each', { timeout: 300_000 }, async () => {
    const apart = { apart: true };
    const all = await points(apart);
    expect(all.length).toBeGreaterThan(20);
    expect(
      await withEach(
        all.map((crash) => [crash]),
        apart,
      ),
    ).toEqual([]);
  });

  test('and again while it recovers', { timeout: 300_000 }, async () => {
    const again = [1, 2, 3].flatMap((at) => whens.map((when) => ({ at, when })));
    const all = (await points()).filter((_, at) => at % amount(9, 1) === 0);
    expect(await withEach(all.flatMap((crash) => again.map((second) => [crash, second])))).toEqual([]);
  });
});
