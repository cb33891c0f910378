/**
 * The judge of a fault run that has come to rest: holds the stored logs, and what people were promised and shown,
 * against what must be kept whatever was killed when. Looks only at what is stored and was shown.
 */
import type { Recorded } from '../../src/core/events.ts';
import { evolve } from '../../src/core/evolve.ts';
import { project } from '../../src/core/feed.ts';
import { mailId } from '../../src/core/ids.ts';
import type { Session } from '../../src/core/session.ts';
import { isEnded } from '../../src/core/subagents.ts';
import { wants } from '../../src/core/wants.ts';
import { type Entry, entrySchema } from '../e2e/feed-reader.ts';
import type { StoredLog } from './log-book.ts';
import type { Promised } from './people.ts';

export interface Evidence {
  readonly logs: readonly StoredLog[];
  readonly promised: readonly Promised[];
  /** What the API billed for all of them, by its own count, in US dollars. */
  readonly billedUsd: number;
  /** What a reader of a chat's feed was shown from its beginning, through all restarts. */
  readonly shown: readonly { readonly chat: string; readonly entries: readonly Entry[] }[];
}

/** Sessions that still want something to run, which a gateway would take up. */
export function unfinished(logs: readonly StoredLog[]): string[] {
  return logs.flatMap(({ session, log }) => {
    let state: Session | undefined;
    for (const recorded of log) state = evolve(state, recorded);
    return state && wants(state).length > 0 ? [session] : [];
  });
}

export interface Verdict {
  readonly breaches: readonly string[];
  readonly counts: Counts;
}

export interface Counts {
  events: number;
  messages: number;
  spawns: number;
  endings: number;
  read: number;
  crashes: number;
}

export function noCounts(): Counts {
  return { events: 0, messages: 0, spawns: 0, endings: 0, read: 0, crashes: 0 };
}

export type Logs = ReadonlyMap<string, readonly Recorded[]>;

export function judge({ logs, promised, shown, billedUsd }: Evidence): Verdict {
  const counts = noCounts();
  const breaches: string[] = [];
  const all: Logs = new Map(logs.map(({ session, log }) => [session, log]));
  for (const [session, log] of all) {
    const complain = (what: string): void => void breaches.push(`${session}: ${what}`);
    counts.events += log.length;
    const end = fold(log, complain);
    if (end) {
      atRest(end, complain);
      endings(end, log, all, complain, { rests: true, counts });
    }
    letters(log, complain, () => true);
    for (const { event } of log) {
      if (event.type === 'session.resumed' && event.clean !== true) counts.crashes += 1;
    }
  }
  spawns(all, counts, breaches);
  promises(promised, all, counts, breaches);
  for (const { chat, entries } of shown) feed(chat, all.get(chat) ?? [], entries, breaches);
  const charged = chargedUsd(all);
  if (billedUsd > charged + 1e-6)
    breaches.push(`$${billedUsd} were billed, and the accounts say $${charged}`);
  return { breaches, counts };
}

/** What the sessions' accounts were charged: budgets are held against this, so nothing may be billed beyond it. */
export function chargedUsd(all: Logs): number {
  let usd = 0;
  for (const log of all.values()) {
    for (const { event } of log) {
      if (event.type === 'step.answered' || event.type === 'usage.counted') usd += event.usage.usd;
      if (event.type === 'call.cut') usd += (event.usage?.usd ?? 0) + event.charged.usd;
    }
  }
  return usd;
}

export type Complain = (what: string) => void;

/** The state that the log says, each of whose events stands in its place. */
export function fold(log: readonly Recorded[], complain: Complain): Session | undefined {
  let state: Session | undefined;
  try {
    for (const [index, recorded] of log.entries()) {
      if (recorded.seq !== index + 1) complain(`event ${recorded.seq} stands at ${index + 1}`);
      state = evolve(state, recorded);
    }
  } catch (error) {
    complain(`the log can't be folded: ${String(error)}`);
  }
  return state;
}

function atRest(end: Session, complain: Complain): void {
  const wanted = wants(end).map(({ key }) => key);
  if (wanted.length > 0) complain(`wants ${wanted.join(', ')} though all is at rest`);
  const rests = end.kind === 'main' ? end.status === 'idle' : isEnded(end.status);
  if (!rests) complain(`is ${end.status} though all is at rest`);
}

/**
 * Mail: accepted in order and once, taken by one step at most, settled once; read only if a step was answered.
 * @param due which kinds of mail must have been settled by the end of the log
 */
export function letters(log: readonly Recorded[], complain: Complain, due: (kind: string) => boolean): void {
  const last = new Map<string, number>();
  const open = new Map<string, { kind: string; taken: boolean; settled: boolean }>();
  const answered = new Set<number>();
  // A program that leads a chat reads outside, and when it likes.
  const outside = log[0]?.event.type === 'session.created' && log[0].event.lead === 'program';
  for (const { event, seq } of log) {
    switch (event.type) {
      case 'mail.accepted': {
        if (event.n !== (last.get(event.sender) ?? 0) + 1) {
          complain(`${seq}: mail ${event.n} of ${event.sender} behind ${last.get(event.sender) ?? 0}`);
        }
        last.set(event.sender, event.n);
        if (!event.block) break;
        open.set(mailId(event.sender, event.n), { kind: event.body.kind, taken: false, settled: false });
        break;
      }
      case 'step.requested':
        for (const id of event.takes) {
          const letter = open.get(id);
          if (!letter || letter.taken || letter.settled) complain(`${seq}: step ${event.step} takes ${id}`);
          else letter.taken = true;
        }
        break;
      case 'step.answered':
        if (answered.has(event.step)) complain(`${seq}: step ${event.step} was answered twice`);
        answered.add(event.step);
        break;
      case 'mail.settled': {
        const letter = open.get(event.mail);
        if (!letter || letter.settled) complain(`${seq}: ${event.mail} settles as ${event.how}`);
        else letter.settled = true;
        if (!outside && event.how === 'read' && !(letter?.taken && answered.has(event.step ?? 0))) {
          complain(`${seq}: ${event.mail} is read and no answered step held it`);
        }
        break;
      }
    }
  }
  for (const [id, { kind, settled }] of open) {
    if (!settled && !outside && due(kind)) complain(`${id} (${kind}) never settled`);
  }
}

/**
 * Each attempt that ended is announced once, accepted once, and read, or let go by a parent that ended or stopped.
 * Before all is at rest some of that may be still to come; nothing may have come twice.
 */
export function endings(
  end: Session,
  log: readonly Recorded[],
  all: Logs,
  complain: Complain,
  { rests, counts }: { readonly rests: boolean; readonly counts: Counts },
): void {
  const { spec } = end;
  if (!spec) return;
  const ended = log.flatMap(({ event }) => (event.type === 'attempt.ended' ? [event.attempt] : []));
  const over = rests || isEnded(end.status) ? end.attempt : end.attempt - 1;
  if (ended.join() !== Array.from({ length: over }, (_, n) => n + 1).join()) {
    complain(`its attempts ended as ${ended.join()} of ${end.attempt}`);
  }
  const once = ({ length }: readonly unknown[]): boolean => length === 1 || (length === 0 && !rests);
  const parent = all.get(spec.parent) ?? [];
  for (const attempt of ended) {
    counts.endings += 1;
    const news = parent.filter(
      ({ event }) =>
        event.type === 'mail.accepted' &&
        event.sender === end.id &&
        event.body.kind === 'announcement' &&
        event.body.attempt === attempt,
    );
    const settled = parent.flatMap(({ event }) =>
      event.type === 'mail.settled' &&
      event.announcement?.subagentId === end.id &&
      event.announcement.attempt === attempt
        ? [event.how]
        : [],
    );
    if (!once(news)) complain(`attempt ${attempt} was announced ${news.length} times`);
    if (!once(settled)) complain(`the news of attempt ${attempt} settled ${settled.length} times`);
    const [how] = settled;
    if (how === 'read') counts.read += 1;
    const didEnd = parent.some(
      ({ event }) => event.type === 'attempt.ended' || event.type === 'attempt.closing',
    );
    // One that is parked already, whatever for, only withdraws what waits when it is stopped.
    const stopped = parent.some(({ event }) => event.type === 'session.parked');
    if (how === 'undeliverable' && !didEnd) complain('its news was undeliverable to one that never ended');
    const again = parent.some(
      ({ event }) =>
        event.type === 'mail.posted' &&
        event.mail.to === end.id &&
        event.mail.body.kind === 'steer' &&
        event.mail.body.retry,
    );
    if (how === 'withdrawn' && !stopped && !again)
      complain('its news was withdrawn by one that was never stopped');
  }
}

/** A spawn is one subagent: no task is given twice, and each that was spawned was born. */
function spawns(all: Logs, counts: Counts, breaches: string[]): void {
  const tasks = new Map<string, number>();
  for (const [session, log] of all) {
    for (const { event } of log) {
      if (event.type !== 'subagent.spawned') continue;
      counts.spawns += 1;
      tasks.set(event.spec.task, (tasks.get(event.spec.task) ?? 0) + 1);
      if (!all.has(event.spec.id)) breaches.push(`${session}: ${event.spec.path} was never born`);
    }
  }
  for (const [task, n] of tasks) if (n > 1) breaches.push(`"${task}" was spawned ${n} times`);
}

function promises(promised: readonly Promised[], all: Logs, counts: Counts, breaches: string[]): void {
  for (const one of promised) {
    const log = all.get(one.chat) ?? [];
    const times = log.filter((recorded) => keeps(recorded, one)).length;
    if (times !== 1)
      breaches.push(`${JSON.stringify(one)} was promised and stands in the log ${times} times`);
    if (one.kind !== 'message') continue;
    counts.messages += 1;
    const said = log.filter(
      ({ event }) =>
        event.type === 'mail.accepted' && event.body.kind === 'message' && event.body.text === one.text,
    );
    if (said.length !== 1) breaches.push(`"${one.text}" was accepted ${said.length} times`);
  }
}

/** Whether an event is what was promised. */
function keeps({ event, seq }: Recorded, one: Promised): boolean {
  switch (one.kind) {
    case 'message': {
      const body = event.type === 'mail.accepted' ? event.body : undefined;
      return body?.kind === 'message' && body.text === one.text && seq === one.seq;
    }
    case 'spawn':
      return event.type === 'subagent.spawned' && event.spec.id === one.subagent;
    case 'steer': {
      const body = event.type === 'mail.posted' ? event.mail.body : undefined;
      return body?.kind === 'steer' && body.steerId === one.steer;
    }
  }
}

/** What was shown is what the log says, once, in its order. The reader itself waits until it was shown all. */
function feed(chat: string, log: readonly Recorded[], entries: readonly Entry[], breaches: string[]): void {
  // Read as a reader reads it: in what order the parts of an event stand says nothing.
  const due = log.flatMap((recorded) => {
    const shown = project(chat, recorded);
    return shown ? entrySchema.parse({ name: shown.name, data: shown.data }) : [];
  });
  const wrong = entries.findIndex(
    ({ name, data }, at) => JSON.stringify(due[at]) !== JSON.stringify({ name, data }),
  );
  if (wrong < 0) return;
  const [is, was] = [due[wrong], entries[wrong]].map((one) => JSON.stringify(one)?.slice(0, 300));
  breaches.push(`${chat}: event ${wrong} of the feed is ${is}, and shown was ${was}`);
}
