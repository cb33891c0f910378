/** The same promises where each session is an object. `npm run fault` does the whole of it. */
import { describe, expect, test } from 'vitest';
import { amount } from '../amounts.ts';
import { anySeed } from './kill.ts';
import { type Blow, type ObjectFaults, type ObjectSummary, runObjectFaults } from './objects.ts';

const seed = amount(20_261_128, anySeed());

async function struck(blow: Blow, blows: number, more: Partial<ObjectFaults> = {}): Promise<ObjectSummary> {
  const summary = await runObjectFaults({
    blow,
    blows,
    seed,
    blowsPerRound: 50,
    chats: 2,
    alarms: amount(0, 1) === 1,
    ...more,
  });
  expect(summary.breaches, `seed ${seed}`).toEqual([]);
  expect(summary.blows).toBe(blows);
  // A run in which nothing happened would prove nothing; how much does depends on the machine.
  expect(summary.messages).toBeGreaterThan(1);
  expect(summary.endings).toBeGreaterThan(1);
  return summary;
}

describe(
  'chats whose sessions are objects lose nothing and tell nothing twice',
  () => {
    test('while the runtime is killed with all that it started, again and again', async () => {
      const { crashes } = await struck('kill', amount(6, 200));
      expect(crashes).toBeGreaterThan(1);
    });

    test('while all objects are reset at random moments', async () => {
      const { crashes } = await struck('reset', amount(8, 200));
      expect(crashes).toBeGreaterThan(1);
    });

    test('while all objects are reset after each answer of the model', async () => {
      await struck('step', amount(6, 200), { chats: 1 });
    });

    test('while one object is reset and those that wait for it go on', async () => {
      await struck('one', amount(6, 300));
    });

    test('while each object is put to sleep whenever it can be', async () => {
      await struck('evict', amount(7, 1_000));
    });
  },
  amount(300_000, 3_600_000),
);
