/**
 * Where on a stretch of time things stand: bars of phases, ticks, the stretch itself. Places are per cent of the
 * stretch. Pure; draws nothing.
 */

import { endedStatuses } from '../../client/index.ts';
import type { Phase } from '../state/phases.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The shortest stretch that is drawn. */
const SHORTEST = 20 * SECOND;

export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export interface Bar {
  readonly status: Phase['status'];
  readonly left: number;
  readonly width: number;
  /** Milliseconds; without it: it goes on. */
  readonly ms?: number;
}

export interface Tick {
  readonly at: number;
  readonly left: number;
  readonly label: string;
}

/** Where a moment stands; below 0 and above 100: outside. */
export function placeOf(at: number, { from, to }: Stretch): number {
  return ((at - from) / (to - from)) * 100;
}

/** @param end the newest moment shown @param span milliseconds; absent: all since `begin` */
export function stretchOf(begin: number, end: number, span: number | undefined): Stretch {
  if (span !== undefined) return { from: end - span, to: end };
  const length = Math.max(SHORTEST, end - begin);
  // A little room at both sides, so that what begins or ends there is seen.
  return { from: end - length - length * 0.02, to: end + length * 0.02 };
}

/** When it ended, as told by its phases; absent: it hasn't. */
export function endOf(phases: readonly Phase[]): Phase | undefined {
  const last = phases.at(-1);
  return last && endedStatuses.has(last.status) ? last : undefined;
}

/** Whether something of it is within the stretch. */
export function isWithin(phases: readonly Phase[], { from, to }: Stretch): boolean {
  const first = phases[0];
  return first !== undefined && first.at <= to && (endOf(phases)?.at ?? to) >= from;
}

/** One bar for each phase in which it lived, as much of it as is within; an ending that was resumed from is a gap. */
export function bars(phases: readonly Phase[], stretch: Stretch, now: number): readonly Bar[] {
  return phases.flatMap(({ at, status }, index) => {
    if (endedStatuses.has(status)) return [];
    const next = phases[index + 1];
    const end = next?.at ?? Math.max(now, at);
    const left = Math.max(0, placeOf(at, stretch));
    const right = Math.min(100, placeOf(end, stretch));
    if (right < 0 || left > 100 || right < left) return [];
    return [{ status, left, width: right - left, ...(next ? { ms: end - at } : {}) }];
  });
}

const steps: readonly number[] = [
  SECOND,
  2 * SECOND,
  5 * SECOND,
  10 * SECOND,
  15 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
];

/**
 * Round times within the stretch.
 * @param most how many at most
 * @param ahead of UTC, the clock on the wall, in milliseconds: hours and days are round there
 */
export function ticks(stretch: Stretch, most: number, ahead: number): readonly Tick[] {
  const { from, to } = stretch;
  const room = Math.max(1, most);
  const step = steps.find((one) => (to - from) / one <= room) ?? Math.ceil((to - from) / DAY / room) * DAY;
  const all: Tick[] = [];
  for (let at = Math.ceil((from + ahead) / step) * step - ahead; at <= to; at += step) {
    all.push({ at, left: placeOf(at, stretch), label: labelOf(at + ahead, step) });
  }
  return all;
}

/** @param wall what a clock on the wall shows, as if it were UTC */
function labelOf(wall: number, step: number): string {
  const iso = new Date(wall).toISOString();
  if (wall % DAY === 0 && step >= HOUR) return iso.slice(5, 10);
  return step < MINUTE ? iso.slice(11, 19) : iso.slice(11, 16);
}
