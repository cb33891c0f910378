/**
 * Each session by itself: its log never changes, its status is what the log says, nothing happens in one that has
 * ended, calls run as often as they may, and time at work is counted and limited.
 */
import { isDeepStrictEqual } from 'node:util';
import { isEnded } from '../../../src/core/subagents.ts';
import { IDLE_MS } from '../life.ts';
import { type Chronicle, type History, together } from './chronicle.ts';
import { isForgotten } from './forgetting.ts';

/** A timer may look this much too late: it looks once a second where a session is at rest. */
const LATE_MS = 1_500;

export function judgeSessions(chronicle: Chronicle): string[] {
  const found: string[] = [];
  for (const history of chronicle.sessions.values()) {
    found.push(...bytes(chronicle, history), ...afterEnding(history), ...calls(history), ...clock(history));
  }
  found.push(...runs(chronicle), ...recoveries(chronicle));
  return found;
}

function bytes({ world }: Chronicle, { id, name, log, states, end }: History): string[] {
  const found: string[] = [];
  const { store, texts } = world.witness;
  if (isForgotten(world, id)) {
    const left = store.session(id) !== undefined || world.life.runtime.state(id) !== undefined;
    return left ? [`${name} was forgotten and is there`] : [];
  }
  const stored = store.events(id, 0, Number.POSITIVE_INFINITY);
  const written = texts.get(id) ?? [];
  stored.forEach(({ seq, event }, index) => {
    if (seq !== index + 1) found.push(`${name}: ${seq} stands at ${index + 1}`);
    if (event !== written[index]) found.push(`${name} ${seq} was changed after it was written`);
  });
  if (stored.length !== log.length)
    found.push(`${name}: ${log.length} events were written, ${stored.length} are there`);
  if (store.session(id)?.wants) found.push(`${name} still wants something`);

  const now = world.life.runtime.state(id);
  if (!same(now, end)) found.push(`${name}: its state is not what its log says`);
  const snapshot = store.snapshot(id);
  if (snapshot && !same(JSON.parse(snapshot.state), states[snapshot.seq - 1])) {
    found.push(`${name}: its snapshot is not what its log says`);
  }
  return found;
}

/** Whether two values are one as JSON, in whatever order their fields stand. */
function same(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));
}

const silent = new Set([
  'turn.started',
  'step.requested',
  'step.answered',
  'tool.started',
  'input.requested',
  'verification.started',
  'verification.failed',
  'attempt.closing',
  'attempt.ended',
]);

function afterEnding({ name, log, states }: History): string[] {
  const found: string[] = [];
  log.forEach(({ event, seq }, index) => {
    const before = states[index - 1];
    if (before && isEnded(before.status) && silent.has(event.type)) {
      found.push(`${name} ${seq}: ${event.type} though it had ended as ${before.status}`);
    }
    if (before?.status === 'parked' && silent.has(event.type))
      found.push(`${name} ${seq}: ${event.type} though parked`);
  });
  return found;
}

/** Every call of an answer is finished exactly once before the next request, and started at most once. */
function calls({ name, log }: History): string[] {
  const found: string[] = [];
  let open = new Set<string>();
  const started = new Set<string>();
  const ids = new Map<string, string>();
  for (const { event, seq } of log) {
    switch (event.type) {
      case 'step.requested':
        if (open.size > 0) found.push(`${name} ${seq}: asked with open calls ${[...open].join()}`);
        break;
      case 'step.answered':
        open = new Set();
        event.calls.forEach((call, index) => {
          open.add(`${event.step}.${index}`);
          ids.set(`${event.step}.${index}`, call.id);
        });
        break;
      case 'tool.started':
        if (started.has(event.call) || !open.has(event.call))
          found.push(`${name} ${seq}: ${event.call} started`);
        started.add(event.call);
        break;
      case 'tool.finished':
        if (!open.delete(event.call)) found.push(`${name} ${seq}: ${event.call} finished again`);
        if (event.block.tool_use_id !== ids.get(event.call))
          found.push(`${name} ${seq}: a result of another call`);
        break;
    }
  }
  return found;
}

function clock(history: History): string[] {
  const { name, log, states, end } = history;
  if (!end.spec) return [];
  const found: string[] = [];
  const { limitMs } = end.spec;
  log.forEach(({ event, seq }, index) => {
    if (event.type !== 'attempt.closing') return;
    const { workedMs = 0 } = states[index] ?? {};
    if (workedMs > limitMs + LATE_MS) found.push(`${name} ${seq}: worked ${workedMs} ms of ${limitMs}`);
    if (event.status !== 'timed_out') return;
    if (event.reason === 'limit' && workedMs < limitMs)
      found.push(`${name} ${seq}: stopped after ${workedMs} ms`);
    const since = Math.max(...together(history, index).map((one) => one.worked));
    if (event.reason === 'idle' && since < IDLE_MS)
      found.push(`${name} ${seq}: called idle after ${since} ms`);
  });
  return found;
}

/** Nothing is taken up again in a life in which nothing went down. */
function recoveries({ world, sessions }: Chronicle): string[] {
  if (world.lives > 1) return [];
  return [...sessions.values()].flatMap(({ name, log }) =>
    log.some(({ event }) => event.type === 'session.resumed' || event.type === 'host.stopped')
      ? [`${name} was recovered, and nothing had gone down`]
      : [],
  );
}

/** What is not declared safe to repeat starts once, whatever goes down when; what was cut off never does. */
function runs({ world }: Chronicle): string[] {
  const found: string[] = [];
  const seen = new Set<string>();
  for (const { call, worker } of world.started) {
    if (world.cut.has(call.id)) found.push(`${worker.path || 'main'} ran ${call.id}, which was cut off`);
    if (seen.has(call.id) && call.name !== 'read')
      found.push(`${worker.path || 'main'} ran ${call.id} twice`);
    seen.add(call.id);
  }
  return found;
}
