/** `npm run fault`: a thousand kills of a real gateway, or as many as asked for; ends with 1 if a promise was broken. */
import { parseArgs } from 'node:util';
import { anySeed, inWords, runFaults } from './kill.ts';

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
  process.exitCode = summary.breaches.length === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
