/**
 * What waits for what among a session's own children: named at the spawn, held back until all of it has completed,
 * given its results then, and ended in words when one of them won't come. Only children that are there can be named, so
 * that nothing can wait in a circle. Owns no places: who waits no longer is queued like any other.
 */
import type { Card } from './card.ts';
import type { Command, Refusal } from './commands.ts';
import type { MailBody } from './correspondence.ts';
import { tellParent } from './delegation.ts';
import type { Draft } from './draft.ts';
import * as policy from './policy.ts';
import type { Session } from './session.ts';
import * as subagents from './subagents.ts';

/** Children that one may wait for. */
export const MAX_AFTER = 20;

/** The ids of the children that a spawn is to wait for, or why it can't. */
export function awaited(state: Session, after: readonly string[], label: string): string[] | Refusal {
  const ids = new Set<string>();
  for (const name of after) {
    const card = policy.descendant(state, name);
    if (policy.isRefusal(card)) {
      const message =
        name === label
          ? `"${label}" would wait for itself: name only subagents that were spawned before it`
          : `it can't wait for what isn't there: ${card.message}. Spawn first what is to come first`;
      return { kind: 'invalid', path: 'after', message };
    }
    if (!state.tree.children[card.id]) {
      return {
        kind: 'invalid',
        path: 'after',
        message: `"${card.path}" is a subagent of ${card.parent}, and one can wait only for those with the same parent`,
      };
    }
    ids.add(card.id);
  }
  if (ids.size > MAX_AFTER) {
    return {
      kind: 'invalid',
      path: 'after',
      message: `it names ${ids.size} subagents to wait for; at most ${MAX_AFTER}`,
    };
  }
  return [...ids];
}

/** What one that waits for others is shown to do. */
export function waitsFor(tree: subagents.Tree, after: readonly string[]): string {
  return `waits for ${after.map((id) => tree.cards[id]?.path ?? id).join(', ')}`;
}

/** Children that wait for others, oldest first. */
function blocked(state: Session): Card[] {
  return subagents.ownCards(state.tree).filter((card) => card.status === 'blocked');
}

/** Those that are waited for by somebody: not to be forgotten before that one has their results. */
export function stillAwaited(state: Session): Set<string> {
  return new Set(blocked(state).flatMap(({ id }) => state.tree.children[id]?.after ?? []));
}

export interface Ready {
  readonly id: string;
  /** The events in which the endings were accepted that it waited for. */
  readonly endings: readonly number[];
}

/** Those that wait no longer: all that they waited for has completed, and is not about to go on. */
export function ready(state: Session): Ready[] {
  const waiting = blocked(state);
  if (waiting.length === 0) return [];
  const live = new Set(subagents.liveChildren(state.tree).map(({ id }) => id));
  return waiting.flatMap(({ id }) => {
    const child = state.tree.children[id];
    if (!child || child.unmet) return [];
    const endings: number[] = [];
    for (const one of child.after ?? []) {
      const ended = state.tree.children[one]?.endedSeq;
      if (live.has(one) || ended === undefined || state.tree.cards[one]?.status !== 'completed') return [];
      endings.push(ended);
    }
    return [{ id, endings }];
  });
}

/** Gives one that waits no longer what it waited for, if that is still so; it then waits for its place. */
export function gathered(d: Draft, { child, endings, news }: Extract<Command, { type: 'gathered' }>): void {
  const now = ready(d.state).find(({ id }) => id === child);
  const card = d.state.tree.cards[child];
  if (!now || !card || now.endings.join() !== endings.join()) return;
  for (const of of news) d.post(child, { kind: 'result', of });
  const queued: Card = { ...card, status: 'queued', activity: '' };
  d.add({ type: 'subagent.released', card: queued });
  tellParent(d, 'updated', queued);
}

/** Ends those that wait for what won't come: what has ended otherwise than completed, and isn't about to go on. */
export function endUnmet(d: Draft): void {
  const waiting = blocked(d.state);
  if (waiting.length === 0) return;
  const live = new Set(subagents.liveChildren(d.state.tree).map(({ id }) => id));
  for (const { id } of waiting) {
    const child = d.state.tree.children[id];
    if (!child || child.unmet) continue;
    const failed = (child.after ?? [])
      .flatMap((one) => d.state.tree.cards[one] ?? [])
      .find((card) => subagents.isEnded(card.status) && card.status !== 'completed' && !live.has(card.id));
    if (!failed) continue;
    const { path, status, reason } = failed;
    d.post(id, { kind: 'unmet', path, status: endedAs(status), ...(reason === undefined ? {} : { reason }) });
  }
}

function endedAs(status: Card['status']): Extract<MailBody, { kind: 'unmet' }>['status'] {
  if (!subagents.isEnded(status)) throw new Error(`${status} is not how a subagent ends`);
  return status;
}

/** What whoever resumes one should know whose time never came; undefined: it began, or waits still. */
export function missing(state: Session, card: Card): string | undefined {
  return state.tree.children[card.id]?.unmet && subagents.isEnded(card.status) && card.attempt === 1
    ? 'It begins now, without what it waited for: your message must hold what it needs of that.'
    : undefined;
}

/** What one is told whose time never came. */
export function unmetText({ path, status, reason }: Extract<MailBody, { kind: 'unmet' }>): string {
  const how = reason === undefined ? status : `${status} (${reason})`;
  return `It never began: it was to begin once ${path} had completed, and ${path} ended as ${how}.`;
}
