/**
 * One session as a fold over its log: events → state. Pure, and the only place where a state comes about.
 */
import { nothing } from './amount.ts';
import { born } from './born.ts';
import { accountAt, stepCall } from './budget.ts';
import type { Recorded, SessionEvent } from './events.ts';
import { mailAccepted, mailPosted, mailSettled } from './evolve-mail.ts';
import * as money from './evolve-money.ts';
import { compacting, prefixStarted } from './evolve-prefix.ts';
import { stepAnswered } from './evolve-steps.ts';
import { forgotten } from './forgetting.ts';
import * as mailbox from './mailbox.ts';
import { type Call, noUsage, openRequests, quotaDay, type Session, thinkingWords } from './session.ts';
import * as subagents from './subagents.ts';

/**
 * The state after an event. Pure and total over the union.
 * @throws when the log does not begin with `session.created` or has a gap: such a log is not folded.
 */
export function evolve(before: Session | undefined, recorded: Recorded): Session {
  const { event, seq } = recorded;
  if (!before) {
    if (event.type !== 'session.created' || seq !== 1) {
      throw new Error(`a log begins with session.created at 1, not with ${event.type} at ${seq}`);
    }
    return born(event, recorded.at);
  }
  if (seq !== before.seq + 1) throw new Error(`log of ${before.id} has a gap: ${seq} after ${before.seq}`);
  const state: Session = {
    ...before,
    seq,
    account: accountAt(before, recorded.at),
    workedMs: before.workedMs + recorded.worked,
    cleanlyStopped: event.type === 'host.stopped',
  };
  return apply(state, event, recorded.at);
}

function apply(state: Session, event: SessionEvent, at: number): Session {
  switch (event.type) {
    case 'session.created':
      throw new Error(`session ${state.id} was created twice`);
    case 'prefix.started':
      return prefixStarted(state, event);
    case 'prefix.due':
      return { ...state, renewal: { n: event.n, because: event.because } };
    case 'compaction.started':
    case 'compaction.made':
    case 'compaction.failed':
      return compacting(state, event);
    case 'step.refused':
      return { ...state, refusals: state.refusals + 1, refusal: event.message };
    case 'mail.accepted':
      return mailAccepted(state, event, at);
    case 'mail.settled':
      return mailSettled(state, event);
    case 'mail.posted':
      return mailPosted(state, event);
    case 'mail.delivered':
      return { ...state, mail: mailbox.delivered(state.mail, event.to, event.upTo) };
    case 'turn.started': {
      // Newer words came while its work was checked: it is checked anew when it has read them.
      const { checking: _, ...rest } = state;
      return {
        ...rest,
        status: state.kind === 'main' ? 'working' : 'running',
        turns: event.turn,
        turn: { n: event.turn, heardPerson: false, usage: noUsage },
        cuts: 0,
      };
    }
    case 'turn.ended': {
      const { turn: _, step: __, renewal: ___, ...rest } = state;
      return {
        ...rest,
        ...atRest(state),
      };
    }
    case 'step.requested':
      return stepRequested(state, event);
    case 'step.answered':
      return stepAnswered(state, event);
    case 'step.abandoned': {
      const { step: _, ...rest } = state;
      return rest;
    }
    case 'usage.counted':
      return money.settled(state, stepCall(state.step?.n ?? 0), event.usage, nothing);
    case 'call.reserved':
      return money.reserved(state, event);
    case 'call.cut':
      return money.settled(state, event.call, event.usage, event.charged);
    case 'tool.started':
      return {
        ...withCall(state, event.call, (call) => ({
          ...call,
          state: 'started',
          ...(event.targets ? { targets: event.targets } : {}),
        })),
        activity: event.summary,
        processes:
          state.processes ||
          (state.step?.calls.some((call) => call.key === event.call && call.processes) ?? false),
      };
    case 'tool.finished':
      return {
        ...withCall(state, event.call, ({ input: _, ...call }) => ({
          ...call,
          state: 'finished',
          ok: event.ok,
        })),
        ...money.owingResult(state, event.block),
      };
    case 'input.requested':
      return {
        ...withCall(state, event.call, (call) => ({ ...call, request: event.request })),
        status: 'input_required',
        asked: state.asked + 1,
      };
    case 'input.answered':
      return allowed(inputClosed(state, event.call), event);
    case 'input.withdrawn':
      return inputClosed(state, event.call);
    case 'result.submitted':
      return { ...state, submitted: event.result };
    case 'verification.started':
      return {
        ...state,
        checking: event.n,
        checks: event.n,
        activity: event.text,
        // Its commands may leave processes, as a tool may.
        processes: true,
      };
    case 'verification.failed': {
      const { checking: _, ...rest } = state;
      return { ...rest, unverified: state.unverified + 1, activity: '' };
    }
    case 'subagent.spawned':
      return {
        ...state,
        spawned: state.spawned + 1,
        tree: subagents.withChild(subagents.withCard(state.tree, event.card), event.spec.id, {
          spec: {
            announce: event.spec.announce,
            depth: event.spec.depth,
            ...(event.together === undefined ? {} : { together: event.together }),
            ...(event.spec.once === undefined ? {} : { once: event.spec.once }),
          },
          ...(event.spec.after ? { after: event.spec.after } : {}),
          ...(event.spec.retries === undefined ? {} : { retries: event.spec.retries }),
          admitted: 0,
          steered: 0,
          spawns: 0,
          money: money.newChild(event),
        }),
        quota: spend(state, at, 1),
      };
    case 'subagent.admitted':
      return subagentAdmitted(state, event, at);
    case 'plan.set':
      return { ...state, plan: event.plan };
    case 'subagent.released':
      return { ...state, tree: subagents.withCard(state.tree, event.card) };
    case 'steer.read':
      return state;
    case 'workspace.opened':
      return { ...state, opened: event.attempt, ...money.owing(state, event.block) };
    case 'attempt.started': {
      const { endedAt: _, reason: __, submitted: ___, verified: ____, reported: _____, ...rest } = state;
      return {
        ...rest,
        planned: false,
        unverified: 0,
        status: 'queued',
        attempt: event.attempt,
        workedMs: 0,
        attemptSteps: 0,
        lastText: '',
        spoke: false,
        askedForResult: false,
        processes: false,
        cuts: 0,
        // What the API was still to run was given up with the last attempt: it is closed, not gone on with.
        unanswered: state.unanswered || state.serverCalls.length > 0,
      };
    }
    case 'attempt.closing':
      return {
        ...state,
        closing: {
          status: event.status,
          ...(event.reason ? { reason: event.reason } : {}),
          result: event.result,
          ...(event.verified === undefined ? {} : { verified: event.verified }),
          wakes: event.wakes,
        },
      };
    case 'attempt.ended': {
      const { closing: _, reason: __, compaction: ___, renewal: ____, checking: _____, ...rest } = state;
      return {
        ...rest,
        status: event.status,
        ...(event.reason ? { reason: event.reason } : {}),
        ...(event.workspace ? { workspace: event.workspace } : {}),
        ...(event.verified === undefined ? {} : { verified: event.verified }),
        ...(state.processes
          ? { unswept: [...state.unswept, { attempt: event.attempt, left: [], tries: 0 }] }
          : {}),
        endedAt: at,
        lastText: '',
        activity: '',
        opened: 0,
      };
    }
    case 'session.swept':
      return sessionSwept(state, event);
    case 'progress.reported':
      return { ...state, activity: event.text, reported: event.text };
    case 'activity.changed':
      return { ...state, activity: event.text };
    case 'session.parked':
      return {
        ...state,
        status: 'parked',
        reason: event.reason,
        parkedAt: state.seq,
      };
    case 'session.unparked': {
      const { reason: _, parkedAt: __, ...rest } = state;
      return {
        ...rest,
        status: 'idle',
        // Results that were left lying when it was stopped are owed an answer, too.
        unanswered: state.unanswered || state.owed.length > 0,
        crashes: { step: 0, times: 0 },
      };
    }
    case 'session.resumed':
      if (event.clean) return state;
      return {
        ...state,
        crashes: {
          step: event.step,
          times: state.crashes.step === event.step ? state.crashes.times + 1 : 1,
        },
      };
    case 'chat.changed':
      return money.budgetChanged(chatChanged(state, event), event);
    case 'chat.deleting':
      return { ...state, deleting: true };
    case 'subagent.forgotten':
      return forgotten(state, event.ids);
    case 'subagent.removed':
      return { ...state, leaving: state.leaving.filter((id) => !event.ids.includes(id)) };
    case 'host.stopped':
      return state;
    case 'notice':
      return money.noticed(state, event);
  }
}

function chatChanged(state: Session, event: Extract<SessionEvent, { type: 'chat.changed' }>): Session {
  const { chosenModel, ...rest } = state;
  const model = event.model ?? chosenModel;
  return {
    ...rest,
    // Back to what is in force: there is nothing to adopt.
    ...(model === undefined || model === state.model ? {} : { chosenModel: model }),
    title: event.title ?? state.title,
    archived: event.archived ?? state.archived,
  };
}

function atRest(state: Session): Pick<Session, 'status' | 'activity'> {
  if (state.kind === 'main') return { status: 'idle', activity: '' };
  return subagents.liveChildren(state.tree).length > 0
    ? { status: 'waiting', activity: state.reported ?? 'waiting for its subagents' }
    : { status: state.status, activity: '' };
}

function stepRequested(state: Session, event: Extract<SessionEvent, { type: 'step.requested' }>): Session {
  const heard = state.mail.waiting.some(
    (letter) => letter.kind === 'message' && event.takes.includes(letter.id),
  );
  // Newer words of its parent or a person may ask for another result than the one that was handed in.
  const steered = state.mail.waiting.some(
    (letter) => letter.kind === 'steer' && event.takes.includes(letter.id),
  );
  const { submitted, ...rest } = state;
  return {
    ...rest,
    ...(steered || submitted === undefined ? {} : { submitted }),
    steps: event.step,
    step: { n: event.step, phase: 'calling', calls: [] },
    mail: mailbox.take(state.mail, event.takes),
    owed: [],
    owedWeight: 0,
    ...money.requested(state, event),
    unanswered: true,
    paused: false,
    ...(event.closes ? { serverCalls: [] } : {}),
    activity: thinkingWords(state),
    refusals: 0,
    unheard: [...state.unheard, ...event.adds.map((ref) => ref.seq)],
    ...(state.turn ? { turn: { ...state.turn, heardPerson: state.turn.heardPerson || heard } } : {}),
  };
}

function withCall(state: Session, key: string, change: (call: Call) => Call): Session {
  if (!state.step) return state;
  const calls = state.step.calls.map((call) => (call.key === key ? change(call) : call));
  return { ...state, step: { ...state.step, calls } };
}

/** What may be done since an answer: the call that was asked for, or all that the plan holds. */
function allowed(state: Session, event: Extract<SessionEvent, { type: 'input.answered' }>): Session {
  if (event.decision !== 'allow') return state;
  if (event.request.kind === 'plan') return { ...state, planned: true };
  return withCall(state, event.call, (call) => ({ ...call, allowed: true }));
}

/** At work again once nothing is left to be told. */
function inputClosed(state: Session, key: string): Session {
  const next = withCall(state, key, ({ request: _, ...call }) => call);
  if (openRequests(next).length > 0) return next;
  return { ...next, status: state.kind === 'main' ? 'working' : 'running' };
}

function subagentAdmitted(
  state: Session,
  event: Extract<SessionEvent, { type: 'subagent.admitted' }>,
  at: number,
): Session {
  const { card } = event;
  const child = state.tree.children[card.id];
  if (!child) return state;
  return {
    ...state,
    tree: subagents.withChild(subagents.withCard(state.tree, card), card.id, {
      ...money.granted(child, event.share),
      admitted: card.attempt,
      spawns: event.spawns,
    }),
    quota: spend(state, at, event.spawns),
  };
}

function sessionSwept(state: Session, event: Extract<SessionEvent, { type: 'session.swept' }>): Session {
  const { attempt, left } = event;
  return {
    ...state,
    unswept: state.unswept.flatMap((one) => {
      if (one.attempt !== attempt) return [one];
      return left.length === 0 ? [] : [{ attempt, left, tries: one.tries + 1 }];
    }),
  };
}

function spend(state: Session, at: number, n: number): Session['quota'] {
  const day = quotaDay(state, at);
  return day === state.quota.day
    ? { ...state.quota, used: state.quota.used + n }
    : { day, used: n, given: state.quota.given };
}
