/** One run of the bench: prepares, warms up, measures group after group, and names the machine. */
import { cpus, totalmem } from 'node:os';
import type { Figure, Result } from './figures.ts';
import { interleaved, prepare, usualTalk } from './ground.ts';
import { groups } from './groups.ts';
import type { Sizes } from './sizes.ts';

export interface BenchOptions {
  readonly sizes: Sizes;
  /** Names of groups; none: all. */
  readonly only: readonly string[];
  readonly progress: (words: string) => void;
  readonly profile?: string;
}

/** @throws RangeError for a group that doesn't exist */
export async function runBench({ sizes, only, progress, profile }: BenchOptions): Promise<Result> {
  for (const name of only) if (!(name in groups)) throw new RangeError(`There is no group "${name}".`);
  const from = performance.now();
  const ground = await prepare(sizes, profile);
  try {
    await interleaved(ground, 1, async (side) => {
      await side.parallel(4, 10 * sizes.rounds, usualTalk);
    });
    const figures: Figure[] = [];
    for (const [name, measure] of Object.entries(groups)) {
      if (only.length > 0 && !only.includes(name)) continue;
      progress(`${Math.round((performance.now() - from) / 1000)} s: ${name} …`);
      figures.push(...(await measure(ground)));
    }
    const { refused, faulted } = await ground.model.counts();
    if (refused + faulted > 0) throw new Error(`The scripted model refused ${refused + faulted} requests.`);
    return {
      version: 1,
      at: new Date().toISOString(),
      size: sizes.name,
      machine: {
        cores: cpus().length,
        cpu: cpus()[0]?.model.trim() ?? 'unknown',
        node: process.version,
        memoryGib: Math.round(totalmem() / 2 ** 30),
      },
      seconds: (performance.now() - from) / 1000,
      figures,
    };
  } finally {
    await ground.close();
  }
}
