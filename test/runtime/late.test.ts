import { describe, expect, test } from 'vitest';
import { makeLateness } from '../../src/runtime/late.ts';
import { lifeClock } from '../simulation/virtual-time.ts';

const MINUTE = 60_000;
/** 2026-11-20 23:30:30 UTC. */
const NOW = Date.UTC(2026, 10, 20, 23, 30, 30);

function setUp() {
  const time = { monotonic: 0, ahead: NOW };
  const said: string[] = [];
  const shown: string[] = [];
  const late = makeLateness(lifeClock(time).clock, ({ text, activity }) => {
    said.push(text);
    shown.push(activity);
  });
  return { time, said, shown, late };
}

describe('a call that waits for a "not before"', () => {
  test('is told once, with the minute by which it has come', () => {
    const { said, shown, late, time } = setUp();
    late.held({ why: 'rate_limited', notBefore: NOW + MINUTE });
    time.monotonic += 1_000;
    late.held({ why: 'rate_limited', notBefore: NOW + 2 * MINUTE });
    expect(said).toEqual([
      'The model API says that the limit of requests is reached; trying again at 23:32 UTC. Nothing is lost.',
    ]);
    expect(shown).toEqual(['waits for the model API until 23:32 UTC']);
  });

  test('is not told of one that is soon over', () => {
    const { said, late } = setUp();
    late.held({ why: 'rate_limited', notBefore: NOW + 19_999 });
    expect(said).toEqual([]);
  });

  test('is told anew when the time moves far, and with its date when that is not today’s', () => {
    const { shown, late } = setUp();
    late.held({ why: 'rate_limited', notBefore: NOW + MINUTE });
    late.held({ why: 'rate_limited', notBefore: NOW + 15 * MINUTE });
    late.held({ why: 'rate_limited', notBefore: NOW + 16 * MINUTE });
    late.held({ why: 'rate_limited', notBefore: NOW + 31 * MINUTE });
    expect(shown).toEqual([
      'waits for the model API until 23:32 UTC',
      'waits for the model API until 23:47 UTC',
      'waits for the model API until 2026-11-21 00:02 UTC',
    ]);
  });
});

describe('a call that waits for an API that fails', () => {
  test('is told once it has waited for twenty seconds, and once only', () => {
    const { said, late, time } = setUp();
    late.held({ why: 'overloaded' });
    time.monotonic += 19_999;
    late.held({ why: 'overloaded' });
    expect(said).toEqual([]);
    time.monotonic += 1;
    late.held({ why: 'connection' });
    late.held({ why: 'connection' });
    late.failed({ kind: 'again', why: 'connection', message: '' }, 9, 500);
    expect(said).toEqual(['The model API cannot be reached; trying again by itself. Nothing is lost.']);
  });

  test('is told after its third failure of its own, or before a long pause', () => {
    const { said, late } = setUp();
    const failure = { kind: 'again', why: 'cut', message: '' } as const;
    late.failed(failure, 1, 500);
    late.failed(failure, 2, 1_000);
    expect(said).toEqual([]);
    late.failed(failure, 3, 2_000);
    expect(said).toEqual(['The model API broke off its answer; trying again by itself. Nothing is lost.']);
    const other = setUp();
    other.late.failed(failure, 1, 30_000);
    expect(other.said).toEqual([
      'The model API broke off its answer; trying again at 23:31 UTC. Nothing is lost.',
    ]);
  });
});
