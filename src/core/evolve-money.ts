/**
 * The part of the fold that money makes: what is set aside, spent, given and given back. Called by `evolve.ts` and
 * `evolve-mail.ts` only; what may be spent is decided elsewhere.
 */
import { type Amount, amountOf, amountUpTo, type Cap, floored, minus, nothing, plus } from './amount.ts';
import { type Load, loadOf, noLoad, plusLoad } from './attachments.ts';
import {
  type Account,
  type Held,
  knownSpent,
  LEAST_OUTPUT,
  prefixWeight,
  type Spending,
  share,
  stepCall,
  weightOf,
} from './budget.ts';
import type { Card } from './card.ts';
import type { BlockRef, Carried, SessionEvent } from './events.ts';
import type { Block, PrefixParams, Usage } from './ports.ts';
import { addUsage, type Session } from './session.ts';
import * as subagents from './subagents.ts';

type Of<Type extends SessionEvent['type']> = Extract<SessionEvent, { type: Type }>;

/** Percents of a day's budget at which people are told. */
export const NOTICE_AT = [50, 80, 100] as const;

// ───────────────────────────────────────────────────────── what a request holds

/** What is left for words beside the thinking that counts towards `max_tokens` as well. */
const ROOM_BESIDE_THINKING = 1_024;

export function prefixStarted(
  params: PrefixParams,
  carried: readonly Carried[],
): Pick<Session, 'prefix' | 'contents' | 'load'> {
  const blocks = carried.flatMap(({ content }) => content);
  const weight = blocks.reduce((sum, block) => sum + weightOf(block), prefixWeight(params));
  const thinks = params.thinking?.budget_tokens;
  const least = Math.max(LEAST_OUTPUT, typeof thinks === 'number' ? thinks + ROOM_BESIDE_THINKING : 0);
  return {
    prefix: { model: params.model, most: params.max_tokens, least: Math.min(params.max_tokens, least) },
    contents: { tokens: 0, weight },
    load: loadOf(blocks),
  };
}

/** The state with one more block owed to the next request. */
export function owing(state: Session, block: Block): Pick<Session, 'owed' | 'owedWeight'> {
  return {
    owed: [...state.owed, { seq: state.seq }],
    owedWeight: state.owedWeight + weightOf(block),
  };
}

/** The same with what a call came to; where no call of a tool stands for it, that comes with a note. */
export function owingResult(state: Session, block: Block): Pick<Session, 'owed' | 'owedWeight'> {
  if (block.type === 'tool_result') return owing(state, block);
  const { owed, owedWeight } = state;
  return { owed, owedWeight };
}

/** What files make of the next request with the mail that it takes. */
export function loadWith({ load, mail }: Session, takes: readonly string[]): Load {
  return mail.waiting
    .filter((letter) => letter.load && takes.includes(letter.id))
    .reduce((sum, letter) => plusLoad(sum, letter.load ?? noLoad), load);
}

/** What the blocks weigh that a request adds. */
export function addedWeight(state: Session, adds: readonly BlockRef[]): number {
  let weight = adds.length > 0 && state.owed.length > 0 ? state.owedWeight : 0;
  const short = new Map(adds.map((ref) => [ref.seq, ref.short === true]));
  for (const letter of state.mail.waiting) {
    const asShort = short.get(letter.seq);
    if (asShort !== undefined) weight += asShort ? letter.shortWeight : letter.weight;
  }
  return weight;
}

// ───────────────────────────────────────────────────────── calls

/** Called before the request's mail is taken and what is owed is given. */
export function requested(
  state: Session,
  { step, takes, adds, reserved }: Of<'step.requested'>,
): Pick<Session, 'contents' | 'load' | 'account'> {
  const { contents, account } = state;
  return {
    contents: { ...contents, weight: contents.weight + addedWeight(state, adds) },
    load: loadWith(state, takes),
    account: reserved ? withHeld(account, stepCall(step), reserved) : account,
  };
}

export function reserved(state: Session, event: Of<'call.reserved'>): Session {
  return holding(state, event.call, event.reserved);
}

/** The state with this much set aside for a call. */
export function holding(state: Session, call: string, held: Held): Session {
  return { ...state, account: withHeld(state.account, call, held) };
}

function withHeld(account: Account, call: string, held: Held): Account {
  return { ...account, held: { ...account.held, [call]: held } };
}

/** A call was answered or cut: what was set aside for it is free again, and what it came to is spent. */
export function settled(state: Session, call: string, usage: Usage | undefined, charged: Amount): Session {
  const today = state.account;
  const { [call]: _, ...held } = today.held;
  const spent = usage ? plus(amountOf(usage), charged) : charged;
  const account = { ...today, held, own: plus(today.own, spent) };
  if (!usage) return { ...state, account };
  return {
    ...state,
    account,
    usage: addUsage(state.usage, usage),
    spending: withSpending(state.spending, { day: today.day, model: state.prefix.model, usage }),
  };
}

/** The request that was answered and its answer are what the next one begins with. */
export function contentsAnswered(usage: Usage): Session['contents'] {
  return { tokens: amountOf(usage).tokens, weight: 0 };
}

export function withSpending(all: readonly Spending[], more: Spending): readonly Spending[] {
  const at = all.findLastIndex(({ day, model }) => day === more.day && model === more.model);
  return at < 0
    ? [...all, more]
    : all.map((one, i) => (i === at ? { ...one, usage: addUsage(one.usage, more.usage) } : one));
}

// ───────────────────────────────────────────────────────── shares

export function newChild(event: Of<'subagent.spawned'>): subagents.ChildMoney {
  return {
    ...(event.spec.share ? { wanted: event.spec.share } : {}),
    ...(event.share ? { granted: event.share } : {}),
    closed: nothing,
    counted: nothing,
    day: '',
  };
}

export function granted(child: subagents.Child, cap: Cap | undefined): subagents.Child {
  return cap ? { ...child, money: { ...child.money, granted: cap } } : child;
}

/** An own child ended: what it left of its share is its parent's again. */
export function childEnded(state: Session, card: Card): Session {
  const child = state.tree.children[card.id];
  if (!child) return state;
  const { granted: _, ...money } = child.money;
  const tree = subagents.withChild(state.tree, card.id, { ...child, money });
  return childTold({ ...state, tree }, card);
}

/**
 * What an own child without a share tells of its spending goes into this account: of a chat's into today's. What
 * turns out to be less than was told on an earlier day isn't had back today.
 */
export function childTold(state: Session, card: Card): Session {
  const child = state.tree.children[card.id];
  if (!child || child.money.granted) return state;
  const { account } = state;
  const { money } = child;
  const spent = card.spent ?? amountOf(card.usage);
  const day = state.kind === 'main' ? account.day : '';
  const before = money.day === day ? money.counted : nothing;
  const counted = floored(plus(before, minus(spent, money.closed)));
  return {
    ...state,
    account: { ...account, closed: plus(account.closed, minus(counted, before)) },
    tree: subagents.withChild(state.tree, card.id, {
      ...child,
      money: { ...money, closed: spent, counted, day },
    }),
  };
}

/** A subagent has its place, and its share with it. */
export function admitted(account: Account, cap: Cap | undefined): Account {
  const { granted: _, ...rest } = account;
  return cap ? { ...rest, granted: cap } : rest;
}

// ───────────────────────────────────────────────────────── a chat's budget

/** What was passed already under the new budget is not told again; what lies above it will be. */
export function budgetChanged(state: Session, { budgetUsd }: Of<'chat.changed'>): Session {
  if (budgetUsd === undefined) return state;
  const { account } = state;
  const part = share(knownSpent(state, account), amountUpTo({ usd: budgetUsd }));
  const raised = state.budgetUsd === undefined || budgetUsd > state.budgetUsd;
  return {
    ...state,
    budgetUsd,
    account: {
      ...account,
      noticed: passed(part),
      ...(raised ? { raisedAt: state.seq } : {}),
    },
  };
}

/** The highest of the percents at which people are told that this part of a budget has reached; 0 for none. */
export function passed(part: number): number {
  return NOTICE_AT.findLast((percent) => part * 100 >= percent) ?? 0;
}

export function noticed(state: Session, event: Of<'notice'>): Session {
  if (event.budgetPercent === undefined) return state;
  return { ...state, account: { ...state.account, noticed: event.budgetPercent } };
}
