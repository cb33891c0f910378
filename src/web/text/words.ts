/** How figures and states are said on the page: durations, money, tokens, statuses. Pure; draws nothing. */
import type { Subagent, Usage } from '../../client/index.ts';

const statusWords: Readonly<Record<Subagent['status'], string>> = {
  blocked: 'waits for others',
  queued: 'waits for a place',
  running: 'at work',
  waiting: 'waits for its own',
  input_required: 'needs an answer',
  completed: 'done',
  failed: 'failed',
  timed_out: 'out of time',
  over_budget: 'out of budget',
  killed: 'killed',
};

/** A status as people say it. */
export function statusText(status: Subagent['status']): string {
  return statusWords[status];
}

/** @param ms a span; negative ones, of clocks that disagree, count as none */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${String(seconds % 60).padStart(2, '0')}s`;
  return `${Math.floor(minutes / 60)}h ${String(minutes % 60).padStart(2, '0')}m`;
}

export function money(usd: number): string {
  if (usd === 0) return '$0';
  return usd < 0.01 ? '<$0.01' : `$${usd.toFixed(2)}`;
}

/** All tokens of a usage, short: `14.2k`. */
export function tokens({ inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens }: Usage): string {
  return count(inputTokens + outputTokens + cacheReadTokens + cacheWriteTokens);
}

export function count(n: number): string {
  if (n < 1_000) return String(n);
  return n < 1_000_000 ? `${(n / 1_000).toFixed(1)}k` : `${(n / 1_000_000).toFixed(1)}M`;
}

/** @param bytes of a file */
export function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'short' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** When something was, in a word or two: the time today, the day before that. */
export function when(at: number, now: number): string {
  return new Date(at).toDateString() === new Date(now).toDateString()
    ? time.format(at)
    : `${day.format(at)}, ${time.format(at)}`;
}

export function exactly(at: number): string {
  return full.format(at);
}
