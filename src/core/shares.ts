/**
 * How a session gives its subagents of what it has: what one is to get, when it gets it, and why one can't be had.
 * Owns the rule of sharing; spawns nothing and posts nothing.
 */
import { type Amount, amountUpTo, type Cap, capOf, covers, exact, floored, inWords, plus } from './amount.ts';
import {
  capOn,
  claimOf,
  claims,
  costOf,
  freeOf,
  inputOf,
  LEAST_OUTPUT,
  prefixWeight,
  weightOf,
} from './budget.ts';
import type { Card, ChildSpec } from './card.ts';
import type { Context, Refusal, Rules, SpawnRequest } from './commands.ts';
import { prefixStarted } from './evolve-money.ts';
import { plural } from './plural.ts';
import * as policy from './policy.ts';
import type { Session } from './session.ts';
import type { Child } from './subagents.ts';

/** The part of what it may spend that a session never gives away, so that it can still speak of what comes back. */
const KEPT = 1 / 5;

/** Calls for which a share is enough, where there is a choice between many small ones and few of use. */
const CALLS = 4;

/** What can be given away now. */
export function spareOf(state: Session, { rules, at }: Context): Amount {
  const kept = exact(capOn(state, rules.budget).usd * KEPT);
  const free = freeOf(state, rules.budget, at);
  const keptTokens = Number.isFinite(free.tokens) ? Math.ceil(capOn(state, rules.budget).tokens * KEPT) : 0;
  return floored({
    usd: Number.isFinite(free.usd) ? exact(free.usd - kept) : free.usd,
    tokens: free.tokens - keptTokens,
  });
}

/** What a subagent is to get for an attempt: as it was asked for, never more than is configured. */
export function wantedShare(
  request: { readonly usd?: number | undefined; readonly tokens?: number | undefined },
  { budget }: Rules,
): Cap {
  return capOf({
    usd: Math.min(request.usd ?? Number.POSITIVE_INFINITY, budget.subagentUsd),
    tokens: Math.min(
      request.tokens ?? Number.POSITIVE_INFINITY,
      budget.subagentTokens ?? Number.POSITIVE_INFINITY,
    ),
  });
}

/** What a new subagent's first request holds at most, and its shortest answer, in tokens. */
export function firstRequest(
  spec: Pick<ChildSpec, 'role' | 'model' | 'thinking' | 'depth' | 'task'>,
  rules: Rules,
): NonNullable<Card['next']> {
  const params = rules.prefix({
    kind: 'subagent',
    role: spec.role,
    mayDelegate: policy.mayDelegate(spec.depth, rules),
    model: spec.model,
    ...(spec.thinking ? { thinking: spec.thinking } : {}),
  });
  const weight = prefixWeight(params) + weightOf({ type: 'text', text: spec.task });
  return { input: inputOf({ tokens: 0, weight }, 0), least: prefixStarted(params, []).prefix.least };
}

/** What a subagent's next call costs at least. */
function needOf(card: Pick<Card, 'model' | 'next'>, rules: Rules): Amount {
  const { input, least } = card.next ?? { input: 0, least: LEAST_OUTPUT };
  return costOf({ terms: rules.terms(card.model), input, ttl: '5m' }, least);
}

/**
 * What a spawn is given at once: its share if it was asked for, nothing yet otherwise.
 * @returns a refusal where there is nothing to give, now or when what is lent comes back
 */
export function spawnShare(
  state: Session,
  context: Context,
  request: SpawnRequest,
  card: Pick<Card, 'model' | 'next'>,
): { share?: Cap } | Refusal {
  const { rules } = context;
  const wanted = amountUpTo(wantedShare(request, rules));
  const need = needOf(card, rules);
  const spare = spareOf(state, context);
  const counts = Number.isFinite(spare.tokens) || request.tokens !== undefined;
  if (!covers(wanted, need)) {
    return {
      kind: 'limit',
      message: `its limits of ${inWords(wanted, Number.isFinite(wanted.tokens))} don't cover even its first call, which may cost ${inWords(need, Number.isFinite(wanted.tokens))} with the model ${card.model}: give it more, or do the work yourself`,
    };
  }
  if (!covers(plus(spare, claims(state)), need)) {
    return {
      kind: 'limit',
      message: `the budget is used up: there is ${inWords(spare, counts)} left for subagents, and the first call of one may cost ${inWords(need, counts)}: do the work yourself, or say that more is needed`,
    };
  }
  if (request.usd === undefined && request.tokens === undefined) return {};
  const asked = { usd: request.usd ?? 0, tokens: request.tokens ?? 0 };
  const inAsked =
    request.usd === undefined ? plural(asked.tokens, 'token') : inWords(asked, request.tokens !== undefined);
  if (!covers(spare, asked)) {
    return {
      kind: 'limit',
      message: `its limits ask for ${inAsked}, and there is ${inWords(spare, counts)} to give: ask for less, or wait until others have ended`,
    };
  }
  const given = least(wanted, partOfTokens(spare, wanted, rules));
  return covers(given, need) ? { share: capOf(given) } : {};
}

/**
 * What a queued subagent gets with its place, as a cap on all its attempts together; undefined: it waits until
 * something comes back.
 * @param places how many wait that could be placed now, itself among them
 */
export function grant(
  state: Session,
  context: Context,
  child: Child,
  card: Card,
  places: number,
): Cap | undefined {
  const { granted, closed, wanted } = child.money;
  if (granted) return granted;
  const { rules } = context;
  const most = least(amountUpTo(wantedShare(wanted ?? {}, rules)), amountUpTo(wantedShare({}, rules)));
  const need = needOf(card, rules);
  const spare = spareOf(state, context);
  if (!covers(spare, need) && comesBack(state, card.id)) return undefined;
  const part = least(most, partOfTokens(spare, most, rules));
  let among = places;
  while (among > 1 && spare.usd / among < CALLS * need.usd) among -= 1;
  const given = { usd: Math.min(part.usd, cents(spare.usd / among)), tokens: part.tokens };
  return capOf(plus(given, closed));
}

/** Whether anything that is given or set aside may come back. */
function comesBack(state: Session, besides: string): boolean {
  if (Object.keys(state.account.held).length > 0) return true;
  return Object.entries(state.tree.children).some(
    ([id, child]) => id !== besides && claimOf(child).usd + claimOf(child).tokens > 0,
  );
}

/** Who asked for no number of tokens gets of those that are counted as much as one of all places would. */
function partOfTokens(spare: Amount, wanted: Amount, { maxChildren }: Rules): Amount {
  const tokens = Number.isFinite(wanted.tokens) ? spare.tokens : Math.floor(spare.tokens / maxChildren);
  return { usd: spare.usd, tokens };
}

function least(a: Amount, b: Amount): Amount {
  return { usd: Math.min(a.usd, b.usd), tokens: Math.min(a.tokens, b.tokens) };
}

/** Rounded down to what an amount can hold. */
function cents(usd: number): number {
  return exact(Math.floor(usd * 1e6) / 1e6);
}

/** Whether a spawned subagent has its share or gets it with its place, beside those that wait for theirs. */
export function startsAtOnce(
  state: Session,
  context: Context,
  card: Card,
  waiting: readonly Card[],
): boolean {
  if (state.tree.children[card.id]?.money.granted) return true;
  let need = needOf(card, context.rules);
  for (const one of waiting) {
    if (!state.tree.children[one.id]?.money.granted) need = plus(need, needOf(one, context.rules));
  }
  return covers(spareOf(state, context), need);
}
