/**
 * The tool calls of an answer: what each does to sessions, decided in the answer's own commit, and the order in
 * which those that work outside are started. Runs nothing itself.
 */

import type { CallFact } from './call-fact.ts';
import type { Card } from './card.ts';
import type { IntendedCall, Intent, SpawnRequest } from './commands.ts';
import * as delegation from './delegation.ts';
import { missing } from './dependencies.ts';
import type { Draft } from './draft.ts';
import { finishCall } from './ending.ts';
import type { SessionEvent } from './events.ts';
import { requestInput } from './input.ts';
import * as inputAnswers from './input-answers.ts';
import type { PlanChange } from './plan.ts';
import { carryOut } from './planning.ts';
import * as policy from './policy.ts';
import { awaitsPermission, type Call, type Session } from './session.ts';
import * as subagents from './subagents.ts';
import { submit, unfit } from './verification.ts';

export function fact(call: IntendedCall): CallFact {
  const { intent } = call;
  const base = {
    id: call.id,
    name: call.name,
    summary: call.summary,
    ...(call.spoken === undefined ? {} : { spoken: call.spoken }),
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
        ...(intent.permission ? { permission: permissionFact(intent.permission) } : {}),
        input: call.input,
      };
    case 'kill':
      return { ...base, mode: 'kill' };
    case 'ask':
      return { ...base, mode: 'ask' };
    case 'spawn':
    case 'plan':
    case 'steer':
    case 'answer':
    case 'silent':
    case 'progress':
    case 'submit':
    case 'unfit':
    case 'deny':
    case 'error':
      return { ...base, mode: 'session' };
  }
}

function permissionFact(permission: {
  title: string;
  detail: string;
  person: boolean;
}): CallFact['permission'] {
  const { title, detail, person } = permission;
  return { title, detail, ...(person ? { person } : {}) };
}

/** Acts on a call that only changes sessions; one that works outside stays open for `startCalls`. */
export function decideCall(d: Draft, open: Call, intent: Intent): void {
  if (intent.do === 'work') return;
  const started = { type: 'tool.started', call: open.key, name: open.name, summary: open.summary } as const;
  if (intent.do === 'kill') return killCall(d, open, started, intent.target);
  d.add(started);
  switch (intent.do) {
    case 'error':
      return finishCall(d, open, false, intent.text);
    case 'deny':
      finishCall(d, open, false, intent.text);
      return tellRefused(d, intent.tried);
    case 'submit':
      return submit(d, open, intent.result);
    case 'unfit':
      return unfit(d, open, intent.text);
    case 'progress':
      d.add({ type: 'progress.reported', text: intent.text });
      return finishCall(d, open, true, 'Shown to people. Go on.');
    case 'silent':
      return d.state.turn?.heardPerson
        ? finishCall(d, open, false, 'Refused: a person spoke in this turn and is owed an answer in words.')
        : finishCall(d, open, true, 'The turn ends here, without words.');
    case 'spawn': {
      const { once } = intent.request;
      const made = once === undefined ? undefined : subagents.madeBy(d.state.tree, once, d.context.at);
      if (made) return finishCall(d, open, false, madeWords(made));
      const spawned = delegation.spawn(d, open.key, intent.request);
      return policy.isRefusal(spawned)
        ? finishCall(d, open, false, `Not spawned: ${spawned.message}.`)
        : finishCall(d, open, true, accepted(d, spawned, intent.request));
    }
    case 'plan':
      return planCall(d, open, intent.change);
    case 'steer':
      return steerCall(d, open, intent);
    case 'answer':
      return answerCall(d, open, intent);
    case 'ask':
      return askCall(d, open, intent);
  }
}

function accepted(d: Draft, card: Card, request: SpawnRequest): string {
  const blocked = card.status === 'blocked';
  const running = !blocked && delegation.startsAtOnce(d, card);
  const { trust } = policy.childTrust(d.state, d.context.rules, request.trust);
  const narrowed =
    request.trust !== undefined && request.trust !== trust
      ? [`Its trust is ${trust}: never more than yours and what is configured.`]
      : [];
  const notes = [
    ...(request.label !== undefined && request.label !== card.label
      ? [`The label ${request.label} was taken; this one is called ${card.label}.`]
      : []),
    ...(request.role !== card.role
      ? [`It is a ${card.role}, as you are: a reviewer's subagents only look, too.`]
      : []),
    ...narrowed,
    ...request.notes,
    ...(blocked
      ? [`It ${card.activity} and begins by itself once all of that completed.`]
      : running
        ? []
        : ['It waits for a free place and starts by itself.']),
    'Its news comes to you by itself when it ends: go on, or end your turn; do not wait or ask for it.',
  ];
  return JSON.stringify({
    status: 'accepted',
    label: card.label,
    id: card.id,
    state: blocked ? 'blocked' : running ? 'running' : 'queued',
    note: notes.join(' '),
  });
}

function madeWords({ path, id, status }: Card): string {
  const how = subagents.isEnded(status) ? `has just ended (${status})` : `is there already (${status})`;
  return `Not spawned again: what these words ask for ${how} as ${path} (${id}). To have it done once more, say what is different.`;
}

function planCall(d: Draft, open: Call, change: PlanChange): void {
  const spawned = carryOut(d, open.key, change);
  if ('message' in spawned) {
    return finishCall(d, open, false, `The plan is as it was: ${spawned.message}.`);
  }
  const notes = [
    ...spawned
      .filter(({ label, task }) => label !== task.toLowerCase())
      .map(
        ({ label, task }) =>
          `The label ${task.toLowerCase()} was taken; the subagent of ${task} is called ${label}.`,
      ),
    ...change.tasks.flatMap(({ request }) => request?.notes ?? []),
    spawned.length > 0
      ? 'Each begins by itself once what it waits for has completed, and news of each comes to you by itself: go on, or end your turn; do not wait or ask for it.'
      : 'How it stands now: plan, action show.',
  ];
  finishCall(
    d,
    open,
    true,
    JSON.stringify({ status: 'accepted', subagents: spawned, note: notes.join(' ') }),
  );
}

function steerCall(
  d: Draft,
  open: Call,
  intent: { target: string; message: string; interrupt: boolean },
): void {
  const card = policy.descendant(d.state, intent.target);
  if (policy.isRefusal(card)) return finishCall(d, open, false, `Not steered: ${card.message}.`);
  if (policy.trustOf(d.state, d.context.rules) === 'plan') {
    const text =
      'Not steered: your plan is not approved yet, and until then nobody acts for you. Hand it in with report.';
    return finishCall(d, open, false, text);
  }
  const lacks = missing(d.state, card);
  const steerId = delegation.steer(d, card, {
    text: intent.message,
    interrupt: intent.interrupt,
    by: 'parent',
  });
  if (typeof steerId !== 'string') return finishCall(d, open, false, `Not steered: ${steerId.message}.`);
  const how = subagents.isEnded(card.status)
    ? `It had ended (${card.status}) and is resumed with your message; its news will come anew.${lacks ? ` ${lacks}` : ''}`
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

function answerCall(d: Draft, open: Call, intent: Extract<Intent, { do: 'answer' }>): void {
  const card = policy.descendant(d.state, intent.target);
  if (policy.isRefusal(card)) return finishCall(d, open, false, `Not answered: ${card.message}.`);
  const { do: _, target: __, ...given } = intent;
  const asked = inputAnswers.answer(d, card, { ...given, by: 'parent' });
  if ('message' in asked) return finishCall(d, open, false, `Not answered: ${asked.message}.`);
  const note = 'It has your answer and goes on with it.';
  finishCall(
    d,
    open,
    true,
    JSON.stringify({ status: 'answered', target: card.path, request: asked.id, note }),
  );
}

function askCall(d: Draft, open: Call, intent: Extract<Intent, { do: 'ask' }>): void {
  const { kind, title, detail } = intent;
  if (kind === 'plan' && policy.trustOf(d.state, d.context.rules) !== 'plan') {
    return finishCall(
      d,
      open,
      false,
      'Your plan was approved already, or none is asked for: go on with the work.',
    );
  }
  // Where the configuration asks for plans, people want to see them.
  const byPeople = kind === 'plan' && d.context.rules.trust.subagents === 'plan';
  const refusal = requestInput(d, open.key, { kind, title, detail, ...(byPeople ? { person: true } : {}) });
  if (refusal) finishCall(d, open, false, `Not asked: ${refusal.message}.`);
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

/** What the rules forbid is told to people, wherever in the tree it was tried. */
function tellRefused(d: Draft, tried: string): void {
  if (d.state.spec) delegation.tellParent(d, 'told', delegation.cardOf(d.state), { refused: tried });
  else
    d.add({
      type: 'notice',
      level: 'warning',
      text: `The assistant tried what the rules don't allow: ${tried}`,
    });
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
    if (call.state !== 'open' || awaitsPermission(call)) continue;
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
    calls.every((call) => call.mode === 'session' && call.ok === true) &&
    (state.kind === 'main'
      ? !state.turn?.heardPerson && calls.some((call) => call.name === 'stay_silent')
      : calls.some((call) => call.name === 'submit_result'))
  );
}
