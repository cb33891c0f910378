/**
 * What follows from a command: `handle` (the command's own facts), then always `advance` (whatever follows by
 * itself). Pure. A refusal comes before the first event, so a refused command has changed nothing.
 */
import { advance } from './advance.ts';
import { duration } from './announcement.ts';
import * as care from './care.ts';
import type { Answer, Command, Context, Refusal, Timer } from './commands.ts';
import { summarised, unsummarised } from './compaction.ts';
import * as delegation from './delegation.ts';
import { gathered, missing } from './dependencies.ts';
import { type Draft, draft } from './draft.ts';
import { abandonStep, closeAttempt, endAttempt, finishCall, park, settleAll } from './ending.ts';
import type { Recorded } from './events.ts';
import { noteBlock } from './fence.ts';
import { forget } from './forgetting.ts';
import { answer as answerInput, answerOwn } from './input-answers.ts';
import * as mailbox from './mailbox.ts';
import { readNews } from './news.ts';
import { callWaits, hostStarted, refused } from './outages.ts';
import * as policy from './policy.ts';
import { acceptMail } from './post.ts';
import { renewed, startPrefix } from './prefix.ts';
import { say } from './say.ts';
import { isBusy, preview, type Session } from './session.ts';
import * as spending from './spending.ts';
import { answered, partialWork, requestStep } from './steps.ts';
import * as subagents from './subagents.ts';
import { killReport } from './tool-calls.ts';
import { verified } from './verification.ts';

export type Decision =
  | {
      readonly ok: true;
      readonly events: readonly Recorded[];
      /** The state after the events. */
      readonly state: Session;
      readonly answer: Answer;
    }
  | { readonly ok: false; readonly refusal: Refusal };

const none: Answer = { kind: 'none' };

/**
 * @param state the session, or undefined for one that doesn't exist yet: then only `create` and the mail
 * with a task are taken.
 */
export function decide(state: Session | undefined, command: Command, context: Context): Decision {
  const d = draft(state, context);
  const result = state ? handle(d, command) : birth(d, command);
  if ('message' in result) {
    if (d.events.length > 0) throw new Error(`a refusal after ${d.events.length} events: ${result.message}`);
    return { ok: false, refusal: result };
  }
  advance(d);
  return { ok: true, events: d.events, state: d.state, answer: result };
}

// ───────────────────────────────────────────────────────── birth

function birth(d: Draft, command: Command): Answer | Refusal {
  if (command.type === 'create') {
    d.add({
      type: 'session.created',
      id: command.id,
      chat: command.id,
      kind: 'main',
      owner: command.owner,
      title: command.title,
      secret: command.secret,
      model: command.model,
      chosen: command.chosen,
      ...(command.lead ? { lead: command.lead } : {}),
      ...(command.budgetUsd === undefined ? {} : { budgetUsd: command.budgetUsd }),
    });
    startPrefix(d);
    return none;
  }
  const first = command.type === 'mail' ? command.mails[0] : undefined;
  if (command.type === 'mail' && first?.n === 1 && first.body.kind === 'task') {
    const { spec } = first.body;
    d.add({
      type: 'session.created',
      id: spec.id,
      chat: spec.chat,
      kind: 'subagent',
      owner: spec.owner,
      title: spec.label,
      secret: spec.secret,
      model: spec.model,
      chosen: true,
      ...(spec.thinking ? { thinking: spec.thinking } : {}),
      spec: { ...spec, task: preview(spec.task) },
    });
    startPrefix(d);
    return acceptMail(d, command.sender, command.mails);
  }
  return { kind: 'not_found', message: 'there is no such session' };
}

// ───────────────────────────────────────────────────────── handle

function handle(d: Draft, command: Command): Answer | Refusal {
  const late = care.tooLate(d.state, command);
  if (late) return late;
  switch (command.type) {
    case 'create':
      return { kind: 'exists', message: `"${d.state.id}" exists already` };
    case 'say':
      return say(d, command);
    case 'spawn': {
      const card = delegation.spawn(d, `person.${d.state.spawned}`, command.request);
      return policy.isRefusal(card) ? card : { kind: 'subagent', id: card.id };
    }
    case 'steer': {
      const card = policy.descendant(d.state, command.target);
      if (policy.isRefusal(card)) return card;
      const note = missing(d.state, card);
      const steerId = delegation.steer(d, card, {
        text: command.message,
        interrupt: command.interrupt,
        by: 'person',
        from: command.from,
      });
      if (typeof steerId !== 'string') return steerId;
      return { kind: 'steer', steerId, ...(note ? { note } : {}) };
    }
    case 'answer':
      return answerAsked(d, command);
    case 'kill': {
      const plan = delegation.killTargets(d.state, command.target);
      if ('message' in plan) return plan;
      delegation.kill(d, plan.live, 'person');
      return { kind: 'kill', targets: plan.all.map((card) => card.id), alreadyEnded: plan.alreadyEnded };
    }
    case 'stop':
      return stop(d, command.subagents);
    case 'resume':
      if (d.state.status === 'parked') d.add({ type: 'session.unparked' });
      return none;
    case 'read':
      return readNews(d, command);
    case 'change':
      return care.change(d, command);
    case 'delete':
      return care.remove(d, command.from, () => stop(d, true));
    case 'forget':
      forget(d, command);
      return none;
    case 'removed':
      care.removed(d, command.ids);
      return none;
    case 'done':
      d.add({ type: 'notice', level: 'info', text: command.text });
      return { kind: 'done', outcome: command.outcome };
    case 'mail':
      return acceptMail(d, command.sender, command.mails);
    case 'answered':
      answered(d, command);
      return none;
    case 'refused':
      refused(d, command);
      return none;
    case 'cut':
      spending.cut(d, command.call, command);
      return none;
    case 'delayed':
    case 'underway':
      callWaits(d, command);
      return none;
    case 'summarised':
      summarised(d, command);
      return none;
    case 'unsummarised':
      unsummarised(d, command);
      return none;
    case 'renewed':
      if (renewed(d, command)) requestStep(d);
      return none;
    case 'tool': {
      const call = d.state.step?.calls.find((one) => one.key === command.call);
      if (call?.state === 'started') finishCall(d, call, command.ok, command.text, command.ms);
      return none;
    }
    case 'opened':
      opened(d, command);
      return none;
    case 'unopened':
      if (d.state.attempt === command.attempt && d.state.opened < command.attempt) {
        endAttempt(d, { status: 'failed', reason: 'workspace', result: command.message });
      }
      return none;
    case 'closed':
      if (d.state.closing && d.state.attempt === command.attempt) {
        closeAttempt(d, command.workspace, command.failure);
      }
      return none;
    case 'verified':
      verified(d, command);
      return none;
    case 'gathered':
      gathered(d, command);
      return none;
    case 'swept':
      if (d.state.unswept.some((one) => one.attempt === command.attempt)) {
        d.add({ type: 'session.swept', attempt: command.attempt, left: [...command.left] });
      }
      return none;
    case 'delivered':
      if (d.state.mail.undelivered.some((mail) => mail.to === command.to && mail.n <= command.upTo)) {
        d.add({ type: 'mail.delivered', to: command.to, upTo: command.upTo });
      }
      return none;
    case 'timer':
      timer(d, command.timer);
      return none;
    case 'host.started':
      hostStarted(d, command.evicted ?? false);
      return none;
    case 'host.stopping':
      d.add({ type: 'host.stopped' });
      return none;
  }
}

/** A person's answer to what a subagent, or the main session itself, asks. */
function answerAsked(d: Draft, command: Extract<Command, { type: 'answer' }>): Answer | Refusal {
  const { type: _, target, ...words } = command;
  const given = { ...words, by: 'person' as const };
  if (target === undefined) {
    const open = answerOwn(d, given);
    return 'message' in open ? open : { kind: 'input', request: open.id };
  }
  const card = policy.descendant(d.state, target);
  if (policy.isRefusal(card)) return card;
  const open = answerInput(d, card, given);
  return 'message' in open ? open : { kind: 'input', subagentId: card.id, request: open.id };
}

function stop(d: Draft, withSubagents: boolean): Answer {
  const { state } = d;
  const busy =
    state.turn !== undefined ||
    mailbox.unsettled(state.mail).length > 0 ||
    subagents.liveChildren(state.tree).length > 0;
  if (withSubagents) delegation.kill(d, subagents.liveChildren(state.tree), 'person');
  // It takes no turns, and what its program has not read yet is still to be read.
  if (state.lead === 'program') return none;
  if (!busy || state.status === 'parked') {
    settleAll(d, 'withdrawn');
    return none;
  }
  abandonStep(d, 'stop');
  settleAll(d, 'withdrawn');
  park(d, 'stop', 'stopped', 'Stopped. Say something, or resume, to go on.');
  return none;
}

function opened(d: Draft, command: Extract<Command, { type: 'opened' }>): void {
  const { state } = d;
  if (state.attempt !== command.attempt || state.opened >= command.attempt) return;
  if (state.closing || subagents.isEnded(state.status)) return;
  d.add({ type: 'workspace.opened', attempt: command.attempt, block: noteBlock(command.note) });
}

function timer(d: Draft, fired: Timer): void {
  const { state } = d;
  switch (fired.kind) {
    case 'kill': {
      const call = state.step?.calls.find((one) => one.key === fired.call);
      if (call?.mode !== 'kill' || call.state === 'finished') return;
      return finishCall(d, call, true, killReport(state, call.targets ?? [], []));
    }
    case 'limit': {
      const limit = state.spec?.limitMs ?? Number.POSITIVE_INFINITY;
      if (state.attempt !== fired.attempt || state.workedMs + d.context.worked < limit) return;
      return endAttempt(d, {
        status: 'timed_out',
        reason: 'limit',
        result: partialWork(state, `Its time of ${duration(limit)} at work was up.`),
      });
    }
    case 'idle': {
      if (state.checking !== undefined) return;
      const waits = state.status === 'input_required' ? !isBusy(state) : state.status !== 'running';
      if (state.attempt !== fired.attempt || waits) return;
      return endAttempt(d, {
        status: 'timed_out',
        reason: 'idle',
        result: partialWork(state, `It made no progress for ${duration(state.spec?.idleMs ?? 0)}.`),
      });
    }
  }
}
