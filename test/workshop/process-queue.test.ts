import { expect, test } from 'vitest';
import { makeProcessQueue } from '../../src/hosts/node/workshop/process-queue.ts';

const never = new AbortController().signal;
const settle = () => new Promise((next) => setImmediate(next));

/** A queue of one place that is taken, and a log of who got in after. */
async function crowded(who: readonly (readonly [name: string, chat: string, first?: boolean])[], places = 1) {
  const queue = makeProcessQueue(places);
  const holders = await Promise.all(
    Array.from({ length: places }, () => queue.enter({ chat: 'holder', first: false }, never)),
  );
  const order: string[] = [];
  for (const [name, chat, first = false] of who) {
    void queue.enter({ chat, first }, never).then(async (leave) => {
      order.push(name);
      await settle();
      leave();
    });
  }
  await settle();
  expect(order).toEqual([]);
  for (const leave of holders) leave();
  for (let turn = 0; turn < 4 * who.length; turn += 1) await settle();
  return order;
}

test('people’s sessions go before subagents, each in the order of arrival', async () => {
  expect(
    await crowded([
      ['s1', 'a'],
      ['s2', 'b'],
      ['m1', 'a', true],
      ['m2', 'c', true],
    ]),
  ).toEqual(['m1', 'm2', 's1', 's2']);
});

test('a chat with many waiting does not hold up another chat', async () => {
  const queue = makeProcessQueue(2);
  const leave = [
    await queue.enter({ chat: 'a', first: false }, never),
    await queue.enter({ chat: 'b', first: false }, never),
  ];
  const order: string[] = [];
  for (const name of ['a1', 'a2', 'a3', 'b1']) {
    void queue.enter({ chat: name.slice(0, 1), first: false }, never).then(() => order.push(name));
  }
  leave[1]?.();
  await settle();
  expect(order).toEqual(['b1']);
});

test('who leaves twice gives one place back, and who gives up waiting takes none', async () => {
  const queue = makeProcessQueue(1);
  const leave = await queue.enter({ chat: 'a', first: false }, never);
  const stop = new AbortController();
  const given = queue.enter({ chat: 'a', first: false }, stop.signal);
  const order: string[] = [];
  const waiting = ['x', 'y'].map((name) =>
    queue.enter({ chat: 'a', first: false }, never).then((done) => {
      order.push(name);
      return done;
    }),
  );
  stop.abort('gone');
  await expect(given).rejects.toBe('gone');
  leave();
  leave();
  await settle();
  expect(order).toEqual(['x']);
  (await waiting[0])?.();
  await settle();
  expect(order).toEqual(['x', 'y']);
  await expect(queue.enter({ chat: 'a', first: false }, AbortSignal.abort('late'))).rejects.toBe('late');
});

test('how many run and how many wait can be told at any time', async () => {
  const queue = makeProcessQueue(2);
  const control = new AbortController();
  const leave = await queue.enter({ chat: 'a', first: false }, never);
  await queue.enter({ chat: 'b', first: false }, never);
  const third = queue.enter({ chat: 'c', first: false }, never);
  const fourth = queue.enter({ chat: 'd', first: false }, control.signal);
  expect([queue.running, queue.waiting]).toEqual([2, 2]);
  control.abort();
  await expect(fourth).rejects.toThrow();
  expect([queue.running, queue.waiting]).toEqual([2, 1]);
  leave();
  (await third)();
  expect([queue.running, queue.waiting]).toEqual([1, 0]);
});
