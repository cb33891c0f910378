/**
 * Steps of a turn: what a request takes and adds, what an answer brings, and the order of its tool calls.
 */
import { STEP_CHARS } from './announcement.ts';
import type { Command, IntendedCall } from './commands.ts';
import * as delegation from './delegation.ts';
import type { Draft } from './draft.ts';
import { endAttempt, finishCall, park, settle } from './ending.ts';
import type { BlockRef, CallFact, Card, SessionEvent, WakeReason } from './events.ts';
import { encodeBody } from './fence.ts';
import type { Letter } from './mailbox.ts';
import * as policy from './policy.ts';
import type { Block } from './ports.ts';
import { type Call, type Session, textOf } from './session.ts';
import * as subagents from './subagents.ts';

/** Answers that `max_tokens` may cut in a row before the turn ends with what there is. */
const MAX_CUTS = 3;

/** The order in which mail stands in a step, after the results that are owed. */
const order: Record<Letter['kind'], number> = { task: 0, message: 0, steer: 1, announcement: 2, note: 3 };

// ───────────────────────────────────────────────────────── request

export function startTurn(d: Draft, because: readonly WakeReason[]): void {
  d.add({ type: 'turn.started', turn: d.state.turns + 1, because: [...because] });
}

/** The next request of the turn: it takes all mail that waits, people's words first. */
export function requestStep(d: Draft): void {
  const { state } = d;
  const letters = state.paused ? [] : [...state.mail.waiting].sort(inOrder);
  const chars = letters.reduce((sum, letter) => sum + (letter.shown ?? 0), 0);
  const short = chars > STEP_CHARS;
  const adds: BlockRef[] = state.paused ? [] : [...state.owed];
  for (const letter of letters) {
    adds.push(
      short && letter.kind === 'announcement' ? { seq: letter.seq, short: true } : { seq: letter.seq },
    );
  }
  d.add({
    type: 'step.requested',
    step: state.steps + 1,
    turn: state.turn?.n ?? 0,
    takes: letters.map((letter) => letter.id),
    adds,
  });
}

function inOrder(a: Letter, b: Letter): number {
  return order[a.kind] - order[b.kind] || a.seq - b.seq;
}

/** A steer as its reader's model sees it. */
export function steerBlock(text: string, by: 'parent' | 'person'): Block {
  return { type: 'text', text: `<steer from="${by}">\n${encodeBody(text)}\n</steer>` };
}

export function noteBlock(text: string): Block {
  return { type: 'text', text: `<gateway-note>\n${encodeBody(text)}\n</gateway-note>` };
}

// ───────────────────────────────────────────────────────── answer

export function answered(d: Draft, command: Extract<Command, { type: 'answered' }>): void {
  const { step } = d.state;
  if (step?.n !== command.step || step.phase !== 'calling') return;
  if (command.stop === 'refusal') return declined(d, command);

  const calls = command.calls.map(fact);
  const partial = command.stop === 'max_tokens';
  d.add({
    type: 'step.answered',
    step: command.step,
    content: [...command.content],
    stop: command.stop,
    usage: command.usage,
    calls,
    ...(partial ? { partial } : {}),
    ms: command.ms,
  });
  settleTaken(d, command.step);
  command.calls.forEach((call, index) => {
    const open = d.state.step?.calls[index];
    if (open) decideCall(d, open, call);
  });
  if (partial) goOn(d);
  else if (command.stop === 'model_context_window_exceeded') d.add(windowIsFull);
  else if (calls.length === 0 && command.stop !== 'pause_turn') askForResult(d, command.content);
}

const windowIsFull = {
  type: 'notice',
  level: 'warning',
  text: "The model's context window is full, so its answer ends here.",
} as const;

function fact(call: IntendedCall): CallFact {
  const { intent } = call;
  const base = {
    id: call.id,
    name: call.name,
    summary: call.summary,
    readOnly: false,
    repeatable: false,
    processes: false,
  };
  switch (intent.do) {
    case 'work':
      return {
        ...base,
        mode: 'work',
        readOnly: intent.readOnly,
        repeatable: intent.repeatable,
        processes: intent.processes,
        input: call.input,
      };
    case 'kill':
      return { ...base, mode: 'kill' };
    case 'spawn':
    case 'steer':
    case 'silent':
    case 'progress':
    case 'error':
      return { ...base, mode: 'session' };
  }
}

/** All mail in this step and in those abandoned before it has now been read. */
function settleTaken(d: Draft, step: number): void {
  const read: { steerId: string; step: number }[] = [];
  for (const letter of d.state.mail.taken) {
    settle(d, letter, 'read', step);
    if (letter.steerId) read.push({ steerId: letter.steerId, step });
  }
  if (read.length > 0) delegation.report(d, read);
}

/** Acts on a call that only changes sessions; one that works outside stays open for `startCalls`. */
function decideCall(d: Draft, open: Call, call: IntendedCall): void {
  const { intent } = call;
  if (intent.do === 'work') return;
  const started = { type: 'tool.started', call: open.key, name: open.name, summary: open.summary } as const;
  if (intent.do === 'kill') return killCall(d, open, started, intent.target);
  d.add(started);
  switch (intent.do) {
    case 'error':
      return finishCall(d, open, false, intent.text);
    case 'progress':
      d.add({ type: 'progress.reported', text: intent.text });
      return finishCall(d, open, true, 'Shown to people. Go on.');
    case 'silent':
      return d.state.turn?.heardPerson
        ? finishCall(d, open, false, 'Refused: a person spoke in this turn and is owed an answer in words.')
        : finishCall(d, open, true, 'The turn ends here, without words.');
    case 'spawn': {
      const running = delegation.hasPlace(d.state, d.context.rules.maxChildren);
      const spawned = delegation.spawn(d, open.key, intent.request);
      return policy.isRefusal(spawned)
        ? finishCall(d, open, false, `Not spawned: ${spawned.message}.`)
        : finishCall(d, open, true, accepted(spawned, running, intent.request));
    }
    case 'steer':
      return steerCall(d, open, intent);
  }
}

function accepted(
  card: Card,
  running: boolean,
  request: Extract<IntendedCall['intent'], { do: 'spawn' }>['request'],
): string {
  const notes = [
    ...(request.label !== undefined && request.label !== card.label
      ? [`The label ${request.label} was taken; this one is called ${card.label}.`]
      : []),
    ...request.notes,
    ...(running ? [] : ['It waits for a free place and starts by itself.']),
    'Its news comes to you by itself when it ends: go on, or end your turn; do not wait or ask for it.',
  ];
  return JSON.stringify({
    status: 'accepted',
    label: card.label,
    id: card.id,
    state: running ? 'running' : 'queued',
    note: notes.join(' '),
  });
}

function steerCall(
  d: Draft,
  open: Call,
  intent: { target: string; message: string; interrupt: boolean },
): void {
  const card = policy.descendant(d.state, intent.target);
  if (policy.isRefusal(card)) return finishCall(d, open, false, `Not steered: ${card.message}.`);
  const steerId = delegation.steer(d, card, {
    text: intent.message,
    interrupt: intent.interrupt,
    by: 'parent',
  });
  if (typeof steerId !== 'string') return finishCall(d, open, false, `Not steered: ${steerId.message}.`);
  const how = subagents.isEnded(card.status)
    ? `It had ended (${card.status}) and is resumed with your message; its news will come anew.`
    : intent.interrupt
      ? 'Its running call is given up and it reads your message at once.'
      : 'It reads your message with its next step.';
  finishCall(
    d,
    open,
    true,
    JSON.stringify({ status: 'queued', target: card.path, steer: steerId, note: how }),
  );
}

function killCall(
  d: Draft,
  open: Call,
  started: Extract<SessionEvent, { type: 'tool.started' }>,
  target: string,
): void {
  const plan = delegation.killTargets(d.state, target);
  if ('message' in plan) {
    d.add(started);
    return finishCall(d, open, false, `Nothing killed: ${plan.message}.`);
  }
  d.add({ ...started, targets: plan.all.map((card) => card.id) });
  if (plan.live.length === 0) return finishCall(d, open, true, killReport(d.state, [], plan.alreadyEnded));
  delegation.kill(d, plan.live, 'parent');
}

/** What a kill came to, told from the tree. */
export function killReport(
  state: Session,
  targets: readonly string[],
  alreadyEnded: readonly string[],
): string {
  const cards = targets.flatMap((id) => state.tree.cards[id] ?? []);
  const killed = cards.filter(subagents.isDead).map((card) => card.label);
  const unconfirmed = cards.filter((card) => !subagents.isDead(card)).map((card) => card.label);
  const note =
    unconfirmed.length > 0
      ? 'Those unconfirmed were told to end, but that they are dead is not known yet.'
      : killed.length > 0
        ? 'What they had done so far can be read with show.'
        : 'There was nothing alive to kill.';
  return JSON.stringify({ killed, unconfirmed, alreadyEnded, note });
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
function askForResult(d: Draft, content: readonly Block[]): void {
  const { state } = d;
  if (!state.spec || state.askedForResult || textOf(content).trim() !== '') return;
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

// ───────────────────────────────────────────────────────── tool calls

/** Starts the calls whose turn it is: read-only neighbours together, all others one after the other. */
export function startCalls(d: Draft): void {
  const open = (d.state.step?.calls ?? []).filter(
    (call) => call.mode === 'work' && call.state !== 'finished',
  );
  const [first] = open;
  if (!first) return;
  const batch: Call[] = [];
  for (const call of open) {
    if (batch.length > 0 && !(first.readOnly && call.readOnly)) break;
    batch.push(call);
  }
  for (const call of batch) {
    if (call.state !== 'open') continue;
    d.add({ type: 'tool.started', call: call.key, name: call.name, summary: call.summary });
  }
}

/** Finishes the kills whose targets are all confirmed dead. */
export function confirmKills(d: Draft): void {
  for (const call of d.state.step?.calls ?? []) {
    if (call.mode !== 'kill' || call.state === 'finished') continue;
    const targets = call.targets ?? [];
    const dead = targets.every((id) => {
      const card = d.state.tree.cards[id];
      return card === undefined || subagents.isDead(card);
    });
    if (dead) finishCall(d, call, true, killReport(d.state, targets, []));
  }
}

/** Whether the step's calls end the turn without words. */
export function endsSilently(state: Session, calls: readonly Call[]): boolean {
  return (
    state.kind === 'main' &&
    !state.turn?.heardPerson &&
    calls.every((call) => call.mode === 'session' && call.ok === true) &&
    calls.some((call) => call.name === 'stay_silent')
  );
}
