/**
 * When a session's requests begin anew, and what they begin with: for a summary, for words the API refuses, for
 * settings that changed. Decides that a new prefix is due and records it; what it takes over of the conversation is
 * read from the transcript by `carry-over.ts`.
 */
import { tooMuch } from './attachments.ts';
import { sizeOf } from './budget.ts';
import type { Command, PrefixSubject, Rules } from './commands.ts';
import { startCompaction } from './compaction.ts';
import type { Draft } from './draft.ts';
import type { Carried, RenewalReason } from './events.ts';
import { encodeBody } from './fence.ts';
import { digestOf } from './ids.ts';
import * as policy from './policy.ts';
import type { Block, PrefixParams } from './ports.ts';
import type { Session } from './session.ts';
import { standingFacts } from './standing-facts.ts';

/** What a prefix that began now would be made of. */
function paramsNow(state: Session, rules: Rules): PrefixParams {
  const subject: PrefixSubject = {
    kind: state.kind,
    role: state.spec?.role ?? 'worker',
    mayDelegate: policy.mayDelegate(policy.depthOf(state), rules),
    model: modelWanted(state, rules),
    ...(state.thinking ? { thinking: state.thinking } : {}),
    ...(state.spec?.trust === 'plan' ? { plans: true } : {}),
    ...(state.spec?.doneWhen?.resultSchema ? { submits: true } : {}),
  };
  return rules.prefix(subject);
}

/** The model that the next prefix is for: the one that was chosen, or the configured one. */
function modelWanted(state: Session, rules: Rules): string {
  if (state.chosenModel !== undefined) return state.chosenModel;
  return state.kind === 'main' && !state.chosen ? rules.model : state.model;
}

/** The first prefix of a session. */
export function startPrefix(d: Draft): void {
  d.add({ type: 'prefix.started', because: 'created', params: paramsNow(d.state, d.context.rules) });
}

/**
 * Has the next request wait for a new prefix, if there is reason for one; true if it waits. A turn that is under way
 * keeps its settings: only the first request of a turn takes up new ones.
 */
export function awaitPrefix(d: Draft, atTurnStart: boolean): boolean {
  const { state } = d;
  if (state.renewal) return true;
  // What was paused goes back as it is: nothing of it may change.
  if (state.paused) return false;
  // Without the words that were left out it was refused as well, so they were not to blame.
  if (atTurnStart && state.quarantined.length > 0) return due(d, 'quarantine');
  if (state.compaction?.made) return due(d, 'compaction');
  if (state.compaction?.forced) return true;
  if (!atTurnStart || !settingsChanged(d)) return false;
  const { model } = paramsNow(state, d.context.rules);
  const { window } = d.context.rules.terms(model);
  const fits = sizeOf(state.contents) < window * 0.9 && tooMuch(state.load, window) === undefined;
  if (fits) return due(d, 'settings');
  // The new model could not read all of it.
  startCompaction(d, true);
  return true;
}

function due(d: Draft, because: RenewalReason): true {
  d.add({ type: 'prefix.due', n: d.state.prefixes + 1, because });
  return true;
}

/** Takes what the API refused out of what it is sent. */
export function quarantine(d: Draft): void {
  due(d, 'quarantine');
}

function settingsChanged(d: Draft): boolean {
  return digestOf(paramsNow(d.state, d.context.rules)) !== d.state.prefixDigest;
}

/**
 * Begins the new prefix that was due; false if it is not due any more, or if more was accepted since what it takes
 * over was read: then that is to be read again.
 */
export function renewed(d: Draft, command: Extract<Command, { type: 'renewed' }>): boolean {
  const { state } = d;
  const { renewal } = state;
  if (renewal?.n !== command.n) return false;
  if ([...state.mail.waiting, ...state.owed].some(({ seq }) => seq > command.upTo)) return false;
  const params = paramsNow(state, d.context.rules);
  const [head, ...rest] = command.carried;
  const carried: Carried[] =
    renewal.because === 'compaction' && head
      ? [head, { role: 'user', content: [factsBlock(state)], seq: 0, step: 0 }, ...rest]
      : [...command.carried];
  d.add({
    type: 'prefix.started',
    because: renewal.because,
    params,
    carried,
    pending: [...command.pending],
    asked: [...command.asked],
  });
  if (state.model !== params.model) tellModel(d, state.model, params.model);
  if (renewal.because === 'compaction' && state.kind === 'main') d.add(summarisedNotice);
  return true;
}

const summarisedNotice = {
  type: 'notice',
  level: 'info',
  text: 'This conversation has become long: from now on the assistant reads its older part as a summary. Everything said is still here.',
} as const;

function tellModel(d: Draft, before: string, now: string): void {
  if (d.state.kind !== 'main') return;
  d.add({ type: 'notice', level: 'info', text: `From here on ${now} answers; before, it was ${before}.` });
}

/** What must not be forgotten, told from the log as it stands in this very commit, whatever a summary says. */
function factsBlock(state: Session): Block {
  return { type: 'text', text: `<gateway-note>\n${encodeBody(standingFacts(state))}\n</gateway-note>` };
}
