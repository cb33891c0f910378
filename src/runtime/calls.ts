/**
 * A model call as an effect: a place in the lanes, one request, and again after a failure that passes. Keeps
 * trying as long as the call is wanted; it never decides that a session is done for.
 */
import { type Held, stepCall } from '../core/budget.ts';
import type { IntendedCall } from '../core/commands.ts';
import { answerId } from '../core/ids.ts';
import type { Block, CallOutcome, Clock, Model, Store, ToolCall } from '../core/ports.ts';
import { type Session, thinkingWords } from '../core/session.ts';
import type { Actor } from './actor.ts';
import { type Bill, makeBill } from './bill.ts';
import type { Broadcast } from './broadcast.ts';
import { sleep } from './effects.ts';
import { withBytes } from './file-bytes.ts';
import type { Failure } from './gate.ts';
import type { Lanes, Place, Priority } from './lanes.ts';
import { makeLateness } from './late.ts';

/** Reads what a tool call means: its input is checked, its words for people are made. */
export type Intend = (call: ToolCall, session: Session) => Omit<IntendedCall, 'id' | 'name' | 'input'>;

/** How one answer of a session is heard, where its words may mean more than words. */
export interface Hearing {
  /** What people are shown of the answer's next piece, and of what was held back. */
  readonly shown: (delta: string) => string;
  /** The same when something else than text begins: the line at hand is over. */
  readonly broken: () => string;
  /** What the whole answer says, does and tells. `said`: absent, all its words are for people. */
  readonly heard: (
    answer: Pick<Extract<CallOutcome, { kind: 'answered' }>, 'content' | 'stop'>,
    session: Session,
  ) => { readonly said?: string; readonly told?: string; readonly calls: readonly IntendedCall[] };
}

/** Undefined where words are words. */
export type Hear = (session: Session) => Hearing | undefined;

export interface CallPorts {
  readonly store: Pick<Store, 'files'>;
  readonly clock: Clock;
  readonly model: Model;
  readonly lanes: Lanes;
  readonly broadcast: Broadcast;
  readonly intend: Intend;
  /** Absent: words are words, in every session. */
  readonly hear?: Hear;
  /** In [0, 1): spreads retries. */
  readonly random: () => number;
  /** Told of every failure that is tried again. */
  readonly failed: (actor: Actor, failure: Failure, attempt: number) => void;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;

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
  const over = actor.calls.begin(call);
  try {
    await untilAnswered(actor, step, bill, ports, signal);
  } catch (error) {
    await actor.send({ type: 'cut', call, ...bill.cut });
    throw error;
  } finally {
    over();
  }
}

async function untilAnswered(
  actor: Actor,
  step: number,
  bill: Bill,
  ports: CallPorts,
  signal: AbortSignal,
): Promise<void> {
  const first = actor.state;
  if (!first) return;
  const late = makeLateness(
    ports.clock,
    (words) => void actor.send({ type: 'delayed', step, ...words }).catch(() => {}),
  );
  const ticket = ports.lanes.ticket(priorityOf(first), first.chat, late.held);
  let alone = 0;
  for (let attempt = 1; ; attempt++) {
    const place = await ticket.acquire(signal);
    const state = actor.state;
    if (!state) return place.release();
    // It was shown as waiting.
    if (state.spec && state.activity !== thinkingWords(state)) void actor.send({ type: 'underway', step });
    const idle = actor.work.busy();
    const started = ports.clock.monotonic();
    let outcome: CallOutcome;
    /** What it waits by itself before it is tried again; all wait for what all of them meet. */
    let pause: number | undefined;
    try {
      // As it is now that the call has its place: it may have been paid for anew since.
      const held = actor.state?.account.held[stepCall(step)];
      if (!held) return;
      outcome = await once(actor, state, step, held, bill, ports, place, signal);
      bill.ended(outcome);
      if (outcome.kind === 'again') {
        pause = pauseAfter(outcome, alone + 1, ports.random());
        if (await place.failed(outcome, pause)) pause = undefined;
      } else place.accepted();
    } finally {
      idle();
      place.release();
    }
    signal.throwIfAborted();
    switch (outcome.kind) {
      case 'answered': {
        const heard = ports.hear?.(state)?.heard(outcome, actor.state ?? state);
        await actor.send({
          type: 'answered',
          step,
          content: outcome.content,
          stop: outcome.stop,
          ...(outcome.category ? { category: outcome.category } : {}),
          usage: outcome.usage,
          ...(heard?.said === undefined ? {} : { said: heard.said }),
          ...(heard?.told === undefined ? {} : { told: heard.told }),
          calls: [
            ...toolCalls(outcome.content).map((call) => ({ ...call, ...ports.intend(call, state) })),
            ...(heard?.calls ?? []),
          ],
          ms: Math.round(ports.clock.monotonic() - started),
        });
        return;
      }
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
        late.failed(outcome, attempt, pause ?? 0);
        if (pause === undefined) break;
        alone += 1;
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
  place: Place,
  signal: AbortSignal,
): Promise<CallOutcome> {
  const speaking = answer(state, step);
  const hearing = ports.hear?.(state);
  const show = (words: string): void => {
    if (words !== '') ports.broadcast.words(actor.id, speaking, words);
  };
  const request = withBytes(
    actor.transcript().request(held.ttl, held.maxTokens),
    state.chat,
    ports.store.files,
  );
  bill.sent();
  return ports.model.call(request, {
    signal,
    onText(delta) {
      place.accepted();
      show(hearing ? hearing.shown(delta) : delta);
    },
    ...(hearing ? { onBreak: () => show(hearing.broken()) } : {}),
    onAlive() {
      place.alive();
      actor.work.touch();
    },
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
export function pauseAfter(failure: Failure, attempt: number, random: number): number {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt - 1, 10));
  if (failure.retryAfterMs !== undefined) {
    // All who wait for the same instant would come at once: a little later, each at its own time.
    return failure.retryAfterMs + random * Math.min(1_000, failure.retryAfterMs / 10);
  }
  return longest / 2 + (random * longest) / 2;
}
