/**
 * What is true of every log, shown on logs of simulated worlds: a snapshot of any point leads to the same state, an
 * event that is stored is the event that is read, and a transcript only ever grows.
 */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeEvent, encodeEvent, type Recorded } from '../../src/core/events.ts';
import { evolve } from '../../src/core/evolve.ts';
import { feedSchemas, project } from '../../src/core/feed.ts';
import type { Session } from '../../src/core/session.ts';
import { makeTranscript, mayBear } from '../../src/core/transcript.ts';
import { wants } from '../../src/core/wants.ts';
import { fromTape, tapeOf } from '../simulation/choices.ts';
import { runSchedule } from '../simulation/schedule.ts';
import { TAPE } from '../simulation/try-out.ts';

const logs: (readonly Recorded[])[] = [];

beforeAll(async () => {
  for (let seed = 1; seed <= 25; seed++) {
    const world = await runSchedule(fromTape(tapeOf(seed, TAPE)));
    logs.push(...world.witness.logs.values());
  }
  expect(logs.length).toBeGreaterThan(60);
});

function fold(log: readonly Recorded[], from?: Session): Session | undefined {
  let state = from;
  for (const recorded of log) state = evolve(state, recorded);
  return state;
}

/** As a store keeps it. */
function stored<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

describe('a log', () => {
  test('folds to the same state from a snapshot of any of its points', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (which, where) => {
        const log = logs[which % logs.length] ?? [];
        const cut = 1 + (where % log.length);
        const snapshot = fold(log.slice(0, cut));
        const late = fold(log.slice(cut), snapshot && stored(snapshot));
        const whole = fold(log);
        expect(late && stored(late)).toEqual(whole && stored(whole));
        expect(late && wants(late)).toEqual(whole && wants(whole));
      }),
      { numRuns: 400 },
    );
  });

  test('is not folded with a gap, from its middle, or with a second birth', () => {
    const [log = []] = logs;
    expect(() => fold([...log.slice(0, 3), ...log.slice(4)])).toThrow(/gap/);
    expect(() => fold(log.slice(1))).toThrow(/begins with session.created/);
    const [birth] = log;
    expect(() => fold([...log, ...(birth ? [{ ...birth, seq: log.length + 1 }] : [])])).toThrow(/twice/);
  });

  test('is read as it was written, event by event', () => {
    for (const log of logs) {
      for (const recorded of log) {
        const { seq, at, worked, event } = recorded;
        expect(decodeEvent({ seq, at, event: encodeEvent(event, worked) })).toEqual(recorded);
      }
    }
  });

  test('of a later release, or that is none, is refused in words', () => {
    const row = (event: unknown) => ({ seq: 7, at: 0, event: JSON.stringify(event) });
    expect(() => decodeEvent(row({ v: 99, type: 'host.stopped' }))).toThrow(
      /event 7 was written by a later release/,
    );
    expect(() => decodeEvent(row({ type: 'host.stopped' }))).toThrow();
    expect(() => decodeEvent(row({ v: 1, type: 'nothing.known' }))).toThrow();
    expect(() => decodeEvent(row({ v: 1, type: 'session.resumed', step: -1 }))).toThrow();
    expect(() => decodeEvent({ seq: 7, at: 0, event: 'not json' })).toThrow();
  });

  test('is shown as feed events that are each the projection of one event, the same every time', () => {
    for (const log of logs) {
      for (const recorded of log) {
        const shown = project('s', recorded);
        expect(project('s', stored(recorded))).toEqual(shown && stored(shown));
        if (!shown) continue;
        expect(shown.data.seq).toBe(recorded.seq);
        feedSchemas[shown.name].parse(shown.data);
      }
    }
  });
});

describe('a transcript', () => {
  /** Each request of a log, without cache marks. */
  function requests(log: readonly Recorded[], ttl: '5m' | '1h' = '5m'): string[][] {
    const transcript = makeTranscript();
    return log.flatMap((recorded) => {
      transcript.add(recorded);
      if (recorded.event.type === 'prefix.started') return [[]];
      if (recorded.event.type !== 'step.requested') return [];
      const { messages, system, tools } = transcript.request(ttl);
      return [
        [JSON.stringify([system, tools]), ...messages.map((message) => JSON.stringify(message))].map(
          unmarked,
        ),
      ];
    });
  }

  function unmarked(json: string): string {
    return json.replaceAll(/,"cache_control":\{"type":"ephemeral"(,"ttl":"1h")?\}/g, '');
  }

  test('begins with all of the one before it, cache marks aside, whatever their lifetime', () => {
    for (const log of logs) {
      let before: string[] = [];
      for (const request of requests(log)) {
        if (request.length > 0) expect(request.slice(0, before.length)).toEqual(before);
        before = request;
      }
      expect(requests(log, '1h')).toEqual(requests(log));
    }
  });

  test('marks tools, system, and the end of this and of the request before: four places at most', () => {
    for (const log of logs) {
      const transcript = makeTranscript();
      for (const recorded of log) {
        transcript.add(recorded);
        if (recorded.event.type !== 'step.requested') continue;
        const request = transcript.request('1h');
        const marks = JSON.stringify(request).split('"cache_control"').length - 1;
        expect(marks).toBeGreaterThanOrEqual(3);
        expect(marks).toBeLessThanOrEqual(4);
        const last = request.messages.findLast(({ role }) => role === 'user');
        expect(last?.content.at(-1)).toHaveProperty('cache_control', { type: 'ephemeral', ttl: '1h' });
      }
    }
  });

  test('is the same without the events that are told from a glance to change nothing of it', () => {
    let left = 0;
    for (const log of logs) {
      const whole = makeTranscript();
      const short = makeTranscript();
      for (const recorded of log) {
        whole.add(recorded);
        if (mayBear(encodeEvent(recorded.event, recorded.worked))) short.add(recorded);
        else left += 1;
      }
      expect(short.request('5m')).toEqual(whole.request('5m'));
    }
    expect(left).toBeGreaterThan(1_000);
  });

  test('that lacks its beginning, or a block, is an error and no request', () => {
    expect(() => makeTranscript().request('5m')).toThrow(/begins with prefix.started/);
    const log = logs.find((one) => one.some(({ event }) => event.type === 'step.requested')) ?? [];
    const transcript = makeTranscript();
    expect(() => {
      for (const recorded of log) if (recorded.event.type !== 'mail.accepted') transcript.add(recorded);
    }).toThrow(/has none/);
  });
});
