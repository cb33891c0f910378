/**
 * A subagent as clients of 247 know a session: its name, its status and its output. Owns how the one is shown as the
 * other. Asks and changes nothing.
 */
import { isEnded, type Message, type Subagent, type Worktree } from '../../client/index.ts';
import { LABEL_CHARS, labelOf } from '../../core/label.ts';

export const sessionStatuses = ['init', 'working', 'needs_attention', 'idle'] as const;
type SessionStatus = (typeof sessionStatuses)[number];
type AttentionReason = 'permission' | 'input' | 'plan_approval' | 'task_complete';

/** Of a name, what comes from the project: the rest must have room. */
const PROJECT_CHARS = 24;
const MIDDLE = '--spawn-';

const animals = (
  'badger beaver crane curlew dipper dormouse falcon ferret gannet grebe hare heron ibex jackdaw kestrel lapwing ' +
  'linnet lynx marten merlin newt otter owl petrel pipit plover puffin raven robin seal shrew siskin skylark stoat ' +
  'swift tern vole wagtail weasel wren'
).split(' ');

/**
 * `project--spawn-animal-nn`, which is a label.
 * @param wish what stands in place of the animal, such as the name of a branch
 */
export function sessionName(project: string, wish?: string): string {
  const start = `${projectLabel(project)}${MIDDLE}`;
  const chosen = labelOf(wish ?? '', LABEL_CHARS - start.length);
  if (chosen !== undefined) return `${start}${chosen}`;
  const [a = 0, b = 0] = crypto.getRandomValues(new Uint32Array(2));
  return `${start}${animals[a % animals.length]}-${10 + (b % 90)}`;
}

function projectLabel(project: string): string {
  return labelOf(project, PROJECT_CHARS) ?? 'project';
}

/** What a session is known by besides its subagent. */
export interface About {
  readonly repositories: readonly string[];
  readonly worktree?: Worktree | undefined;
  readonly archivedAt?: number | undefined;
}

export interface SessionInfo {
  readonly name: string;
  readonly project: string;
  readonly status: SessionStatus;
  readonly attentionReason?: AttentionReason;
  readonly lastEvent: string;
  readonly createdAt: number;
  readonly lastActivity: number;
  readonly model: string;
  readonly costUsd: number;
  readonly worktreePath?: string;
  readonly branchName?: string;
  /** How it ended, which `idle` alone does not tell. */
  readonly outcome?: string;
  readonly archivedAt?: number;
}

export function sessionInfo(subagent: Subagent, { repositories, worktree, archivedAt }: About): SessionInfo {
  const branch = worktree?.branch ?? subagent.workspace?.branch;
  return {
    name: subagent.label,
    project: worktree?.repository ?? projectOf(subagent.label, repositories),
    ...standing(subagent),
    lastEvent: lastEvent(subagent),
    createdAt: subagent.createdAt,
    lastActivity: subagent.endedAt ?? subagent.startedAt ?? subagent.createdAt,
    model: subagent.model,
    costUsd: subagent.usage.usd,
    ...(worktree ? { worktreePath: worktree.folder } : {}),
    ...(branch === undefined ? {} : { branchName: branch }),
    ...(isEnded(subagent) ? { outcome: subagent.status } : {}),
    ...(archivedAt === undefined ? {} : { archivedAt }),
  };
}

function projectOf(name: string, repositories: readonly string[]): string {
  const end = name.indexOf(MIDDLE);
  const project = end < 0 ? '' : name.slice(0, end);
  return repositories.find((one) => projectLabel(one) === project) ?? project;
}

/** The status, and what is wanted of the client. */
export function standing({ status, inputRequest }: Subagent): {
  readonly status: SessionStatus;
  readonly attentionReason?: AttentionReason;
} {
  switch (status) {
    case 'blocked':
    case 'queued':
      return { status: 'init' };
    case 'running':
    case 'waiting':
      return { status: 'working' };
    case 'input_required':
      // What was answered is on its way: it goes on by itself.
      return inputRequest
        ? { status: 'needs_attention', attentionReason: reasons[inputRequest.kind] }
        : { status: 'working' };
    case 'completed':
      return { status: 'idle', attentionReason: 'task_complete' };
    case 'failed':
    case 'timed_out':
    case 'over_budget':
    case 'killed':
      return { status: 'idle' };
  }
}

const reasons = { permission: 'permission', question: 'input', plan: 'plan_approval' } as const;

function lastEvent({ status, reason, activity, inputRequest }: Subagent): string {
  switch (status) {
    case 'blocked':
      return 'Waits for others';
    case 'queued':
      return 'Waits for a free place';
    case 'running':
    case 'waiting':
      return activity === '' ? 'Working' : activity;
    case 'input_required':
      return inputRequest?.title ?? 'Asks';
    case 'completed':
    case 'failed':
    case 'timed_out':
    case 'over_budget':
    case 'killed':
      return reason === undefined ? status : `${status}: ${reason}`;
  }
}

// ───────────────────────────────────────────────────────── output

/** Lines that one answer brings at most. */
const MOST_LINES = 10_000;
const ESCAPE = '\u001b';
const BELL = '\u0007';
/** Behind an escape: a colour, a movement, or another order of few letters. */
const order = /^(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])/;

/** What was said in a session, and what it waits for or came to, as a terminal would have shown it. */
export function outputOf(
  subagent: Subagent,
  messages: readonly Message[],
  { lines, format }: { readonly lines: number; readonly format: 'plain' | 'raw' },
): { readonly output: string; readonly totalLines: number; readonly returnedLines: number } {
  const shown = messages.map(({ role, text }) => {
    if (role === 'assistant') return text;
    return quoted(role === 'user' ? '> ' : '! ', text);
  });
  const { inputRequest: asked, result } = subagent;
  if (asked) shown.push(`[${reasons[asked.kind]}] ${asked.detail === '' ? asked.title : asked.detail}`);
  // What it said last is its result, unless it came to none or was cut short.
  const said = messages.findLast(({ role }) => role === 'assistant')?.text.trim();
  if (result !== undefined && result.trim() !== said) shown.push(`[${subagent.status}] ${result}`);
  const text = shown.join('\n');
  const all = (format === 'raw' ? text : withoutOrders(text)).split('\n');
  const kept = all.slice(-Math.min(lines, MOST_LINES));
  return { output: kept.join('\n'), totalLines: all.length, returnedLines: kept.length };
}

/** A text without its colours and other orders to a terminal; an escape that begins none stays. */
function withoutOrders(text: string): string {
  const [first = '', ...rest] = text.split(ESCAPE);
  const words = rest.map((part) => {
    // A title or the like goes on to a bell, or to the next escape.
    if (part.startsWith(']')) return part.includes(BELL) ? part.slice(part.indexOf(BELL) + 1) : '';
    return order.test(part) ? part.replace(order, '') : `${ESCAPE}${part}`;
  });
  return [first, ...words].join('');
}

function quoted(mark: string, text: string): string {
  return text
    .split('\n')
    .map((line) => `${mark}${line}`)
    .join('\n');
}

/** Lines that a patch adds and removes. */
export function changedLines(patch: string): { readonly linesAdded: number; readonly linesRemoved: number } {
  let linesAdded = 0;
  let linesRemoved = 0;
  let within = false;
  for (const line of patch.split('\n')) {
    if (line.startsWith('diff ')) within = false;
    else if (line.startsWith('@@')) within = true;
    else if (within && line.startsWith('+')) linesAdded += 1;
    else if (within && line.startsWith('-')) linesRemoved += 1;
  }
  return { linesAdded, linesRemoved };
}
