/**
 * What becomes of a session that the model API refuses, or whose host went down: told in words, tried again where
 * that makes sense, brought to rest or to its end where it doesn't.
 */
import { mustOpen } from './advance.ts';
import { sizeOf, stepCall } from './budget.ts';
import type { Command } from './commands.ts';
import { startCompaction } from './compaction.ts';
import type { Draft } from './draft.ts';
import { abandonStep, endAttempt, finishCall, park } from './ending.ts';
import { quarantine } from './prefix.ts';
import { isBusy, thinkingWords } from './session.ts';
import { callsLost, cut } from './spending.ts';
import { partialWork } from './steps.ts';

/** A crash loop: a session that went down this often at one step is not tried again by itself. */
const MAX_CRASHES = 3;

export function refused(d: Draft, command: Extract<Command, { type: 'refused' }>): void {
  const { step } = d.state;
  cut(d, stepCall(command.step), command.cut ?? { how: 'unsent' });
  if (step?.n !== command.step || step.phase !== 'calling') return;
  if (command.why === 'invalid' || command.why === 'too_large') {
    const again = d.state.refusals === 0;
    d.add({ type: 'step.refused', step: step.n, why: command.why, message: command.message });
    if (again || remedied(d)) return;
  }
  if (d.state.spec) {
    endAttempt(d, {
      status: 'failed',
      reason: 'model',
      result: partialWork(d.state, `The model API refused this subagent's request: ${command.message}`),
    });
    return;
  }
  park(d, 'refused', command.why, refusalWords(command));
}

/** A conversation that fills this share of its window may be what the API refuses. */
const NEARLY_FULL = 0.5;

/**
 * What can be done about a request that the API refuses as it stands: a shorter conversation where that may be it, then
 * one without the words that came last. One bad message never ends a chat. False: all was tried.
 */
function remedied(d: Draft): boolean {
  const { state, context } = d;
  if (
    state.remedy === 'none' &&
    state.attemptSteps > 0 &&
    sizeOf(state.contents) >= NEARLY_FULL * context.rules.terms(state.model).window
  ) {
    abandonStep(d, 'refused');
    startCompaction(d, true);
    return true;
  }
  // Without its task a subagent has nothing to go on with.
  const lost = state.mail.taken.some((letter) => letter.kind === 'task');
  if (state.remedy === 'quarantined' || state.unheard.length === 0 || lost) return false;
  abandonStep(d, 'refused');
  quarantine(d);
  return true;
}

function refusalWords(command: Extract<Command, { type: 'refused' }>): string {
  const said = `The API said: ${command.message}`;
  const kept = 'Nothing is lost: when that is done, resume this chat or say something.';
  switch (command.why) {
    case 'auth':
      return `The model API did not accept the key. Check ANTHROPIC_API_KEY (or ANTHROPIC_AUTH_TOKEN) and start the gateway with a valid one. ${kept} ${said}`;
    case 'billing':
      return `The model API asks for payment. Look at the billing page of the account that the key belongs to. ${kept} ${said}`;
    case 'permission':
      return `The key may not use this model or feature. Choose another model, or a key that may. ${kept} ${said}`;
    case 'not_found':
      return `The model API does not know what was asked for; most likely the model was retired or its name is wrong. Set TIDINGS_MODEL to one that exists. ${kept} ${said}`;
    case 'too_large':
      return `The conversation has become too large for one request. ${kept} ${said}`;
    case 'invalid':
      return `The model API refused the request as invalid. ${kept} ${said}`;
  }
}

/** A call that waits for the API: people read a notice, a subagent is shown to wait until the call is made. */
export function callWaits(d: Draft, command: Extract<Command, { type: 'delayed' | 'underway' }>): void {
  const { state } = d;
  const { step, spec, activity } = state;
  if (step?.n !== command.step || step.phase !== 'calling') return;
  if (!spec) {
    if (command.type === 'delayed') d.add({ type: 'notice', level: 'warning', text: command.text });
    return;
  }
  const text = command.type === 'delayed' ? command.activity : thinkingWords(state);
  if (text !== activity) d.add({ type: 'activity.changed', text });
}

/**
 * Taken up again after it was no longer in memory.
 * @param evicted that was none of its doing: it counts as no crash, though what was under way is lost all the same
 */
export function hostStarted(d: Draft, evicted: boolean): void {
  const { state } = d;
  callsLost(d);
  // A workspace that is being opened is work, too: one that brings the host down must not do so for ever.
  const opens = state.status === 'running' && !state.closing && mustOpen(state);
  const { compaction } = state;
  if (compaction && !compaction.made && !state.cleanlyStopped) {
    d.add({ type: 'compaction.failed', n: compaction.n, why: 'the gateway went down while it was made' });
  }
  // One that only waits for an answer did nothing when the host went down.
  if (!isBusy(state) && !opens && !state.renewal) return;
  const step = state.step?.n ?? state.steps;
  const clean = state.cleanlyStopped || evicted;
  d.add({ type: 'session.resumed', step, ...(clean ? { clean: true } : {}) });
  if (!clean && d.state.crashes.times > MAX_CRASHES) {
    crashLoop(d, step);
    return;
  }
  for (const call of d.state.step?.calls ?? []) {
    if (call.mode === 'work' && call.state === 'started' && !call.repeatable) {
      finishCall(
        d,
        call,
        false,
        'The gateway went down while this ran. Its outcome is unknown: look before you repeat it.',
      );
    }
  }
}

function crashLoop(d: Draft, step: number): void {
  const times = d.state.crashes.times;
  if (d.state.spec) {
    endAttempt(d, {
      status: 'failed',
      reason: 'crash',
      result: partialWork(d.state, `The gateway went down ${times} times at step ${step} of this subagent.`),
    });
    return;
  }
  park(
    d,
    'crash',
    'crash',
    `The gateway went down ${times} times while it was at the same step of this chat, so it does not try again by itself. Resume, or say something, to try once more.`,
  );
}
