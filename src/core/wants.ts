/**
 * What should be running outside, as a function of the state and of nothing else. The runtime makes it so:
 * what is wanted and not running is started, what runs and is no longer wanted is aborted.
 */
import { mustOpen } from './advance.ts';
import { compactCall, stepCall } from './budget.ts';
import { buried } from './care.ts';
import type { Timer } from './commands.ts';
import type { PostedMail } from './correspondence.ts';
import { ready } from './dependencies.ts';
import type { ToolCall, Worker } from './ports.ts';
import { isBusy, type Session } from './session.ts';
import * as subagents from './subagents.ts';

export type Effect = { readonly key: string } & (
  | { readonly kind: 'model'; readonly step: number }
  | { readonly kind: 'compact'; readonly n: number }
  | { readonly kind: 'prefix'; readonly n: number }
  /** Waits until a call that was given up is settled. */
  | { readonly kind: 'cut'; readonly call: string }
  | { readonly kind: 'tool'; readonly call: string; readonly tool: ToolCall; readonly worker: Worker }
  | { readonly kind: 'mail'; readonly to: string; readonly mails: readonly PostedMail[] }
  | { readonly kind: 'open'; readonly attempt: number; readonly worker: Worker }
  /** Its work is checked. `limitMs`: for each command. */
  | {
      readonly kind: 'verify';
      readonly n: number;
      readonly attempt: number;
      readonly commands: readonly string[];
      readonly limitMs: number;
      readonly worker: Worker;
    }
  /** What one that waited for others is to have of them is read from these events. */
  | { readonly kind: 'gather'; readonly child: string; readonly endings: readonly number[] }
  | { readonly kind: 'close'; readonly attempt: number; readonly worker: Worker }
  | { readonly kind: 'sweep'; readonly attempt: number; readonly worker: Worker }
  /** Folders and logs of subagents that were forgotten are removed. */
  | { readonly kind: 'forget'; readonly ids: readonly string[] }
  /** The same for the whole chat. `unconfirmed`: sessions whose processes may still live. */
  | { readonly kind: 'forget-chat'; readonly unconfirmed: readonly string[] }
  /** Fires when this much more time was spent at work. */
  | { readonly kind: 'worked'; readonly ms: number; readonly timer: Timer }
  /** Fires when work goes on this long with nothing happening. */
  | { readonly kind: 'idle'; readonly ms: number; readonly timer: Timer }
  /** Fires after this much time. */
  | { readonly kind: 'timer'; readonly ms: number; readonly timer: Timer }
);

/** How long a kill is waited for before it is reported as unconfirmed. */
export const KILL_MS = 4_000;
const MAX_SWEEPS = 3;

export function wants(state: Session): Effect[] {
  const unconfirmed = buried(state);
  if (unconfirmed) return [{ key: 'forget:chat', kind: 'forget-chat', unconfirmed }];
  const effects: Effect[] = [];
  wantMail(state, effects);
  const [first] = state.leaving;
  if (first) effects.push({ key: `forget:${first}`, kind: 'forget', ids: state.leaving });
  wantSettled(state, effects);
  for (const { attempt, tries } of state.unswept) {
    if (tries >= MAX_SWEEPS) continue;
    effects.push({
      key: `sweep:${attempt}.${tries}`,
      kind: 'sweep',
      attempt,
      worker: { ...workerOf(state), attempt },
    });
  }
  if (state.closing) {
    effects.push({
      key: `close:${state.attempt}`,
      kind: 'close',
      attempt: state.attempt,
      worker: workerOf(state),
    });
    return effects;
  }
  if (subagents.isEnded(state.status)) return effects;
  for (const { id, endings } of ready(state)) {
    effects.push({ key: `gather:${id}.${endings.join('.')}`, kind: 'gather', child: id, endings });
  }
  wantWork(state, effects);
  return effects;
}

function wantWork(state: Session, effects: Effect[]): void {
  const { step, spec } = state;
  const opens = state.status === 'running' && mustOpen(state);
  if (opens) {
    effects.push({
      key: `open:${state.attempt}`,
      kind: 'open',
      attempt: state.attempt,
      worker: workerOf(state),
    });
  }
  if (step?.phase === 'calling') {
    const again = state.refusals > 0 ? `.${state.refusals}` : '';
    effects.push({ key: `model:${step.n}${again}`, kind: 'model', step: step.n });
  }
  wantPrefix(state, effects);
  for (const call of step?.calls ?? []) {
    if (call.mode === 'work' && call.state === 'started') {
      effects.push({
        key: `tool:${call.key}`,
        kind: 'tool',
        call: call.key,
        tool: { id: call.id, name: call.name, input: call.input ?? {} },
        worker: workerOf(state),
      });
    }
    if (call.mode === 'kill' && call.state !== 'finished') {
      effects.push({
        key: `timer:kill.${call.key}`,
        kind: 'timer',
        ms: KILL_MS,
        timer: { kind: 'kill', call: call.key },
      });
    }
  }
  if (state.checking !== undefined && spec?.doneWhen) {
    effects.push({
      key: `verify:${state.checking}`,
      kind: 'verify',
      n: state.checking,
      attempt: state.attempt,
      commands: spec.doneWhen.commands,
      limitMs: spec.doneWhen.limitMs,
      worker: workerOf(state),
    });
  }
  if (spec && (isBusy(state) || opens)) {
    const { attempt } = state;
    effects.push({
      key: `timer:limit.${attempt}`,
      kind: 'worked',
      ms: Math.max(0, spec.limitMs - state.workedMs),
      timer: { kind: 'limit', attempt },
    });
    // A check that prints nothing has a limit of its own.
    if (state.checking !== undefined) return;
    effects.push({
      key: `timer:idle.${attempt}`,
      kind: 'idle',
      ms: spec.idleMs,
      timer: { kind: 'idle', attempt },
    });
  }
}

function wantPrefix({ renewal, compaction, status }: Session, effects: Effect[]): void {
  if (renewal) effects.push({ key: `prefix:${renewal.n}`, kind: 'prefix', n: renewal.n });
  if (compaction && !compaction.made && status !== 'parked') {
    effects.push({ key: `compact:${compaction.n}`, kind: 'compact', n: compaction.n });
  }
}

/** What was set aside for a call that is no longer wanted is not free before it is known what the call came to. */
function wantSettled(state: Session, effects: Effect[]): void {
  const { step, compaction } = state;
  const current = step?.phase === 'calling' ? stepCall(step.n) : undefined;
  const aside = compaction && !compaction.made ? compactCall(compaction.n) : undefined;
  for (const call in state.account.held) {
    if (call !== current && call !== aside) effects.push({ key: `cut:${call}`, kind: 'cut', call });
  }
}

function wantMail(state: Session, effects: Effect[]): void {
  const { undelivered } = state.mail;
  if (undelivered.length === 0) return;
  const byReceiver = new Map<string, PostedMail[]>();
  for (const mail of undelivered) {
    const mails = byReceiver.get(mail.to);
    if (mails) mails.push(mail);
    else byReceiver.set(mail.to, [mail]);
  }
  for (const [to, mails] of byReceiver) effects.push({ key: `mail:${to}`, kind: 'mail', to, mails });
}

export function workerOf(state: Session): Worker {
  return {
    session: state.id,
    chat: state.chat,
    attempt: state.attempt,
    path: state.spec?.path ?? '',
    ...(state.spec?.repo ? { repo: state.spec.repo } : {}),
    ...(state.spec?.role === 'reviewer' ? { reviewer: true } : {}),
  };
}
