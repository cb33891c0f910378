/**
 * The judge of a house that was taken down, on any host: holds the logs of all its sessions against what must be kept
 * at every moment, and, if all had come to rest, against what must have come about by then. Looks only at the logs.
 */
import type { Recorded } from '../../src/core/events.ts';
import type { Session } from '../../src/core/session.ts';
import { isEnded } from '../../src/core/subagents.ts';
import { wants } from '../../src/core/wants.ts';
import type { StoredLog } from '../fault/log-book.ts';
import { type Complain, chargedUsd, endings, fold, type Logs, letters, noCounts } from '../fault/oracle.ts';

interface Evidence {
  readonly logs: readonly StoredLog[];
  /** What the API billed for all of them, by its own count, in US dollars; absent where some are gone. */
  readonly billedUsd?: number;
}

/** What was not kept, in words; empty is right. */
export function oracle({ logs, billedUsd }: Evidence): string[] {
  const breaches: string[] = [];
  const all: Logs = new Map(logs.map(({ session, log }) => [session, log]));
  const ends = new Map<string, Session>();
  const complaints = (session: string) => (what: string) => void breaches.push(`${session}: ${what}`);
  for (const [session, log] of all) {
    const end = fold(log, complaints(session));
    if (end) ends.set(session, end);
  }
  const rests = ends.size === all.size && [...ends.values()].every(isAtRest);
  for (const [session, end] of ends) {
    const log = all.get(session) ?? [];
    const complain = complaints(session);
    // News that wakes nobody waits for the next step, which somebody's words bring.
    letters(log, complain, (kind) => rests && kind !== 'announcement');
    endings(end, log, all, complain, { rests: false, counts: noCounts() });
    post(end, log, all, complain);
    if (rests) births(log, all, complain);
  }
  const usd = chargedUsd(all);
  const forgot = logs.some(({ log }) => log.some(({ event }) => event.type === 'subagent.forgotten'));
  if (rests && !forgot && billedUsd !== undefined && billedUsd > usd + 1e-6) {
    breaches.push(`$${billedUsd} were billed, and the accounts say $${usd}`);
  }
  return breaches;
}

function isAtRest(end: Session): boolean {
  const rests = end.kind === 'main' ? end.status === 'idle' : isEnded(end.status);
  return rests && wants(end).length === 0;
}

/** What is no longer being sent has been accepted, and what was accepted was sent: between sessions that are there. */
function post(end: Session, log: readonly Recorded[], all: Logs, complain: Complain): void {
  for (const { event } of log) {
    if (event.type !== 'mail.posted') continue;
    const { to, n } = event.mail;
    const receiver = all.get(to);
    const underWay = end.mail.undelivered.some((mail) => mail.to === to && mail.n === n);
    if (receiver === undefined || underWay) continue;
    const accepted = receiver.some(
      ({ event: there }) => there.type === 'mail.accepted' && there.sender === end.id && there.n === n,
    );
    if (!accepted) complain(`mail ${n} to ${to} is no longer sent, and was never accepted`);
  }
  for (const { event, seq } of log) {
    if (event.type !== 'mail.accepted') continue;
    const sender = all.get(event.sender);
    const posted = sender?.some(
      ({ event: there }) =>
        there.type === 'mail.posted' && there.mail.to === end.id && there.mail.n === event.n,
    );
    if (posted === false) complain(`${seq}: mail ${event.n} of ${event.sender} was never sent`);
  }
}

/** Each that was spawned was born, unless it was forgotten since. */
function births(log: readonly Recorded[], all: Logs, complain: Complain): void {
  const forgotten = new Set(
    log.flatMap(({ event }) => (event.type === 'subagent.forgotten' ? event.ids : [])),
  );
  for (const { event } of log) {
    if (event.type !== 'subagent.spawned') continue;
    const { id, path } = event.spec;
    if (!all.has(id) && !forgotten.has(id)) complain(`${path} was never born`);
  }
}
