/**
 * How turns, attempts and calls end: the one place where something of a session is brought to its end,
 * whoever asked for it. What was open is closed in the same commit; nothing is left half.
 */

import { FULL_CHARS } from './announcement.ts';
import type { EndedStatus } from './card.ts';
import type { MailBody } from './correspondence.ts';
import { cardOf, killChildren, tellParent } from './delegation.ts';
import type { Draft } from './draft.ts';
import type { AbandonReason } from './events.ts';
import { head, noteBlock } from './fence.ts';
import { withdraw } from './input.ts';
import * as mailbox from './mailbox.ts';
import type { Block } from './ports.ts';
import type { Call, Session } from './session.ts';
import * as subagents from './subagents.ts';
import { tellUnread, unreadOf } from './unread.ts';

/** A `tool_result` for one call. The API refuses an empty one, so there is always something said. */
export function toolResult(call: { id: string }, ok: boolean, text: string): Block {
  const content = text.trim() === '' ? '(nothing)' : text;
  return ok
    ? { type: 'tool_result', tool_use_id: call.id, content }
    : { type: 'tool_result', tool_use_id: call.id, content, is_error: true };
}

export function finishCall(d: Draft, call: Call, ok: boolean, text: string, ms = 0): void {
  const finished = { type: 'tool.finished', call: call.key, ok, ms } as const;
  if (call.spoken === undefined) {
    d.add({ ...finished, block: toolResult(call, ok, text) });
    return;
  }
  // No call of a tool stands in the answer, so none can have a result: a note brings it, behind all results.
  const { rules } = d.context;
  const told = rules.reply?.(call, { ok, text }, d.state.tree.cards) ?? text;
  const block = noteBlock(told);
  d.add({ ...finished, block });
  d.note(told, 'spoken', block);
}

/** Gives up the step at hand: its call if one is out, its open tool calls otherwise. */
export function abandonStep(d: Draft, because: AbandonReason): void {
  const { step, turn } = d.state;
  if (!step) return;
  if (step.phase === 'tools') closeCalls(d, because);
  d.add({
    type: 'step.abandoned',
    step: step.n,
    turn: turn?.n ?? 0,
    because,
    calling: step.phase === 'calling',
  });
}

/** Every open call gets its result, or the next request would be invalid. */
export function closeCalls(d: Draft, because: AbandonReason): void {
  for (const call of d.state.step?.calls ?? []) {
    if (call.state === 'finished') continue;
    withdraw(d, call);
    finishCall(d, call, false, `${reasonWords[because]} ${fateOf(call)}`);
  }
}

function fateOf(call: Call): string {
  if (call.mode === 'kill') return 'The kill itself goes on; list shows how it stands.';
  if (call.mode === 'ask') return 'Your question was not answered.';
  if (call.request) return 'It was not allowed yet, and not run.';
  return call.state === 'started'
    ? 'Its outcome is unknown: it had started and was ended. Look before you repeat it.'
    : 'It was not run.';
}

const reasonWords: Record<AbandonReason, string> = {
  interrupt: 'Interrupted by newer words.',
  stop: 'Stopped by a person.',
  kill: 'Killed.',
  limit: 'The time limit was reached.',
  budget: 'The budget is used up.',
  refused: 'The model API refused to go on.',
  crash: 'The gateway went down while this ran.',
  unverified: 'What was handed in did not hold too often.',
};

export function endTurn(d: Draft, stop: 'done' | 'stopped' | 'parked', error?: string): void {
  const { turn } = d.state;
  if (!turn) return;
  d.add({
    type: 'turn.ended',
    turn: turn.n,
    stop,
    usage: turn.usage,
    ...(error === undefined ? {} : { error }),
  });
}

/** Settles letters that will not be answered; of a person's words that no request holds, people are told. */
export function settleAll(d: Draft, how: 'withdrawn' | 'undeliverable'): void {
  const unread = unreadOf(d.state);
  for (const letter of mailbox.unsettled(d.state.mail)) settle(d, letter, how);
  tellUnread(d, unread);
}

export function settle(
  d: Draft,
  letter: mailbox.Letter,
  how: 'read' | 'withdrawn' | 'undeliverable',
  step?: number,
): void {
  const { turn } = d.state;
  d.add({
    type: 'mail.settled',
    mail: letter.id,
    how,
    ...(step === undefined ? {} : { step }),
    ...(turn ? { turn: turn.n } : {}),
    ...(letter.subagent
      ? { announcement: { subagentId: letter.subagent.id, attempt: letter.subagent.attempt } }
      : {}),
  });
  const card = letter.subagent && d.state.tree.cards[letter.subagent.id];
  if (card) tellParent(d, 'told', card);
}

/**
 * Brings a main session to rest until a person speaks or it is resumed. Mail in its last step stays taken.
 * @param budgetPercent how much of the day's budget the words tell to be used up, if they do
 */
export function park(
  d: Draft,
  because: AbandonReason,
  reason: string,
  text: string,
  budgetPercent?: number,
): void {
  abandonStep(d, because);
  endTurn(d, because === 'stop' ? 'stopped' : 'parked', because === 'stop' ? undefined : text);
  d.add({ type: 'session.parked', reason, text });
  if (because === 'stop') return;
  d.add({
    type: 'notice',
    level: 'error',
    text,
    ...(budgetPercent === undefined ? {} : { budgetPercent }),
  });
}

/**
 * Brings a subagent's attempt to its end. With a workspace of its own to be closed the ending waits for
 * that; otherwise it is in this commit, together with its announcement.
 */
export function endAttempt(
  d: Draft,
  ending: { status: EndedStatus; reason?: string; result: string; verified?: string; wakes?: boolean },
): void {
  if (d.state.closing || subagents.isEnded(d.state.status)) return;
  if (ending.status !== 'completed') {
    abandonStep(d, because(ending));
    endTurn(d, 'stopped');
    killChildren(d);
    settleAll(d, 'undeliverable');
  }
  d.add({
    type: 'attempt.closing',
    attempt: d.state.attempt,
    status: ending.status,
    ...(ending.reason ? { reason: ending.reason } : {}),
    result: ending.result,
    ...(ending.verified === undefined ? {} : { verified: ending.verified }),
    wakes: ending.wakes ?? true,
  });
  if (!mustClose(d.state)) closeAttempt(d, undefined);
}

function because({ status, reason }: { status: EndedStatus; reason?: string }): AbandonReason {
  if (status === 'killed') return 'kill';
  if (status === 'over_budget') return 'budget';
  if (status !== 'failed') return 'limit';
  if (reason === 'unverified') return 'unverified';
  return reason === 'crash' ? 'crash' : 'refused';
}

/** An ended subagent is resumed by a steer; other mail that still reaches it can't be delivered any more. */
export function revive(d: Draft): void {
  if (d.state.mail.waiting.some((letter) => letter.kind === 'steer')) {
    d.add({ type: 'attempt.started', attempt: d.state.attempt + 1 });
    return;
  }
  settleAll(d, 'undeliverable');
}

/** Whether something outside is to be closed before an attempt's ending can be told. */
export function mustClose(state: Session): boolean {
  return state.spec?.repo !== undefined && state.opened > 0;
}

/** The ending and the announcement of it: one commit, whatever happens next. */
export function closeAttempt(d: Draft, workspace: Session['workspace'], failure?: string): void {
  const { closing, attempt } = d.state;
  if (!closing) return;
  const result =
    failure === undefined
      ? closing.result
      : `${closing.result}\n\n(Its workspace could not be closed, so nothing was committed at the end: ${failure} What it changed is still in its worktree.)`;
  d.add({
    type: 'attempt.ended',
    attempt,
    status: closing.status,
    ...(closing.reason ? { reason: closing.reason } : {}),
    result,
    ...(workspace ? { workspace } : {}),
    ...(closing.verified === undefined ? {} : { verified: closing.verified }),
  });
  announce(d, result, closing.wakes);
}

function announce(d: Draft, result: string, wakes: boolean): void {
  const { spec, attempt, workedMs, quota } = d.state;
  if (!spec) return;
  const body: MailBody = {
    kind: 'announcement',
    attempt,
    card: cardOf(d.state),
    result: head(result, FULL_CHARS),
    resultChars: result.length,
    workedMs,
    wakes,
    spawns: quota.used,
    day: quota.day,
  };
  d.post(spec.parent, body);
}
