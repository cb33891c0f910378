/**
 * Who may do what to whom. A session sees its own descendants and nothing else; people see the whole tree of
 * their chat. A child never has more than its parent. Decides nothing about time or money.
 */

import { type Card, type TrustLevel, trustLevels } from './card.ts';
import type { Refusal, Rules } from './commands.ts';
import { quotaDay, type Session } from './session.ts';
import * as subagents from './subagents.ts';

/** The word that stands for every one, in a kill. */
export const ALL = 'all';

/** The descendant that a name means, or why none is meant. What isn't a descendant doesn't exist here. */
export function descendant(state: Session, target: string): Card | Refusal {
  const found = subagents.find(state.tree, target);
  switch (found.kind) {
    case 'one':
      return found.card;
    case 'none':
      return { kind: 'not_found', message: unknown(state, target) };
    case 'many':
      return {
        kind: 'ambiguous',
        message: `"${shorten(target)}" could be ${list(found.cards.map((card) => `${card.path} (${card.id})`))}: use a path or an id`,
      };
  }
}

export function isRefusal(value: Card | Refusal): value is Refusal {
  return 'message' in value;
}

function unknown(state: Session, target: string): string {
  const cards = Object.values(state.tree.cards);
  if (cards.length === 0) return `there is no subagent "${shorten(target)}": none was spawned here`;
  const latest = cards.slice(-20).map((card) => card.path);
  return `there is no subagent "${shorten(target)}"; there ${cards.length === 1 ? 'is' : 'are'} ${list(latest)}${cards.length > latest.length ? ' and older ones' : ''}`;
}

function list(names: readonly string[]): string {
  return names.length <= 1
    ? names.join('')
    : `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`;
}

function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79).toWellFormed()}…`;
}

/** Whether a session of this depth may have subagents. */
export function mayDelegate(depth: number, rules: Rules): boolean {
  return depth < rules.maxDepth;
}

export function depthOf(state: Session): number {
  return state.spec?.depth ?? 0;
}

// ───────────────────────────────────────────────────────── trust

function narrower<A extends TrustLevel>(a: A, b: A): A {
  return trustLevels.indexOf(a) <= trustLevels.indexOf(b) ? a : b;
}

/**
 * How far a session may act by itself now: as far as it was given, and never farther than the configuration goes now.
 * One that began without a plan is not stopped for one in the middle of its work: it asks.
 */
export function trustOf(state: Session, { trust }: Rules): TrustLevel {
  const { spec } = state;
  if (!spec) return trust.main;
  if (spec.trust === 'plan' && !state.planned) return 'plan';
  const given = spec.trust === 'plan' ? (spec.afterPlan ?? 'ask') : (spec.trust ?? 'auto');
  const planned = spec.trust === 'plan' ? 'auto' : 'ask';
  const most = trust.subagents === 'plan' ? planned : trust.subagents;
  return narrower<TrustLevel>(narrower<TrustLevel>(given, most), trust.main);
}

/** What a child is given: never more than its parent has and the configuration allows, and less if that is wanted. */
export function childTrust(
  state: Session,
  rules: Rules,
  wanted: TrustLevel | undefined,
): { readonly trust: TrustLevel; readonly afterPlan?: Exclude<TrustLevel, 'plan'> } {
  const most = narrower(trustOf(state, rules), rules.trust.subagents);
  const trust = narrower(wanted ?? most, most);
  if (trust !== 'plan') return { trust };
  const own = trustOf(state, rules) === 'auto' ? 'auto' : 'ask';
  return { trust, afterPlan: rules.trust.subagents === 'ask' ? 'ask' : own };
}

/** Spawns that this session may still make today. */
export function spawnsLeft(state: Session, rules: Rules, at: number): number {
  if (state.kind === 'subagent') return state.quota.given - state.quota.used;
  return rules.maxSpawns - (state.quota.day === quotaDay(state, at) ? state.quota.used : 0);
}

/** Why this session may not spawn now, if so. */
export function spawnRefusal(state: Session, rules: Rules, at: number): Refusal | undefined {
  if (!mayDelegate(depthOf(state), rules)) {
    return {
      kind: 'limit',
      message: `subagents may be nested ${rules.maxDepth} deep, and this one is at the bottom: do the work yourself`,
    };
  }
  if (trustOf(state, rules) === 'plan') {
    return {
      kind: 'limit',
      message: 'your plan is not approved yet: hand it in with report, and delegate once it is',
    };
  }
  if (spawnsLeft(state, rules, at) < 1) {
    return {
      kind: 'limit',
      message: `the day's limit of ${rules.maxSpawns} spawns for this chat is used up: steer a subagent that is there, do the work yourself, or go on tomorrow (UTC)`,
    };
  }
  return undefined;
}
