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
import { addUsage, pendingSteers, type Session } from '../core/session.ts';
import { childTowards, isEnded } from '../core/subagents.ts';
import { type ChatView, chatStatuses } from './answers.ts';
import type { AppPorts } from './ports.ts';

type Ports = Pick<AppPorts, 'runtime' | 'store' | 'budget' | 'clock'>;

/** Events of a log that are looked at in one go. */
const PAGE = 200;

export function chatView(ports: Ports, state: Session): ChatView {
  const { runtime } = ports;
  const cards = Object.values(state.tree.cards);
  const subagents: ChatView['subagents'] = {};
  let usage = addUsage(state.usage, state.pastUsage);
  for (const card of cards) {
    subagents[card.status] = (subagents[card.status] ?? 0) + 1;
    usage = addUsage(usage, runtime.live(card.id)?.usage ?? card.usage);
  }
  const status = chatStatuses.find((one) => one === state.status);
  if (!status) throw new Error(`main session ${state.id} has a subagent's status ${state.status}`);
  return {
    id: state.id,
    title: state.title,
    status,
    ...(state.reason === undefined ? {} : { reason: state.reason }),
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
export function chatAsMade(ports: Ports, id: string): ChatView {
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
export function subagentNow(ports: Ports, main: Session, card: Card): SubagentView {
  const live = ports.runtime.live(card.id);
  const at = isEnded(card.status) ? undefined : live;
  return {
    ...subagentView(card),
    ...(at ? { steps: at.attemptSteps, activity: at.activity, usage: at.usage } : {}),
    pendingSteers: (at ? pendingSteers(at) : card.pendingSteers) + steersUnderWay(ports, main, card),
  };
}

/** One in full: its whole task and, if it has ended, its whole result. */
export function subagentInFull(ports: Ports, main: Session, card: Card): SubagentView {
  const view = subagentNow(ports, main, card);
  const result = resultOf(ports.store, card);
  return {
    ...view,
    task: taskOf(ports.store, main, card),
    ...(result === undefined ? {} : { result }),
  };
}

/** Steers that were posted towards a subagent and that it hasn't accepted yet. */
function steersUnderWay({ runtime }: Ports, main: Session, card: Card): number {
  let n = 0;
  let at: Session | undefined = main;
  while (at && at.id !== card.id) {
    const { id, mail, tree }: Session = at;
    const next = childTowards(tree, card.id);
    if (next === undefined) return n;
    const posted = mail.undelivered.filter(
      ({ to, body }) => to === next && body.kind === 'steer' && body.target === card.id,
    );
    if (posted.length === 0 && next === card.id) return n;
    at = posted.length === 0 ? runtime.live(next) : runtime.state(next);
    // Accepted there already, its acknowledgement still on the way back: counted where it is now.
    const heard = at?.mail.accepted[id] ?? 0;
    n += posted.filter((one) => one.n > heard).length;
  }
  return n;
}

function taskOf(store: Ports['store'], main: Session, card: Card): string {
  for (const row of store.events(card.id, 0, 20)) {
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
function resultOf(store: Ports['store'], card: Card): string | undefined {
  if (!isEnded(card.status)) return undefined;
  for (let end = store.session(card.id)?.seq ?? 0; end > 0; end -= PAGE) {
    const from = Math.max(0, end - PAGE);
    for (const row of store.events(card.id, from, end - from).toReversed()) {
      if (!row.event.includes('"attempt.ended"')) continue;
      const { event } = decodeEvent(row);
      if (event.type === 'attempt.ended' && event.attempt === card.attempt) return event.result;
    }
  }
  return undefined;
}
