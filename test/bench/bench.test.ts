import { describe, expect, test } from 'vitest';
import { runBench } from '../../bench/bench.ts';
import type { Told } from '../../bench/chat.ts';
import { asMarkdown, figure, type Measured, type Result, resultSchema } from '../../bench/figures.ts';
import { groups } from '../../bench/groups.ts';
import { beside } from '../../bench/measure/turns.ts';
import type { ModelRow } from '../../bench/model.ts';
import { median, quantile } from '../../bench/samples.ts';
import { answer, talk } from '../../bench/script.ts';
import { sizes } from '../../bench/sizes.ts';
import { readRequest } from '../../src/simulator/request.ts';

const measured: Measured = { id: 'x', name: 'a thing', unit: 'ms', value: 6, floor: 2, samples: 3 };

describe('a figure', () => {
  test('has the ratio of its value to the floor', () => {
    expect(figure(measured).ratio).toBe(3);
  });

  test('has no ratio without a floor', () => {
    const { floor: _, ...alone } = measured;
    expect(figure(alone).ratio).toBeUndefined();
  });

  test.each([
    ['an overhead at its bound', { kind: 'overhead', times: 2.5, plus: 1 }, true],
    ['an overhead above its bound', { kind: 'overhead', times: 2.4, plus: 1 }, false],
    ['a share that is large enough', { kind: 'share', atLeast: 3 }, true],
    ['a share that is too small', { kind: 'share', atLeast: 3.1 }, false],
    ['a value at its most', { kind: 'at most', value: 6 }, true],
    ['a value above its most', { kind: 'at most', value: 5.9 }, false],
  ] as const)('%s is judged', (_, aim, met) => {
    expect(figure({ ...measured, aim }).met).toBe(met);
  });

  test('is never judged beside a floor that was not measured', () => {
    const { floor: _, ...alone } = measured;
    expect(() => figure({ ...alone, aim: { kind: 'share', atLeast: 1 } })).toThrow('floor');
  });
});

describe('samples', () => {
  test('come to their median and quantiles, whatever their order', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(quantile([5, 1, 4, 2, 3], 0.9)).toBe(5);
    expect(quantile([5, 1, 4, 2, 3], 0)).toBe(1);
  });

  test('that are missing make no figure', () => {
    expect(() => median([])).toThrow('Nothing was measured');
    expect(() => quantile([], 0.9)).toThrow('Nothing was measured');
  });
});

describe('the overhead of a turn', () => {
  const told: Told = { sentAt: 100, acceptedAt: 101, firstAt: 107, endedAt: 110 };
  const row: ModelRow = {
    kind: 'talk',
    news: 0,
    at: 102,
    firstByteAt: 105,
    endedAt: 106,
    answered: true,
  };

  test("is the client's time less the model's own", () => {
    expect(beside([told], [row])).toEqual([{ whole: 6, first: 4 }]);
  });

  test('is not taken from turns that made more requests than one, or none that was answered', () => {
    expect(() => beside([told], [row, row])).toThrow('1 turns made 2 requests');
    expect(() => beside([told], [{ ...row, answered: false }])).toThrow('not answered');
  });
});

describe('the scripted model', () => {
  const asked = (...content: object[]) =>
    answer(readRequest({ messages: [{ role: 'user', content }] }, { index: 0, headers: {} }));

  test("repeats a message's mark, with as much text as was ordered", () => {
    const { reply, kind } = asked({ type: 'text', text: talk('k7', { chars: 300 }) });
    expect(reply.text).toMatch(/^Heard #k7# /);
    expect(reply.text?.length).toBeGreaterThanOrEqual(300);
    expect(kind).toEqual({ kind: 'talk', news: 0 });
  });

  test('spawns as many as were ordered, each under a label of its own', () => {
    const order = { chars: 10, spawn: { n: 3, task: { work: true, chars: 20 } } } as const;
    const { reply, kind } = asked({ type: 'text', text: talk('k8', order) });
    expect(new Set(reply.toolCalls?.map((call) => call.input?.label)).size).toBe(3);
    expect(kind.kind).toBe('spawn');
  });

  test('counts the endings in a request', () => {
    const ending = {
      type: 'text',
      text: '<subagent-announcement nonce="a">\nDone.\n</subagent-announcement>',
    };
    expect(asked(ending, ending).kind).toEqual({ kind: 'news', news: 2 });
  });
});

describe('a run', () => {
  test('measures the real gateway and the floor beside it, and every ratio follows from its samples', async () => {
    const words: string[] = [];
    const result = await runBench({
      sizes: sizes.tiny,
      only: ['turns', 'singles', 'crowd'],
      progress: (line) => words.push(line),
    });
    expect(resultSchema.parse(JSON.parse(JSON.stringify(result)))).toEqual(result);
    expect(words).toHaveLength(3);
    const byId = new Map(result.figures.map((one) => [one.id, one]));
    expect(byId.size).toBe(result.figures.length);
    for (const { value, floor, ratio, samples } of result.figures) {
      expect(value).toBeGreaterThanOrEqual(0);
      expect(samples).toBeGreaterThan(0);
      expect(ratio).toBe(floor ? value / floor : undefined);
    }
    const tiny = sizes.tiny;
    expect(byId.get('turn.median')?.samples).toBe(tiny.rounds * tiny.turns);
    expect(byId.get('news.median')?.samples).toBe(tiny.rounds * tiny.singles);
    expect(byId.get('crowd.read')?.samples).toBe(tiny.rounds);
    expect(byId.get('crowd.requests')?.value).toBeGreaterThanOrEqual(1);
    expect(byId.get('crowd.requests')?.value).toBeLessThanOrEqual(tiny.crowd);
    expect(rowsOf(result)).toHaveLength(result.figures.length);
  });

  test('refuses a group that does not exist, before anything is started', async () => {
    const run = runBench({ sizes: sizes.tiny, only: ['turns', 'cheese'], progress: () => {} });
    await expect(run).rejects.toThrow('cheese');
  });

  test('has all groups in the order of its table', () => {
    expect(Object.keys(groups)).toEqual([
      'turns',
      'throughput',
      'singles',
      'crowd',
      'streaming',
      'memory',
      'starts',
      'long',
      'page',
    ]);
  });
});

/** The table's rows, without its head. */
function rowsOf(result: Result): string[] {
  return asMarkdown(result)
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2);
}
