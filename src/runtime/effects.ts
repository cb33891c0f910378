/**
 * Runs one effect and sends what it came to as a command. The only place where the kinds of effects meet the
 * outside; what is to run is decided elsewhere.
 */
import { decodeEvent } from '../core/events.ts';
import type { Clock, ToolOutcome, Workshop } from '../core/ports.ts';
import type { Effect } from '../core/wants.ts';
import type { Actor } from './actor.ts';
import { callModel } from './calls.ts';
import type { Inspect } from './inspect.ts';
import { deliver, type OutboxPorts } from './outbox.ts';
import { compact, type PrefixPorts, renewPrefix } from './prefixes.ts';
import type { Running } from './reconcile.ts';
import type { Removal } from './removal.ts';

export interface EffectPorts extends PrefixPorts, OutboxPorts {
  readonly workshop: Workshop;
  readonly removal: Removal;
  /** Tools that look at sessions and skills; undefined for those that the workshop runs. */
  readonly inspect: Inspect;
  /** What a main session's tools may take. */
  readonly mainToolMs: number;
  /** Told of an effect that failed in a way no command speaks of: a programmer's error. */
  readonly broken: (actor: Actor, effect: Effect, error: unknown) => void;
}

const BROKEN_PAUSE_MS = 5_000;
const CLOSE_TRIES = 3;
const CLOSE_PAUSE_MS = 500;

/** Why an effect is aborted: made once, since an error made for each would look up where it was made. */
const unwanted = new DOMException('The effect is no longer wanted.', 'AbortError');

export function runEffect(actor: Actor, effect: Effect, ports: EffectPorts): Running {
  const control = new AbortController();
  const { signal } = control;
  const done = perform(actor, effect, ports, signal)
    .catch((error: unknown) => {
      if (signal.aborted) return;
      ports.broken(actor, effect, error);
      // It is still wanted, so it is started again, but not in a frenzy.
      return sleep(ports.clock, BROKEN_PAUSE_MS, signal);
    })
    .catch(() => {});
  return { done, abort: () => control.abort(unwanted) };
}

async function perform(actor: Actor, effect: Effect, ports: EffectPorts, signal: AbortSignal): Promise<void> {
  const { clock, workshop } = ports;
  switch (effect.kind) {
    case 'model':
      return callModel(actor, effect.step, ports, signal);
    case 'compact':
      return compact(actor, effect.n, ports, signal);
    case 'prefix':
      return renewPrefix(actor, effect.n, ports, signal);
    case 'cut':
      return settleCut(actor, effect.call, signal);
    case 'mail':
      return deliver(actor, effect, ports, signal);
    case 'tool':
      return runTool(actor, effect, ports, signal);
    case 'open': {
      const idle = actor.work.busy();
      const opened = await workshop.open(effect.worker, signal).finally(idle);
      signal.throwIfAborted();
      await actor.send(
        opened.kind === 'ready'
          ? { type: 'opened', attempt: effect.attempt, note: opened.note }
          : { type: 'unopened', attempt: effect.attempt, message: opened.message },
      );
      return;
    }
    case 'verify':
      return verify(actor, effect, ports, signal);
    case 'gather':
      return gather(actor, effect, ports);
    case 'close':
      await closeWorkspace(actor, effect, ports, signal);
      return;
    case 'sweep': {
      const { left } = await workshop.sweep(effect.worker);
      await actor.send({ type: 'swept', attempt: effect.attempt, left });
      return;
    }
    case 'forget':
      await ports.removal.subagents(actor, effect.ids, signal);
      return;
    case 'forget-chat':
      await ports.removal.chat(actor, effect.unconfirmed, signal);
      return;
    case 'timer':
      await sleep(clock, effect.ms, signal);
      await actor.send({ type: 'timer', timer: effect.timer });
      return;
    case 'worked':
      await when((fire) => actor.work.afterWork(effect.ms, fire), signal);
      await actor.send({ type: 'timer', timer: effect.timer });
      return;
    case 'idle':
      await when((fire) => actor.work.afterIdle(effect.ms, fire), signal);
      await actor.send({ type: 'timer', timer: effect.timer });
      return;
  }
}

/** What one that waited for others is to have of them stands in this session's own log. */
async function gather(
  actor: Actor,
  { child, endings }: Extract<Effect, { kind: 'gather' }>,
  { store }: EffectPorts,
): Promise<void> {
  const news = endings.map((seq) => {
    const [row] = store.events(actor.id, seq - 1, 1);
    const event = row && decodeEvent(row).event;
    if (event?.type !== 'mail.accepted' || event.body.kind !== 'announcement') {
      throw new Error(`event ${seq} of ${actor.id} tells of no ending`);
    }
    return event.body;
  });
  await actor.send({ type: 'gathered', child, endings, news });
}

/** A call that was given up tells by itself what it came to; one that never began has nobody to tell it. */
async function settleCut(actor: Actor, call: string, signal: AbortSignal): Promise<void> {
  await Promise.race([actor.calls.over(call), when(() => () => {}, signal)]);
  await actor.send({ type: 'cut', call, how: 'unsent' });
}

/** A workspace that can't be closed must not hold up the ending: after a few tries that is told with it. */
async function closeWorkspace(
  actor: Actor,
  { attempt, worker }: Extract<Effect, { kind: 'close' }>,
  { workshop, clock }: EffectPorts,
  signal: AbortSignal,
): Promise<void> {
  for (let left = CLOSE_TRIES - 1; ; left--) {
    try {
      const workspace = await workshop.close(worker);
      await actor.send({ type: 'closed', attempt, ...(workspace ? { workspace } : {}) });
      return;
    } catch (error) {
      if (left === 0) {
        const failure = error instanceof Error ? error.message : String(error);
        await actor.send({ type: 'closed', attempt, failure });
        return;
      }
    }
    await sleep(clock, CLOSE_PAUSE_MS, signal);
  }
}

/** What can't even be tried does not hold either: whoever works on it reads why. */
async function verify(
  actor: Actor,
  { attempt, n, worker, commands, limitMs }: Extract<Effect, { kind: 'verify' }>,
  { workshop }: EffectPorts,
  signal: AbortSignal,
): Promise<void> {
  const idle = actor.work.busy();
  const onAlive = (): void => actor.work.touch();
  const outcome = await workshop.verify(worker, commands, { signal, limitMs, onAlive }).finally(idle);
  signal.throwIfAborted();
  await actor.send({
    type: 'verified',
    attempt,
    n,
    ...(outcome.ok ? {} : { failure: { command: outcome.command, text: outcome.text } }),
  });
}

async function runTool(
  actor: Actor,
  effect: Extract<Effect, { kind: 'tool' }>,
  ports: EffectPorts,
  signal: AbortSignal,
): Promise<void> {
  const started = ports.clock.monotonic();
  const idle = actor.work.busy();
  let outcome: ToolOutcome;
  try {
    outcome =
      (await inspected(actor, effect, ports, signal)) ??
      (await ports.workshop.run(effect.worker, effect.tool, {
        signal,
        ...(actor.state?.kind === 'main' ? { limitMs: ports.mainToolMs } : {}),
        onAlive: () => actor.work.touch(),
      }));
  } finally {
    idle();
  }
  signal.throwIfAborted();
  const ms = Math.round(ports.clock.monotonic() - started);
  await actor.send({ type: 'tool', call: effect.call, ok: outcome.ok, text: outcome.text, ms });
}

/**
 * A tool that the runtime answers by itself. What it does for a session goes on when the session's patience is over or
 * nobody waits any more: it can't be cut in the middle, as a process can.
 */
async function inspected(
  actor: Actor,
  { tool }: Extract<Effect, { kind: 'tool' }>,
  { inspect, clock, mainToolMs }: EffectPorts,
  signal: AbortSignal,
): Promise<ToolOutcome | undefined> {
  const answer = inspect(actor, tool);
  if (!answer) return undefined;
  const over = new AbortController();
  const patience = AbortSignal.any([signal, over.signal]);
  const told = Promise.resolve(answer).catch((error: unknown): ToolOutcome => {
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, text: `${tool.name} failed: ${why}` };
  });
  const limitMs = actor.state?.kind === 'main' ? mainToolMs : undefined;
  const wait = when((fire) => (limitMs === undefined ? () => {} : clock.after(limitMs, fire)), patience);
  const late = wait.then((): ToolOutcome => {
    const text = `${tool.name} takes longer than ${mainToolMs / 1_000} s and goes on without you; look again later.`;
    return { ok: false, text };
  });
  try {
    return await Promise.race([told, late]);
  } finally {
    over.abort(unwanted);
  }
}

/** Resolves after `ms`; rejects when `signal` aborts before. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return when((fire) => clock.after(ms, fire), signal);
}

function when(arm: (fire: () => void) => () => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const leave = (): void => {
      cancel();
      reject(signal.reason);
    };
    const cancel = arm(() => {
      signal.removeEventListener('abort', leave);
      resolve();
    });
    signal.addEventListener('abort', leave, { once: true });
  });
}
