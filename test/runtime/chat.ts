/** One chat's actor on a store, whose effects never end: what becomes of it is seen in its state. */
import type { Clock, Store } from '../../src/core/ports.ts';
import { type Actor, makeActor } from '../../src/runtime/actor.ts';
import { makeCommitter } from '../../src/runtime/committer.ts';
import { rules } from '../core/play.ts';

/** A time that stands still; its timers never fire. */
export const stillClock: Clock = {
  now: () => 0,
  monotonic: () => 0,
  soon: (fire) => queueMicrotask(fire),
  after: () => () => {},
};

export function openChat(store: Store, clock: Clock = stillClock): Actor {
  return makeActor('chat', {
    store,
    clock,
    committer: makeCommitter(store, clock, (error) => {
      throw error;
    }),
    rules,
    run: () => ({ done: new Promise(() => {}), abort: () => {} }),
    published: () => {},
  });
}

export async function newChat(store: Store, clock?: Clock): Promise<Actor> {
  const actor = openChat(store, clock);
  await actor.send({
    type: 'create',
    id: 'chat',
    owner: 'ada',
    title: '',
    model: 'm',
    chosen: false,
    secret: 's',
  });
  return actor;
}
