import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Lanes, makeLanes, type Priority } from '../../src/runtime/lanes.ts';
import { lifeClock, quiet } from '../simulation/virtual-time.ts';

interface Caller {
  readonly name: string;
  readonly release: () => void;
}

function setUp(ceiling: number) {
  const time = { monotonic: 0, ahead: 0 };
  const clock = lifeClock(time);
  const lanes = makeLanes(ceiling, clock.clock);
  const running: Caller[] = [];
  const order: string[] = [];
  const acquire = (name: string, priority: Priority, chat = name): AbortController => {
    const control = new AbortController();
    lanes.acquire(priority, chat, control.signal).then(
      (release) => {
        order.push(name);
        running.push({ name, release });
      },
      () => order.push(`${name} left`),
    );
    return control;
  };
  const turn = async (): Promise<void> => {
    await quiet();
    clock.runSoon();
    await quiet();
  };
  return { time, clock, lanes, running, order, acquire, turn };
}

/** Ends the oldest call, again and again, until nothing runs any more. */
async function runOut(world: ReturnType<typeof setUp>): Promise<void> {
  await world.turn();
  while (world.running.length > 0 || world.clock.soon > 0) {
    world.running.shift()?.release();
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

  test('are quiet as long as the API says "not before", for everybody', async () => {
    const world = setUp(2);
    world.lanes.quiet(5_000);
    world.lanes.quiet(1_000);
    world.acquire('person', 0);
    await world.turn();
    expect(world.order).toEqual([]);
    world.clock.fireNext();
    await quiet();
    expect(world.time.monotonic).toBe(5_000);
    expect(world.order).toEqual(['person']);
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
    first?.release();
    first?.release();
    world.acquire('second', 0);
    world.acquire('third', 0);
    await quiet();
    expect(world.lanes).toMatchObject({ inFlight: 1, waiting: 1 });
  });

  test('never exceed their ceiling and serve everyone, whatever comes, goes and is given up', async () => {
    const kinds = ['come', 'come', 'end', 'leave', 'turn', 'hush'] as const;
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
          if (doing === 'end') world.running.splice(n % (world.running.length || 1), 1)[0]?.release();
          if (doing === 'leave') controls[n % (controls.length || 1)]?.abort();
          if (doing === 'turn') await world.turn();
          if (doing === 'hush') world.lanes.quiet(n * 10);
          await quiet();
          within(world.lanes);
        }
        while (world.clock.next()) world.clock.fireNext();
        await runOut(world);
        expect(world.lanes).toMatchObject({ inFlight: 0, waiting: 0 });
        expect(world.order).toHaveLength(controls.length);
      }),
      { numRuns: 150 },
    );
  });
});
