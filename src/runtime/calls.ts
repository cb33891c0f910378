/**
 * A model call as an effect: a place in the lanes, one request, and again after a failure that passes. Keeps
 * trying as long as the call is wanted; it never decides that a session is done for.
 */
import { type Held, stepCall } from '../core/budget.ts';
import type { CutCall, IntendedCall } from '../core/commands.ts';
import { answerId } from '../core/ids.ts';
import type { Block, CallOutcome, Clock, Model, ToolCall, Usage } from '../core/ports.ts';
import type { Session } from '../core/session.ts';
import type { Actor } from './actor.ts';
import type { Broadcast } from './broadcast.ts';
import { sleep } from './effects.ts';
import type { Lanes, Priority } from './lanes.ts';

/** Reads what a tool call means: its input is checked, its words for people are made. */
export type Intend = (call: ToolCall, session: Session) => Omit<IntendedCall, 'id' | 'name' | 'input'>;

export interface CallPorts {
  readonly clock: Clock;
  readonly model: Model;
  readonly lanes: Lanes;
  readonly broadcast: Broadcast;
  readonly intend: Intend;
  /** In [0, 1): spreads retries. */
  readonly random: () => number;
  /** Told of every failure that is tried again. */
  readonly failed: (actor: Actor, failure: Extract<CallOutcome, { kind: 'again' }>, attempt: number) => void;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;
/** People are told of a call that is late after this many failures, or by a pause this long. */
const TELL_AFTER = 3;
const TELL_PAUSE_MS = 20_000;

/**
 * Runs step `step` of a session until it is answered or refused. Rejects when `signal` aborts, once it is committed
 * what the call came to by then.
 */
export async function callModel(
  actor: Actor,
  step: number,
  ports: CallPorts,
  signal: AbortSignal,
): Promise<void> {
  const call = stepCall(step);
  const bill = makeBill();
  actor.calls.add(call);
  try {
    await untilAnswered(actor, step, bill, ports, signal);
  } catch (error) {
    await actor.send({ type: 'cut', call, ...bill.cut });
    throw error;
  } finally {
    actor.calls.delete(call);
  }
}

/** What is known of a call's cost while it is under way. */
interface Bill {
  /** How it stands, should it be cut now. */
  readonly cut: CutCall;
  sent(): void;
  told(usage?: Usage): void;
  ended(outcome: CallOutcome): void;
  /** Nothing more is to be told of what was. */
  settled(): void;
}

function makeBill(): Bill {
  let cut: CutCall = { how: 'unsent' };
  let begun = false;
  return {
    get cut() {
      return cut;
    },
    // From here on nobody knows how far it got, until the API says so.
    sent() {
      begun = false;
      cut = { how: 'open' };
    },
    told(usage) {
      begun = true;
      if (usage) cut = { how: 'open', usage };
    },
    ended(outcome) {
      if (outcome.kind === 'answered') cut = { how: 'over', usage: outcome.usage };
      else if (!begun && !(outcome.kind === 'again' && outcome.why === 'stalled')) cut = { how: 'unsent' };
    },
    settled() {
      cut = { how: 'unsent' };
    },
  };
}

async function untilAnswered(
  actor: Actor,
  step: number,
  bill: Bill,
  ports: CallPorts,
  signal: AbortSignal,
): Promise<void> {
  let told = false;
  for (let attempt = 1; ; attempt++) {
    const state = actor.state;
    if (!state) return;
    const release = await ports.lanes.acquire(priorityOf(state), state.chat, signal);
    const idle = actor.work.busy();
    const started = ports.clock.monotonic();
    let outcome: CallOutcome;
    try {
      // As it is now that the call has its place: it may have been paid for anew since.
      const held = actor.state?.account.held[stepCall(step)];
      if (!held) return;
      outcome = await once(actor, state, step, held, bill, ports, signal);
      bill.ended(outcome);
    } finally {
      idle();
      release();
    }
    signal.throwIfAborted();
    switch (outcome.kind) {
      case 'answered':
        await actor.send({
          type: 'answered',
          step,
          content: outcome.content,
          stop: outcome.stop,
          ...(outcome.category ? { category: outcome.category } : {}),
          usage: outcome.usage,
          calls: toolCalls(outcome.content).map((call) => ({ ...call, ...ports.intend(call, state) })),
          ms: Math.round(ports.clock.monotonic() - started),
        });
        return;
      case 'refused':
        ports.broadcast.silence(actor.id);
        await actor.send({
          type: 'refused',
          step,
          why: outcome.why,
          message: outcome.message,
          cut: bill.cut,
        });
        return;
      case 'again': {
        ports.failed(actor, outcome, attempt);
        ports.broadcast.words(actor.id, answer(state, step), undefined);
        if (bill.cut.how !== 'unsent') {
          // What it may have cost is charged, and the next one is to be paid for anew, or can't be.
          const { cut } = bill;
          bill.settled();
          await actor.send({ type: 'cut', call: stepCall(step), ...cut });
          signal.throwIfAborted();
        }
        const pause = pauseAfter(outcome, attempt, ports.random());
        // What the API says of one call it means for all of them.
        if (outcome.retryAfterMs !== undefined) ports.lanes.quiet(outcome.retryAfterMs);
        if (!told && (attempt >= TELL_AFTER || pause >= TELL_PAUSE_MS)) {
          told = true;
          await actor.send({ type: 'delayed', step, text: delayWords(outcome, ports.clock.now(), pause) });
        }
        await sleep(ports.clock, pause, signal);
      }
    }
  }
}

function once(
  actor: Actor,
  state: Session,
  step: number,
  held: Held,
  bill: Bill,
  ports: CallPorts,
  signal: AbortSignal,
): Promise<CallOutcome> {
  const speaking = answer(state, step);
  const request = actor.transcript().request(held.ttl, held.maxTokens);
  bill.sent();
  return ports.model.call(request, {
    signal,
    onText: (delta) => ports.broadcast.words(actor.id, speaking, delta),
    onAlive: () => actor.work.touch(),
    onBilled: (usage) => bill.told(usage),
  });
}

function answer(state: Session, step: number): { turn: number; message: string } {
  return { turn: state.turn?.n ?? 0, message: answerId(state.id, step) };
}

function priorityOf(state: Session): Priority {
  if (state.kind === 'main') return 0;
  return state.attemptSteps > 0 ? 1 : 2;
}

function toolCalls(content: readonly Block[]): ToolCall[] {
  return content.flatMap((block) => {
    if (block.type !== 'tool_use' || typeof block.id !== 'string' || typeof block.name !== 'string')
      return [];
    const { input } = block;
    return [{ id: block.id, name: block.name, input: isObject(input) ? input : {} }];
  });
}

function isObject(value: unknown): value is ToolCall['input'] {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Exponential, with jitter over its upper half; never before the API's own "not before". */
export function pauseAfter(
  failure: Extract<CallOutcome, { kind: 'again' }>,
  attempt: number,
  random: number,
): number {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt - 1, 10));
  if (failure.retryAfterMs !== undefined) {
    // All who wait for the same instant would come at once: a little later, each at its own time.
    return failure.retryAfterMs + random * Math.min(1_000, failure.retryAfterMs / 10);
  }
  return longest / 2 + (random * longest) / 2;
}

function delayWords(failure: Extract<CallOutcome, { kind: 'again' }>, now: number, pause: number): string {
  const why = {
    rate_limited: 'The model API says that the limit of requests is reached',
    overloaded: 'The model API is overloaded',
    server: 'The model API has an error of its own',
    connection: 'The model API cannot be reached',
    cut: 'The model API broke off its answer',
    stalled: 'The model API stopped in the middle of its answer',
  }[failure.why];
  const when = new Date(now + pause).toISOString().slice(11, 16);
  return pause >= TELL_PAUSE_MS
    ? `${why}; trying again at ${when} UTC. Nothing is lost.`
    : `${why}; trying again by itself. Nothing is lost.`;
}
