/**
 * Writes down which schedule finds each planted bug (`planted-seeds.json`): the one that did so before if it still does,
 * else the first one. To be run when `planted.test.ts` has become slow: changed sources draw other worlds from the same
 * seeds. Finds nothing out that the test doesn't.
 */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { plantedBugs } from './planted-bugs.ts';

const SCHEDULES = 3_000;

const file = join(import.meta.dirname, 'planted-seeds.json');
const seedsSchema = z.record(z.string(), z.number());
const resultSchema = z.object({ found: z.object({ seed: z.number() }).nullable() });

const before = seedsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
const found = new Map<string, number>();
const left = [...plantedBugs];

async function look(): Promise<void> {
  for (let bug = left.shift(); bug; bug = left.shift()) {
    const { name } = bug;
    const remembered = before[name] ?? 0;
    const args = [join(import.meta.dirname, 'planted-process.ts'), name, `${SCHEDULES}`, `${remembered}`];
    const seed = await promisify(execFile)(process.execPath, args).then(
      ({ stdout }) => resultSchema.parse(JSON.parse(stdout)).found?.seed,
      (error: unknown) => void process.stdout.write(`${String(error)}\n`),
    );
    if (seed === undefined) {
      process.stdout.write(`${name}: nothing finds it\n`);
      process.exitCode = 1;
      continue;
    }
    found.set(name, seed);
    if (seed !== remembered) process.stdout.write(`${name}: ${remembered} -> ${seed}\n`);
  }
}

await Promise.all(Array.from({ length: availableParallelism() }, look));
const seeds = plantedBugs.flatMap(({ name }) => {
  const seed = found.get(name) ?? before[name];
  return seed === undefined ? [] : [[name, seed]];
});
writeFileSync(file, `${JSON.stringify(Object.fromEntries(seeds), undefined, 2)}\n`);
