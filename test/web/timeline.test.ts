/** What the timeline knows of the past, and where on it things stand. */
import { describe, expect, test } from 'vitest';
import { merged, phasesOf } from '../../src/web/state/phases.ts';
import { bars, isWithin, placeOf, stretchOf, ticks } from '../../src/web/team/timeline-layout.ts';

const MINUTE = 60_000;

describe('phases', () => {
  test('are told by a subagent’s own facts where no event was heard', () => {
    expect(phasesOf({ createdAt: 10, startedAt: 20, endedAt: 50, status: 'completed' }, [])).toEqual([
      { at: 10, status: 'queued' },
      { at: 20, status: 'running' },
      { at: 50, status: 'completed' },
    ]);
    expect(phasesOf({ createdAt: 10, status: 'blocked' }, [])).toEqual([
      { at: 10, status: 'queued' },
      { at: 10, status: 'blocked' },
    ]);
    expect(phasesOf({ createdAt: 10, startedAt: 10, status: 'running' }, [])).toEqual([
      { at: 10, status: 'running' },
    ]);
  });

  test('that events told win over the facts, which fill in what came before', () => {
    const told = [
      { at: 30, status: 'waiting' },
      { at: 40, status: 'running' },
    ] as const;
    expect(phasesOf({ createdAt: 10, startedAt: 20, status: 'running' }, told)).toEqual([
      { at: 10, status: 'queued' },
      { at: 20, status: 'running' },
      ...told,
    ]);
  });

  test('are not told by facts of a later attempt what events told of an earlier one', () => {
    const told = [
      { at: 20, status: 'running' },
      { at: 50, status: 'failed' },
      { at: 100, status: 'running' },
    ] as const;
    expect(phasesOf({ createdAt: 20, startedAt: 100, status: 'running' }, told)).toEqual(told);
  });

  test('end with the status that it has, even if no event told of it yet', () => {
    const told = [{ at: 30, status: 'running' }] as const;
    expect(phasesOf({ createdAt: 10, startedAt: 20, endedAt: 90, status: 'failed' }, told).at(-1)).toEqual({
      at: 90,
      status: 'failed',
    });
  });

  test('from further back go before those that are known: no status follows itself, no time goes back', () => {
    const earlier = [
      { at: 1, status: 'queued' },
      { at: 5, status: 'running' },
    ] as const;
    const later = [
      { at: 4, status: 'running' },
      { at: 4, status: 'waiting' },
    ] as const;
    expect(merged(earlier, later)).toEqual([...earlier, { at: 5, status: 'waiting' }]);
  });
});

describe('the layout of the timeline', () => {
  test('shows the last minutes, or all there was with room at both sides', () => {
    expect(stretchOf(0, 10 * MINUTE, 5 * MINUTE)).toEqual({ from: 5 * MINUTE, to: 10 * MINUTE });
    const all = stretchOf(0, 100 * MINUTE, undefined);
    expect(all).toEqual({ from: -2 * MINUTE, to: 102 * MINUTE });
    expect(stretchOf(5, 5, undefined).to - stretchOf(5, 5, undefined).from).toBeGreaterThan(0);
  });

  test('draws a bar for each phase, cut at the edges, and the last one up to now', () => {
    const phases = [
      { at: 0, status: 'queued' },
      { at: 50, status: 'running' },
      { at: 120, status: 'waiting' },
    ] as const;
    expect(bars(phases, { from: 100, to: 200 }, 150)).toEqual([
      { status: 'running', left: 0, width: 20, ms: 70 },
      { status: 'waiting', left: 20, width: 30 },
    ]);
  });

  test('draws no bar after an ending, and a gap where it was resumed', () => {
    const phases = [
      { at: 0, status: 'running' },
      { at: 20, status: 'completed' },
      { at: 60, status: 'running' },
      { at: 80, status: 'killed' },
    ] as const;
    const drawn = bars(phases, { from: 0, to: 100 }, 100);
    expect(drawn.map(({ left, width }) => [left, width])).toEqual([
      [0, 20],
      [60, 20],
    ]);
  });

  test('leaves out who was not there in that time', () => {
    const ended = [
      { at: 0, status: 'running' },
      { at: 20, status: 'completed' },
    ] as const;
    expect(isWithin(ended, { from: 10, to: 30 })).toBe(true);
    expect(isWithin(ended, { from: 21, to: 30 })).toBe(false);
    expect(isWithin([{ at: 0, status: 'running' }], { from: 21, to: 30 })).toBe(true);
    expect(isWithin([{ at: 40, status: 'running' }], { from: 21, to: 30 })).toBe(false);
    expect(isWithin([], { from: 0, to: 1 })).toBe(false);
  });

  test('ticks at round times of the wall’s clock, no more than there is room for', () => {
    const noon = Date.UTC(2026, 0, 2, 12);
    const five = ticks({ from: noon + 1_000, to: noon + 5 * MINUTE }, 6, 0);
    expect(five.map(({ label }) => label)).toEqual(['12:01', '12:02', '12:03', '12:04', '12:05']);
    expect(five.at(-1)?.left).toBe(100);
    const short = ticks({ from: noon, to: noon + 20_000 }, 4, 0);
    expect(short.map(({ label }) => label)).toEqual([
      '12:00:00',
      '12:00:05',
      '12:00:10',
      '12:00:15',
      '12:00:20',
    ]);
    // Half an hour ahead of a whole zone: full hours there are half hours of UTC.
    const hours = ticks({ from: noon, to: noon + 3 * 60 * MINUTE }, 3, 5.5 * 60 * MINUTE);
    expect(hours.map(({ label }) => label)).toEqual(['18:00', '19:00', '20:00']);
    const days = ticks({ from: noon, to: noon + 72 * 60 * MINUTE }, 3, 0);
    expect(days.map(({ label }) => label)).toEqual(['01-03', '01-04', '01-05']);
    expect(ticks({ from: noon, to: noon + 400 * 24 * 60 * MINUTE }, 4, 0).length).toBeLessThanOrEqual(5);
    expect(ticks({ from: noon, to: noon + MINUTE }, -3, 0).length).toBeLessThanOrEqual(2);
  });

  test('places a moment in per cent of the stretch', () => {
    expect(placeOf(150, { from: 100, to: 200 })).toBe(50);
    expect(placeOf(50, { from: 100, to: 200 })).toBe(-50);
  });
});
