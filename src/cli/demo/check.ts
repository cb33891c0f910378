/** One thing that must be true after the demo, and what the acts' checks are made of. Looks at nothing itself. */
import type { Event } from './api.ts';
import type { Sighting } from './processes.ts';

export interface Check {
  /** Undefined: it can't be looked at on this system. */
  readonly ok: boolean | undefined;
  readonly what: string;
  /** What was found instead. */
  readonly found?: string;
}

/** @param found what was found instead, in words, if it does not hold */
export function check(what: string, ok: boolean | undefined, found: string): Check {
  return ok === false ? { what, ok, found } : { what, ok };
}

/** Whether all holds that could be looked at. */
export function allHolds(checks: readonly Check[]): boolean {
  return checks.every(({ ok }) => ok !== false);
}

/** Whether two lists hold the same in the same order. */
export function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

/** A list in words. */
export function list(values: readonly string[]): string {
  return values.length === 0 ? 'none' : values.join(', ');
}

/** What holds of the processes that were seen; undefined where none can be seen. */
export function seen(
  sightings: readonly Sighting[] | undefined,
  holds: (all: readonly Sighting[]) => boolean,
): boolean | undefined {
  return sightings === undefined ? undefined : holds(sightings);
}

/** Processes by number and command. */
export function pids(sightings: readonly Sighting[] | undefined): string {
  if (sightings === undefined) return 'unknown';
  return list(sightings.map(({ pid, command }) => `${pid} (${command.slice(0, 60)})`));
}

/** `id attempt` of each announcement that a feed says was read, sorted. */
export function announcementsRead(events: readonly Event[]): string[] {
  return events
    .flatMap(({ event, data }) =>
      event === 'announcement.read' ? [`${data.subagentId} ${data.attempt}`] : [],
    )
    .sort();
}
