/** Which of a subagent's statuses are endings: what everybody who shows subagents asks. Knows no words for them. */
import type { Subagent, SubagentStatus } from './types.ts';

export const endedStatuses: ReadonlySet<SubagentStatus> = new Set([
  'completed',
  'failed',
  'timed_out',
  'over_budget',
  'killed',
]);

export function isEnded({ status }: Pick<Subagent, 'status'>): boolean {
  return endedStatuses.has(status);
}
