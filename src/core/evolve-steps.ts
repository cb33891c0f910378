/**
 * The part of the fold that an answer makes. Called by `evolve.ts` only; what an answer leads to is decided elsewhere.
 */
import { nothing } from './amount.ts';
import { stepCall } from './budget.ts';
import type { SessionEvent } from './events.ts';
import * as money from './evolve-money.ts';
import { openBehind } from './server-calls.ts';
import { addUsage, type Call, type Session, saidOf, type Turn } from './session.ts';

type Answered = Extract<SessionEvent, { type: 'step.answered' }>;

export function stepAnswered(before: Session, event: Answered): Session {
  const state = money.settled(before, stepCall(event.step), event.usage, nothing);
  const text = saidOf(event);
  const calls = event.calls.map(
    (call, index): Call => ({ ...call, key: `${event.step}.${index}`, state: 'open' }),
  );
  const { step: _, ...rest } = state;
  return {
    ...rest,
    ...(calls.length > 0 ? { step: { n: event.step, phase: 'tools', calls } } : {}),
    unanswered: false,
    ...(state.summarisedTo === 'unknown' ? { summarisedTo: money.contentsAnswered(event.usage).tokens } : {}),
    remedy: 'none',
    unheard: [],
    quarantined: [],
    paused: event.stop === 'pause_turn',
    serverCalls: openBehind(state.serverCalls, event.content),
    cuts: event.partial ? state.cuts + 1 : 0,
    contents: money.contentsAnswered(event.usage),
    attemptSteps: state.attemptSteps + 1,
    crashes: { step: 0, times: 0 },
    ...(text.trim() === '' ? { spoke: false } : { spoke: true, lastText: text }),
    ...(state.turn ? { turn: turnAnswered(state.turn, event) } : {}),
  };
}

function turnAnswered(turn: Turn, { usage, calls }: Answered): Turn {
  const { spoken = 0, ...rest } = turn;
  const goesOn = calls.length > 0 && calls.every((call) => call.spoken !== undefined);
  return { ...rest, usage: addUsage(turn.usage, usage), ...(goesOn ? { spoken: spoken + 1 } : {}) };
}
