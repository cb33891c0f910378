/**
 * What becomes of a session that the model API refuses, or whose host went down: told in words, tried again where
 * that makes sense, brought to rest or to its end where it doesn't.
 */
import { mustOpen } from './advance.ts';
import { stepCall } from './budget.ts';
import type { Command } from './commands.ts';
import type { Draft } from './draft.ts';
import { endAttempt, finishCall, park } from './ending.ts';
import { callsLost, cut } from './spending.ts';
import { partialWork } from './steps.ts';

/** A crash loop: a session that went down this often at one step is not tried again by itself. */
const MAX_CRASHES = 3;

export function refused(d: Draft, command: Extract<Command, { type: 'refused' }>): void {
  const { step } = d.state;
  cut(d, stepCall(command.step), command.cut ?? { how: 'unsent' });
  if (step?.n !== command.step || step.phase !== 'calling') return;
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

export function hostStarted(d: Draft): void {
  const { state } = d;
  callsLost(d);
  // A workspace that is being opened is work, too: one that brings the host down must not do so for ever.
  const opens = state.status === 'running' && !state.closing && mustOpen(state);
  if (!state.step && !opens) return;
  const step = state.step?.n ?? state.steps;
  d.add({ type: 'session.resumed', step, ...(state.cleanlyStopped ? { clean: true } : {}) });
  if (!state.cleanlyStopped && d.state.crashes.times > MAX_CRASHES) {
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
