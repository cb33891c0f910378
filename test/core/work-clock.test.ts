import { describe, expect, test } from 'vitest';
import { makeWorkClock } from '../../src/runtime/work-clock.ts';
import { lifeClock } from '../simulation/virtual-time.ts';

function setUp() {
  const time = { monotonic: 0, ahead: 0 };
  const life = lifeClock(time);
  const work = makeWorkClock(life.clock);
  const fired: number[] = [];
  /** Lets time pass, and fires what is due on the way. */
  const pass = (ms: number): void => {
    const until = time.monotonic + ms;
    for (let next = life.next(); next && next.due <= until; next = life.next()) life.fireNext();
    time.monotonic = until;
  };
  return { time, life, work, fired, pass, fire: () => fired.push(time.monotonic) };
}

describe('time at work', () => {
  test('runs while something is under way, once for all that is, and stands still otherwise', () => {
    const { work, pass } = setUp();
    pass(1_000);
    const one = work.busy();
    pass(100);
    const other = work.busy();
    pass(100);
    one();
    one();
    pass(100);
    other();
    pass(1_000);
    expect(work.unrecorded()).toBe(300);
  });

  test('that is recorded is not counted again', () => {
    const { work, pass } = setUp();
    const idle = work.busy();
    pass(250);
    work.recorded(200);
    pass(50);
    idle();
    expect(work.unrecorded()).toBe(100);
  });

  test('does not pass while the machine sleeps, whatever the wall clock says', () => {
    const { work, time, pass, fire, fired } = setUp();
    work.busy();
    work.afterWork(1_000, fire);
    pass(500);
    time.ahead += 86_400_000;
    pass(499);
    expect(fired).toEqual([]);
    pass(1);
    expect(fired).toEqual([1_000]);
  });
});

describe('the timer of work', () => {
  test('counts work only: waiting for a place, for the API or for others does not', () => {
    const { work, pass, fire, fired } = setUp();
    work.afterWork(10_000, fire);
    const first = work.busy();
    pass(6_000);
    first();
    pass(3_600_000);
    expect(fired).toEqual([]);
    work.busy();
    pass(5_000);
    expect(fired).toHaveLength(1);
    expect(fired[0]).toBeLessThanOrEqual(3_600_000 + 6_000 + 4_000 + 1_000);
  });

  test('goes on when what was done is recorded in between', () => {
    const { work, pass, fire, fired } = setUp();
    work.busy();
    work.afterWork(10_000, fire);
    for (let n = 0; n < 9; n++) {
      pass(1_000);
      work.recorded(1_000);
    }
    expect(fired).toEqual([]);
    pass(1_000);
    expect(fired).toEqual([10_000]);
  });

  test('begins at what is recorded: what is not, counts already', () => {
    const { work, pass, fire, fired } = setUp();
    work.busy();
    pass(4_000);
    work.recorded(1_000);
    work.afterWork(10_000, fire);
    pass(6_999);
    expect(fired).toEqual([]);
    pass(1);
    expect(fired).toEqual([11_000]);
  });

  test('that is cancelled never fires', () => {
    const { work, pass, fire, fired } = setUp();
    work.busy();
    const cancel = work.afterWork(1_000, fire);
    pass(500);
    cancel();
    pass(10_000);
    expect(fired).toEqual([]);
  });
});

describe('the idle timer', () => {
  test('fires when work goes on that long and nothing moves', () => {
    const { work, pass, fire, fired } = setUp();
    work.busy();
    work.touch();
    work.afterIdle(5_000, fire);
    pass(4_000);
    work.touch();
    pass(4_999);
    expect(fired).toEqual([]);
    pass(1);
    expect(fired).toEqual([9_000]);
  });

  test('does not run while nothing is under way', () => {
    const { work, pass, fire, fired } = setUp();
    const idle = work.busy();
    work.afterIdle(5_000, fire);
    pass(2_000);
    idle();
    pass(600_000);
    expect(fired).toEqual([]);
    work.busy();
    pass(4_000);
    expect(fired).toHaveLength(1);
  });
});
