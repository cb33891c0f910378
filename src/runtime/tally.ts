/**
 * Counts what the sessions of this process do, from what they commit and from what the model answers. Only looks:
 * every figure follows from committed events, or is read from who owns it.
 */
import type { Recorded } from '../core/events.ts';
import * as mailbox from '../core/mailbox.ts';
import type { CallOutcome, Clock, Model, Store, Usage } from '../core/ports.ts';
import type { Session } from '../core/session.ts';
import { isEnded } from '../core/subagents.ts';
import type { Metrics } from './metrics.ts';

export interface Tally {
  /** A session was read from its log, with what it did before. */
  loaded(state: Session): void;
  /** Events of a session were committed; `state` is what they led to. */
  committed(state: Session, events: readonly Recorded[]): void;
  /** The same model, its calls counted. */
  model(model: Model): Model;
  /** A call that failed is tried again. */
  retried(why: string): void;
  /** A transaction took this long, in milliseconds. */
  wrote(ms: number): void;
}

const callBounds = [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600];
const commitBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

/** Mail that the model is to read, by its letter's sequence number: when it came. */
type Waiting = ReadonlyMap<number, number>;

export function makeTally(metrics: Metrics, { store, clock }: { store: Store; clock: Clock }): Tally {
  const turns = metrics.counter({
    name: 'tidings_turns_total',
    help: 'Turns that ended, of main sessions and of subagents, by how they ended',
    labels: ['session', 'stop'],
  });
  const steps = metrics.counter({
    name: 'tidings_steps_total',
    help: 'Steps whose request was answered',
    labels: ['session'],
  });
  const abandoned = metrics.counter({
    name: 'tidings_steps_abandoned_total',
    help: 'Steps that were given up, by why',
    labels: ['because'],
  });
  const tools = metrics.counter({
    name: 'tidings_tool_calls_total',
    help: 'Tool calls that finished, by whether they did what was asked',
    labels: ['result'],
  });
  const spawned = metrics.counter({
    name: 'tidings_subagents_spawned_total',
    help: 'Subagents that were spawned',
  });
  const ended = metrics.counter({
    name: 'tidings_subagents_ended_total',
    help: 'Attempts of subagents that ended, by status',
    labels: ['status'],
  });
  const parked = metrics.counter({
    name: 'tidings_chats_parked_total',
    help: 'Chats that came to wait for a person, by why',
    labels: ['reason'],
  });
  const tokens = metrics.counter({
    name: 'tidings_tokens_total',
    help: "Tokens of answered requests, as the API counted them, by the session's model and kind",
    labels: ['model', 'kind'],
  });
  const spent = metrics.counter({
    name: 'tidings_spent_usd_total',
    help: 'What answered requests cost, in dollars, by the prices of the catalogue',
    labels: ['model'],
  });
  const called = metrics.counter({
    name: 'tidings_model_calls_total',
    help: 'Requests that were sent to the model API',
    labels: ['model'],
  });
  const errors = metrics.counter({
    name: 'tidings_model_errors_total',
    help: 'Requests to the model API that failed, by kind; "given_up": no longer wanted',
    labels: ['kind'],
  });
  const retries = metrics.counter({
    name: 'tidings_model_retries_total',
    help: 'Failed requests to the model API that are tried again, by kind',
    labels: ['kind'],
  });
  const callTime = metrics.histogram({
    name: 'tidings_model_call_seconds',
    help: 'How long requests to the model API took, from the sending to the whole answer',
    labels: ['outcome'],
    bounds: callBounds,
  });
  const commitTime = metrics.histogram({
    name: 'tidings_transaction_seconds',
    help: 'How long transactions of the store took',
    bounds: commitBounds,
  });

  const statuses = new Map<string, string>();
  const waiting = new Map<string, Waiting>();
  const undelivered = new Map<string, number>();

  metrics.reads({
    name: 'tidings_subagents',
    help: 'Subagents that have not ended, by status, of those this process has had in memory since it started',
    type: 'gauge',
    labels: ['status'],
    read: () => {
      const counts = { blocked: 0, queued: 0, running: 0, waiting: 0, input_required: 0 };
      const all = new Map<string, number>(Object.entries(counts));
      for (const status of statuses.values()) all.set(status, (all.get(status) ?? 0) + 1);
      return [...all].map(([status, count]) => [count, status] as const);
    },
  });
  metrics.reads({
    name: 'tidings_mail_waiting',
    help: 'Mail that was accepted and that no answered request has held yet; not that of parked chats, nor tasks',
    type: 'gauge',
    read: () => [[[...waiting.values()].reduce((sum, letters) => sum + letters.size, 0)]],
  });
  metrics.reads({
    name: 'tidings_mail_oldest_seconds',
    help: 'How long the oldest of that mail has waited; 0 if there is none',
    type: 'gauge',
    read: () => {
      let oldest = clock.now();
      for (const letters of waiting.values())
        for (const at of letters.values()) oldest = Math.min(oldest, at);
      return [[Math.max(0, clock.now() - oldest) / 1_000]];
    },
  });
  metrics.reads({
    name: 'tidings_mail_undelivered',
    help: 'Mail between sessions that its receiver has not accepted yet',
    type: 'gauge',
    read: () => [[[...undelivered.values()].reduce((sum, count) => sum + count, 0)]],
  });

  function standing(state: Session, cameAt: (seq: number) => number): void {
    if (state.spec) {
      if (isEnded(state.status)) statuses.delete(state.id);
      else statuses.set(state.id, state.status);
    }
    set(undelivered, state.id, state.mail.undelivered.length || undefined);
    const before = waiting.get(state.id);
    const letters = new Map<number, number>();
    if (state.status !== 'parked') {
      for (const { seq, kind } of mailbox.unsettled(state.mail)) {
        if (kind !== 'task') letters.set(seq, before?.get(seq) ?? cameAt(seq));
      }
    }
    set(waiting, state.id, letters.size > 0 ? letters : undefined);
  }

  function count(state: Session, { event }: Recorded): void {
    const session = state.kind === 'main' ? 'main' : 'subagent';
    switch (event.type) {
      case 'turn.ended':
        return turns.add(1, session, event.stop);
      case 'step.answered':
        steps.add(1, session);
        return used(state, event.usage);
      case 'usage.counted':
        return used(state, event.usage);
      case 'step.abandoned':
        return abandoned.add(1, event.because);
      case 'tool.finished':
        return tools.add(1, event.ok ? 'ok' : 'error');
      case 'subagent.spawned':
        return spawned.add(1);
      case 'attempt.ended':
        return ended.add(1, event.status);
      case 'session.parked':
        return parked.add(1, event.reason);
      default:
        return;
    }
  }

  function used({ model }: Session, usage: Usage): void {
    tokens.add(usage.inputTokens, model, 'input');
    tokens.add(usage.outputTokens, model, 'output');
    tokens.add(usage.cacheReadTokens, model, 'cache_read');
    tokens.add(usage.cacheWriteTokens, model, 'cache_write');
    spent.add(usage.usd, model);
  }

  return {
    loaded: (state) => standing(state, (seq) => store.events(state.id, seq - 1, 1)[0]?.at ?? clock.now()),
    committed(state, events) {
      for (const recorded of events) count(state, recorded);
      const came = new Map(events.map(({ seq, at }) => [seq, at]));
      standing(state, (seq) => came.get(seq) ?? clock.now());
    },
    model: (model) => ({
      async call(request, options) {
        called.add(1, request.model);
        const began = clock.monotonic();
        let outcome: CallOutcome | undefined;
        try {
          outcome = await model.call(request, options);
          if (outcome.kind !== 'answered') errors.add(1, outcome.why);
          return outcome;
        } catch (error) {
          errors.add(1, 'given_up');
          throw error;
        } finally {
          const how = outcome?.kind === 'answered' ? 'answered' : outcome ? 'failed' : 'given_up';
          callTime.observe((clock.monotonic() - began) / 1_000, how);
        }
      },
    }),
    retried: (why) => retries.add(1, why),
    wrote: (ms) => commitTime.observe(ms / 1_000),
  };
}

function set<Value>(map: Map<string, Value>, key: string, value: Value | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
