/**
 * The two effects behind a new prefix: a summary made beside the conversation, and the reading of what the new prefix
 * takes over. Both read what is committed and come back as commands; neither decides anything.
 */
import { answeredPart, carryOver, charsOf, tailCut } from '../core/carry-over.ts';
import type { Command, Rules } from '../core/commands.ts';
import { SUMMARY_REQUEST, summaryBlock, type Words } from '../core/compaction.ts';
import { type Carried, type Cut, decodeEvent } from '../core/events.ts';
import type { Block, CallOutcome, Model, Store } from '../core/ports.ts';
import { textOf } from '../core/session.ts';
import type { Actor } from './actor.ts';
import { type CallPorts, pauseAfter } from './calls.ts';
import { sleep } from './effects.ts';
import type { Place } from './lanes.ts';

export interface PrefixPorts extends CallPorts {
  readonly store: Store;
  readonly rules: Rules;
}

/** Tokens that a summary may have, besides what the model is given to think with. */
const SUMMARY_TOKENS = 16_000;
/** Failures of a connection after which a summary is put off. */
const TRIES = 4;
/** Characters of the end of a conversation that stay word for word; less where the window is small. */
const TAIL_CHARS = 40_000;
/** Characters for each token that a conversation may have before it is summarised. */
const CHARS_A_TOKEN = 0.6;
/** A summary must be this much shorter than what it stands for. */
const MOST_OF_IT = 0.5;

// ───────────────────────────────────────────────────────── the summary

/** Makes summary `n`; resolves early when `signal` aborts. */
export async function compact(
  actor: Actor,
  n: number,
  ports: PrefixPorts,
  signal: AbortSignal,
): Promise<void> {
  const { entries } = actor.transcript().conversation;
  const count = answeredPart(entries);
  const failed = (why: string, usage?: Extract<CallOutcome, { kind: 'answered' }>['usage']) =>
    actor.send({ type: 'unsummarised', n, why, ...(usage ? { usage } : {}) });
  if (count === 0) return void (await failed('nothing of it was answered yet'));
  const outcome = await ask(actor, count, ports, signal);
  signal.throwIfAborted();
  if (outcome.kind !== 'answered') return void (await failed(outcome.message));
  const { content, stop, usage } = outcome;
  const summary = textOf(content).trim();
  if (stop === 'refusal') return void (await failed('the model declined to write it', usage));
  if (summary === '') return void (await failed('the summary was empty', usage));
  const before = entries.slice(0, count).reduce((sum, entry) => sum + charsOf(entry), 0);
  if (summary.length > before * MOST_OF_IT) {
    return void (await failed('the summary was hardly shorter than the conversation', usage));
  }
  await actor.send({
    type: 'summarised',
    n,
    summary,
    from: cutAt(entries, count, room(actor, ports, TAIL_CHARS)),
    usage,
  });
}

async function ask(
  actor: Actor,
  count: number,
  ports: PrefixPorts,
  signal: AbortSignal,
): Promise<CallOutcome> {
  // Nobody waits for a summary: it stands behind people's calls, and is late without a word.
  const ticket = ports.lanes.ticket(1, actor.state?.chat ?? actor.id, () => {});
  for (let attempt = 1; ; attempt++) {
    const place = await ticket.acquire(signal);
    const idle = actor.work.busy();
    let outcome: CallOutcome;
    let pause: number | undefined;
    try {
      outcome = await callAside(ports.model, actor, count, place, signal);
      if (outcome.kind === 'again') {
        pause = pauseAfter(outcome, attempt, ports.random());
        if (place.failed(outcome, pause)) pause = undefined;
      } else place.accepted();
    } finally {
      idle();
      place.release();
    }
    if (outcome.kind !== 'again' || attempt >= TRIES) return outcome;
    ports.failed(actor, outcome, attempt);
    if (pause !== undefined) await sleep(ports.clock, pause, signal);
  }
}

function callAside(
  model: Model,
  actor: Actor,
  count: number,
  place: Place,
  signal: AbortSignal,
): Promise<CallOutcome> {
  const transcript = actor.transcript();
  const { max_tokens, thinking } = transcript.request('5m');
  const budget = thinking?.budget_tokens;
  const wanted = SUMMARY_TOKENS + (typeof budget === 'number' ? budget : 0);
  return model.call(transcript.aside(count, SUMMARY_REQUEST, Math.min(max_tokens, wanted)), {
    signal,
    onText: () => place.accepted(),
    onAlive() {
      place.alive();
      actor.work.touch();
    },
  });
}

/** The end that stays word for word begins within what the summary covers, or right behind it. */
function cutAt(entries: readonly Carried[], count: number, most: number): Cut {
  const within = tailCut(entries.slice(0, count), most);
  if (within) return within;
  const next = entries[count];
  if (next) return { step: next.step, adds: next.role === 'user' };
  return { step: (entries.at(-1)?.step ?? 0) + 1, adds: true };
}

function room(actor: Actor, { rules }: PrefixPorts, most: number): number {
  return Math.min(most, rules.terms(actor.state?.model ?? rules.model).compactAt * CHARS_A_TOKEN);
}

// ───────────────────────────────────────────────────────── what is taken over

/** Reads what prefix `n` takes over, and again if more was accepted meanwhile; resolves early when `signal` aborts. */
export async function renewPrefix(
  actor: Actor,
  n: number,
  ports: PrefixPorts,
  signal: AbortSignal,
): Promise<void> {
  while (actor.state?.renewal?.n === n) {
    signal.throwIfAborted();
    await takeOver(actor, n, ports);
  }
}

async function takeOver(actor: Actor, n: number, ports: PrefixPorts): Promise<void> {
  const { state } = actor;
  if (!state?.renewal) return;
  const transcript = actor.transcript();
  const { conversation, asked } = transcript;
  const renewed: Extract<Command, { type: 'renewed' }> = {
    type: 'renewed',
    n,
    upTo: state.seq,
    carried: [],
    pending: [],
    asked,
  };
  // Words that were left out before come back: without them it was refused as well.
  const restored = new Map(
    state.quarantined.map((seq) => [seq, blockAt(ports.store, actor.id, seq)] as const),
  );
  const quarantines = state.renewal.because === 'quarantine' && restored.size === 0;
  const how = {
    without: new Set(quarantines ? state.unheard : []),
    because: state.refusal ?? '',
    restored: state.renewal.because === 'quarantine' ? restored : new Map<number, Block>(),
  };
  const { made } = state.compaction ?? {};
  if (state.renewal.because !== 'compaction' || !made) {
    const { entries, pending } = carryOver(conversation, how);
    await actor.send({ ...renewed, carried: entries, pending });
    return;
  }
  const most = room(actor, ports, TAIL_CHARS);
  const from = made.from ?? cutAt(conversation.entries, conversation.entries.length, most);
  const { entries, pending } = carryOver(conversation, { ...how, from });
  const kept = new Set([...entries, ...pending].map(({ seq }) => seq));
  const words = asked.filter((seq) => !kept.has(seq)).map((seq) => wordsAt(ports.store, actor.id, seq));
  const head = summaryBlock(made.summary, words, most);
  await actor.send({
    ...renewed,
    carried: [{ role: 'user', content: [head], seq: 0, step: 0 }, ...entries],
    pending,
  });
}

/** What was asked for by the event `seq`, as the model read it. */
function wordsAt(store: Store, session: string, seq: number): Words {
  const [row] = store.events(session, seq - 1, 1);
  const event = row && decodeEvent(row).event;
  if (event?.type === 'workspace.opened') return { kind: 'workspace', text: unwrapped(event.block.text) };
  if (event?.type !== 'mail.accepted') throw new Error(`event ${seq} of ${session} holds no words`);
  return { kind: event.body.kind === 'task' ? 'task' : 'words', text: unwrapped(event.block?.text) };
}

/** The block that the event `seq` brought. */
function blockAt(store: Store, session: string, seq: number): Block {
  const [row] = store.events(session, seq - 1, 1);
  const event = row && decodeEvent(row).event;
  if (!event || !('block' in event) || !event.block)
    throw new Error(`event ${seq} of ${session} has no block`);
  return event.block;
}

function unwrapped(text: unknown): string {
  return String(text ?? '').replace(/^<gateway-note>\n|\n<\/gateway-note>$/g, '');
}
