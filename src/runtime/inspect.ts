/**
 * The tools that are answered from what the runtime knows: `skill`, the reading half of `subagents`, which lists a
 * session's descendants and shows one of them, and `worktrees`. Reads what is committed, and changes no session.
 */
import { z } from 'zod';
import { duration } from '../core/announcement.ts';
import type { Card } from '../core/card.ts';
import { decodeEvent, type Recorded } from '../core/events.ts';
import { encodeBody, head, oneLine } from '../core/fence.ts';
import type { Glance } from '../core/glance.ts';
import { standings } from '../core/plan.ts';
import { planText } from '../core/plan-text.ts';
import { plural } from '../core/plural.ts';
import * as policy from '../core/policy.ts';
import type { Skills, ToolCall, ToolOutcome } from '../core/ports.ts';
import { type Session, saidOf } from '../core/session.ts';
import { isEnded } from '../core/subagents.ts';
import type { Actor } from './actor.ts';
import type { Sessions } from './elsewhere.ts';
import { answerWorktrees } from './worktree-words.ts';
import type { ChatWorktrees } from './worktrees.ts';

export type Inspect = (actor: Actor, call: ToolCall) => ToolOutcome | Promise<ToolOutcome> | undefined;

/** Characters of a result that one `show` carries. */
const PAGE_CHARS = 20_000;
const LATEST = 12;
const ROWS = 500;
/** Subagents that a list for programs names at most. */
const JSON_ROWS = 100;

const inputSchema = z.looseObject({
  action: z.enum(['list', 'show']),
  target: z.string().optional(),
  offset: z.number().int().nonnegative().optional(),
  /** Of `list`: for programs. No tool offers it. */
  form: z.literal('json').optional(),
});

const skillSchema = z.looseObject({ name: z.string(), file: z.string().optional() });

export function makeInspect(ports: {
  sessions: Sessions;
  worktrees: ChatWorktrees;
  skills?: Skills;
  now: () => number;
}): Inspect {
  return (actor, call) => {
    if (call.name === 'skill') return openSkill(ports.skills, call);
    if (call.name === 'worktrees') {
      return actor.state && answerWorktrees(ports.worktrees, actor.state, call);
    }
    if (call.name === 'plan') return actor.state && planShown(actor.state, ports.sessions);
    if (call.name !== 'subagents') return undefined;
    const input = inputSchema.safeParse(call.input);
    const { state } = actor;
    if (!input.success || !state) return { ok: false, text: 'subagents: list and show are read here.' };
    if (input.data.action === 'list') {
      return input.data.form === 'json' ? rowsOf(state, ports) : listed(state, ports);
    }
    const card = policy.descendant(state, input.data.target ?? '');
    if (policy.isRefusal(card)) return { ok: false, text: `Nothing to show: ${card.message}.` };
    return shown(ports.sessions, card, input.data.offset ?? 0);
  };
}

function openSkill(skills: Skills | undefined, call: ToolCall): ToolOutcome | Promise<ToolOutcome> {
  const input = skillSchema.safeParse(call.input);
  // A call that was made before a restart outlives the skills that there were.
  if (!skills || !input.success) return { ok: false, text: 'There are no skills here.' };
  return skills.open(input.data.name, input.data.file);
}

async function listed(
  state: Session,
  { sessions, now }: { sessions: Sessions; now: () => number },
): Promise<ToolOutcome> {
  const cards = Object.values(state.tree.cards).toReversed();
  if (cards.length === 0) return { ok: true, text: 'There are no subagents.' };
  const lines = await Promise.all(
    cards.map(async (card) => lineOf(card, await currentOf(sessions, card), now())),
  );
  // What a subagent says it does is data, and so is what it asks.
  return { ok: true, text: encodeBody(lines.join('\n')) };
}

type Current = Pick<Glance, 'steps' | 'usage' | 'activity'>;

/** The same as JSON, the latest first. */
async function rowsOf(
  state: Session,
  { sessions, now }: { sessions: Sessions; now: () => number },
): Promise<ToolOutcome> {
  const cards = Object.values(state.tree.cards).toReversed().slice(0, JSON_ROWS);
  const rows = await Promise.all(
    cards.map(async (card) => {
      const current = await currentOf(sessions, card);
      return {
        id: card.id,
        type: card.role,
        path: card.path,
        status: card.status,
        minutes: Math.round(((card.endedAt ?? now()) - (card.startedAt ?? card.createdAt)) / 6_000) / 10,
        messages: current.steps,
        usd: current.usage.usd,
        ...(current.activity && !isEnded(card.status) ? { now: head(oneLine(current.activity), 120) } : {}),
        ...(card.workspace ? { branch: card.workspace.branch } : {}),
      };
    }),
  );
  return { ok: true, text: JSON.stringify(rows) };
}

/**
 * One that can't be reached at this moment is told of as its latest news has it; so is one that waits for others, of
 * which it knows nothing itself.
 */
async function currentOf(sessions: Sessions, card: Card): Promise<Current> {
  if (isEnded(card.status) || card.status === 'blocked') return card;
  return (await sessions.glance(card.id).catch(() => undefined)) ?? card;
}

function lineOf(card: Card, { steps, usage, activity }: Current, now: number): string {
  const until = card.endedAt ?? now;
  return [
    `${card.path} (${card.id}): ${card.status}${card.reason ? `, ${card.reason}` : ''}`,
    `for ${duration(until - (card.startedAt ?? card.createdAt))}`,
    plural(steps, 'step'),
    `$${usage.usd.toFixed(2)}`,
    ...(card.attempt > 1 ? [`attempt ${card.attempt}`] : []),
    ...(activity && !isEnded(card.status) ? [`now: ${head(oneLine(activity), 120)}`] : []),
    ...(card.requests ?? []).map(({ id, title }) => `asks ${id}: ${head(oneLine(title), 120)}`),
    ...(card.pendingSteers > 0 ? [`${plural(card.pendingSteers, 'steer')} not read yet`] : []),
    ...(isEnded(card.status) ? [`news ${card.announcement}`] : []),
  ].join('; ');
}

/** The plan as its file has it, with what its subagents do at this moment. */
async function planShown(state: Session, sessions: Sessions): Promise<ToolOutcome> {
  const activities = new Map<string, string>();
  await Promise.all(
    standings(state).map(async ({ card }) => {
      if (card?.status !== 'running') return;
      const current = await sessions.glance(card.id).catch(() => undefined);
      if (current) activities.set(card.id, current.activity);
    }),
  );
  const text = planText(state, (subagent) => activities.get(subagent));
  if (text === undefined) return { ok: false, text: 'There is no plan: make one with plan, action set.' };
  return { ok: true, text: encodeBody(text) };
}

/** One subagent: its task, how it stands, its latest words and calls, and a page of its result. */
async function shown(sessions: Sessions, card: Card, offset: number): Promise<ToolOutcome> {
  let task = '';
  let result: string | undefined;
  const latest: string[] = [];
  const note = (line: string): void => {
    latest.push(line);
    if (latest.length > LATEST) latest.shift();
  };
  for await (const { event } of logOf(sessions, card.id)) {
    if (event.type === 'mail.accepted' && event.body.kind === 'task') task = event.body.spec.task;
    if (event.type === 'step.answered') {
      const words = saidOf(event).trim();
      if (words !== '') note(`said: ${head(words, 500)}`);
    }
    if (event.type === 'tool.started') note(`called: ${head(event.summary, 200)}`);
    if (event.type === 'attempt.ended') result = event.result;
    if (event.type === 'attempt.started') result = undefined;
  }
  const sections = [
    `${card.path} (${card.id}): ${card.status}${card.reason ? `, ${card.reason}` : ''}, attempt ${card.attempt}`,
    `Task:\n${head(task, 4_000)}`,
    ...(card.requests ?? []).map(
      ({ id, detail }) => `Asks, and waits for your answer (request ${id}):\n${detail}`,
    ),
    `Latest:\n${latest.join('\n') || '(nothing yet)'}`,
  ];
  if (result !== undefined) {
    const page = head(result.slice(offset), PAGE_CHARS);
    const rest = result.length - offset - page.length;
    const where = `Result, characters ${offset} to ${offset + page.length} of ${result.length}`;
    sections.push(
      `${where}:\n${page}${rest > 0 ? `\n(${rest} more: show with offset ${offset + page.length})` : ''}`,
    );
  }
  // What a subagent says is data: it stands fenced in the result of a tool and can open no tag of ours.
  return { ok: true, text: encodeBody(sections.join('\n\n')) };
}

async function* logOf(sessions: Sessions, session: string): AsyncGenerator<Recorded> {
  for (let after = 0; ; ) {
    const rows = await sessions.events(session, after, ROWS);
    for (const row of rows) yield decodeEvent(row);
    const last = rows.at(-1);
    if (!last || rows.length < ROWS) return;
    after = last.seq;
  }
}
