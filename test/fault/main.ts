/**
 * `npm run fault`: a thousand kills of a real gateway, or as many as asked for, and then in whole amounts what
 * `npm test` tries a share of. Ends with 1 if a promise was broken.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { wholeAmounts } from '../amounts.ts';
import { anySeed, inWords, runFaults } from './kill.ts';

/** The tests that know a share and a whole. */
const inWhole = [
  'test/http/feed.test.ts',
  'test/http/sockets.test.ts',
  'test/store/faults.test.ts',
  'test/releases/migrations.test.ts',
  'test/backup/backup.test.ts',
  'test/backup/gateway.test.ts',
  'test/simulation/simulation.test.ts',
  'test/fault/objects.test.ts',
  'test/cloudflare/faults/alarms.test.ts',
  'test/cloudflare/faults/gone.test.ts',
  'test/e2e/months.test.ts',
];

function runWhole(): boolean {
  process.stdout.write(`The rest in whole amounts: ${inWhole.join(', ')}\n`);
  const root = join(import.meta.dirname, '..', '..');
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const { status } = spawnSync(process.execPath, [vitest, 'run', '--testTimeout=600000', ...inWhole], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, [wholeAmounts]: '1' },
  });
  return status === 0;
}

const usage = 'Usage: npm run fault -- [--kills N] [--seed N]';

class UsageError extends Error {}

function wholeNumber(text: string, name: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--${name} is a whole number, not "${text}".`);
  return Number(text);
}

function asked(): { kills: number; seed: number } {
  try {
    const { values } = parseArgs({ options: { kills: { type: 'string' }, seed: { type: 'string' } } });
    return {
      kills: wholeNumber(values.kills ?? '1000', 'kills'),
      seed: values.seed === undefined ? anySeed() : wholeNumber(values.seed, 'seed'),
    };
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}

try {
  const { kills, seed } = asked();
  process.stdout.write(`${kills} kills of a gateway at work, seed ${seed}\n`);
  const summary = await runFaults({
    kills,
    seed,
    killsPerRound: 25,
    chats: 4,
    onProgress({ kills: done, rounds }) {
      if (done % 10 === 0) process.stdout.write(`${done} of ${kills} kills, ${rounds} rounds judged\n`);
    },
  });
  for (const breach of summary.breaches) process.stdout.write(`BREACH: ${breach}\n`);
  process.stdout.write(`${inWords(summary)}\n`);
  const kept = summary.breaches.length === 0;
  process.exitCode = runWhole() && kept ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
