/**
 * Steps of a turn: what a request takes and adds, and what an answer brings.
 */
import { STEP_CHARS } from './announcement.ts';
import { tooMuch } from './attachments.ts';
import { stepCall } from './budget.ts';
import type { Command } from './commands.ts';
import { compactIfDue, startCompaction } from './compaction.ts';
import * as delegation from './delegation.ts';
import type { Draft } from './draft.ts';
import { endAttempt, endTurn, park, settle } from './ending.ts';
import type { BlockRef, WakeReason } from './events.ts';
import { loadWith } from './evolve-money.ts';
import { encodeBody, noteBlock } from './fence.ts';
import type { Letter } from './mailbox.ts';
import type { Block } from './ports.ts';
import { awaitPrefix } from './prefix.ts';
import { closing } from './server-calls.ts';
import { hasEnded, type Session, saidOf } from './session.ts';
import { factsOf } from './spawn-permission.ts';
import { cut, overBudget, reserveStep } from './spending.ts';
import * as subagents from './subagents.ts';
import { readable } from './together.ts';
import { decideCall } from './tool-calls.ts';

/** Answers that `max_tokens` may cut in a row before the turn ends with what there is. */
const MAX_CUTS = 3;

/** The order in which mail stands in a step, after the results that are owed. */
const order: Record<Letter['kind'], number> = {
  task: 0,
  message: 0,
  steer: 1,
  announcement: 2,
  question: 3,
  note: 3,
  denial: 3,
};

// ───────────────────────────────────────────────────────── request

export function startTurn(d: Draft, because: readonly WakeReason[]): void {
  d.add({ type: 'turn.started', turn: d.state.turns + 1, because: [...because] });
}

/**
 * The next request of the turn: it takes all mail that waits, people's words first. If a new prefix is due it waits
 * for that. One that can't be paid takes none and is not made.
 */
export function requestStep(d: Draft, atTurnStart = false): void {
  if (awaitPrefix(d, atTurnStart)) return;
  const { state } = d;
  const open = state.serverCalls.length > 0;
  const goesOn = state.paused || (open && !state.unanswered && state.owed.length > 0);
  const letters = goesOn ? [] : [...readable(state)].sort(inOrder);
  const chars = letters.reduce((sum, letter) => sum + (letter.shown ?? 0), 0);
  const short = chars > STEP_CHARS;
  const adds: BlockRef[] = state.paused ? [] : [...state.owed];
  for (const letter of letters) {
    adds.push(
      short && letter.kind === 'announcement' ? { seq: letter.seq, short: true } : { seq: letter.seq },
    );
  }
  // What the turn began for was answered, or is held back again, while it waited for a new prefix.
  if (adds.length === 0 && !state.unanswered && !state.paused) return endTurn(d, 'done');
  const takes = letters.map((letter) => letter.id);
  const isTooMuch = tooMuch(loadWith(state, takes), d.context.rules.terms(state.model).window) !== undefined;
  if (isTooMuch && state.load.bytes > 0) {
    // The request could not hold all files: a conversation without the older ones can. Where there are none, as when
    // the model was changed for a smaller one, a summary would not help, and the API says what is wrong.
    startCompaction(d, true);
    // Where no summary could be paid, the new prefix does without.
    awaitPrefix(d, false);
    return;
  }
  const reserved = reserveStep(d, adds);
  if (!reserved) return overBudget(d, adds);
  d.add({
    type: 'step.requested',
    step: state.steps + 1,
    turn: state.turn?.n ?? 0,
    takes,
    ...(open && !goesOn && adds.length > 0 ? { closes: closing(state.serverCalls) } : {}),
    adds,
    reserved,
  });
}

function inOrder(a: Letter, b: Letter): number {
  return order[a.kind] - order[b.kind] || a.seq - b.seq;
}

/** A steer as its reader's model sees it. */
export function steerBlock(text: string, by: 'parent' | 'person'): Block {
  return { type: 'text', text: `<steer from="${by}">\n${encodeBody(text)}\n</steer>` };
}

// ───────────────────────────────────────────────────────── answer

export function answered(d: Draft, command: Extract<Command, { type: 'answered' }>): void {
  const { step } = d.state;
  if (step?.n !== command.step || step.phase !== 'calling') {
    // It was given up before its answer came, which costs what it costs.
    return cut(d, stepCall(command.step), { how: 'over', usage: command.usage });
  }
  if (command.stop === 'refusal') return declined(d, command);

  const calls = factsOf(d, command.calls);
  const { quarantined, refusal = '' } = d.state;
  const partial = command.stop === 'max_tokens';
  d.add({
    type: 'step.answered',
    step: command.step,
    content: [...command.content],
    ...(command.said === undefined ? {} : { said: command.said }),
    stop: command.stop,
    usage: command.usage,
    calls,
    ...(partial ? { partial } : {}),
    ms: command.ms,
  });
  settleTaken(d, command.step, quarantined);
  if (quarantined.length > 0) tellLeftOut(d, refusal);
  if (command.told !== undefined) tellSaid(d, command.told);
  command.calls.forEach((call, index) => {
    const open = d.state.step?.calls[index];
    if (open && !open.held) decideCall(d, open, call.intent);
  });
  // One of the calls was its end.
  if (d.state.closing || hasEnded(d.state)) return;
  if (partial) goOn(d);
  else if (command.stop === 'model_context_window_exceeded') d.add(windowIsFull);
  else if (calls.length === 0 && command.stop !== 'pause_turn') askForResult(d, saidOf(command));
  if (d.state.kind === 'main' || calls.length > 0) compactIfDue(d);
}

/** The request without the words that the API refused was answered, so they were to blame. */
function tellLeftOut(d: Draft, refusal: string): void {
  if (d.state.kind !== 'main') return;
  d.add({
    type: 'notice',
    level: 'error',
    text: `The model API refused twice what was sent before this answer, so the model has read a note in its place. It stays here; say it differently if it matters. The API said: ${refusal}`,
  });
}

/** What a session says to people beside its words: it is its own account, no fact of the gateway's. */
function tellSaid(d: Draft, told: string): void {
  if (d.state.spec) d.add({ type: 'progress.reported', text: told });
  else d.add({ type: 'notice', level: 'info', text: `The assistant reports: ${told}` });
}

const windowIsFull = {
  type: 'notice',
  level: 'warning',
  text: "The model's context window is full, so its answer ends here.",
} as const;

/** All mail in this step and in those abandoned before it has now been read, but for what the API refused. */
function settleTaken(d: Draft, step: number, quarantined: readonly number[]): void {
  const read: { steerId: string; step: number }[] = [];
  for (const letter of d.state.mail.taken) {
    if (quarantined.includes(letter.seq)) {
      settle(d, letter, 'withdrawn');
      continue;
    }
    settle(d, letter, 'read', step);
    if (letter.steerId) read.push({ steerId: letter.steerId, step });
  }
  if (read.length > 0) delegation.report(d, read);
}

/** An answer that the token limit cut: the model is asked to go on, but not forever. */
function goOn(d: Draft): void {
  if (d.state.cuts > MAX_CUTS) {
    d.add({
      type: 'notice',
      level: 'warning',
      text: `The answer was cut at the model's output limit ${d.state.cuts} times in a row; it stands as it is.`,
    });
    return;
  }
  const text =
    'Your answer was cut at the output limit. What you wrote stands; go on exactly where it stopped. A tool call that was cut was not run: make it again, in smaller pieces.';
  d.note(text, 'cut', noteBlock(text));
}

/** A subagent that ends without a word is asked once for its result. */
function askForResult(d: Draft, said: string): void {
  const { state } = d;
  if (!state.spec || state.askedForResult || state.submitted !== undefined) return;
  if (said.trim() !== '') return;
  if (subagents.liveChildren(state.tree).length > 0) return;
  const text =
    'You ended without a result. Say now, in words, what you found or did: this is what your parent will read.';
  d.note(text, 'empty', noteBlock(text));
}

/** The model declined. What it declined stays where it is; people and parents are told. */
function declined(d: Draft, command: Extract<Command, { type: 'answered' }>): void {
  const why = command.category ? ` (${command.category})` : '';
  d.add({ type: 'usage.counted', usage: command.usage });
  if (d.state.spec) {
    endAttempt(d, {
      status: 'failed',
      reason: 'refused',
      result: partialWork(d.state, `The model declined to go on${why}.`),
    });
    return;
  }
  park(
    d,
    'refused',
    'refused',
    `The model declined to answer${why}. Nothing is lost: put it differently, or choose another model.`,
  );
}

/** What there is of a result, behind the words that say why there is no more. */
export function partialWork(state: Session, why: string): string {
  return state.lastText === '' ? why : `${why}\n\nIts latest words:\n${state.lastText}`;
}
