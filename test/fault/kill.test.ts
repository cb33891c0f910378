/** The promises that outlive the process: kept through `kill -9` at random moments. `npm run fault` does a thousand. */
import { expect, test } from 'vitest';
import { runFaults } from './kill.ts';

test('twenty kills at random moments lose nothing, tell nothing twice and leave nothing behind', async () => {
  const summary = await runFaults({ kills: 20, seed: 20_261_120, killsPerRound: 20, chats: 2 });
  expect(summary.breaches).toEqual([]);
  expect(summary.kills).toBe(20);
  // A run in which nothing happened would prove nothing; how much does depends on the machine.
  expect(summary.messages).toBeGreaterThan(2);
  expect(summary.endings).toBeGreaterThan(2);
  expect(summary.crashes).toBeGreaterThan(3);
}, 300_000);
