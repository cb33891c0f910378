/**
 * The account of a session: what its calls came to, what is set aside for those under way, what its subagents may
 * still spend, and so what is free. A call is paid for before it starts: `reserve` says what it may cost at worst,
 * or that it can't be paid. Pure; changes no state and ends nothing.
 */
import {
  type Amount,
  amountUpTo,
  atMost,
  type Cap,
  covers,
  exact,
  floored,
  minus,
  nothing,
  plus,
} from './amount.ts';
import { storedIn } from './attachments.ts';
import type { Budgets, Rules, Terms } from './commands.ts';
import type { Block, PrefixParams, Usage } from './ports.ts';
import { dayOf, type Session } from './session.ts';
import { type Child, isEnded } from './subagents.ts';

/** How long the prompt cache is asked to keep what is sent; the longer, the dearer. */
export type Ttl = '5m' | '1h';

/** What is set aside for one call, and what the call may be. */
export interface Held extends Amount {
  /** `max_tokens` of the request. */
  readonly maxTokens: number;
  readonly ttl: Ttl;
}

export interface Account {
  /** The latest day, in UTC, on which anything was paid; a clock that goes back doesn't bring one back. */
  readonly day: string;
  /** When that day ends, in milliseconds since the epoch. */
  readonly until: number;
  /** Own calls: the API's figures, and what those that were cut may have cost beyond. A main session's: that day's. */
  readonly own: Amount;
  /** What ended subagents spent, with all below them. A main session's: those whose news came that day. */
  readonly closed: Amount;
  /** By call: `step.7`, or another kind of call under a name of its own. Also one that was given up and not yet settled. */
  readonly held: { readonly [call: string]: Held };
  /** A subagent's cap on all its attempts together; absent before its first place. */
  readonly granted?: Cap;
  /** Percent of the day's budget that people were told of. */
  readonly noticed: number;
  /** The event that last raised the budget. */
  readonly raisedAt: number;
}

export const emptyAccount: Account = {
  day: '',
  until: 0,
  own: nothing,
  closed: nothing,
  held: {},
  noticed: 0,
  raisedAt: 0,
};

/** What a session's calls of one day and model came to, by the API's figures. */
export interface Spending {
  readonly day: string;
  readonly model: string;
  readonly usage: Usage;
}

/** What a request holds that the API has counted, and what was added since. */
export interface Contents {
  /** Tokens of the last answered request and its answer. */
  readonly tokens: number;
  /** Weight of what was added since. */
  readonly weight: number;
}

const DAY_MS = 86_400_000;

/** A request's name in the account. */
export function stepCall(step: number): string {
  return `step.${step}`;
}

/** The name of a call that makes a summary. */
export function compactCall(n: number): string {
  return `compact.${n}`;
}

// ───────────────────────────────────────────────────────── what is free

/** The account as it stands at a time: a main session's begins anew each day. */
export function accountAt(state: Pick<Session, 'kind' | 'account'>, at: number): Account {
  const { account } = state;
  if (at < account.until) return account;
  const today = { day: dayOf(at), until: (Math.floor(at / DAY_MS) + 1) * DAY_MS };
  return state.kind === 'subagent'
    ? { ...account, ...today }
    : { ...account, ...today, own: nothing, closed: nothing, noticed: 0 };
}

/** What a session may spend: a chat in a day, a subagent in all its attempts. */
export function capOn(state: Session, budgets: Budgets): Amount {
  if (state.kind === 'main') {
    return amountUpTo({
      usd: state.budgetUsd ?? budgets.chatUsd,
      ...(budgets.chatTokens === undefined ? {} : { tokens: budgets.chatTokens }),
    });
  }
  const { granted } = state.account;
  // One that got its place before there were shares goes on without one until its next.
  return granted ? amountUpTo(granted) : { usd: Number.POSITIVE_INFINITY, tokens: Number.POSITIVE_INFINITY };
}

/** What a child may still spend of its parent's: nothing once it has ended, since that is accounted then. */
export function claimOf({ money }: Child): Amount {
  const { granted, closed } = money;
  if (!granted) return nothing;
  return floored({
    usd: exact(granted.usd - closed.usd),
    tokens: granted.tokens === undefined ? 0 : granted.tokens - closed.tokens,
  });
}

export function claims(state: Session): Amount {
  let total = nothing;
  for (const id in state.tree.children) {
    const child = state.tree.children[id];
    if (child?.money.granted) total = plus(total, claimOf(child));
  }
  return total;
}

/** What is set aside for calls. */
export function heldOf(account: Account): Amount {
  let total = nothing;
  for (const call in account.held) total = plus(total, account.held[call] ?? nothing);
  return total;
}

/** All that can't be spent any more: what was, and what may yet be. */
export function bound(state: Session, account: Account): Amount {
  return plus(plus(account.own, account.closed), plus(heldOf(account), claims(state)));
}

/** What isn't spent, set aside or given away. Below nothing where a cap was lowered. */
export function freeOf(state: Session, budgets: Budgets, at: number): Amount {
  return minus(capOn(state, budgets), bound(state, accountAt(state, at)));
}

/** What is known to be spent, of the day or of all attempts: own calls, ended children, and what live ones told. */
export function knownSpent(state: Session, account: Account): Amount {
  let total = plus(account.own, account.closed);
  for (const id in state.tree.children) {
    const child = state.tree.children[id];
    const spent = state.tree.cards[id]?.spent;
    if (child?.money.granted && spent) total = plus(total, floored(minus(spent, child.money.closed)));
  }
  return total;
}

/** Whether what an ended session has spent may still turn out to be less. */
export function isUnsettled(state: Session): boolean {
  if (Object.keys(state.account.held).length > 0) return true;
  return Object.values(state.tree.children).some((child) => child.money.granted !== undefined);
}

/**
 * What a session tells its parent of its spending: at rest all that may have been spent, since that is what the
 * parent accounts; at work what is known.
 */
export function toldSpent(state: Session): Amount {
  return isAtWork(state) ? knownSpent(state, state.account) : bound(state, state.account);
}

/** What a parent must be told anew when it changes: each quarter of the share, and at rest every change. */
export function spendingMark(state: Session): string {
  const spent = toldSpent(state);
  if (!isAtWork(state)) {
    if (spent.usd === 0 && spent.tokens === 0) return '';
    return `spent ${spent.usd} ${spent.tokens}${isUnsettled(state) ? ' or less' : ''}`;
  }
  const { granted } = state.account;
  const quarter = granted ? Math.floor(4 * share(spent, amountUpTo(granted))) : 0;
  return quarter > 0 ? `quarter ${quarter}` : '';
}

function isAtWork({ status }: Session): boolean {
  return !isEnded(status) && status !== 'queued' && status !== 'blocked';
}

/** Which part of a cap is used up: of money or of tokens, whichever is more. */
export function share(spent: Amount, cap: Amount): number {
  const part = (used: number, most: number): number => (used <= 0 ? 0 : most <= 0 ? 1 : used / most);
  return Math.max(part(spent.usd, cap.usd), part(spent.tokens, cap.tokens));
}

// ───────────────────────────────────────────────────────── what a call may cost

/** The shortest answer that is worth a call. */
export const LEAST_OUTPUT = 2_048;

/** What a block may weigh besides its text, in bytes: what the API puts around it. */
const AROUND_BLOCK = 32;
/** What a request holds besides system and tools as written: the API's own words about tools. */
const AROUND_PREFIX = 2_000;

/** A call to be paid for, of whatever kind. */
export interface Wish {
  readonly terms: Terms;
  /** Tokens of its prompt at most. */
  readonly input: number;
  /** `max_tokens` as wished, and the least with which the call makes sense. */
  readonly most: number;
  readonly least: number;
  readonly ttl: Ttl;
}

/**
 * What to set aside for a call: its whole prompt as if written to the cache anew, and as long an answer as can be
 * paid. Undefined if what is free doesn't even cover the shortest one.
 */
export function reserve(free: Amount, wish: Wish): Held | undefined {
  const { terms, most, ttl } = wish;
  const input = Math.min(wish.input, terms.window);
  const least = Math.min(most, wish.least);
  const cost = (output: number): Amount => costOf({ ...wish, input }, output);
  if (!covers(free, cost(least))) return undefined;
  let maxTokens = Math.max(least, Math.min(most, Math.floor(free.tokens - input)));
  if (cost(maxTokens).usd > free.usd) {
    const base = cost(0).usd;
    const each = (cost(maxTokens).usd - base) / maxTokens;
    maxTokens = Math.max(least, Math.min(maxTokens, Math.floor((free.usd - base) / each)));
    while (maxTokens > least && cost(maxTokens).usd > free.usd) maxTokens -= 1;
  }
  return { ...cost(maxTokens), maxTokens, ttl };
}

/** What a call with an answer of `output` tokens costs at worst. */
export function costOf({ terms, input, ttl }: Pick<Wish, 'terms' | 'input' | 'ttl'>, output: number): Amount {
  const within = Math.min(input, terms.window);
  return { usd: atMost(terms.cost({ input: within, output }, ttl)), tokens: within + output };
}

/** The session's next request, which adds blocks of this weight. */
export function nextWish(state: Session, rules: Pick<Rules, 'terms'>, added: number, ttl: Ttl): Wish {
  const { model, most, least } = state.prefix;
  return { terms: rules.terms(model), input: inputOf(state.contents, added), most, least, ttl };
}

/** Tokens that a prompt may have at most: a token has two bytes at least. */
export function inputOf({ tokens, weight }: Contents, added: number): number {
  return tokens + Math.ceil((weight + added) / 2);
}

/**
 * What a call that was cut may have cost beyond what the API told of it: the rest of its answer, which may have
 * been made and lost. A call of which nothing was told may have cost all that was set aside for it.
 */
export function beyond(held: Held, terms: Terms, told: Usage | undefined): Amount {
  if (!told) return { usd: held.usd, tokens: held.tokens };
  const input = told.inputTokens + told.cacheReadTokens + told.cacheWriteTokens;
  const output = Math.max(0, held.maxTokens - told.outputTokens);
  const whole = terms.cost({ input, output }, held.ttl);
  return { usd: atMost(whole - terms.cost({ input, output: 0 }, held.ttl)), tokens: output };
}

/** Tokens of a request as they may well be: four bytes each, where the API hasn't counted them. */
export function sizeOf({ tokens, weight }: Contents): number {
  return tokens + Math.ceil(weight / 4);
}

const encoder = new TextEncoder();

/** A block's weight, in bytes, as it stands in a request; of a file, as of words that are read as as many tokens. */
export function weightOf(block: Block): number {
  const stored = storedIn(block);
  if (stored) return 2 * stored.source.tokens + AROUND_BLOCK + stored.source.name.length * 3;
  return encoder.encode(JSON.stringify(block)).length + AROUND_BLOCK;
}

const prefixWeights = new WeakMap<object, number>();

/** What a prefix weighs before its first block. */
export function prefixWeight(params: Pick<PrefixParams, 'system' | 'tools'>): number {
  const known = prefixWeights.get(params);
  if (known !== undefined) return known;
  const { system, tools } = params;
  const weight = encoder.encode(JSON.stringify([system, tools])).length + AROUND_PREFIX;
  prefixWeights.set(params, weight);
  return weight;
}
