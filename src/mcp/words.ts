/**
 * What an MCP client's model reads of subagents and of refusals. Owns the words only: what a subagent wrote stands in
 * them as data, which can open no tag of ours.
 */
import { isEnded, type NewsPage, ProblemError, type Subagent, UnreachableError } from '../client/index.ts';
import { duration } from '../core/announcement.ts';
import { inTicks, inWords } from '../core/faults.ts';
import { encodeBody, head } from '../core/fence.ts';
import { markOf, NewsEnded } from './news.ts';
import type { ToolOutcome } from './tool.ts';

/** Files that are named. */
const NAMED = 20;

/** Words that hold what others wrote. */
export function told(text: string, structured?: ToolOutcome['structured']): ToolOutcome {
  return { text: encodeBody(text), ...(structured ? { structured } : {}) };
}

export function mistake(text: string): ToolOutcome {
  return { text, isError: true };
}

/** A refusal of the gateway as an outcome; undefined: it is a fault of this program. */
export function refusalOf(error: unknown): ToolOutcome | undefined {
  if (error instanceof ProblemError) {
    const { errors: faults = [], files = [] } = error;
    return mistake(
      encodeBody(
        [
          faults.length > 0 ? `${error.title}: ${inWords(faults, inTicks)}` : error.detail,
          ...(files.length > 0 ? [`Files: ${namesOf(files)}`] : []),
        ].join('\n'),
      ),
    );
  }
  if (error instanceof UnreachableError) {
    return mistake(
      `${error.message} Whether it was done is not known: look (subagents list), then try again.`,
    );
  }
  if (error instanceof NewsEnded) return mistake(endedWords(error.end));
  return undefined;
}

function endedWords(end: NewsEnded['end']): string {
  switch (end) {
    case 'gone':
      return 'The chat that held your subagents was deleted, and they with it. The next sessions_spawn begins a new one.';
    case 'signed-out':
    case 'refused':
      return 'Your token opens nothing here any more: it was revoked, or its rights were changed.';
    case 'reset':
      return 'The gateway went back to an older state, as after a restore. Call again: what waits now is told.';
  }
}

export function lineOf(one: Subagent, now: number): string {
  const ended = isEnded(one);
  return [
    `${one.path} (${one.id}): ${one.status}${one.reason ? `, ${one.reason}` : ''}`,
    `for ${duration((one.endedAt ?? now) - (one.startedAt ?? one.createdAt))}`,
    `${one.steps} steps`,
    `$${one.usage.usd.toFixed(2)}`,
    ...(one.attempt > 1 ? [`attempt ${one.attempt}`] : []),
    ...(one.activity && !ended ? [`now: ${head(one.activity, 120)}`] : []),
    ...(one.inputRequest ? [`asks ${one.inputRequest.id}: ${head(one.inputRequest.title, 120)}`] : []),
    ...(one.pendingSteers > 0 ? [`${one.pendingSteers} steers not read yet`] : []),
  ].join('; ');
}

/** The same for programs, and for models whose client shows them this: no more than they need. */
export function briefOf(one: Subagent): Readonly<Record<string, unknown>> {
  const { path, id, status, reason, attempt, steps, activity, inputRequest, pendingSteers, usage, verified } =
    one;
  return {
    path,
    id,
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(attempt > 1 ? { attempt } : {}),
    steps,
    usd: usage.usd,
    ...(activity !== '' && !isEnded(one) ? { now: head(activity, 120) } : {}),
    ...(inputRequest ? { asks: inputRequest } : {}),
    ...(pendingSteers > 0 ? { pendingSteers } : {}),
    ...(verified === undefined ? {} : { verified }),
    ...(one.workspace ? { workspace: one.workspace } : {}),
  };
}

/** A subagent in full, with a page of its result. */
export function cardOf(one: Subagent, said: readonly string[], page: Page | undefined): string {
  const { inputRequest } = one;
  return [
    `${one.path} (${one.id}): ${one.status}${one.reason ? `, ${one.reason}` : ''}, attempt ${one.attempt}`,
    `Task:\n${head(one.task, 4_000)}`,
    ...(inputRequest
      ? [`Asks, and waits for your answer (request ${inputRequest.id}):\n${inputRequest.detail}`]
      : []),
    `Latest:\n${said.map((words) => head(words, 500)).join('\n') || '(nothing yet)'}`,
    ...(page
      ? [`Result, characters ${page.from} to ${page.to} of ${page.chars}:\n${pageWords(page, 'show')}`]
      : []),
  ].join('\n\n');
}

export interface Page {
  readonly text: string;
  readonly from: number;
  readonly to: number;
  /** Of the whole. */
  readonly chars: number;
}

/** @param most characters of it */
export function pageOf(whole: string, offset: number, most: number): Page {
  const from = Math.min(offset, whole.length);
  const text = head(whole.slice(from), most);
  return { text, from, to: from + text.length, chars: whole.length };
}

export function pageWords({ text, to, chars }: Page, action: string): string {
  return to < chars ? `${text}\n(${chars - to} more: ${action} with offset ${to})` : text;
}

/** The texts of news are fenced where they were written. */
export function newsWords(page: NewsPage): string {
  const { news, next } = page;
  const last = news.at(-1);
  if (!last) return 'No news.';
  const rest = next === null ? '' : ' There is more behind it.';
  return [
    ...news.map(({ text, request }) =>
      request === undefined ? text : `${text}\n(subagents answer, request ${request})`,
    ),
    `These are ${news.length} news.${rest} Once you have taken them in, call news with read "${markOf(last, page)}": until then they are told again.`,
  ].join('\n\n');
}

export function namesOf(files: readonly string[]): string {
  const some = files.slice(0, NAMED).map(nameWords);
  return `${some.join(', ')}${files.length > NAMED ? ` and ${files.length - NAMED} more` : ''}`;
}

/** A name as it is, or in quotes where it could be taken for more than a name. */
function nameWords(name: string): string {
  return /[\p{C}\p{Zl}\p{Zp}",\\]|^\s|\s$/u.test(name) ? JSON.stringify(name) : name;
}
