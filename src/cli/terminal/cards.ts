/**
 * What happened, as lines between the words of a conversation: a subagent that began, asked or ended, a notice, an
 * answer. Each is marked in front, so that nobody takes it for the assistant's words. Prints nothing itself.
 */
import type { FeedEvent, InputRequest, Subagent } from '../../client/index.ts';
import { clean, cleanLine } from './clean.ts';
import type { Ink, Look } from './ink.ts';
import { cut, wrap } from './measure.ts';
import type { OpenRequest, Team } from './team.ts';
import { endingWords, figures, lookOf, nameOf } from './words.ts';

/** How much of a task and of a result is shown; the rest is for `/show`. */
const TASK_CHARS = 300;
const RESULT_LINES = 8;
const RESULT_CHARS = 800;

export interface Sheet {
  readonly ink: Ink;
  /** Columns. */
  readonly width: number;
}

/** A paragraph behind a mark, its later lines below its beginning. */
export function marked({ ink, width }: Sheet, mark: string, look: Look, text: string): string[] {
  const lines = clean(text)
    .split('\n')
    .flatMap((line) => wrap(line, width - 2));
  return lines.map((line, at) => ink(look, `${at === 0 ? mark : ' '} ${line}`.trimEnd()));
}

export function spawnedCard(sheet: Sheet, one: Subagent): string[] {
  return marked(sheet, '▸', 'plain', `${nameOf(one)} has its task: ${short(one.task, TASK_CHARS)}`);
}

export function endedCard(sheet: Sheet, one: Subagent): string[] {
  const look = lookOf(one.status);
  const why = one.reason === undefined ? '' : `: ${cleanLine(one.reason)}`;
  const mark = one.status === 'completed' ? '✓' : '✗';
  const head = marked(
    sheet,
    mark,
    look,
    `${nameOf(one)} ${endingWords(one.status)}${why} (${figures(one, one.endedAt ?? 0)})`,
  );
  const result = one.result?.trim() ?? '';
  if (result === '') return head;
  const lines = result.split('\n');
  const shown = lines.slice(0, RESULT_LINES).join('\n').slice(0, RESULT_CHARS);
  const more =
    shown.length < result.length ? marked(sheet, ' ', 'dim', `… the rest: /show ${nameOf(one)}`) : [];
  return [...head, ...marked(sheet, ' ', 'plain', shown), ...more];
}

/** What is asked, whole, and how to answer it. @param who empty for the assistant itself */
export function requestCard(sheet: Sheet, who: string, { kind, title, detail }: InputRequest): string[] {
  const name = who === '' ? 'The assistant' : who;
  const at = who === '' ? '/answer' : `/answer ${who}`;
  const whole = `${name} ${askingFor(kind)}: ${cleanLine(title)}`;
  const detailed = cleanLine(detail) !== cleanLine(title);
  // A command is read once, where all of it stands.
  const heading = kind === 'permission' && detailed ? cut(whole, sheet.width - 2) : whole;
  const how = kind === 'question' ? `${at} and your answer` : `${at} allow, or ${at} deny and why`;
  return [
    ...marked(sheet, '?', 'asking', heading),
    // The whole, since whoever allows a command must have seen it.
    ...(detailed ? marked(sheet, ' ', 'plain', detail) : []),
    ...marked(sheet, ' ', 'asking', `To answer: ${how}`),
  ];
}

export function askingFor(kind: InputRequest['kind']): string {
  switch (kind) {
    case 'permission':
      return 'asks for permission';
    case 'question':
      return 'asks';
    case 'plan':
      return 'wants its plan approved';
  }
}

/** Who it is that asks, as commands call it; empty for the assistant itself. */
export function asker(team: Pick<Team, 'nameOf'>, { subagentId }: Pick<OpenRequest, 'subagentId'>): string {
  return subagentId === undefined ? '' : team.nameOf(subagentId);
}

export function answeredCard(
  sheet: Sheet,
  who: string,
  data: Extract<FeedEvent, { event: 'input.answered' }>['data'],
): string[] {
  const name = who === '' ? 'The assistant' : who;
  if (data.outcome === 'withdrawn') return marked(sheet, '·', 'dim', `${name} needs no answer any more.`);
  const by = data.by === 'person' ? 'a person' : data.by === 'parent' ? 'the one above it' : 'one above it';
  const decision =
    data.decision === undefined ? 'is answered' : data.decision === 'allow' ? 'may' : 'may not';
  const text = (data.text ?? '').trim() === '' ? '' : `: ${short(data.text ?? '', TASK_CHARS)}`;
  return marked(sheet, '·', 'dim', `${name} ${decision}, says ${by}${text}`);
}

/** Whether a notice only tells that somebody asks, which its card has said. */
export function isOnACard(text: string, { requests }: Pick<Team, 'requests'>): boolean {
  return requests.some(({ request }) => text.includes(`(request ${request.id})`));
}

export function noticeCard(sheet: Sheet, level: 'info' | 'warning' | 'error', text: string): string[] {
  if (level === 'info') return marked(sheet, '·', 'dim', text);
  return marked(sheet, '!', level === 'error' ? 'bad' : 'warning', text);
}

function short(text: string, most: number): string {
  return cut(cleanLine(text), most);
}
