/**
 * A chat and its subagents as people and programs see them: what the chat's own log tells of them, and what
 * is live besides. Reads committed state only, changes nothing.
 */
import { capOf, floored, minus } from '../core/amount.ts';
import { accountAt, bound, capOn, freeOf, knownSpent } from '../core/budget.ts';
import type { Card } from '../core/card.ts';
import { decodeEvent } from '../core/events.ts';
import { evolve } from '../core/evolve.ts';
import { type SubagentView, subagentView } from '../core/feed.ts';
import { type Glance, glanceOf } from '../core/glance.ts';
import type { Store } from '../core/ports.ts';
import { addUsage, openRequests, type Session } from '../core/session.ts';
import { isEnded } from '../core/subagents.ts';
import { type ChatView, chatStatuses } from './answers.ts';
import type { AppPorts } from './ports.ts';

type Ports = Pick<AppPorts, 'runtime' | 'budget' | 'clock'> & { readonly store: Pick<Store, 'events'> };

/** Events of a log that are looked at in one go. */
const PAGE = 200;

export async function chatView(ports: Ports, state: Session): Promise<ChatView> {
  const cards = Object.values(state.tree.cards);
  const subagents: ChatView['subagents'] = {};
  let usage = addUsage(state.usage, state.pastUsage);
  const now = await Promise.all(cards.map((card) => glanceAt(ports, card)));
  for (const [at, card] of cards.entries()) {
    subagents[card.status] = (subagents[card.status] ?? 0) + 1;
    usage = addUsage(usage, now[at]?.usage ?? card.usage);
  }
  const status = chatStatuses.find((one) => one === state.status);
  const [inputRequest] = openRequests(state);
  if (!status) throw new Error(`main session ${state.id} has a subagent's status ${state.status}`);
  return {
    id: state.id,
    title: state.title,
    status,
    ...(state.reason === undefined ? {} : { reason: state.reason }),
    ...(inputRequest ? { inputRequest } : {}),
    lead: state.lead ?? 'assistant',
    model: state.chosenModel ?? state.model,
    owner: state.owner,
    usage,
    budget: budgetView(ports, state),
    createdAt: state.createdAt,
    ...(state.archived ? { archived: true } : {}),
    subagents,
  };
}

/** What a chat may spend today, and how much of it is left. */
export function budgetView({ budget, clock }: Ports, state: Session): ChatView['budget'] {
  const at = clock.now();
  const account = accountAt(state, at);
  const spent = knownSpent(state, account);
  return {
    ...capOf(capOn(state, budget)),
    day: account.day,
    spent,
    reserved: floored(minus(bound(state, account), spent)),
    free: capOf(floored(freeOf(state, budget, at))),
  };
}

/** A chat as it was made: what a request that made it is answered with, however late it comes again. */
export function chatAsMade(ports: Ports, id: string): Promise<ChatView> {
  const [first] = ports.store.events(id, 0, 1);
  if (!first) throw new Error(`chat ${id} has no log`);
  return chatView(ports, evolve(undefined, decodeEvent(first)));
}

/** A subagent as it stood after the commit that spawned it: likewise. */
export async function subagentAsSpawned(
  { store, clock }: Pick<AppPorts, 'store' | 'clock'>,
  chat: string,
  id: string,
): Promise<SubagentView> {
  // From the end of the log: most of these requests come right after the spawn.
  let admitted: { card: Card; at: number } | undefined;
  for (let end = store.session(chat)?.seq ?? 0; end > 0; end -= PAGE) {
    const from = Math.max(0, end - PAGE);
    for (const row of store.events(chat, from, end - from).toReversed()) {
      if (!row.event.includes(id)) continue;
      const { event, at } = decodeEvent(row);
      if (event.type === 'subagent.admitted' && event.card.id === id) admitted = { card: event.card, at };
      if (event.type !== 'subagent.spawned' || event.spec.id !== id) continue;
      const card = admitted?.at === at && admitted.card.attempt === 1 ? admitted.card : event.card;
      return subagentView(card);
    }
    await new Promise<void>((resolve) => clock.soon(resolve));
  }
  throw new Error(`subagent ${id} was not spawned in ${chat}`);
}

/** A subagent as it stands: its card, and what it does now if it hasn't ended. */
export async function subagentNow(ports: Ports, main: Session, card: Card): Promise<SubagentView> {
  const now = await glanceAt(ports, card);
  const underWay = await steersUnderWay(ports, main, card);
  return {
    ...subagentView(card),
    ...(now ? { steps: now.steps, activity: now.activity, usage: now.usage } : {}),
    pendingSteers: (now?.pendingSteers ?? card.pendingSteers) + underWay,
  };
}

/** Statuses in which more may be known of a subagent than its latest news tells. */
const moving: ReadonlySet<string> = new Set(['running', 'waiting', 'input_required']);

/** What a subagent does now; undefined: its card says all of it, or it can't be reached at this moment. */
export async function glanceAt(
  { runtime }: Pick<AppPorts, 'runtime'>,
  { id, status }: Pick<Card, 'id' | 'status'>,
): Promise<Glance | undefined> {
  return moving.has(status) ? runtime.sessions.glance(id).catch(() => undefined) : undefined;
}

/** One in full: its whole task and, if it has ended, its whole result. */
export async function subagentInFull(ports: Ports, main: Session, card: Card): Promise<SubagentView> {
  const view = await subagentNow(ports, main, card);
  const result = await resultOf(ports.runtime, card);
  return {
    ...view,
    task: await taskOf(ports.runtime, main, card),
    ...(result === undefined ? {} : { result }),
  };
}

/** Steers that were posted towards a subagent and that it hasn't accepted yet. */
async function steersUnderWay(ports: Ports, main: Session, card: Card): Promise<number> {
  let n = 0;
  let from = main.id;
  let at: Glance | undefined = glanceOf(main);
  for (const next of wayTo(main, card)) {
    const posted = (at?.passing ?? []).filter(({ to, target }) => to === next.id && target === card.id);
    if (posted.length === 0 && next.id === card.id) return n;
    at = await ports.runtime.sessions.glance(next.id).catch(() => undefined);
    // Accepted there already, its acknowledgement still on the way back: counted where it is now.
    const heard = at?.accepted[from] ?? 0;
    n += posted.filter((one) => one.n > heard).length;
    from = next.id;
  }
  return n;
}

/** From the main session's own child down to the subagent itself. */
function wayTo({ id, tree }: Session, card: Card): Card[] {
  const way = [card];
  for (let above = tree.cards[card.parent]; above && above.id !== id; above = tree.cards[above.parent]) {
    way.unshift(above);
  }
  return way;
}

async function taskOf(
  { sessions }: Pick<AppPorts['runtime'], 'sessions'>,
  main: Session,
  card: Card,
): Promise<string> {
  for (const row of await sessions.events(card.id, 0, 20)) {
    const { event } = decodeEvent(row);
    if (event.type === 'mail.accepted' && event.body.kind === 'task') return event.body.spec.task;
  }
  // Not born yet: its task is on the way.
  for (const { to, body } of main.mail.undelivered) {
    if (to === card.id && body.kind === 'task') return body.spec.task;
  }
  return card.task;
}

/** From the end of its own log, since that is where endings are. */
async function resultOf(
  { sessions }: Pick<AppPorts['runtime'], 'sessions'>,
  card: Card,
): Promise<string | undefined> {
  if (!isEnded(card.status)) return undefined;
  for (let end = (await sessions.row(card.id))?.seq ?? 0; end > 0; end -= PAGE) {
    const from = Math.max(0, end - PAGE);
    for (const row of (await sessions.events(card.id, from, end - from)).toReversed()) {
      if (!row.event.includes('"attempt.ended"')) continue;
      const { event } = decodeEvent(row);
      if (event.type === 'attempt.ended' && event.attempt === card.attempt) return event.result;
    }
  }
  return undefined;
}
