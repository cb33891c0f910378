/** Permits for model calls, asked for over a way that takes time: the promises of the lanes, kept between objects. */
import { describe, expect, test } from 'vitest';
import type { Priority } from '../../src/runtime/lanes.ts';
import { dice, type Fate, permitWorld } from './permit-world.ts';

const HOUR = 3_600_000;
const answers = (ms: number) => (): Fate => ({ ms });
/** One way, as permitWorld has it if nothing else is said. */
const WAY = 5;

describe('permits', () => {
  test('are never for more calls at once than the ceiling, and everybody gets one', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = dice(seed);
      const world = permitWorld(3, { delay: () => random() * 40 });
      const all = Array.from({ length: 12 }, (_, n) => {
        const priority: Priority = n % 3 === 0 ? 0 : 1;
        return world
          .session(`s${n}`, `chat${n % 5}`)
          .turn(`s${n}`, priority, 5, { ms: 100 + random() * 5_000 }, random() * 4_000);
      });
      await world.pass(HOUR);
      await Promise.all(all);
      expect(world.ended).toHaveLength(60);
      expect(world.peak).toBe(3);
      expect(world.desk.lanes).toMatchObject({ inFlight: 0, waiting: 0 });
    }
  });

  test("go to people's calls first, then to subagents at work, then to those that start", async () => {
    const world = permitWorld(1);
    void world.session('first').call('first', 2, answers(5_000));
    await world.pass(100);
    void world.session('start').call('start', 2, answers(100));
    void world.session('work').call('work', 1, answers(100));
    await world.pass(100);
    void world.session('person').call('person', 0, answers(100));
    await world.pass(60_000);
    expect(world.order()).toEqual(['first', 'person', 'work', 'start']);
  });

  test('are fair among chats: one with many sessions does not hold up one with few', async () => {
    const world = permitWorld(1);
    for (let n = 1; n <= 4; n++) {
      void world.session(`big${n}`, 'big').call(`big${n}`, 1, answers(2_000));
      await world.pass(10);
    }
    void world.session('small').call('small', 1, answers(2_000));
    await world.pass(60_000);
    expect(world.order()).toEqual(['big1', 'big2', 'small', 'big3', 'big4']);
  });

  test('keep who waits in its place, however often it must ask again', async () => {
    const world = permitWorld(1);
    void world.session('long').call('long', 0, answers(300_000));
    for (let n = 1; n <= 5; n++) {
      await world.pass(1_000 * n);
      void world.session(`p${n}`).call(`p${n}`, 0, answers(1_000));
    }
    await world.pass(400_000);
    expect(world.order()).toEqual(['long', 'p1', 'p2', 'p3', 'p4', 'p5']);
    expect(world.messages.filter(({ kind }) => kind === 'ask').length).toBeGreaterThan(50);
  });

  test('are not for a call that was given up, whether it waited or was about to be granted one', async () => {
    const world = permitWorld(1);
    void world.session('first').call('first', 1, answers(5_000));
    await world.pass(100);
    const left = world.session('left').call('left', 1, answers(100));
    void world.session('third').call('third', 1, answers(100));
    await world.pass(100);
    left.giveUp();
    await world.pass(10_000);
    const crossed = world.session('crossed').call('crossed', 1, answers(100));
    // Its ask has been answered, and the answer is on its way.
    await world.pass(WAY + 1);
    expect(world.desk.lanes.inFlight).toBe(1);
    crossed.giveUp();
    await world.pass(100);
    expect(world.order()).toEqual(['first', 'third']);
    expect(world.desk.lanes).toMatchObject({ inFlight: 0, waiting: 0 });
  });

  test('come to all of a thousand sessions', async () => {
    const random = dice(7);
    const world = permitWorld(16, { delay: () => random() * 50 });
    for (let n = 0; n < 1_000; n++) {
      void world.session(`s${n}`, `chat${n % 100}`).call(`s${n}`, n % 2 === 0 ? 0 : 1, answers(2_000));
    }
    await world.pass(HOUR);
    expect(new Set(world.ended.map(({ who }) => who)).size).toBe(1_000);
    expect(world.peak).toBe(16);
    expect(world.desk.lanes).toMatchObject({ inFlight: 0, waiting: 0 });
  }, 120_000);
});

describe('a lease for several calls', () => {
  test('spares a session that is alone most of its messages', async () => {
    for (const ms of [500, 3_000, 5_000]) {
      const world = permitWorld(4);
      const turn = world.session('alone').turn('alone', 1, 30, { ms }, 200);
      await world.pass(HOUR);
      await turn;
      expect(world.ended).toHaveLength(30);
      expect(world.messages.length).toBeLessThanOrEqual(20);
      expect(world.desk.lanes.inFlight).toBe(0);
    }
  });

  test('is called back when somebody waits: nobody is held up by more than the call that is under way', async () => {
    const world = permitWorld(1);
    void world.session('busy').turn('busy', 1, 30, { ms: 2_000 });
    await world.pass(3_000);
    void world.session('other').call('other', 1, answers(2_000));
    await world.pass(HOUR);
    expect(world.order().slice(0, 4)).toEqual(['busy.1', 'busy.2', 'other', 'busy.3']);
    expect(world.starts.find(({ who }) => who === 'other')?.at).toBeLessThan(4_000 + 10 * WAY);
    expect(world.ended).toHaveLength(31);
    expect(world.peak).toBe(1);
  });

  test('is given back at once when it lies idle and somebody waits, and soon when nobody does', async () => {
    const world = permitWorld(1);
    void world.session('idle').call('idle', 1, answers(1_000));
    await world.pass(2_000);
    expect(world.desk.lanes.inFlight).toBe(1);
    void world.session('other').call('other', 1, answers(1_000));
    await world.pass(10 * WAY);
    expect(world.order()).toEqual(['idle', 'other']);
    await world.pass(10_000);
    expect(world.messages.at(-1)).toMatchObject({ kind: 'back', backs: [{ taken: true }] });
    expect(world.desk.lanes.inFlight).toBe(0);
  });

  test('is shared in turns by sessions that all have much to do', async () => {
    const world = permitWorld(2);
    for (const name of ['a', 'b', 'c', 'd']) void world.session(name).turn(name, 1, 20, { ms: 1_000 });
    await world.pass(30_000);
    const counts = ['a', 'b', 'c', 'd'].map(
      (name) => world.order().filter((who) => who.startsWith(name)).length,
    );
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(10);
  });

  test('is one call’s at a time: the one before asks for its own if it comes back', async () => {
    const world = permitWorld(2);
    const { lanes } = world.session('s');
    const { signal } = new AbortController();
    const [a, b] = [lanes.ticket(1, 's', () => {}), lanes.ticket(1, 's', () => {})];
    const first = a.acquire(signal);
    await world.pass(100);
    (await first).release();
    const second = await b.acquire(signal);
    const third = a.acquire(signal);
    await world.pass(100);
    (await third).release();
    await world.pass(100);
    expect(lanes).toMatchObject({ inFlight: 1, waiting: 0 });
    await world.pass(10_000);
    expect(world.desk.lanes.inFlight).toBe(1);
    second.release();
    await world.pass(10_000);
    expect(world.desk.lanes.inFlight).toBe(0);
  });

  test('goes back with the next ask that it is no good for, even if that one is given up', async () => {
    const world = permitWorld(1);
    const session = world.session('s');
    void session.call('subagent', 1, answers(1_000));
    await world.pass(1_100);
    world.reachable = false;
    const person = session.call('person', 0, answers(1_000));
    await world.pass(100);
    person.giveUp();
    await world.pass(100);
    world.reachable = true;
    await world.pass(5_000);
    expect(world.desk.lanes).toMatchObject({ inFlight: 0, waiting: 0 });
    void session.call('subagent again', 1, answers(1_000));
    await world.pass(1_100);
    void session.call('person again', 0, answers(1_000));
    await world.pass(10 * WAY);
    expect(world.order()).toEqual(['subagent', 'subagent again', 'person again']);
  });

  test('of a session that can’t hear from the desk is good for no further call', async () => {
    const world = permitWorld(1);
    void world.session('cut').turn('cut', 1, 3, { ms: 1_000 });
    await world.pass(500);
    world.restart();
    world.reachable = false;
    await world.pass(60_000);
    expect(world.order()).toEqual(['cut.1']);
    world.reachable = true;
    await world.pass(60_000);
    expect(world.ended).toHaveLength(3);
  });
});

describe('a "not before" of the API', () => {
  const setUp = async () => {
    const world = permitWorld(4);
    const fate = (): Fate =>
      world.time.monotonic < HOUR
        ? { ms: 100, fails: 'rate_limited', retryAfterMs: HOUR - world.time.monotonic }
        : { ms: 4_000 };
    for (let n = 1; n <= 40; n++) {
      void world.session(`p${n}`).call(`p${n}`, 0, fate);
      await world.pass(1);
    }
    return world;
  };

  test('is kept by all: none starts before, then one finds out, and then more and more', async () => {
    const world = await setUp();
    await world.pass(HOUR - world.time.monotonic - 1);
    expect(world.inFlight).toBe(0);
    const early = world.starts.length;
    expect(early).toBeLessThanOrEqual(4);
    expect(world.starts.every(({ at }) => at < 1_000)).toBe(true);
    expect(world.desk.lanes).toMatchObject({ waiting: 40 });
    await world.pass(1_000);
    expect(world.inFlight).toBe(1);
    // The first is taken up in the middle of its answer, and that opens the way for one more at once.
    await world.pass(1_500);
    expect(world.inFlight).toBe(2);
    await world.pass(HOUR);
    expect(world.ended).toHaveLength(40);
    expect(world.peak).toBe(4);
    expect(world.starts.slice(early).every(({ at }) => at >= HOUR)).toBe(true);
    // Who had asked first is served first, whether it had been refused or not.
    expect(
      world
        .order()
        .slice(early)
        .map((who) => Number(who.slice(1))),
    ).toEqual(Array.from({ length: 40 }, (_, n) => n + 1));
  });

  test('is told to each that waits, once, with its time', async () => {
    const world = await setUp();
    await world.pass(HOUR / 2);
    const times = world.told.filter((one) => one.startsWith('p30 '));
    expect(times.length).toBeGreaterThanOrEqual(1);
    expect(new Set(times).size).toBe(times.length);
    expect(new Set(world.told.map((one) => one.split(' ')[0])).size).toBe(40);
    expect(world.told.every((one) => Number(one.split(' ')[2]) >= HOUR)).toBe(true);
  });

  test('ends leases for several calls, too: a session that was alone starts none before', async () => {
    const world = permitWorld(4);
    void world.session('steady').turn('steady', 1, 10, { ms: 1_000 });
    await world.pass(500);
    let tries = 0;
    void world.session('other').call('other', 0, () => {
      tries += 1;
      return tries === 1 ? { ms: 1_700, fails: 'rate_limited', retryAfterMs: 60_000 } : { ms: 100 };
    });
    await world.pass(60_000);
    expect(world.order()).toEqual(['steady.1', 'other', 'steady.2', 'steady.3']);
    await world.pass(60_000);
    expect(world.ended).toHaveLength(11);
  });
});

describe('failures', () => {
  test('of several sessions in a row shut the way for all, and each that failed is told so', async () => {
    const world = permitWorld(3);
    const down = (): Fate => (world.time.monotonic < 60_000 ? { ms: 100, fails: 'connection' } : { ms: 100 });
    for (let n = 1; n <= 3; n++) {
      void world.session(`p${n}`).call(`p${n}`, 0, down);
      await world.pass(10);
    }
    await world.pass(200);
    expect(world.shared).toEqual([false, false, true]);
    await world.pass(200_000);
    expect(world.ended).toHaveLength(3);
    expect(world.starts.length).toBeLessThan(20);
  });

  test('of one session alone hold up nobody else, one after the other or in one lease', async () => {
    const world = permitWorld(2);
    let tries = 0;
    const flaky = world.session('flaky');
    const work = async (): Promise<void> => {
      for (let n = 1; n <= 5; n++) {
        await flaky.call(`flaky.${n}`, 1, () => {
          tries += 1;
          return tries % 4 === 0 ? { ms: 100 } : { ms: 100, fails: 'server' };
        });
      }
    };
    void work();
    await world.pass(60_000);
    expect(world.ended).toHaveLength(5);
    expect(world.shared).toEqual(Array.from({ length: 15 }, () => false));
  });

  test('do not count together when a call on a lease for several is taken up between them', async () => {
    const world = permitWorld(8);
    void world.session('steady').turn('steady', 1, 200, { ms: 100 });
    for (let n = 1; n <= 6; n++) {
      await world.pass(2_000);
      let tries = 0;
      void world.session(`p${n}`).call(`p${n}`, 0, () => {
        tries += 1;
        return tries === 1 ? { ms: 100, fails: 'overloaded' } : { ms: 100 };
      });
    }
    await world.pass(60_000);
    expect(world.shared).toEqual(Array.from({ length: 6 }, () => false));
  });
});

describe('a session that is gone', () => {
  test('keeps its place for a minute, unless its object lives anew', async () => {
    const world = permitWorld(1);
    const dead = world.session('dead');
    void dead.call('dead', 0, answers(HOUR));
    await world.pass(1_000);
    dead.die();
    void world.session('next').call('next', 0, answers(100));
    await world.pass(50_000);
    expect(world.order()).toEqual(['dead']);
    await world.pass(20_000);
    expect(world.order()).toEqual(['dead', 'next']);

    const evicted = world.session('evicted');
    void evicted.call('evicted', 0, answers(HOUR));
    await world.pass(10_000);
    evicted.die();
    void world.session('evicted').call('evicted again', 0, answers(100));
    await world.pass(1_000);
    expect(world.order().slice(2)).toEqual(['evicted', 'evicted again']);
    expect(world.peak).toBe(1);
  });

  test('does not keep who stands behind it waiting', async () => {
    const world = permitWorld(1);
    void world.session('first').call('first', 0, answers(100_000));
    await world.pass(1_000);
    for (let n = 0; n < 50; n++) {
      const dead = world.session(`dead${n}`);
      void dead.call(`dead${n}`, 0, answers(100));
      await world.pass(10);
      dead.die();
    }
    void world.session('last').call('last', 0, answers(100));
    await world.pass(100_500 - world.time.monotonic);
    expect(world.order()).toEqual(['first', 'last']);
  });

  test('leaves the place whose turn came while it was silent to the next within seconds', async () => {
    const world = permitWorld(1);
    void world.session('first').call('first', 0, answers(30_000));
    await world.pass(100);
    const dead = world.session('dead');
    void dead.call('dead', 0, answers(100));
    await world.pass(100);
    dead.die();
    void world.session('last').call('last', 0, answers(100));
    await world.pass(29_900);
    expect(world.order()).toEqual(['first']);
    await world.pass(11_000);
    expect(world.order()).toEqual(['first', 'last']);
  });

  test('has no say any more in its earlier life', async () => {
    const world = permitWorld(1);
    const who = { session: 's', ticket: 1, chat: 's', priority: 0 };
    const ask = (life: string) => ({ kind: 'ask', who: { ...who, life }, n: 1, backs: [] });
    await world.desk.answer(ask('one'));
    expect(await world.desk.answer(ask('two'))).toMatchObject({ kind: 'granted' });
    await expect(world.desk.answer(ask('one'))).rejects.toThrow('This life of s is over');
    expect(world.desk.lanes.inFlight).toBe(1);
  });
});

describe('a desk that cannot be reached, or starts anew', () => {
  test('loses nobody: who waits gets its turn, and a call under way goes on and is counted again', async () => {
    const world = permitWorld(2);
    for (let n = 1; n <= 2; n++) void world.session(`long${n}`).call(`long${n}`, 0, answers(120_000));
    await world.pass(1_000);
    for (let n = 1; n <= 10; n++) void world.session(`p${n}`).call(`p${n}`, 0, answers(90_000));
    await world.pass(30_000);
    world.restart();
    // More than the ceiling until the old ones are renewed, by no more than there were.
    await world.pass(25_000);
    expect(world.desk.lanes).toMatchObject({ inFlight: 4, waiting: 8 });
    expect(world.peak).toBe(4);
    await world.pass(HOUR);
    expect(world.ended).toHaveLength(12);
    expect(world.peak).toBe(4);
    expect(world.desk.lanes).toMatchObject({ inFlight: 0, waiting: 0 });
  });

  test('breaks no call off: its failure is told when the desk is back, and it takes its own pause', async () => {
    const world = permitWorld(1);
    let tries = 0;
    void world.session('a').call('a', 0, () => {
      tries += 1;
      return tries === 1 ? { ms: 10_000, fails: 'rate_limited', retryAfterMs: 60_000 } : { ms: 100 };
    });
    await world.pass(1_000);
    world.reachable = false;
    await world.pass(20_000);
    expect(world.shared).toEqual([false]);
    world.reachable = true;
    await world.pass(30_000);
    // It is as long as the API had said, counted from then.
    expect(world.desk.lanes.hold?.notBefore).toBeGreaterThan(65_000);
    expect(world.desk.lanes.hold?.notBefore).toBeLessThan(75_000);
    await world.pass(30_000);
    expect(world.starts.map(({ at }) => at >= 69_000)).toEqual([false, true]);
  });

  test('again and again, while a third of all messages is lost and a third comes twice', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = dice(seed);
      const world = permitWorld(3, {
        delay: () => random() * 200,
        lost: () => random() < 0.2,
        repeated: () => random() < 0.33,
      });
      for (let n = 0; n < 12; n++) {
        const session = world.session(`s${n}`, `chat${n % 5}`);
        const work = async (): Promise<void> => {
          for (let k = 0; k < 4; k++) {
            await session.call(`s${n}.${k}`, n % 3 === 0 ? 0 : 1, () => {
              const ms = 100 + random() * 8_000;
              const chance = random();
              if (chance < 0.1) return { ms, fails: 'rate_limited', retryAfterMs: 10_000 };
              return chance < 0.2 ? { ms, fails: 'overloaded' } : { ms };
            });
          }
        };
        void work();
      }
      if (seed % 2 === 0) {
        for (let n = 0; n < 10; n++) {
          await world.pass(random() * 30_000);
          world.restart();
        }
      }
      await world.pass(HOUR);
      expect(world.ended).toHaveLength(48);
      expect(new Set(world.ended.map(({ who }) => who)).size).toBe(48);
      // Without restarts, what is lost or repeated lets no call too many start.
      if (seed % 2 === 1) expect(world.peak).toBeLessThanOrEqual(3);
      expect(world.desk.lanes).toMatchObject({ inFlight: 0, waiting: 0, hold: undefined });
    }
  }, 120_000);
});

describe('the desk', () => {
  test('does nothing twice: a repetition of any message, in any order, is answered and changes nothing', async () => {
    const world = permitWorld(2);
    const who = { session: 's', life: 'l', ticket: 1, chat: 's', priority: 0 };
    const ask = { kind: 'ask', who, n: 1, backs: [] };
    const keep = { kind: 'keep', who, n: 1, taken: true };
    const failed = { why: 'rate_limited', retryAfterMs: 5_000, pauseMs: 5_000 };
    const back = { kind: 'back', backs: [{ who, n: 1, taken: true, failed }] };
    expect(await world.desk.answer(ask)).toEqual(await world.desk.answer(ask));
    expect(world.desk.lanes.inFlight).toBe(1);
    expect(await world.desk.answer(back)).toEqual({ kind: 'back', shared: [true] });
    const { hold } = world.desk.lanes;
    await world.pass(1_000);
    expect(await world.desk.answer(back)).toEqual({ kind: 'back', shared: [true] });
    expect(await world.desk.answer(keep)).toEqual({ kind: 'kept', more: false });
    expect(await world.desk.answer(ask)).toEqual({ kind: 'wait' });
    expect(world.desk.lanes.hold).toBe(hold);
    expect(world.desk.lanes).toMatchObject({ inFlight: 0, waiting: 0 });
  });

  test('tells again why no call starts, if its answer may have been lost, and not otherwise', async () => {
    const world = permitWorld(1);
    const who = { session: 's', life: 'l', ticket: 1, chat: 's', priority: 0 };
    const failed = { why: 'rate_limited', retryAfterMs: 60_000, pauseMs: 60_000 };
    const ask = (n: number) =>
      world.desk.answer({ kind: 'ask', who, n, backs: n === 1 ? [{ who, n: 1, taken: false, failed }] : [] });
    await ask(1);
    const held = { kind: 'wait', hold: { why: 'rate_limited', notBefore: 60_000 } };
    expect(await ask(2)).toEqual(held);
    expect(await ask(2)).toEqual(held);
    let answered = false;
    void ask(3).then(() => {
      answered = true;
    });
    await world.pass(19_999);
    expect(answered).toBe(false);
    await world.pass(1);
    expect(answered).toBe(true);
  });

  test('grants one call where others wait, and keeps no place for who left in the moment of its turn', async () => {
    const world = permitWorld(1);
    const who = (session: string) => ({ session, life: 'l', ticket: 1, chat: session, priority: 0 });
    const ask = (session: string) => world.desk.answer({ kind: 'ask', who: who(session), n: 1, backs: [] });
    const back = (session: string) =>
      world.desk.answer({ kind: 'back', backs: [{ who: who(session), n: 1, taken: true }] });
    expect(await ask('a')).toMatchObject({ calls: 10 });
    const [b, c] = [ask('b'), ask('c')];
    await back('a');
    expect(await b).toMatchObject({ calls: 1 });
    await back('b');
    expect(await c).toMatchObject({ calls: 10 });
    await back('c');
    const left = ask('d');
    await back('d');
    expect(await left).toEqual({ kind: 'wait' });
    expect(world.desk.lanes).toMatchObject({ inFlight: 0, waiting: 0 });
  });

  test('hears of a call that was taken up when its lease comes back: failures before and after do not count together', async () => {
    for (const taken of [true, false]) {
      const world = permitWorld(8);
      const who = (session: string) => ({ session, life: 'l', ticket: 1, chat: session, priority: 0 });
      for (const name of ['a', 'b', 'c', 'd']) {
        await world.desk.answer({ kind: 'ask', who: who(name), n: 1, backs: [] });
      }
      const failed = { why: 'server', pauseMs: 500 };
      const back = (name: string, how: object) =>
        world.desk.answer({ kind: 'back', backs: [{ who: who(name), n: 1, taken: false, ...how }] });
      await back('a', { failed });
      await back('b', { failed });
      await back('c', { taken });
      expect(await back('d', { failed })).toEqual({ kind: 'back', shared: [!taken] });
    }
  });

  test('refuses in words what is no message, and goes on', async () => {
    const world = permitWorld(1);
    for (const message of [
      undefined,
      'ask',
      { kind: 'grant' },
      { kind: 'ask', who: { session: 's' }, n: 0, backs: [] },
    ])
      await expect(world.desk.answer(message)).rejects.toThrow('This is no message about permits.');
    const call = world.session('s').call('s', 0, answers(100));
    await world.pass(1_000);
    await call;
  });

  test('forgets in the end whom it no longer hears of, and leaves no timer behind when it closes', async () => {
    const world = permitWorld(1);
    for (let n = 0; n < 20; n++) void world.session(`s${n}`).call(`s${n}`, 0, answers(100));
    await world.pass(HOUR);
    expect(world.desk.clock.next()).toBeUndefined();
    void world.session('s').call('s', 0, answers(HOUR));
    await world.pass(1_000);
    expect(world.desk.clock.next()).toBeDefined();
    world.desk.close();
    expect(world.desk.clock.next()).toBeUndefined();
  });
});
