/**
 * The tools that only read and need no workshop: `skill`, and the reading half of `subagents`, which lists a
 * session's descendants and shows one of them. Reads what is committed, asks nobody, changes nothing.
 */
import { z } from 'zod';
import { duration } from '../core/announcement.ts';
import type { Card } from '../core/card.ts';
import { encodeBody, head } from '../core/fence.ts';
import * as policy from '../core/policy.ts';
import type { Skills, Store, ToolCall, ToolOutcome } from '../core/ports.ts';
import { type Session, textOf } from '../core/session.ts';
import { isEnded } from '../core/subagents.ts';
import { type Actor, read } from './actor.ts';

export type Inspect = (actor: Actor, call: ToolCall) => ToolOutcome | Promise<ToolOutcome> | undefined;

/** Characters of a result that one `show` carries. */
const PAGE_CHARS = 20_000;
const LATEST = 12;

const inputSchema = z.looseObject({
  action: z.enum(['list', 'show']),
  target: z.string().optional(),
  offset: z.number().int().nonnegative().optional(),
});

const skillSchema = z.looseObject({ name: z.string(), file: z.string().optional() });

export function makeInspect(ports: {
  store: Store;
  skills?: Skills;
  /** A session as it stands now, if it is at hand. */
  live: (session: string) => Session | undefined;
  now: () => number;
}): Inspect {
  return (actor, call) => {
    if (call.name === 'skill') return openSkill(ports.skills, call);
    if (call.name !== 'subagents') return undefined;
    const input = inputSchema.safeParse(call.input);
    const { state } = actor;
    if (!input.success || !state) return { ok: false, text: 'subagents: list and show are read here.' };
    if (input.data.action === 'list') return { ok: true, text: listText(state, ports) };
    const card = policy.descendant(state, input.data.target ?? '');
    if (policy.isRefusal(card)) return { ok: false, text: `Nothing to show: ${card.message}.` };
    return { ok: true, text: showText(ports.store, card, input.data.offset ?? 0) };
  };
}

function openSkill(skills: Skills | undefined, call: ToolCall): ToolOutcome | Promise<ToolOutcome> {
  const input = skillSchema.safeParse(call.input);
  // A call that was made before a restart outlives the skills that there were.
  if (!skills || !input.success) return { ok: false, text: 'There are no skills here.' };
  return skills.open(input.data.name, input.data.file);
}

function listText(
  state: Session,
  { live, now }: { live: (session: string) => Session | undefined; now: () => number },
): string {
  const cards = Object.values(state.tree.cards).toReversed();
  if (cards.length === 0) return 'There are no subagents.';
  const lines = cards.map((card) => {
    const current = isEnded(card.status) ? undefined : live(card.id);
    const steps = current?.attemptSteps ?? card.steps;
    const usage = current?.usage ?? card.usage;
    const activity = current?.activity ?? card.activity;
    const until = card.endedAt ?? now();
    return [
      `${card.path} (${card.id}): ${card.status}${card.reason ? `, ${card.reason}` : ''}`,
      `for ${duration(until - (card.startedAt ?? card.createdAt))}`,
      `${steps} steps`,
      `$${usage.usd.toFixed(2)}`,
      ...(card.attempt > 1 ? [`attempt ${card.attempt}`] : []),
      ...(activity && !isEnded(card.status) ? [`now: ${head(activity, 120)}`] : []),
      ...(card.requests ?? []).map(({ id, title }) => `asks ${id}: ${head(title, 120)}`),
      ...(card.pendingSteers > 0 ? [`${card.pendingSteers} steers not read yet`] : []),
      ...(isEnded(card.status) ? [`news ${card.announcement}`] : []),
    ].join('; ');
  });
  return lines.join('\n');
}

/** One subagent: its task, how it stands, its latest words and calls, and a page of its result. */
function showText(store: Store, card: Card, offset: number): string {
  let task = '';
  let result: string | undefined;
  const latest: string[] = [];
  const note = (line: string): void => {
    latest.push(line);
    if (latest.length > LATEST) latest.shift();
  };
  for (const { event } of read(store, card.id, 0)) {
    if (event.type === 'mail.accepted' && event.body.kind === 'task') task = event.body.spec.task;
    if (event.type === 'step.answered') {
      const words = textOf(event.content).trim();
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
  return encodeBody(sections.join('\n\n'));
}
