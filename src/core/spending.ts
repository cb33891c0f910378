/**
 * What a session does about its money: sets aside what its next call may cost, settles calls that were cut, comes
 * to rest or to its end where a call can't be paid, and tells people how much of a day's budget is used up.
 */
import { type Amount, floored, inWords, nothing, plus } from './amount.ts';
import {
  accountAt,
  beyond,
  capOn,
  claims,
  costOf,
  freeOf,
  type Held,
  heldOf,
  knownSpent,
  nextWish,
  reserve,
  share,
  stepCall,
  type Ttl,
} from './budget.ts';
import type { CutCall } from './commands.ts';
import type { Draft } from './draft.ts';
import { endAttempt, park } from './ending.ts';
import type { BlockRef } from './events.ts';
import { addedWeight, passed } from './evolve-money.ts';
import type { Session } from './session.ts';
import { partialWork } from './steps.ts';
import { liveChildren } from './subagents.ts';

// ───────────────────────────────────────────────────────── calls

/** What is set aside for the next request, which adds these blocks; undefined if it can't be paid. */
export function reserveStep(d: Draft, adds: readonly BlockRef[]): Held | undefined {
  const { state, context } = d;
  const wish = nextWish(state, context.rules, addedWeight(state, adds), ttlOf(state));
  return reserve(freeOf(state, context.rules.budget, context.at), wish);
}

/** A chat that waits for its subagents' news comes back later than one that talks. */
function ttlOf(state: Session): Ttl {
  return state.kind === 'main' && liveChildren(state.tree).length > 0 ? '1h' : '5m';
}

/** Sees to it that the call of the step at hand is paid for, or gives it up. */
export function keepReserved(d: Draft): void {
  const { step, account } = d.state;
  if (step?.phase !== 'calling' || account.held[stepCall(step.n)]) return;
  const held = reserveStep(d, []);
  if (!held) return overBudget(d, []);
  d.add({ type: 'call.reserved', call: stepCall(step.n), reserved: held });
}

/** A call of which no answer comes any more. One that was settled already changes nothing. */
export function cut(d: Draft, call: string, { how, usage }: CutCall): void {
  const held = d.state.account.held[call];
  if (!held) return;
  const { terms } = d.context.rules;
  d.add({
    type: 'call.cut',
    call,
    ...(usage && how !== 'unsent' ? { usage } : {}),
    charged: how === 'open' ? beyond(held, terms(d.state.prefix.model), usage) : nothing,
  });
}

/**
 * The host went down without a word: whatever was set aside for a call may have been spent. What had been given up
 * before a clean stop, and was never told of, never went out.
 */
export function callsLost(d: Draft): void {
  if (d.state.cleanlyStopped) return;
  for (const call of Object.keys(d.state.account.held)) cut(d, call, { how: 'open' });
}

// ───────────────────────────────────────────────────────── nothing left

/** The next call can't be paid: a subagent ends with what it has, a chat waits for more. */
export function overBudget(d: Draft, adds: readonly BlockRef[]): void {
  const { state, context } = d;
  const { rules, at } = context;
  const wish = nextWish(state, rules, addedWeight(state, adds), ttlOf(state));
  const cost = costOf(wish, Math.min(wish.most, wish.least));
  const account = accountAt(state, at);
  const cap = capOn(state, rules.budget);
  const counts = Number.isFinite(cap.tokens);
  const words = (amount: Amount): string => inWords(floored(amount), counts);
  const spent = plus(account.own, account.closed);
  const aside = plus(heldOf(account), claims(state));
  const figures = [
    `${words(spent)} of ${words(cap)} is spent`,
    ...(aside.usd > 0 || aside.tokens > 0 ? [`${words(aside)} is set aside for what is under way`] : []),
    `the next call may cost up to ${words(cost)}`,
  ].join(', ');
  if (state.spec) {
    endAttempt(d, {
      status: 'over_budget',
      result: partialWork(state, `Its share is used up: ${figures}.`),
    });
    return;
  }
  const more = `Raise its budget (PATCH /v1/chats/${state.id} with budgetUsd) and it goes on by itself, or say something after midnight UTC, when the next day's budget begins.`;
  park(
    d,
    'budget',
    'budget',
    `This chat's budget for ${account.day} (UTC) doesn't cover its next call: ${figures}. Nothing is lost. ${more}`,
    100,
  );
}

// ───────────────────────────────────────────────────────── the day's budget

/** Tells people of a chat when half, most and all of the day's budget is used up: each once. */
export function notice(d: Draft): void {
  const { state, context } = d;
  if (state.kind !== 'main') return;
  const account = accountAt(state, context.at);
  const cap = capOn(state, context.rules.budget);
  const spent = knownSpent(state, account);
  const percent = passed(share(spent, cap));
  if (percent <= account.noticed) return;
  const counts = Number.isFinite(cap.tokens);
  d.add({
    type: 'notice',
    level: percent < 80 ? 'info' : 'warning',
    text: `${percent} % of this chat's budget for ${account.day} (UTC) is used up: ${inWords(spent, counts)} of ${inWords(cap, counts)}.`,
    budgetPercent: percent,
  });
}

/** Whether more money came since it was parked for want of it. */
export function wasRaised({ status, reason, account, parkedAt = 0 }: Session): boolean {
  return status === 'parked' && reason === 'budget' && account.raisedAt > parkedAt;
}
