/**
 * What a session does with its subagents: spawning, giving places, steering, killing, and telling its own
 * parent how it and they stand. All of it is mail; nothing here waits for anybody.
 */

import { inputOf, isUnsettled, toldSpent } from './budget.ts';
import type { Card, ChildSpec, InputNews, Principal } from './card.ts';
import type { Refusal, SpawnRequest } from './commands.ts';
import type { MailBody } from './correspondence.ts';
import { awaited, waitsFor } from './dependencies.ts';
import type { Draft } from './draft.ts';
import { childId, childSecret } from './ids.ts';
import { LABEL_CHARS, labelOfTask } from './label.ts';
import * as mailbox from './mailbox.ts';
import * as policy from './policy.ts';
import { openRequests, pendingSteers, preview, quotaDay, type Session, standing } from './session.ts';
import * as shares from './shares.ts';
import * as subagents from './subagents.ts';

/** Spawns that a child which may delegate is lent when it gets its place. */
const LENT_SPAWNS = 4;

/** Steers that may wait for a subagent: a flood of them is refused, not queued. */
export const MAX_UNREAD_STEERS = 50;

// ───────────────────────────────────────────────────────── spawn

/**
 * Spawns a child: its birth and the mail with its task are events of the same commit. `call` names the
 * spawn within this session, so that the child's id follows from it.
 */
export function spawn(d: Draft, call: string, request: SpawnRequest): Card | Refusal {
  const { state, context } = d;
  const refusal = policy.spawnRefusal(state, context.rules, context.at);
  if (refusal) return refusal;
  const id = childId(state.id, call);
  const label = freeLabel(state, request.label ?? labelOfTask(request.task));
  const after = awaited(state, request.after ?? [], label);
  if ('message' in after) return after;
  const spec: ChildSpec = {
    id,
    chat: state.chat,
    owner: state.owner,
    parent: state.id,
    label,
    path: state.spec ? `${state.spec.path}/${label}` : label,
    depth: policy.depthOf(state) + 1,
    task: request.task,
    role: state.spec?.role === 'reviewer' ? 'reviewer' : request.role,
    model: request.model ?? context.rules.subagentModel,
    ...(request.thinking ? { thinking: request.thinking } : {}),
    ...(request.repo ? { repo: request.repo } : {}),
    limitMs: Math.min(
      request.minutes === undefined ? Number.POSITIVE_INFINITY : request.minutes * 60_000,
      state.spec?.limitMs ?? Number.POSITIVE_INFINITY,
      context.rules.subagentMs,
    ),
    share: shares.wantedShare(request, context.rules),
    idleMs: context.rules.idleMs,
    announce: request.announce,
    ...(after.length > 0 ? { after } : {}),
    ...(request.retries === undefined ? {} : { retries: request.retries }),
    ...(request.once === undefined ? {} : { once: request.once }),
    ...policy.childTrust(state, context.rules, request.trust),
    ...(request.doneWhen ? { doneWhen: request.doneWhen } : {}),
    secret: childSecret(state.secret, id),
    createdAt: context.at,
  };
  const card: Card = {
    id,
    label,
    path: spec.path,
    parent: state.id,
    task: preview(spec.task),
    role: spec.role,
    agent: 'tidings',
    ...(spec.trust ? { trust: spec.trust } : {}),
    model: spec.model,
    status: after.length > 0 ? 'blocked' : 'queued',
    attempt: 1,
    createdAt: context.at,
    steps: 0,
    activity: after.length > 0 ? waitsFor(state.tree, after) : '',
    usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0 },
    share: { minutes: spec.limitMs / 60_000, ...spec.share },
    next: shares.firstRequest(spec, context.rules),
    ...(after.length > 0 ? { after } : {}),
    pendingSteers: 0,
    announcement: 'none',
    heard: 0,
  };
  const given = shares.spawnShare(state, context, request, card);
  if ('message' in given) return given;
  // The log keeps the whole task once, in the mail; the fold needs only its beginning.
  const step = Number.parseInt(call, 10);
  d.add({
    type: 'subagent.spawned',
    spec: { ...spec, task: card.task },
    card,
    // One that waits for others would keep from them what they need to come to their end.
    ...(after.length > 0 ? {} : given),
    // Those that people and programs spawn come one by one.
    ...(request.announce === 'together' && Number.isInteger(step) ? { together: step } : {}),
  });
  d.post(id, { kind: 'task', spec });
  tellParent(d, 'spawned', card);
  return card;
}

/** Whether a child that was just spawned gets its place and its share in this commit. */
export function startsAtOnce({ state, context }: Draft, card: Card): boolean {
  const waiting = subagents.queued(state.tree).filter((one) => one.id !== card.id);
  if (subagents.atWork(state.tree) + waiting.length >= context.rules.maxChildren) return false;
  return shares.startsAtOnce(state, context, card, waiting);
}

function freeLabel(state: Session, wanted: string): string {
  const taken = new Set(subagents.ownCards(state.tree).map((card) => card.label));
  if (!taken.has(wanted)) return wanted;
  for (let n = 2; ; n++) {
    const suffix = `-${n}`;
    const label = `${wanted.slice(0, LABEL_CHARS - suffix.length)}${suffix}`;
    if (!taken.has(label)) return label;
  }
}

// ───────────────────────────────────────────────────────── places

/** Gives free places to those who wait for one, in the order in which they came. */
export function admit(d: Draft): void {
  const { rules, at } = d.context;
  const waiting = subagents.queued(d.state.tree);
  let free = rules.maxChildren - subagents.atWork(d.state.tree);
  let left = waiting.length;
  for (const card of waiting) {
    if (free <= 0) return;
    const child = d.state.tree.children[card.id];
    if (!child) continue;
    const share = shares.grant(d.state, d.context, child, card, Math.min(free, left));
    left -= 1;
    if (!share) continue;
    free -= 1;
    const lends = policy.mayDelegate(child.spec.depth, rules);
    const spawnsLeft = policy.spawnsLeft(d.state, rules, at);
    const spawns = lends ? Math.max(0, Math.min(LENT_SPAWNS, spawnsLeft)) : 0;
    const { endedAt: _, reason: __, ...alive } = card;
    const placed: Card = {
      ...alive,
      status: 'running',
      startedAt: at,
      share: { minutes: card.share.minutes, ...share },
    };
    d.add({ type: 'subagent.admitted', card: placed, spawns, share });
    d.post(card.id, { kind: 'go', attempt: card.attempt, spawns, day: quotaDay(d.state, at), share });
    tellParent(d, 'updated', placed);
  }
}

// ───────────────────────────────────────────────────────── steer, kill

/** Steers for a subagent that its parent, or whoever is on the way to it, has not taken yet. */
export function steersUnderWay(state: Session, target: string): number {
  let n = 0;
  for (const { body } of state.mail.undelivered) {
    if (body.kind === 'steer' && body.target === target) n += 1;
  }
  return n;
}

/** Posts a steer towards its target; `steerId` follows from the mail that carries it. */
export function steer(
  d: Draft,
  target: Card,
  steering: { text: string; interrupt: boolean; by: 'parent' | 'person'; from?: Principal; retry?: true },
): string | Refusal {
  const next = subagents.childTowards(d.state.tree, target.id);
  if (!next) return { kind: 'not_found', message: `there is no way to ${target.path} any more` };
  if (target.pendingSteers + steersUnderWay(d.state, target.id) >= MAX_UNREAD_STEERS) {
    return {
      kind: 'limit',
      message: `"${target.path}" has ${MAX_UNREAD_STEERS} steers that it hasn't read yet; wait until it has, or say what matters in one`,
    };
  }
  const steerId = `${next}.steer${mailbox.nextTo(d.state.mail, next)}`;
  d.post(next, { kind: 'steer', steerId, target: target.id, ...steering });
  return steerId;
}

/** Posts a kill towards each target that lives. Those below a target die with it. */
export function kill(d: Draft, targets: readonly Card[], by: 'parent' | 'ancestor' | 'person'): void {
  for (const card of targets) {
    const next = subagents.childTowards(d.state.tree, card.id);
    if (next) d.post(next, { kind: 'kill', target: card.id, by });
  }
}

/** Ends every live child: what any ending but `completed` does. */
export function killChildren(d: Draft): void {
  kill(d, subagents.liveChildren(d.state.tree), 'parent');
}

/**
 * The subagents that a kill of `target` is aimed at: those to be told, which is the topmost that live, all of
 * them with those below, and the labels of those that had ended already. What is below one that ended may
 * still be on its way to its own end.
 */
export function killTargets(
  state: Session,
  target: string,
): { live: Card[]; all: Card[]; alreadyEnded: string[] } | Refusal {
  const live = new Set(subagents.liveChildren(state.tree).map((card) => card.id));
  const lives = (card: Card): boolean => !subagents.isEnded(card.status) || live.has(card.id);
  const aimed = (cards: readonly Card[], alreadyEnded: string[]) => {
    const all = cards.filter(lives);
    const ids = new Set(all.map((card) => card.id));
    return { live: all.filter((card) => !ids.has(card.parent)), all, alreadyEnded };
  };
  if (target === policy.ALL) return aimed(Object.values(state.tree.cards), []);
  const card = policy.descendant(state, target);
  if (policy.isRefusal(card)) return card;
  return aimed(subagents.subtree(state.tree, card.id), lives(card) ? [] : [card.label]);
}

// ───────────────────────────────────────────────────────── telling the parent

/** This session as its ancestors are to know it. */
export function cardOf(state: Session): Card {
  const { spec } = state;
  if (!spec) throw new Error(`${state.id} is a main session and has no card`);
  const { status } = state;
  const requests = openRequests(state);
  if (status === 'idle' || status === 'working' || status === 'parked') {
    throw new Error(`subagent ${state.id} has a main session's status ${status}`);
  }
  return {
    id: state.id,
    label: spec.label,
    path: spec.path,
    parent: spec.parent,
    task: spec.task,
    role: spec.role,
    agent: 'tidings',
    ...(spec.trust ? { trust: spec.trust } : {}),
    model: spec.model,
    status,
    ...(state.reason && subagents.isEnded(status) ? { reason: state.reason } : {}),
    attempt: state.attempt,
    createdAt: spec.createdAt,
    ...(state.attemptStartedAt ? { startedAt: state.attemptStartedAt } : {}),
    ...(state.endedAt && subagents.isEnded(status) ? { endedAt: state.endedAt } : {}),
    steps: state.attemptSteps,
    activity: state.activity,
    usage: state.usage,
    share: { minutes: spec.limitMs / 60_000, ...(state.account.granted ?? spec.share) },
    spent: toldSpent(state),
    ...(isUnsettled(state) && (subagents.isEnded(status) || status === 'queued') ? { unsettled: true } : {}),
    ...(status === 'queued' ? { next: nextRequest(state) } : {}),
    ...(spec.after ? { after: spec.after } : {}),
    spending: [...state.spending],
    pendingSteers: pendingSteers(state),
    ...(requests.length > 0 ? { requests } : {}),
    ...(state.asked > 0 ? { asked: state.asked } : {}),
    ...(state.workspace ? { workspace: state.workspace } : {}),
    ...(state.verified !== undefined && subagents.isEnded(status) ? { verified: state.verified } : {}),
    announcement: subagents.isEnded(status) ? 'pending' : 'none',
    ...(state.unswept.length > 0 ? { unswept: state.unswept.flatMap((one) => one.left) } : {}),
    heard: state.mail.accepted[spec.parent] ?? 0,
  };
}

/** What the next request holds at most, with all that waits to be in it. */
function nextRequest(state: Session): NonNullable<Card['next']> {
  let waiting = state.owedWeight;
  for (const letter of state.mail.waiting) waiting += letter.weight;
  return { input: inputOf(state.contents, waiting), least: state.prefix.least };
}

/** Passes news of a descendant on to this session's own parent; a main session has none. */
export function tellParent(
  d: Draft,
  change: Extract<MailBody, { kind: 'status' }>['change'],
  card: Card,
  more: {
    read?: { steerId: string; step: number }[];
    result?: string;
    input?: InputNews;
    refused?: string;
    unread?: string[];
  } = {},
): void {
  const { spec } = d.state;
  if (!spec) return;
  d.post(spec.parent, { kind: 'status', change, card, ...more });
}

/** Tells the parent how this session stands, if that has changed since it was last told. */
export function report(d: Draft, read: { steerId: string; step: number }[] = []): void {
  const { state } = d;
  if (!state.spec) return;
  const now = standing(state);
  const changed = read.length > 0 || now.shown !== state.told.shown;
  if (!changed && now.living === state.told.living) return;
  tellParent(d, changed ? 'updated' : 'told', cardOf(state), read.length > 0 ? { read } : {});
}
