/** Calls under way: one that is made again under its name while the one before it still ends. */
import { describe, expect, test } from 'vitest';
import { makeCallsUnderWay } from '../../src/runtime/calls-under-way.ts';

async function settled(promise: Promise<void>): Promise<boolean> {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return done;
}

describe('a call', () => {
  test('that never began is over', async () => {
    expect(await settled(makeCallsUnderWay().over('step.1'))).toBe(true);
  });

  test('that is made again under its name is over only when both have ended', async () => {
    const calls = makeCallsUnderWay();
    const first = calls.begin('step.1');
    const second = calls.begin('step.1');
    const over = calls.over('step.1');
    first();
    expect(await settled(over)).toBe(false);
    second();
    expect(await settled(over)).toBe(true);
  });

  test('does not wait for one of another name', async () => {
    const calls = makeCallsUnderWay();
    calls.begin('compact.1');
    expect(await settled(calls.over('step.1'))).toBe(true);
  });
});
