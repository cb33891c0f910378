/**
 * What is known of one session: the state that its log folds to, and what can be read off it. Only `evolve.ts`
 * makes a new one. The transcript is not in it: that is read from the log when a call needs it.
 */

import { exact } from './amount.ts';
import type { Load } from './attachments.ts';
import { type Account, type Contents, type Spending, spendingMark } from './budget.ts';
import type { CallFact } from './call-fact.ts';
import type { ChildSpec, EndedStatus, InputRequest } from './card.ts';
import type { BlockRef, Cut, RenewalReason } from './events.ts';
import * as mailbox from './mailbox.ts';
import type { Plan } from './plan.ts';
import type { Block, Usage } from './ports.ts';
import type { ServerCall } from './server-calls.ts';
import * as subagents from './subagents.ts';

/** Raised when the state's shape or the meaning of a fold changes: older snapshots are then ignored. */
export const FOLD_VERSION = 6;

export type MainStatus = 'idle' | 'working' | 'input_required' | 'parked';
export type SubagentStatus = 'blocked' | 'queued' | 'running' | 'waiting' | 'input_required' | EndedStatus;

/** A tool call of the step at hand. */
export interface Call extends CallFact {
  /** `step.index`, the call's name in the log and on the feed. */
  readonly key: string;
  readonly state: 'open' | 'started' | 'finished';
  /** Only for a kill that has started: the subagents it is aimed at. */
  readonly targets?: readonly string[];
  /** What it waits to be told, as long as it waits. */
  readonly request?: InputRequest;
  /** Whether it was allowed, where it had to be. */
  readonly allowed?: true;
  /** Once finished: whether it did what was asked. */
  readonly ok?: boolean;
}

export interface Step {
  readonly n: number;
  readonly phase: 'calling' | 'tools';
  readonly calls: readonly Call[];
}

export interface Turn {
  readonly n: number;
  /** Whether any step of it took a person's words. */
  readonly heardPerson: boolean;
  readonly usage: Usage;
  /** Steps in a row, up to the latest answer, whose calls were all spoken; absent: none. */
  readonly spoken?: number;
}

export interface Closing {
  readonly status: EndedStatus;
  readonly reason?: string;
  readonly result: string;
  readonly verified?: string;
  readonly wakes: boolean;
}

export interface Unswept {
  readonly attempt: number;
  /** What still lived when it was last looked. */
  readonly left: readonly string[];
  /** How often it was looked. */
  readonly tries: number;
}

/** A summary that is being made; `made` once it is there, or once a forced one has failed. */
export interface Compaction {
  readonly n: number;
  readonly forced: boolean;
  readonly made?: { readonly summary?: string; readonly from?: Cut };
}

/** What was tried against a request that the API refuses, since the latest answer. */
export type Remedy = 'none' | 'shortened' | 'quarantined';

export interface Session {
  readonly id: string;
  readonly chat: string;
  readonly kind: 'main' | 'subagent';
  /** A main session that takes no steps: a program reads its mail and says when it has. */
  readonly lead?: 'program';
  readonly owner: string;
  readonly title: string;
  readonly createdAt: number;
  readonly secret: string;
  /** The live prefix's model. */
  readonly model: string;
  /** Whether the next prefix keeps it when the configuration names another. */
  readonly chosen: boolean;
  /** The model that was chosen since the live prefix began: the next one adopts it. */
  readonly chosenModel?: string;
  readonly thinking?: ChildSpec['thinking'];
  /** A subagent's: without the task's text. */
  readonly spec?: ChildSpec;
  readonly status: MainStatus | SubagentStatus;
  readonly reason?: string;
  /** Sequence number at which it was parked: only a person's later words wake it. */
  readonly parkedAt?: number;

  readonly seq: number;
  /** Where the live prefix starts. */
  readonly prefixSeq: number;
  readonly prefixDigest: string;
  /** How many prefixes there have been. */
  readonly prefixes: number;
  /** A new prefix that the next request waits for. */
  readonly renewal?: { readonly n: number; readonly because: RenewalReason };
  /** Tokens of the first request behind the latest summary, with its answer; absent before there is one. */
  readonly summarisedTo?: number | 'unknown';
  readonly compaction?: Compaction;
  readonly compactions: number;
  /** The step from which a summary is tried again after failures. */
  readonly compactFrom: number;
  readonly compactionFailures: number;
  /** How often the API has refused the request of the step at hand. */
  readonly refusals: number;
  /** Its words, the last time. */
  readonly refusal?: string;
  readonly remedy: Remedy;
  /** The blocks sent since the latest answer: one of them must be what the API refuses. */
  readonly unheard: readonly number[];
  /** Those of them in whose place a note stands, until the request without them is answered. */
  readonly quarantined: readonly number[];
  /** Of the live prefix: its model, its `max_tokens`, and the least of these that leaves room for an answer. */
  readonly prefix: { readonly model: string; readonly most: number; readonly least: number };
  readonly contents: Contents;
  /** What files make of the next request already. */
  readonly load: Load;
  readonly mail: mailbox.Mailbox;
  readonly tree: subagents.Tree;
  readonly plan?: Plan;

  readonly turns: number;
  readonly turn?: Turn;
  readonly steps: number;
  readonly step?: Step;
  /** Blocks that the next request adds before any mail: results, workspace notes. */
  readonly owed: readonly BlockRef[];
  /** What these weigh together. */
  readonly owedWeight: number;
  /** Whether words were sent that no answer has followed: the next request may add nothing and be valid. */
  readonly unanswered: boolean;
  /** The last answer paused in the API's own tools and is to be sent back as it is. */
  readonly paused: boolean;
  /** Calls of the API's own tools that its next answer begins with the results of. */
  readonly serverCalls: readonly ServerCall[];
  /** How many answers in a row `max_tokens` cut. */
  readonly cuts: number;

  readonly usage: Usage;
  /** The same by day and model. */
  readonly spending: readonly Spending[];
  readonly account: Account;
  /** A main session's budget a day; absent: the configured one. */
  readonly budgetUsd?: number;
  readonly attempt: number;
  readonly attemptStartedAt?: number;
  readonly endedAt?: number;
  /** Milliseconds at work in this attempt. */
  readonly workedMs: number;
  readonly attemptSteps: number;
  /** The latest words of this attempt: its result, or its partial work. */
  readonly lastText: string;
  /** Whether the latest answer had words. */
  readonly spoke: boolean;
  /** Whether it was told that it ended without a result. */
  readonly askedForResult: boolean;
  readonly activity: string;
  /** What it last reported of itself in this attempt; absent: nothing. */
  readonly reported?: string;
  /** The attempt whose workspace stands open; 0 for none. */
  readonly opened: number;
  readonly closing?: Closing;
  readonly workspace?: { branch: string; base: string; commits: number; files: number; wip: boolean };
  /** Whether a tool of this attempt may have started processes. */
  readonly processes: boolean;
  /** Ended attempts whose processes are not confirmed dead. */
  readonly unswept: readonly Unswept[];

  /** Whether its plan for this attempt was approved. */
  readonly planned: boolean;
  /** Its result in the form that was asked for, in this attempt. */
  readonly submitted?: string;
  /** The check of its work that is under way. */
  readonly checking?: number;
  /** Checks that ever were made, and how often in this attempt its work did not hold. */
  readonly checks: number;
  readonly unverified: number;
  readonly verified?: string;

  /** Requests for input that it ever made. */
  readonly asked: number;
  readonly spawned: number;
  readonly quota: { readonly day: string; readonly used: number; readonly given: number };
  /** What the parent was last told. */
  readonly told: Standing;
  readonly crashes: { readonly step: number; readonly times: number };
  readonly cleanlyStopped: boolean;

  /** Not listed unless asked for; it goes on working, and a person's words bring it back. */
  readonly archived: boolean;
  /** The chat comes to its end and takes no more wishes. */
  readonly deleting: boolean;
  /** What forgotten subagents had used. */
  readonly pastUsage: Usage;
  /** The same by day and model. */
  readonly pastSpending: readonly Spending[];
  /** Forgotten subagents of which something is still to be removed. */
  readonly leaving: readonly string[];
}

/** The activity of a session whose model call is under way, and which has reported nothing. */
export const THINKING = 'thinking';

/** What a session is shown to do while its model call is under way. */
export function thinkingWords({ reported }: Pick<Session, 'reported'>): string {
  return reported ?? THINKING;
}

export const noUsage: Usage = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  usd: 0,
};

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
    cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
    usd: exact(a.usd + b.usd),
  };
}

/** All the words of an answer, as people read them. */
export function textOf(content: readonly Block[]): string {
  const texts: string[] = [];
  for (const block of content) {
    if (block.type === 'text' && typeof block.text === 'string') texts.push(block.text);
  }
  return texts.join('');
}

/** An answer's words as people read them. */
export function saidOf({
  said,
  content,
}: {
  readonly said?: string | undefined;
  readonly content: readonly Block[];
}): string {
  return said ?? textOf(content);
}

/** What a parent must be told anew when it changes: what people are shown; what still lives, and what was spent. */
export interface Standing {
  readonly shown: string;
  readonly living: string;
}

export function standing(state: Session): Standing {
  return {
    shown: [
      state.status,
      state.attempt,
      pendingSteers(state),
      ...openRequests(state)
        .slice(0, 1)
        .map(({ id }) => id),
    ].join(' '),
    living: [...state.unswept.map(({ left }) => `unswept ${left.join()}`), spendingMark(state)].join(),
  };
}

export function pendingSteers(state: Session): number {
  let n = 0;
  for (const letter of mailbox.unsettled(state.mail)) if (letter.kind === 'steer') n += 1;
  return n;
}

/** What it waits to be told, in the order in which it asked. */
export function openRequests(state: Session): InputRequest[] {
  return (state.step?.calls ?? []).flatMap(({ request }) => request ?? []);
}

/** Whether something is under way outside: not so while all that is left of a step are answers from above. */
export function isBusy({ step, checking }: Session): boolean {
  if (checking !== undefined) return true;
  if (!step) return false;
  return step.phase === 'calling' || step.calls.some((call) => call.state === 'started' && !call.request);
}

/** Whether a call must be allowed and is not yet. */
export function awaitsPermission(call: Call): boolean {
  return call.state === 'open' && call.permission !== undefined && !call.allowed;
}

export function hasEnded(state: Session): boolean {
  return subagents.isEnded(state.status);
}

/** How much of a task a card carries. */
const TASK_PREVIEW = 300;

export function preview(text: string): string {
  return text.length <= TASK_PREVIEW ? text : `${text.slice(0, TASK_PREVIEW - 1).toWellFormed()}…`;
}

/** The day, in UTC, over which spawns and money are counted. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/**
 * The day on whose account a spawn is made now. A subagent's allowance stays that of the day it was given for;
 * a main session's is anew each day, and a wall clock that goes back doesn't bring one back.
 */
export function quotaDay(state: Session, at: number): string {
  const today = dayOf(at);
  return state.kind === 'subagent' || today < state.quota.day ? state.quota.day : today;
}
