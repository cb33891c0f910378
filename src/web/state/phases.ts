/** When a subagent was in which status, put together from what events told and from its own facts. Pure. */
import type { Subagent } from '../../client/index.ts';

/** Since when a subagent is, or was, in a status. */
export interface Phase {
  /** Wall clock of the gateway, in milliseconds. */
  readonly at: number;
  readonly status: Subagent['status'];
}

/** Earlier phases and later ones as one list, in which no status follows itself; times never go back. */
export function merged(earlier: readonly Phase[], later: readonly Phase[]): readonly Phase[] {
  const all: Phase[] = [];
  for (const phase of [...earlier, ...later]) {
    const last = all.at(-1);
    if (last?.status !== phase.status)
      all.push(last && phase.at < last.at ? { ...phase, at: last.at } : phase);
  }
  return all;
}

type Facts = Pick<Subagent, 'createdAt' | 'startedAt' | 'endedAt' | 'status'>;

/**
 * All that is known: what events told, before that what the facts say (when it was made, when it began, when it ended),
 * and at last the status it has.
 * @param told by events, oldest first
 */
export function phasesOf(
  { createdAt, startedAt, endedAt, status }: Facts,
  told: readonly Phase[],
): readonly Phase[] {
  const first = told[0]?.at ?? Number.POSITIVE_INFINITY;
  const facts: Phase[] = [];
  if (startedAt === undefined || startedAt > createdAt) facts.push({ at: createdAt, status: 'queued' });
  if (startedAt !== undefined) facts.push({ at: startedAt, status: 'running' });
  const before = facts.filter(({ at }) => at < first);
  const since = endedAt ?? told.at(-1)?.at ?? startedAt ?? createdAt;
  return merged(before, [...told, { at: since, status }]);
}
