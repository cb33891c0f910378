/**
 * Many subagents at once are a person's to allow where they may cost much: says of an answer whether that is so, and
 * what waits for it. What people and programs spawn themselves is not asked for.
 */
import { type Amount, dollars, exact, nothing, plus } from './amount.ts';
import { capOn, share } from './budget.ts';
import type { CallFact, Spawning } from './call-fact.ts';
import type { IntendedCall, Intent, SpawnRequest } from './commands.ts';
import type { Draft } from './draft.ts';
import { finishCall } from './ending.ts';
import { head } from './fence.ts';
import { QUESTION_CHARS } from './input.ts';
import { spawnsOf } from './planning.ts';
import * as policy from './policy.ts';
import { awaitsPermission, type Session } from './session.ts';
import { spareOf, wantedShare } from './shares.ts';
import * as subagents from './subagents.ts';
import { decideCall, fact } from './tool-calls.ts';

/** So many in one answer are never asked about. */
export const UNASKED_SPAWNS = 5;
/** Nor are more, as long as they are not likely to take more than this part of the day's budget. */
const SMALL_PART = 1 / 10;
const TASK_CHARS = 160;

/** What the log keeps of an answer's calls: its spawns wait together where a person must allow them. */
export function factsOf(d: Draft, calls: readonly IntendedCall[]): CallFact[] {
  const facts = calls.map(fact);
  const { state, context } = d;
  // A subagent is never lent so many spawns at a time.
  if (state.kind !== 'main' || policy.spawnRefusal(state, context.rules, context.at)) return facts;
  const wanted = calls.map(({ intent }) => requestsOf(d, intent));
  // What is beyond the day's number is refused anyway.
  const requests = wanted.flat().slice(0, policy.spawnsLeft(state, context.rules, context.at));
  const permission = requests.length > UNASKED_SPAWNS ? asked(d, requests) : undefined;
  if (!permission) return facts;
  const first = wanted.findIndex(({ length }) => length > 0);
  return facts.map((one, index) => {
    const intent = calls[index]?.intent;
    if (!intent || !spawns(intent) || wanted[index]?.length === 0) return one;
    return { ...one, held: intent, ...(index === first ? { permission } : {}) };
  });
}

/** Spawns that waited are decided together, once it is known whether they may. */
export function decideHeld(d: Draft): void {
  const held = (d.state.step?.calls ?? []).filter((call) => call.held);
  const asking = held.find((call) => call.permission);
  if (!asking || awaitsPermission(asking)) return;
  for (const call of held) {
    if (call.state === 'finished' || !call.held) continue;
    if (asking.allowed) decideCall(d, call, call.held);
    else
      finishCall(
        d,
        call,
        false,
        'Not spawned: it waited for a person together with the first spawn of this answer, and was not allowed.',
      );
  }
}

function spawns(intent: Intent): intent is Spawning {
  return intent.do === 'spawn' || intent.do === 'plan';
}

function requestsOf(d: Draft, intent: Intent): SpawnRequest[] {
  if (intent.do === 'spawn') return [intent.request];
  return intent.do === 'plan' ? spawnsOf(d, 'tried', intent.change) : [];
}

/** What a person is asked; undefined where it costs too little for that. */
function asked(d: Draft, requests: readonly SpawnRequest[]): CallFact['permission'] {
  const { state, context } = d;
  const { rules } = context;
  const spare = spareOf(state, context);
  const past = averageOf(state);
  let likely = nothing;
  let most = nothing;
  for (const request of requests) {
    const cap = wantedShare(request, rules);
    const each = {
      usd: cap.usd,
      // Who asks for no number of tokens gets as much as one of all places would.
      tokens: Math.min(cap.tokens ?? Number.POSITIVE_INFINITY, Math.floor(spare.tokens / rules.maxChildren)),
    };
    most = plus(most, each);
    likely = plus(likely, past ? least(past, each) : each);
  }
  most = least(most, spare);
  likely = least(likely, spare);
  if (isSmall(likely, capOn(state, rules.budget))) return undefined;
  const n = requests.length;
  const by = past
    ? `About ${dollars(likely.usd)} is likely, by what earlier subagents came to.`
    : 'No subagent has ended here yet by which to tell what is likely.';
  const list = requests.map(({ label, task }) => `- ${label ?? 'subagent'}: ${oneLine(task)}`);
  return {
    title: `start ${n} subagents at once, for ${dollars(most.usd)} at most`,
    detail: head(
      `${n} subagents may spend ${dollars(most.usd)} at most. ${by}\n${list.join('\n')}`,
      QUESTION_CHARS,
    ),
    person: true,
  };
}

function isSmall(likely: Amount, day: Amount): boolean {
  const tokens = Number.isFinite(day.tokens) ? likely.tokens : 0;
  return share({ usd: likely.usd, tokens }, day) <= SMALL_PART;
}

/** What own subagents came to that worked and have ended, on average, with all below them. */
function averageOf({ tree }: Session): Amount | undefined {
  const spent = subagents
    .ownCards(tree)
    .filter(({ status, steps }) => subagents.isEnded(status) && steps > 0)
    .flatMap((card) => card.spent ?? []);
  if (spent.length === 0) return undefined;
  const total = spent.reduce(plus, nothing);
  return { usd: exact(total.usd / spent.length), tokens: Math.ceil(total.tokens / spent.length) };
}

function least(a: Amount, b: Amount): Amount {
  return { usd: Math.min(a.usd, b.usd), tokens: Math.min(a.tokens, b.tokens) };
}

function oneLine(text: string): string {
  return head(text.replace(/\s+/g, ' ').trim(), TASK_CHARS);
}
