/** A thousand sessions and a model API that says "not before", is down, or fails one of them: nobody is lost, nobody is run over. */
import { describe, expect, test } from 'vitest';
import { BEGIN, CEILING, type Crowd, chatName, makeCrowd } from './crowd.ts';
import type { ModelPlan } from './script.ts';

const HOUR = 3_600_000;
const CHATS = 900;
const SUBAGENTS = 100;
const yes: ModelPlan = { kind: 'answer', blocks: [{ kind: 'text', text: 'Yes.' }], stop: 'end_turn' };

function numbered(word: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${word}-${n}`);
}

/** Who was answered, each once, by kind. */
function answeredOf(crowd: Crowd, word: string): string[] {
  return crowd.answered.flatMap(({ who }) => (who.startsWith(`${word}-`) ? [who] : []));
}

function subagentLogs(crowd: Crowd) {
  return [...crowd.logs.values()].filter(([first]) =>
    first?.event.type === 'session.created' ? first.event.kind === 'subagent' : false,
  );
}

describe('a "not before" an hour ahead, with a thousand calls that wait', { timeout: 120_000 }, () => {
  test('parks the calls and not the chats: none is sent before, all are answered after, in the order of asking', async () => {
    const crowd = await makeCrowd({
      chats: CHATS,
      subagents: SUBAGENTS,
      answer: ({ now }) =>
        now < HOUR ? { kind: 'again', why: 'rate_limited', retryAfterMs: HOUR - now } : yes,
    });
    await crowd.play(() => crowd.time.monotonic > HOUR - 60_000);
    expect(crowd.life.runtime.lanes).toMatchObject({ inFlight: 0, waiting: CHATS + SUBAGENTS });
    const early = crowd.calls.length;
    expect(early).toBeLessThanOrEqual(CEILING);
    expect(crowd.calls.every(({ at }) => at === 0)).toBe(true);
    // The chats themselves are not parked.
    expect(crowd.life.runtime.state(chatName(0))).toMatchObject({ status: 'working' });
    let most = 0;
    await crowd.play(undefined, () => {
      const out = crowd.life.jobs.all.length;
      most = Math.max(most, out);
      // Slow start: one finds out, and one more may be out for each that was taken up.
      expect(out).toBeLessThanOrEqual(Math.min(CEILING, 1 + crowd.answered.length));
    });
    expect(most).toBe(CEILING);
    expect(crowd.peak).toBe(CEILING);
    expect(crowd.calls.slice(early).every(({ at }) => at >= HOUR)).toBe(true);
    const after = crowd.calls.slice(early).map(({ who }) => who);
    // People first, in the order in which they asked, those who had been refused among them.
    expect(after.slice(0, CHATS)).toEqual(numbered('ask', CHATS));
    // Then the subagents, a chat after the other: none of a chat has its second before every chat has its first.
    const tasks = after.filter((who) => who.startsWith('task-'));
    const rounds = Array.from({ length: 5 }, (_, round) => tasks.slice(round * 20, round * 20 + 20));
    for (const round of rounds) {
      expect(new Set(round.map((who) => Math.floor(Number(who.slice(5)) / 5))).size).toBe(20);
    }
    expect(answeredOf(crowd, 'ask').sort()).toEqual(numbered('ask', CHATS).sort());
    expect(answeredOf(crowd, 'task').sort()).toEqual(numbered('task', SUBAGENTS).sort());
    expect(crowd.life.broken).toEqual([]);
  });

  test('is told to each chat once, with the time, and shown as what each subagent does until then', async () => {
    const crowd = await makeCrowd({
      chats: CHATS,
      subagents: SUBAGENTS,
      answer: ({ now }) =>
        now < HOUR ? { kind: 'again', why: 'rate_limited', retryAfterMs: HOUR - now } : yes,
    });
    await crowd.play(() => crowd.time.monotonic > HOUR / 2);
    const subagents = subagentLogs(crowd);
    expect(subagents).toHaveLength(SUBAGENTS);
    for (const [first] of subagents) {
      const id = first?.event.type === 'session.created' ? first.event.id : '';
      expect(crowd.life.runtime.live(id)?.activity).toBe('waits for the model API until 14:06 UTC');
    }
    await crowd.play();
    expect(new Date(BEGIN + HOUR).toISOString()).toContain('T14:05');
    for (let n = 0; n < CHATS; n++) {
      expect(crowd.notices(chatName(n))).toEqual([
        'The model API says that the limit of requests is reached; trying again at 14:06 UTC. Nothing is lost.',
      ]);
    }
    // It waited an hour, and may work for ten minutes: waiting isn't work.
    for (const log of subagentLogs(crowd)) {
      const types = log.map(({ event }) => event.type);
      expect(types.filter((type) => type === 'activity.changed')).toHaveLength(2);
      expect(log.find(({ event }) => event.type === 'attempt.ended')?.event).toMatchObject({
        status: 'completed',
      });
      expect(log.reduce((sum, { worked }) => sum + worked, 0)).toBe(0);
    }
  });
});

describe('a model API that cannot be reached for an hour', { timeout: 120_000 }, () => {
  test('sees few calls a minute of a thousand sessions, and all are answered when it is back', async () => {
    const crowd = await makeCrowd({
      chats: CHATS,
      subagents: SUBAGENTS,
      answer: ({ now }) => (now < HOUR ? { kind: 'again', why: 'connection' } : yes),
    });
    await crowd.play();
    const down = crowd.calls.filter(({ at }) => at < HOUR);
    const minutes = Map.groupBy(down, ({ at }) => Math.floor(at / 60_000));
    expect(minutes.get(0)?.length).toBeLessThanOrEqual(CEILING + 10);
    for (const [minute, calls] of minutes) if (minute > 0) expect(calls.length).toBeLessThanOrEqual(4);
    expect(minutes.size).toBe(60);
    expect(crowd.peak).toBeLessThanOrEqual(CEILING);
    expect(answeredOf(crowd, 'ask').sort()).toEqual(numbered('ask', CHATS).sort());
    expect(answeredOf(crowd, 'task').sort()).toEqual(numbered('task', SUBAGENTS).sort());
    // It is found out within half a minute that it is back.
    expect(crowd.answered[0]?.at).toBeLessThan(HOUR + 30_000);
    expect(crowd.time.monotonic).toBeLessThan(HOUR + 120_000);
    for (let n = 0; n < CHATS; n++) {
      expect(crowd.notices(chatName(n))).toEqual([
        'The model API cannot be reached; trying again by itself. Nothing is lost.',
      ]);
    }
  });
});

describe('one session whose own calls fail', { timeout: 120_000 }, () => {
  test.each([
    ['in its own stream', { kind: 'broken' }],
    ['with errors of the API', { kind: 'again', why: 'server' }],
  ] as const)('%s does not slow down a thousand others', async (_, failure) => {
    let tries = 0;
    const crowd = await makeCrowd({
      chats: CHATS,
      subagents: SUBAGENTS,
      answer({ name }) {
        if (name !== 'ask-3') return yes;
        tries += 1;
        return tries < 9 ? failure : yes;
      },
    });
    let held = false;
    await crowd.play(undefined, () => {
      held ||= crowd.life.runtime.lanes.hold !== undefined;
    });
    expect(held).toBe(false);
    const others = crowd.answered.filter(({ who }) => who !== 'ask-3');
    expect(others.every(({ at }) => at === 0)).toBe(true);
    expect(crowd.peak).toBe(CEILING);
    expect(answeredOf(crowd, 'ask').sort()).toEqual(numbered('ask', CHATS).sort());
    expect(tries).toBe(9);
  });
});
