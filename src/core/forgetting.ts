/**
 * Which ended subagents a chat may forget, and what is left of them in its state: what they had used, and that
 * their logs and folders are still to be removed. Never forgets news that nobody has read.
 */
import type { Card } from './card.ts';
import type { Command } from './commands.ts';
import { stillAwaited } from './dependencies.ts';
import type { Draft } from './draft.ts';
import { withSpending } from './evolve-money.ts';
import * as mailbox from './mailbox.ts';
import { withoutCards } from './plan.ts';
import { addUsage, type Session } from './session.ts';
import * as subagents from './subagents.ts';

/** Own children that may be forgotten, each with all below it, itself first. */
export function forgettable(state: Session, before: number): Card[][] {
  if (state.kind !== 'main' || state.deleting) return [];
  const live = new Set(subagents.liveChildren(state.tree).map((card) => card.id));
  const inTouch = new Set([
    ...state.mail.undelivered.flatMap(({ to, body }) => ('target' in body ? [to, body.target] : [to])),
    ...mailbox.unsettled(state.mail).flatMap(({ subagent }) => (subagent ? [subagent.id] : [])),
    ...(state.step?.calls ?? []).flatMap(({ targets }) => targets ?? []),
    ...stillAwaited(state),
  ]);
  const past = (card: Card): boolean =>
    subagents.isDead(card) &&
    !live.has(card.id) &&
    !inTouch.has(card.id) &&
    card.pendingSteers === 0 &&
    card.endedAt !== undefined &&
    card.endedAt < before &&
    card.announcement !== 'none' &&
    card.announcement !== 'pending';
  return subagents
    .ownCards(state.tree)
    .filter(past)
    .map((card) => subagents.subtree(state.tree, card.id))
    .filter((cards) => cards.every(past));
}

export function forget(d: Draft, { before, ids }: Extract<Command, { type: 'forget' }>): void {
  const wanted = new Set(ids);
  const going = forgettable(d.state, before).filter(([root]) => root !== undefined && wanted.has(root.id));
  if (going.length === 0) return;
  d.add({ type: 'subagent.forgotten', ids: going.flat().map((card) => card.id) });
}

/** The state without these subagents: their labels are free again, and what they used stays counted. */
export function forgotten(state: Session, ids: readonly string[]): Session {
  const gone = new Set(ids);
  const without = <T>(all: { readonly [id: string]: T }): { [id: string]: T } =>
    Object.fromEntries(Object.entries(all).filter(([id]) => !gone.has(id)));
  const { mail, tree } = state;
  const plan = withoutCards(state, gone);
  return {
    ...state,
    ...(plan ? { plan } : {}),
    pastUsage: ids.reduce((sum, id) => {
      const card = tree.cards[id];
      return card ? addUsage(sum, card.usage) : sum;
    }, state.pastUsage),
    pastSpending: ids
      .flatMap((id) => tree.cards[id]?.spending ?? [])
      .reduce(withSpending, state.pastSpending),
    mail: { ...mail, accepted: without(mail.accepted), posted: without(mail.posted) },
    tree: { ...tree, cards: without(tree.cards), children: without(tree.children) },
    leaving: [...state.leaving, ...ids],
  };
}
