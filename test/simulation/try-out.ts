/** Runs one schedule to its end and judges it; what the world threw is a breach like any other. */
import { fromTape, tapeOf } from './choices.ts';
import { judge } from './oracle.ts';
import { runSchedule } from './schedule.ts';

/** Decisions of one schedule. */
export const TAPE = 650;

/** @returns what was breached; empty if nothing was. */
export async function tryOut(tape: readonly number[], apart = false): Promise<string[]> {
  try {
    return judge(await runSchedule(fromTape(tape), false, apart));
  } catch (error) {
    return [`it threw: ${error instanceof Error ? error.stack : String(error)}`];
  }
}

/** The breaches of the schedule that follows from `seed`. */
export function trySeed(seed: number, apart = false): Promise<string[]> {
  return tryOut(tapeOf(seed, TAPE), apart);
}

/** What happened in a schedule, line by line, as far as it went. */
export async function traceOf(tape: readonly number[], apart = false): Promise<string> {
  const world = await runSchedule(fromTape(tape), true, apart);
  return world.trace.join('\n');
}
