/** Times, money, statuses and subagents in words. Owns the wording that all of the terminal shares. */
import { type FollowEnd, isEnded, type Subagent, type SubagentStatus } from '../../client/index.ts';
import { dollars } from '../../core/amount.ts';
import { cleanLine } from './clean.ts';
import type { Look } from './ink.ts';

const statusWords: Readonly<Record<SubagentStatus, string>> = {
  blocked: 'blocked',
  queued: 'queued',
  running: 'at work',
  waiting: 'waiting',
  input_required: 'asks',
  completed: 'done',
  failed: 'failed',
  timed_out: 'out of time',
  over_budget: 'out of money',
  killed: 'killed',
};

/** Of a status: a word or two. */
export function statusWord(status: SubagentStatus): string {
  return statusWords[status];
}

export function lookOf(status: SubagentStatus): Look {
  switch (status) {
    case 'completed':
      return 'good';
    case 'failed':
    case 'timed_out':
    case 'over_budget':
    case 'killed':
      return 'bad';
    case 'input_required':
      return 'asking';
    case 'blocked':
    case 'queued':
    case 'waiting':
      return 'dim';
    case 'running':
      return 'plain';
  }
}

/** How one ended, as it goes on from its label. */
export function endingWords(status: SubagentStatus): string {
  switch (status) {
    case 'completed':
      return 'is done';
    case 'failed':
      return 'has failed';
    case 'timed_out':
      return 'ran out of time';
    case 'over_budget':
      return 'ran out of money';
    case 'killed':
      return 'was killed';
    case 'blocked':
    case 'queued':
    case 'running':
    case 'waiting':
    case 'input_required':
      return `is ${statusWord(status)}`;
  }
}

/** Whether it came to nothing by itself: one that somebody killed has not failed. */
export function hasFailed({ status }: Pick<Subagent, 'status'>): boolean {
  return isEnded({ status }) && status !== 'completed' && status !== 'killed';
}

/** `0:07`, `12:40`, `3:05:00`. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const two = (n: number): string => String(n).padStart(2, '0');
  const rest = two(seconds % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** Why a chat can't be followed any longer. */
export const endWords: Readonly<Record<Exclude<FollowEnd, 'aborted'>, string>> = {
  gone: 'This chat was deleted.',
  'signed-out': 'The gateway takes this token no longer.',
  refused: 'This token may not read this chat.',
  reset: 'The gateway has an older state of this chat, as after a restore: ask again.',
};

export function steps(count: number): string {
  return `${count} ${count === 1 ? 'step' : 'steps'}`;
}

export const money = dollars;

/** How it is called in commands: its path, which is its label where nobody is above it. */
export function nameOf({ path, label }: Pick<Subagent, 'path' | 'label'>): string {
  return cleanLine(path === '' ? label : path);
}

/** How long one has been at it, or was. @param now by the gateway's clock */
export function spanOf(one: Subagent, now: number): number | undefined {
  const { startedAt, endedAt } = one;
  if (startedAt === undefined) return undefined;
  if (endedAt !== undefined && isEnded(one)) return Math.max(0, endedAt - startedAt);
  return Math.max(0, now - startedAt);
}

/** Time, steps and money of one, as far as there are any. */
export function figures(one: Subagent, now: number): string {
  const span = spanOf(one, now);
  return [span === undefined ? '' : clock(span), steps(one.steps), money(one.usage.usd)]
    .filter((part) => part !== '')
    .join(', ');
}
