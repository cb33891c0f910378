/**
 * Mail: accepted once and in order, taken by one step, settled once; every ending announced once, together with
 * it; a person's words in the very next request.
 */
import type { AcceptedBody } from '../../../src/core/correspondence.ts';
import type { Recorded } from '../../../src/core/events.ts';
import { mailId } from '../../../src/core/ids.ts';
import { openBehind, type ServerCall } from '../../../src/core/server-calls.ts';
import { isEnded } from '../../../src/core/subagents.ts';
import { type Chronicle, commitAt, type History, together } from './chronicle.ts';

export function judgeMail(chronicle: Chronicle): string[] {
  const found: string[] = [];
  for (const history of chronicle.sessions.values()) {
    found.push(...numbers(chronicle, history), ...letters(history), ...endings(history));
  }
  return found;
}

/** What was posted is accepted, under its number, once, as it was written; nothing else is. */
function numbers({ sessions }: Chronicle, { id, name, log, end }: History): string[] {
  const found: string[] = [];
  const accepted = new Map<string, number>();
  const posted = new Map<string, number>();
  for (const { event, seq } of log) {
    if (event.type === 'mail.accepted') {
      const { sender, n } = event;
      if (n !== (accepted.get(sender) ?? 0) + 1) {
        found.push(`${name} ${seq}: accepted mail ${n} of ${sender} behind ${accepted.get(sender) ?? 0}`);
      }
      accepted.set(sender, n);
    }
    if (event.type !== 'mail.posted') continue;
    const { to, n, body } = event.mail;
    if (n !== (posted.get(to) ?? 0) + 1) found.push(`${name} ${seq}: posted mail ${n} to ${to}`);
    posted.set(to, n);
    const receiver = sessions.get(to);
    const copies = (receiver?.log ?? []).filter(
      (one) => one.event.type === 'mail.accepted' && one.event.sender === id && one.event.n === n,
    );
    if (copies.length !== 1) {
      found.push(`${name} ${seq}: mail ${n} to ${receiver?.name ?? to} was accepted ${copies.length} times`);
    }
    for (const copy of copies) {
      if (copy.event.type !== 'mail.accepted') continue;
      // A steer for a descendant of one that has ended becomes its own.
      const same =
        body.kind === 'steer'
          ? copy.event.body.kind === 'steer'
          : JSON.stringify(copy.event.body) === JSON.stringify(body);
      if (!same) found.push(`${name} ${seq}: mail ${n} to ${receiver?.name} arrived as another`);
    }
  }
  if (end.mail.undelivered.length > 0) found.push(`${name}: mail is still on its way`);
  return found;
}

interface Followed {
  readonly seq: number;
  readonly kind: string;
  /** It tells one that waited how a sibling ended. */
  readonly ofSibling: boolean;
  readonly wakes: boolean;
  takenBy?: number;
  settled?: string;
}

const order = ['result', 'task', 'message', 'steer', 'announcement', 'note'];

function letters(history: History): string[] {
  const { name, log, end } = history;
  const found: string[] = [];
  const all = new Map<string, Followed>();
  const bySeq = new Map<number, Followed>();
  const added = new Set<number>();
  const quiet = new Set<string>();
  for (const [index, { event, seq }] of log.entries()) {
    const complain = (what: string): void => void found.push(`${name} ${seq}: ${what}`);
    switch (event.type) {
      case 'subagent.spawned':
        if (event.spec.announce === 'quiet') quiet.add(event.spec.id);
        break;
      case 'session.parked':
        if (event.reason === 'stopped' && [...all.values()].some((letter) => letter.settled === undefined)) {
          complain('was stopped and mail from before is not settled');
        }
        break;
      case 'mail.accepted': {
        if (!event.block) break;
        const id = mailId(event.sender, event.n);
        // What one waited for stands where its own subagents' news does.
        const kind = event.body.kind === 'result' ? 'announcement' : event.body.kind;
        const wakes = wakesBy(event.body) && !(kind === 'announcement' && quiet.has(event.sender));
        const letter: Followed = { seq, kind, ofSibling: event.body.kind === 'result', wakes };
        if (all.has(id)) complain(`${id} was accepted twice`);
        all.set(id, letter);
        bySeq.set(seq, letter);
        break;
      }
      case 'step.requested': {
        for (const id of event.takes) {
          const letter = all.get(id);
          if (!letter) complain(`step ${event.step} takes ${id}, which nobody sent`);
          else if (letter.takenBy !== undefined)
            complain(`${id} was taken by ${letter.takenBy} and ${event.step}`);
          else if (letter.settled) complain(`${id} was taken after it was ${letter.settled}`);
          else {
            letter.takenBy = event.step;
            if (!event.adds.some((ref) => ref.seq === letter.seq)) complain(`${id} is taken and not sent`);
          }
        }
        let last = 0;
        for (const ref of event.adds) {
          if (added.has(ref.seq)) complain(`the block of ${ref.seq} is sent twice`);
          added.add(ref.seq);
          const letter = bySeq.get(ref.seq);
          const owed =
            !letter || (letter.settled !== undefined && (letter.kind === 'task' || letter.ofSibling));
          const notes = letter?.kind === 'question' || letter?.kind === 'denial';
          const at = owed ? 0 : order.indexOf(notes ? 'note' : letter.kind);
          if (!owed && letter.takenBy !== event.step)
            complain(`the block of ${ref.seq} is sent and not taken`);
          if (at < last) complain(`a ${order[at]} stands behind a ${order[last]}`);
          last = Math.max(last, at);
        }
        break;
      }
      case 'mail.settled': {
        const letter = all.get(event.mail);
        if (!letter) complain(`${event.mail} settled and was never accepted`);
        else if (letter.settled) complain(`${event.mail} settled as ${letter.settled} and ${event.how}`);
        else {
          letter.settled = event.how;
          // The program that leads a chat reads outside, and says when it has.
          if (event.how === 'read' && end.lead !== 'program')
            found.push(...readRightly(history, index, letter, event.step));
          const mayBe =
            letter.kind === 'question' || quarantinedIn(history, index) || triedAgain(history, index);
          if (event.how === 'withdrawn' && end.kind !== 'main' && !mayBe)
            complain('a subagent withdrew mail');
          if (event.how === 'undeliverable' && !couldEnd(history, index, letter)) {
            complain(`${event.mail} is undeliverable and nothing has ended`);
          }
        }
        break;
      }
    }
  }
  for (const [id, letter] of all) {
    if (
      end.lead !== 'program' &&
      letter.settled === undefined &&
      (letter.wakes || letter.takenBy !== undefined)
    ) {
      found.push(`${name}: ${id} (${letter.kind}) never settled`);
    }
    if (letter.kind === 'message' && end.lead !== 'program') found.push(...heardNext(history, id, letter));
  }
  return found;
}

/** An ending that the gateway itself mends is not the one that is to be read. */
function triedAgain(history: History, index: number): boolean {
  return together(history, index).some(
    ({ event }) => event.type === 'mail.posted' && event.mail.body.kind === 'steer' && event.mail.body.retry,
  );
}

function wakesBy(body: AcceptedBody): boolean {
  if (body.kind === 'announcement') return body.wakes;
  return body.kind === 'question' ? body.wakes !== false : body.kind !== 'denial';
}

/** Read means: a step that holds it, or one after it, was answered in the commit that says so. */
function readRightly(history: History, index: number, letter: Followed, step: number | undefined): string[] {
  const answered = together(history, index).some(
    ({ event }) => event.type === 'step.answered' && event.step === step,
  );
  const held = letter.takenBy !== undefined && step !== undefined && letter.takenBy <= step;
  return answered && held
    ? []
    : [`${history.name} ${index + 1}: something is read that no answered step held`];
}

/** An ending lets mail go; a steer only one that came from without: one that ends by itself reads it first. */
function couldEnd(history: History, index: number, { kind }: Followed): boolean {
  const before = history.states[index - 1];
  if (history.end.kind === 'main' || !before) return false;
  const around = together(history, index);
  const killed = around.some(({ event }) => event.type === 'mail.accepted' && event.body.kind === 'kill');
  const ends = around.some(
    ({ event }) => event.type === 'attempt.closing' && (kind !== 'steer' || event.status !== 'completed'),
  );
  return ends || killed || (kind !== 'steer' && (isEnded(before.status) || before.closing !== undefined));
}

/** A person's words are in the next request, except where that only goes on with a paused answer. */
function heardNext({ name, log }: History, id: string, { seq, takenBy, settled }: Followed): string[] {
  for (const { event, seq: at } of log) {
    if (at <= seq) continue;
    if (event.type === 'mail.settled' && event.mail === id && takenBy === undefined) return [];
    if (event.type !== 'step.requested') continue;
    if (event.takes.includes(id)) return [];
    if (!goesOn(log, at)) return [`${name} ${at}: step ${event.step} left a person's words ${id} waiting`];
  }
  return settled === undefined ? [`${name}: a person's words ${id} are in no request`] : [];
}

function goesOn(log: readonly Recorded[], at: number): boolean {
  const earlier = log.filter(({ seq }) => seq < at);
  const answer = earlier.findLast(({ event }) => event.type === 'step.answered');
  if (answer?.event.type !== 'step.answered') return false;
  if (answer.event.stop === 'pause_turn' && answer.event.calls.length === 0) return true;
  // The API runs a tool of its own that was called beside ours when it has the results of ours alone.
  const asked = earlier.findLast(({ event }) => event.type === 'step.requested');
  let open: readonly ServerCall[] = [];
  for (const { event } of earlier) {
    if (event.type === 'step.requested' && event.closes) open = [];
    if (event.type === 'step.answered') open = openBehind(open, event.content);
  }
  return open.length > 0 && answer.event.calls.length > 0 && (asked?.seq ?? 0) < answer.seq;
}

/** Each attempt ends once, is announced once in the commit of its ending, and is followed by the next one. */
function endings(history: History): string[] {
  const { name, log, end } = history;
  if (!end.spec) return [];
  const found: string[] = [];
  let attempt = 1;
  let ended = false;
  const announced = new Set<number>();
  for (const [index, { event, seq }] of log.entries()) {
    if (event.type === 'attempt.started') {
      if (!ended || event.attempt !== attempt + 1)
        found.push(`${name} ${seq}: attempt ${event.attempt} started`);
      attempt = event.attempt;
      ended = false;
    }
    if (event.type === 'attempt.ended') {
      if (ended || event.attempt !== attempt)
        found.push(`${name} ${seq}: attempt ${event.attempt} ended again`);
      ended = true;
      const news = together(history, index).filter(
        (one) =>
          one.seq > seq && one.event.type === 'mail.posted' && one.event.mail.body.kind === 'announcement',
      );
      if (news.length === 0) found.push(`${name} ${seq}: the commit of the ending holds no announcement`);
    }
    if (event.type === 'mail.posted' && event.mail.body.kind === 'announcement') {
      const { body, to } = event.mail;
      if (!ended || body.attempt !== attempt) found.push(`${name} ${seq}: announced before it had ended`);
      if (announced.has(body.attempt)) found.push(`${name} ${seq}: attempt ${body.attempt} announced twice`);
      if (to !== end.spec.parent) found.push(`${name} ${seq}: announced to ${to}`);
      announced.add(body.attempt);
    }
  }
  if (!ended) found.push(`${name}: ${end.status} for ever`);
  for (let n = 1; n <= end.attempt; n++)
    if (!announced.has(n)) found.push(`${name}: attempt ${n} is not news`);
  return found;
}

/** Whether the API had refused what is settled here, so that the session goes on without it. */
function quarantinedIn(history: History, index: number): boolean {
  const { from } = commitAt(history, index);
  return (history.states[from - 1]?.quarantined.length ?? 0) > 0;
}
