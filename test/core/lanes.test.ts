import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TransientKind } from '../../src/core/ports.ts';
import type { Failure } from '../../src/runtime/gate.ts';
import { type Lanes, makeLanes, type OwnPlace, type Priority } from '../../src/runtime/lanes.ts';
import { lifeClock, quiet } from '../simulation/virtual-time.ts';

interface Caller {
  readonly name: string;
  readonly place: OwnPlace;
  /** Stands where it stood before. */
  readonly again: () => void;
}

const failure = (why: TransientKind, retryAfterMs?: number): Failure => ({
  kind: 'again',
  why,
  message: '',
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

function setUp(ceiling: number) {
  const time = { monotonic: 0, ahead: 0 };
  const clock = lifeClock(time);
  const lanes = makeLanes(ceiling, clock.clock, { random: () => 0 });
  const running: Caller[] = [];
  const order: string[] = [];
  const held: string[] = [];
  const acquire = (name: string, priority: Priority, chat = name): AbortController => {
    const control = new AbortController();
    const ticket = lanes.ticket(priority, chat, ({ why, notBefore }) =>
      held.push(`${name} ${why} ${notBefore ?? ''}`.trim()),
    );
    const ask = (): void =>
      void ticket.acquire(control.signal).then(
        (place) => {
          order.push(name);
          running.push({ name, place, again: ask });
        },
        () => order.push(`${name} left`),
      );
    ask();
    return control;
  };
  /** The oldest call fails and stands in its queue again. */
  const fail = async (why: TransientKind, retryAfterMs?: number): Promise<boolean | undefined> => {
    const call = running.shift();
    const shared = call?.place.failed(failure(why, retryAfterMs), retryAfterMs ?? 0);
    call?.place.release();
    call?.again();
    await quiet();
    return shared;
  };
  /** The oldest call is taken up by the API, and ends. */
  const succeed = async (): Promise<void> => {
    const call = running.shift();
    call?.place.accepted();
    call?.place.release();
    await quiet();
  };
  /** Lets `ms` pass, and fires what is due on the way. */
  const pass = async (ms: number): Promise<void> => {
    const until = time.monotonic + ms;
    for (let next = clock.next(); next && next.due <= until; next = clock.next()) {
      clock.fireNext();
      await turn();
    }
    time.monotonic = until;
  };
  const turn = async (): Promise<void> => {
    await quiet();
    clock.runSoon();
    await quiet();
  };
  return { time, clock, lanes, running, order, held, acquire, fail, succeed, pass, turn };
}

/** Ends the oldest call, again and again, until nothing runs any more. */
async function runOut(world: ReturnType<typeof setUp>): Promise<void> {
  await world.turn();
  while (world.running.length > 0 || world.clock.soon > 0) {
    world.running.shift()?.place.release();
    await world.turn();
  }
}

describe('the lanes of model calls', () => {
  test("serve people's calls first, then subagents at work, then those that start", async () => {
    const world = setUp(1);
    world.acquire('first', 2);
    world.acquire('start', 2);
    world.acquire('work', 1);
    world.acquire('person', 0);
    await runOut(world);
    expect(world.order).toEqual(['first', 'person', 'work', 'start']);
  });

  test('are fair among chats: one with many calls does not hold up one with few', async () => {
    const world = setUp(1);
    for (let n = 1; n <= 4; n++) world.acquire(`big${n}`, 1, 'big');
    world.acquire('small', 1, 'small');
    await runOut(world);
    expect(world.order).toEqual(['big1', 'big2', 'small', 'big3', 'big4']);
  });

  test('start at most four calls of subagents in one turn of the event loop, and all of people’s', async () => {
    const world = setUp(100);
    for (let n = 0; n < 10; n++) world.acquire(`s${n}`, n % 2 === 0 ? 1 : 2);
    for (let n = 0; n < 6; n++) world.acquire(`p${n}`, 0);
    await quiet();
    expect(world.order.filter((name) => name.startsWith('s'))).toHaveLength(4);
    expect(world.order.filter((name) => name.startsWith('p'))).toHaveLength(6);
    await world.turn();
    expect(world.order.filter((name) => name.startsWith('s'))).toHaveLength(8);
    await world.turn();
    expect(world.lanes).toMatchObject({ inFlight: 16, waiting: 0 });
  });

  test('forget a call that is given up while it waits', async () => {
    const world = setUp(1);
    world.acquire('first', 1);
    const control = world.acquire('second', 1);
    world.acquire('third', 1);
    await quiet();
    control.abort();
    await runOut(world);
    expect(world.order).toEqual(['first', 'second left', 'third']);
    expect(world.lanes).toMatchObject({ inFlight: 0, waiting: 0 });
  });

  test('take a place back once, however often it is given', async () => {
    const world = setUp(1);
    world.acquire('first', 0);
    await quiet();
    const [first] = world.running;
    first?.place.release();
    first?.place.release();
    world.acquire('second', 0);
    world.acquire('third', 0);
    await quiet();
    expect(world.lanes).toMatchObject({ inFlight: 1, waiting: 1 });
  });

  test('never exceed their ceiling and serve everyone, whatever comes, goes and is given up', async () => {
    const kinds = ['come', 'come', 'end', 'leave', 'turn', 'hush', 'fail', 'succeed'] as const;
    const doings = fc.array(fc.tuple(fc.constantFrom(...kinds), fc.nat(50)), { maxLength: 80 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), doings, async (ceiling, all) => {
        const world = setUp(ceiling);
        const controls: AbortController[] = [];
        const within = (lanes: Lanes): void => expect(lanes.inFlight).toBeLessThanOrEqual(ceiling);
        for (const [doing, n] of all) {
          if (doing === 'come') {
            const priority = n % 3 === 0 ? 0 : n % 3 === 1 ? 1 : 2;
            controls.push(world.acquire(`c${controls.length}`, priority, `chat${n % 4}`));
          }
          if (doing === 'end') world.running.splice(n % (world.running.length || 1), 1)[0]?.place.release();
          if (doing === 'leave') controls[n % (controls.length || 1)]?.abort();
          if (doing === 'turn') await world.turn();
          if (doing === 'hush') await world.fail('rate_limited', n * 10 + 1);
          if (doing === 'fail') await world.fail(n % 2 === 0 ? 'overloaded' : 'cut');
          if (doing === 'succeed') await world.succeed();
          await quiet();
          within(world.lanes);
        }
        while (world.clock.next()) {
          world.clock.fireNext();
          await runOut(world);
        }
        await runOut(world);
        expect(world.lanes).toMatchObject({ inFlight: 0, waiting: 0 });
        for (const name of controls.keys()) {
          expect(world.order.some((one) => one === `c${name}` || one === `c${name} left`)).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('a call that failed', () => {
  test('comes back to its place: before all that asked later, in its chat and among chats', async () => {
    const world = setUp(1);
    for (const name of ['a1', 'a2']) world.acquire(name, 1, 'a');
    for (const name of ['b1', 'b2']) world.acquire(name, 1, 'b');
    world.acquire('c1', 1, 'c');
    await world.turn();
    await world.fail('cut');
    await runOut(world);
    expect(world.order.filter((name) => name !== 'a1').slice(0, 2)).toEqual(['a2', 'b1']);
    expect(world.order).toEqual(['a1', 'a2', 'a1', 'b1', 'c1', 'b2']);
  });
});

describe('a "not before" of the API', () => {
  test('stops all new calls until then, people’s, too, and lets one find out whether it is over', async () => {
    const world = setUp(4);
    for (let n = 1; n <= 6; n++) world.acquire(`p${n}`, 0);
    await world.turn();
    expect(world.order).toEqual(['p1', 'p2', 'p3', 'p4']);
    expect(await world.fail('rate_limited', 5_000)).toBe(true);
    world.acquire('late', 0);
    await runOut(world);
    await world.pass(4_999);
    expect(world.order).toHaveLength(4);
    await world.pass(1);
    expect(world.order.slice(4)).toEqual(['p1']);
  });

  test('is replaced by a later one, and never by an earlier one', async () => {
    const world = setUp(3);
    for (const name of ['a', 'b', 'c']) world.acquire(name, 0);
    await world.turn();
    await world.fail('rate_limited', 5_000);
    await world.fail('rate_limited', 1_000);
    await world.turn();
    await world.pass(1_000);
    expect(world.order).toHaveLength(3);
    await world.fail('rate_limited', 6_000);
    await world.turn();
    await world.pass(5_999);
    expect(world.order).toHaveLength(3);
    await world.pass(1);
    expect(world.order.slice(3)).toEqual(['a']);
    // Each was told of each time that was later than the one before, and of no other.
    expect(world.held.filter((one) => one.startsWith('a '))).toEqual([
      'a rate_limited 5000',
      'a rate_limited 7000',
    ]);
  });

  test('of a month is kept to, and is over by the wall clock if the machine slept through it', async () => {
    const month = 2_592_000_000;
    const world = setUp(2);
    world.acquire('a', 0);
    await world.turn();
    await world.fail('rate_limited', month);
    await world.pass(month / 2);
    expect(world.order).toEqual(['a']);
    world.time.ahead += month / 2;
    await world.pass(60_000);
    expect(world.order).toEqual(['a', 'a']);
  });

  test('opens to one, and to one more for each that is taken up: never at once to all', async () => {
    const world = setUp(16);
    for (let n = 1; n <= 40; n++) world.acquire(`p${n}`, 0);
    await world.turn();
    for (let n = 1; n <= 16; n++) await world.fail('rate_limited', 60_000);
    await world.pass(60_000);
    const widths: number[] = [];
    for (let taken = 0; taken < 18; taken++) {
      widths.push(world.lanes.inFlight);
      await world.succeed();
    }
    expect(widths).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 16, 16]);
    // Who had asked first was served first, whether it had been refused or not.
    expect(world.order.slice(16, 34)).toEqual(Array.from({ length: 18 }, (_, n) => `p${n + 1}`));
  });

  test('lets a call that is taken up open the way for others while its answer goes on', async () => {
    const world = setUp(8);
    for (let n = 1; n <= 8; n++) world.acquire(`p${n}`, 0);
    await world.turn();
    for (let n = 1; n <= 8; n++) await world.fail('rate_limited', 1_000);
    await world.pass(1_000);
    const [probe] = world.running;
    probe?.place.alive();
    await quiet();
    expect(world.lanes.inFlight).toBe(1);
    await world.pass(1_000);
    probe?.place.alive();
    await quiet();
    expect(world.lanes.inFlight).toBe(2);
  });

  test('does not keep the others waiting for one that finds out and hears nothing at all', async () => {
    const world = setUp(8);
    for (let n = 1; n <= 8; n++) world.acquire(`p${n}`, 0);
    await world.turn();
    for (let n = 1; n <= 8; n++) await world.fail('rate_limited', 1_000);
    await world.pass(1_000 + 9_999);
    expect(world.lanes.inFlight).toBe(1);
    await world.pass(1);
    expect(world.lanes.inFlight).toBe(2);
  });
});

describe('failures that several calls meet', () => {
  test('in a row shut the way for all; then one after the other finds out, more and more rarely', async () => {
    const world = setUp(3);
    for (let n = 1; n <= 9; n++) world.acquire(`p${n}`, 0);
    await world.turn();
    expect([
      await world.fail('connection'),
      await world.fail('overloaded'),
      await world.fail('server'),
    ]).toEqual([false, false, true]);
    // Those that were out before say nothing new.
    const before = world.order.length;
    const tries: number[] = [];
    for (let n = 0; n < 600; n++) {
      await world.pass(1_000);
      while (world.running.length > 0) {
        if (world.order.length > before + 2) tries.push(n);
        await world.fail('connection');
      }
    }
    expect(tries.length).toBeGreaterThan(20);
    expect(tries.length).toBeLessThan(60);
    expect(world.lanes.inFlight).toBe(0);
    // Nobody's own trouble keeps the way shut: each finds out before anyone does so again.
    expect(new Set(world.order.slice(-9)).size).toBe(9);
  });

  test('of calls that were out before the way was shut neither lengthen the wait nor shut it again', async () => {
    const world = setUp(6);
    for (let n = 1; n <= 6; n++) world.acquire(`p${n}`, 0);
    await world.turn();
    for (let n = 1; n <= 3; n++) await world.fail('connection');
    // All wait already: one more failure needs no pause of its own.
    expect(await world.fail('connection')).toBe(true);
    // The first two, which failed before anybody knew, are out a second time.
    expect(world.order.slice(6)).toEqual(['p1', 'p2']);
    await world.pass(499);
    expect(world.order).toHaveLength(8);
    await world.pass(1);
    expect(world.order.slice(8)).toEqual(['p3']);
    expect(world.running.map(({ name }) => name)).toEqual(['p5', 'p6', 'p1', 'p2', 'p3']);
    expect(await world.fail('connection')).toBe(false);
    expect(world.lanes.hold).toBeUndefined();
  });

  test('of one caller alone, or in its own stream, hold up nobody else', async () => {
    const world = setUp(2);
    world.acquire('flaky', 0);
    await world.turn();
    for (let n = 0; n < 20; n++) expect(await world.fail(n % 2 === 0 ? 'server' : 'overloaded')).toBe(false);
    for (const name of ['a', 'b', 'c', 'd']) world.acquire(name, 0);
    world.running.shift()?.place.release();
    await quiet();
    for (const why of ['cut', 'stalled', 'cut', 'stalled'] as const)
      expect(await world.fail(why)).toBe(false);
    expect(world.lanes.hold).toBeUndefined();
    expect(world.lanes.inFlight).toBe(2);
  });

  test('do not count together when a call is taken up between them', async () => {
    const world = setUp(1);
    for (let n = 1; n <= 8; n++) world.acquire(`p${n}`, 0, 'one');
    await world.turn();
    const shared: (boolean | undefined)[] = [];
    for (let n = 0; n < 4; n++) {
      const call = world.running.shift();
      shared.push(call?.place.failed(failure('overloaded'), 0));
      call?.place.release();
      await quiet();
      await world.succeed();
    }
    expect(shared).toEqual([false, false, false, false]);
  });
});
