/**
 * Whatever follows by itself, after every command: a place for a queued child, the next tool, the next step,
 * the end of the turn, waking, waiting, the ending. Nothing else begins any of these.
 */
import * as delegation from './delegation.ts';
import { endUnmet } from './dependencies.ts';
import type { Draft } from './draft.ts';
import { endAttempt, endTurn, revive } from './ending.ts';
import type { WakeReason } from './events.ts';
import { askPermissions } from './input.ts';
import type { Letter } from './mailbox.ts';
import type { Session } from './session.ts';
import { decideHeld } from './spawn-permission.ts';
import * as spending from './spending.ts';
import * as steps from './steps.ts';
import * as subagents from './subagents.ts';
import { readable } from './together.ts';
import { confirmKills, endsSilently, startCalls } from './tool-calls.ts';
import { conclude } from './verification.ts';

export function advance(d: Draft): void {
  if (subagents.isEnded(d.state.status)) revive(d);
  if (!subagents.isEnded(d.state.status) && !d.state.closing) {
    // One that waits for its own place, and for its share, has none to give.
    if (!d.state.deleting && d.state.status !== 'queued') {
      decideHeld(d);
      endUnmet(d);
      delegation.admit(d);
    }
    if (d.state.status !== 'queued') work(d);
  }
  if (subagents.isEnded(d.state.status)) revive(d);
  spending.notice(d);
  delegation.report(d);
}

function work(d: Draft): void {
  if (d.state.lead === 'program') return;
  if (d.state.status === 'parked') unpark(d);
  if (d.state.status === 'parked') return;

  const { step } = d.state;
  if (step?.phase === 'calling') return spending.keepReserved(d);
  if (step?.phase === 'tools') {
    confirmKills(d);
    askPermissions(d);
    startCalls(d);
    const calls = d.state.step?.calls ?? [];
    if (calls.some((call) => call.state !== 'finished')) return;
    if (!endsSilently(d.state, calls) || wakers(d.state).length > 0) return steps.requestStep(d);
    return rest(d);
  }
  if (d.state.turn) {
    if (d.state.renewal || d.state.compaction?.forced) return steps.requestStep(d);
    const interrupted = d.state.unanswered || d.state.paused;
    if (interrupted || wakers(d.state).length > 0) return steps.requestStep(d);
    return rest(d);
  }
  wake(d);
}

function wakers(state: Session): Letter[] {
  return readable(state).filter((letter) => letter.wakes);
}

/** Only a person's newer words wake a parked chat, and more money one that was parked for want of it. */
function unpark(d: Draft): void {
  const { parkedAt = 0 } = d.state;
  const said = d.state.mail.waiting.some((letter) => letter.kind === 'message' && letter.seq > parkedAt);
  if (said || spending.wasRaised(d.state)) {
    d.add({ type: 'session.unparked' });
  }
}

/** The turn is over: a main session is idle, a subagent waits for its own or ends. */
function rest(d: Draft): void {
  endTurn(d, 'done');
  wake(d);
}

/** The one rule of waking: a session at rest that holds mail which wakes takes a step. */
function wake(d: Draft): void {
  const { state } = d;
  if (mustOpen(state)) return;
  const because = wakers(state).map((letter): WakeReason => letter.kind);
  // Resumed in the middle of an answer that never came: the request is sent again, with nothing added.
  if (because.length === 0 && (state.unanswered || state.paused)) because.push('resume');
  if (because.length > 0) return begin(d, because);
  if (!state.spec || state.checking !== undefined) return;
  if (subagents.liveChildren(state.tree).length > 0) return;
  if (state.mail.waiting.length > 0) return begin(d, ['announcement']);
  finish(d);
}

function begin(d: Draft, because: readonly WakeReason[]): void {
  steps.startTurn(d, [...new Set(because)]);
  steps.requestStep(d, true);
}

/** A subagent's workspace is opened before its first step. */
export function mustOpen(state: Session): boolean {
  return state.spec?.repo !== undefined && state.opened < state.attempt;
}

/** The subagent ends by itself: with what it said last, or as empty. */
function finish(d: Draft): void {
  const { state } = d;
  if (state.spoke || state.submitted !== undefined) {
    conclude(d);
    // It holds not, and the subagent is told: it goes on at once.
    if (wakers(d.state).length > 0) wake(d);
    return;
  }
  endAttempt(d, {
    status: 'failed',
    reason: 'empty',
    result: steps.partialWork(state, 'It ended without a result, though it was asked for one.'),
  });
}
