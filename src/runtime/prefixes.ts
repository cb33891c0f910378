/**
 * The two effects behind a new prefix: a summary made beside the conversation, and the reading of what the new prefix
 * takes over. Both read what is committed and come back as commands; neither decides anything.
 */
import { compactCall, type Held } from '../core/budget.ts';
import { answeredPart, carryOver, charsOf, tailCut } from '../core/carry-over.ts';
import type { Command, Rules } from '../core/commands.ts';
import { SUMMARY_REQUEST, summaryBlock, type Words } from '../core/compaction.ts';
import { type Carried, type Cut, decodeEvent } from '../core/events.ts';
import type { Block, CallOutcome, Store } from '../core/ports.ts';
import { textOf } from '../core/session.ts';
import type { Actor } from './actor.ts';
import { type Bill, makeBill } from './bill.ts';
import { type CallPorts, pauseAfter } from './calls.ts';
import { sleep } from './effects.ts';
import { withBytes } from './file-bytes.ts';
import type { Place } from './lanes.ts';

export interface PrefixPorts extends CallPorts {
  readonly store: Store;
  readonly rules: Rules;
}

/** Failures of a connection after which a summary is put off. */
const TRIES = 4;
/** Characters of the end of a conversation that stay word for word; less where the window is small. */
const TAIL_CHARS = 40_000;
/** Characters for each token that a conversation may have before it is summarised. */
const CHARS_A_TOKEN = 0.6;
/** A summary must be this much shorter than what it stands for. */
const MOST_OF_IT = 0.5;

// ───────────────────────────────────────────────────────── the summary

/** Makes summary `n`; rejects when `signal` aborts, once it is committed what the call came to by then. */
export async function compact(
  actor: Actor,
  n: number,
  ports: PrefixPorts,
  signal: AbortSignal,
): Promise<void> {
  const call = compactCall(n);
  const bill = makeBill();
  const over = actor.calls.begin(call);
  try {
    await actor.send(await summary(actor, n, bill, ports, signal));
  } catch (error) {
    await actor.send({ type: 'cut', call, ...bill.cut });
    throw error;
  } finally {
    over();
  }
}

/** What became of the summary, as the command that says so. */
async function summary(
  actor: Actor,
  n: number,
  bill: Bill,
  ports: PrefixPorts,
  signal: AbortSignal,
): Promise<Command> {
  const { entries } = actor.transcript().conversation;
  const count = answeredPart(entries);
  const failed = (why: string): Command => ({ type: 'unsummarised', n, why, cut: bill.cut });
  if (count === 0) return failed('nothing of it was answered yet');
  const outcome = await ask(actor, n, count, bill, ports, signal);
  signal.throwIfAborted();
  if (outcome.kind !== 'answered') return failed(outcome.message);
  const words = textOf(outcome.content).trim();
  if (outcome.stop === 'refusal') return failed('the model declined to write it');
  if (words === '') return failed('the summary was empty');
  const before = entries.slice(0, count).reduce((sum, entry) => sum + charsOf(entry), 0);
  if (words.length > before * MOST_OF_IT)
    return failed('the summary was hardly shorter than the conversation');
  const from = cutAt(entries, count, room(actor, ports, TAIL_CHARS));
  return { type: 'summarised', n, summary: words, from, cut: bill.cut };
}

async function ask(
  actor: Actor,
  n: number,
  count: number,
  bill: Bill,
  ports: PrefixPorts,
  signal: AbortSignal,
): Promise<CallOutcome> {
  // Nobody waits for a summary: it stands behind people's calls, is late without a word, and is no time at work.
  const ticket = ports.lanes.ticket(1, actor.state?.chat ?? actor.id, () => {});
  const prefixes = actor.state?.prefixes;
  for (let attempt = 1; ; attempt++) {
    const place = await ticket.acquire(signal);
    let outcome: CallOutcome;
    let pause: number | undefined;
    try {
      const held = actor.state?.account.held[compactCall(n)];
      if (!held) return { kind: 'again', why: 'server', message: 'it could not be paid' };
      if (actor.state?.prefixes !== prefixes) {
        return { kind: 'again', why: 'server', message: 'another prefix began meanwhile' };
      }
      outcome = await callAside(ports, actor, count, held, bill, place, signal);
      bill.ended(outcome);
      if (outcome.kind === 'again') {
        pause = pauseAfter(outcome, attempt, ports.random());
        if (await place.failed(outcome, pause)) pause = undefined;
      } else place.accepted();
    } finally {
      place.release();
    }
    // One that had begun is paid, and another would have to be paid for anew.
    if (outcome.kind !== 'again' || attempt >= TRIES || bill.cut.how !== 'unsent') return outcome;
    ports.failed(actor, outcome, attempt);
    if (pause !== undefined) await sleep(ports.clock, pause, signal);
  }
}

function callAside(
  { model, store }: PrefixPorts,
  actor: Actor,
  count: number,
  held: Held,
  bill: Bill,
  place: Place,
  signal: AbortSignal,
): Promise<CallOutcome> {
  const request = withBytes(
    actor.transcript().aside(count, SUMMARY_REQUEST, held.maxTokens),
    actor.state?.chat ?? actor.id,
    store.files,
  );
  bill.sent();
  return model.call(request, {
    signal,
    onText: () => place.accepted(),
    onAlive: () => place.alive(),
    onBilled: (usage) => bill.told(usage),
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
    state.quarantined.map((seq) => [seq, blocksAt(ports.store, actor.id, seq)] as const),
  );
  const quarantines = state.renewal.because === 'quarantine' && restored.size === 0;
  const how = {
    without: new Set(quarantines ? state.unheard : []),
    because: state.refusal ?? '',
    restored: state.renewal.because === 'quarantine' ? restored : new Map<number, readonly Block[]>(),
    window: ports.rules.terms(state.chosenModel ?? state.model).window,
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

/** The blocks that the event `seq` brought. */
function blocksAt(store: Store, session: string, seq: number): readonly Block[] {
  const [row] = store.events(session, seq - 1, 1);
  const event = row && decodeEvent(row).event;
  if (!event || !('block' in event) || !event.block)
    throw new Error(`event ${seq} of ${session} has no block`);
  return [...(event.type === 'mail.accepted' ? (event.attached ?? []) : []), event.block];
}

function unwrapped(text: unknown): string {
  return String(text ?? '').replace(/^<gateway-note>\n|\n<\/gateway-note>$/g, '');
}
