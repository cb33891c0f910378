/**
 * A session's plan in words: the same Markdown for its model, for people and for its file. Told from the state, in
 * which nothing of it is stored; owns the wording.
 */
import type { Card } from './card.ts';
import { head, oneLine } from './fence.ts';
import {
  type Plan,
  type PlannedTask,
  standings,
  type TaskStanding,
  type TaskStatus,
  taskStatus,
} from './plan.ts';
import { type Session, THINKING } from './session.ts';

/** Characters of what a subagent does now. */
const ACTIVITY_CHARS = 120;
/** Lines of the log: the latest. */
const LOG_LINES = 60;

/** What a subagent does now, where more is known than its card tells. */
export type ActivityOf = (subagent: string) => string | undefined;

/** The plan as Markdown; undefined where there is none. */
export function planText(state: Session, activityOf: ActivityOf = () => undefined): string | undefined {
  const { plan } = state;
  if (!plan) return undefined;
  const all = standings(state);
  return [
    '# MANAGER_PLAN.md',
    `## Main Task\n${oneLine(plan.mainTask)}`,
    `## Subtasks\n${all.map(subtaskLine).join('\n')}`,
    `## Status\n${all.map((one) => statusLine(one, activityOf)).join('\n')}`,
    `## Progress Log\n${logLines(plan, all).join('\n')}\n`,
  ].join('\n\n');
}

/** The name of a plan's file in the chat's folder: each session of a chat has its own. */
export function planFileName({ spec }: Pick<Session, 'spec'>): string {
  return spec ? `MANAGER_PLAN.${spec.path.replaceAll('/', '.')}.md` : 'MANAGER_PLAN.md';
}

function subtaskLine({ task, card }: TaskStanding, index: number): string {
  const notes = [
    ...(task.after.length > 0 ? [`after: ${task.after.join(', ')}`] : []),
    ...(card && card.label !== task.id.toLowerCase() ? [`subagent: ${card.label}`] : []),
    ...(card?.role === 'reviewer' ? ['reviewer'] : []),
  ];
  return `${index + 1}. [${task.id}] ${oneLine(task.title)}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`;
}

function statusLine(one: TaskStanding, activityOf: ActivityOf): string {
  const words = statusWords(one, activityOf);
  return `- ${one.task.id}: ${one.status}${words === '' ? '' : ` - ${words}`}`;
}

function statusWords({ task, status, card, waitsFor }: TaskStanding, activityOf: ActivityOf): string {
  const again = card && card.attempt > 1 ? ` (attempt ${card.attempt})` : '';
  switch (status) {
    case 'PENDING': {
      const names = waitsFor.map(({ id, status }) => (isOver(status) ? `${id}, which is ${status}` : id));
      return `${names.length > 0 ? `waiting for ${names.join(', ')}` : 'waiting for a free place'}${again}`;
    }
    case 'IN_PROGRESS': {
      const [asked] = card?.requests ?? [];
      if (asked) return `asks: ${line(asked.title)}${again}`;
      const doing = card && (activityOf(card.id) ?? card.activity);
      return `${line(doing && doing !== THINKING ? doing : task.title)}${again}`;
    }
    case 'COMPLETED':
      return card?.verified === undefined ? '' : `checked: ${line(card.verified)}`;
    case 'FAILED':
      return (card?.status === 'failed' ? card.reason : (card?.status ?? task.past?.status)) ?? '';
    case 'CANCELLED':
      return '';
  }
}

function isOver(status: TaskStanding['status']): boolean {
  return status === 'FAILED' || status === 'CANCELLED';
}

function logLines({ since }: Plan, all: readonly TaskStanding[]): string[] {
  const entries = [...distributed(since, all), ...all.flatMap(happened)];
  // Sorting keeps the order of what happened at one time.
  entries.sort((a, b) => a.at - b.at);
  const left = entries.length - LOG_LINES;
  return [
    ...(left > 0 ? [`- (${left} earlier)`] : []),
    ...entries.slice(-LOG_LINES).map(({ at, text }) => `- ${after(at - since)}: ${text}`),
  ];
}

interface Entry {
  readonly at: number;
  readonly text: string;
}

function distributed(since: number, all: readonly TaskStanding[]): Entry[] {
  const byTime = new Map<number, string[]>();
  for (const { task, card } of all) {
    if (!task.subagent) continue;
    const at = card?.createdAt ?? since;
    const names = byTime.get(at);
    if (names) names.push(task.id);
    else byTime.set(at, [task.id]);
  }
  return [...byTime].map(([at, names]) => ({ at, text: `Distributed tasks to ${names.join(', ')}` }));
}

function happened({ task, status, card, earlier }: TaskStanding): Entry[] {
  const entries: Entry[] = [];
  const started = (attempt: number, at: number | undefined): void => {
    if (at === undefined || (attempt === 1 && !waited(task, card, at))) return;
    const again = attempt > 1 ? ` again (attempt ${attempt})` : '';
    entries.push({ at, text: `${task.id} started${again}` });
  };
  const ended = (how: TaskStatus, at: number | undefined): void => {
    if (at === undefined || how === 'PENDING' || how === 'IN_PROGRESS') return;
    entries.push({ at, text: `${task.id} ${endWords[how]}` });
  };
  for (const ending of earlier) {
    started(ending.attempt, ending.startedAt);
    ended(taskStatus(ending.status), ending.endedAt);
  }
  if (card) started(card.attempt, card.startedAt);
  ended(status, card ? card.endedAt : (task.past?.endedAt ?? task.completedAt));
  return entries;
}

/** One that begins with its distribution needs no line of its own. */
function waited({ after }: PlannedTask, card: Card | undefined, startedAt: number): boolean {
  return after.length > 0 || minutes(startedAt - (card?.createdAt ?? startedAt)) > 0;
}

const endWords = { COMPLETED: 'completed', FAILED: 'failed', CANCELLED: 'was cancelled' } as const;

/** Time since the plan was set, as its log tells it: `T+12min`. */
function after(ms: number): string {
  return minutes(ms) === 0 ? 'T+0' : `T+${minutes(ms)}min`;
}

function minutes(ms: number): number {
  return Math.floor(Math.max(0, ms) / 60_000);
}

/** One line of it, not too long. */
function line(text: string): string {
  return head(oneLine(text), ACTIVITY_CHARS);
}
