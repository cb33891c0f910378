/** Stories of the runtime that no drawn schedule tells: crowds, long outages, stops in order, repeated requests. */
import { describe, expect, test } from 'vitest';
import { SUMMARY_REQUEST } from '../../src/core/compaction.ts';
import { judge } from './oracle.ts';
import { type Asked, calm, type Script } from './script.ts';
import { makeWorld, type World } from './world.ts';

const crowd = {
  maxChildren: 400,
  maxSpawns: 2_000,
  maxModelCalls: 400,
  maxDepth: 1,
  compactAt: 1e9,
  chatUsd: 100_000,
};

function spawnMany(world: World, count: number): void {
  for (let n = 0; n < count; n++) {
    world.people.spawn({
      task: world.newTask(),
      label: `s${n}`,
      role: 'worker',
      announce: 'each',
      notes: [],
    });
  }
}

/** Each subagent uses a tool once and then ends. */
const twoSteps: Script = {
  ...calm,
  answer({ who, request }) {
    const had = request.messages.some(({ role }) => role === 'assistant');
    if (who === 'main' || had)
      return { kind: 'answer', blocks: [{ kind: 'text', text: 'Done.' }], stop: 'end_turn' };
    return {
      kind: 'answer',
      blocks: [{ kind: 'call', name: 'bash', input: { command: 'make' } }],
      stop: 'tool_use',
    };
  },
};

describe('more sessions at work than are kept in memory at rest', () => {
  test('are each one session, and each one’s news is read once', { timeout: 60_000 }, async () => {
    const world = await makeWorld({ limits: crowd, script: twoSteps });
    spawnMany(world, 260);
    let open = false;
    // All are at work at the same time before the first one gets an answer.
    await world.play({
      hold: (what) => !open && what.startsWith('answer'),
      act: () => {
        if (open || world.life.jobs.all.length < 260) return;
        open = true;
        world.people.steer('s259', 'Turn left.', true);
      },
    });
    expect(open).toBe(true);
    spawnMany(world, 1);
    await world.rest();
    expect(judge(world)).toEqual([]);
    expect(world.life.actors).toBeLessThanOrEqual(201);
    expect(world.started).toHaveLength(260);
  });

  test('end at once, and their news is read in two requests', { timeout: 60_000 }, async () => {
    const world = await makeWorld({ limits: crowd });
    spawnMany(world, 200);
    let open = false;
    const ofMain = () => world.sent.filter(({ who }) => who === 'main').length;
    await world.play({
      hold: (what) => (what === 'answer for main' ? world.life.jobs.all.length > 1 : !open),
      act: () => {
        if (world.life.jobs.all.length >= 200) open = true;
      },
    });
    await world.rest();
    expect(judge(world)).toEqual([]);
    expect(ofMain()).toBe(2);
  });
});

describe('a model that is down for an hour', () => {
  test('is not run over, and all that was asked is answered afterwards', { timeout: 60_000 }, async () => {
    const hour = 3_600_000;
    let world: World | undefined;
    const script: Script = {
      ...calm,
      answer: (asked) =>
        (world?.time.monotonic ?? 0) < hour ? { kind: 'again', why: 'overloaded' } : calm.answer(asked),
    };
    world = await makeWorld({ limits: { ...crowd, maxModelCalls: 8 }, script });
    spawnMany(world, 40);
    world.people.say('are you there?', false);
    await world.play();
    // Each of 41 sessions waits a minute at most between two tries, after some shorter waits at the beginning.
    expect(world.sent.length).toBeLessThan(41 * (120 + 10) + 41);
    expect(world.time.monotonic).toBeLessThan(hour + 300_000);
    const late = only(world, 'notice');
    expect(late).toHaveLength(1);
    expect(late[0]).toMatch(/overloaded; trying again/);
    await world.rest();
    expect(judge(world)).toEqual([]);
  });

  test('asks all to wait as long as it says, and then they come one after the other', async () => {
    let asked = 0;
    const script: Script = {
      ...calm,
      answer(one) {
        asked += 1;
        return asked === 1 ? { kind: 'again', why: 'rate_limited', retryAfterMs: 30_000 } : calm.answer(one);
      },
    };
    const world = await makeWorld({ limits: { ...crowd, maxModelCalls: 2 }, script });
    spawnMany(world, 6);
    const sentAt: number[] = [];
    await world.play({
      act: () => {
        while (sentAt.length < world.sent.length) sentAt.push(world.time.monotonic);
      },
    });
    // Those that were out already may end; no other begins before the time is over.
    expect(sentAt.filter((at) => at < 30_000).length).toBeLessThanOrEqual(3);
    await world.rest();
    expect(judge(world)).toEqual([]);
  });
});

function only(world: World, type: 'notice'): string[] {
  return (world.witness.logs.get('chat_of_the_world') ?? []).flatMap(({ event }) =>
    event.type === type ? [event.text] : [],
  );
}

describe('a summary that must be asked for again', () => {
  test('is given up when another prefix began: what it would stand for is no longer there', async () => {
    const script: Script = {
      ...calm,
      answer(asked) {
        if (asksForSummary(asked)) return { kind: 'again', why: 'server', retryAfterMs: 60_000 };
        if (JSON.stringify(asked.request.messages).includes('poison'))
          return { kind: 'refused', why: 'invalid', status: 400 };
        return calm.answer(asked);
      },
    };
    const world = await makeWorld({ limits: { compactAt: 2_000 }, script });
    const tries = () => world.sent.filter(asksForSummary).length;
    world.people.say('words-1 '.repeat(1_500), false);
    await world.play({ until: () => tries() === 1 });
    world.people.say('poison', false);
    await world.play();
    const log = world.witness.logs.get('chat_of_the_world') ?? [];
    const events = log.map(({ event }) => event);
    const failed = events.find(({ type }) => type === 'compaction.failed');
    expect(failed).toMatchObject({ n: 1, why: 'another prefix began meanwhile' });
    const quarantined = events.findIndex(
      (event) => event.type === 'prefix.started' && event.because === 'quarantine',
    );
    expect(failed && events.indexOf(failed)).toBeGreaterThan(quarantined);
    await world.rest();
    expect(judge(world)).toEqual([]);
  });
});

function asksForSummary({ request }: Pick<Asked, 'request'>): boolean {
  const last = request.messages.at(-1)?.content.at(-1);
  return last?.text === SUMMARY_REQUEST;
}

describe('a stop in order', () => {
  test('writes its last word in every log that is at work, and what it cut goes on', async () => {
    const world = await makeWorld({ limits: crowd, script: twoSteps });
    spawnMany(world, 5);
    await world.play({
      hold: (what) => what.startsWith('bash'),
      until: () => world.started.length === 5,
    });
    world.stop();
    await world.play({ until: () => world.lives === 2 });
    await world.rest();
    expect(judge(world)).toEqual([]);
    for (const [id, log] of world.witness.logs) {
      const types = log.map(({ event }) => event.type);
      if (id === 'chat_of_the_world') continue;
      expect(types).toContain('host.stopped');
      expect(types[types.indexOf('host.stopped') + 1]).toBe('session.resumed');
    }
    expect(world.started).toHaveLength(5);
  });
});

describe('a request that comes again', () => {
  test('does nothing twice, even where it had nothing to do the first time', async () => {
    const world = await makeWorld();
    const { people } = world;
    const resume = people.resume();
    await world.play();
    people.say('words-1', false);
    await world.play({ hold: () => true, until: () => world.sent.length === 1 });
    people.stop(false);
    await world.play();
    await world.happen(() => people.repeat(world.life, resume));
    await world.play();
    expect(world.life.runtime.state('chat_of_the_world')?.status).toBe('parked');
    await world.rest();
    expect(judge(world)).toEqual([]);
  });
});
