/**
 * A session's mail: accepted once and in order, taken by at most one step, settled once; and what it has
 * posted and is not yet delivered. Owns the numbers. Never reads or words what a mail says.
 */
import type { Load } from './attachments.ts';
import type { PostedMail } from './correspondence.ts';
import { mailId } from './ids.ts';

/** Mail that the model is to read, from its acceptance until it settles. */
export interface Letter {
  readonly id: string;
  readonly kind: 'task' | 'message' | 'steer' | 'announcement' | 'question' | 'denial' | 'note';
  /** The event that brought it, and its block. */
  readonly seq: number;
  /** Whether a session at rest takes a step for it. */
  readonly wakes: boolean;
  readonly interrupt: boolean;
  /** For a person's words: how they begin. */
  readonly said?: string;
  /** For a steer: the id under which its sender follows it. */
  readonly steerId?: string;
  /** For an announcement: whose. */
  readonly subagent?: { readonly id: string; readonly attempt: number };
  /** For a question: its request. */
  readonly request?: string;
  /** For an announcement: the characters of the result that its full form shows. */
  readonly shown?: number;
  /** What its block weighs in a request, and its short form. */
  readonly weight: number;
  readonly shortWeight: number;
  /** What its files make of a request; absent: there are none. */
  readonly load?: Load;
}

export interface Mailbox {
  /** The last number accepted from each sender. */
  readonly accepted: { readonly [sender: string]: number };
  /** Accepted, in no step yet. */
  readonly waiting: readonly Letter[];
  /** In a step, whose answer has not come. */
  readonly taken: readonly Letter[];
  /** The last number posted to each receiver. */
  readonly posted: { readonly [receiver: string]: number };
  /** Posted, not yet acknowledged, in order. */
  readonly undelivered: readonly PostedMail[];
}

export const emptyMailbox: Mailbox = { accepted: {}, waiting: [], taken: [], posted: {}, undelivered: [] };

/** What to do with mail number `n`: accept the next one, acknowledge an old one, refuse a gap. */
export function place(box: Mailbox, sender: string, n: number): 'next' | 'seen' | 'gap' {
  const last = box.accepted[sender] ?? 0;
  if (n <= last) return 'seen';
  return n === last + 1 ? 'next' : 'gap';
}

export function nextFrom(box: Mailbox, sender: string): number {
  return (box.accepted[sender] ?? 0) + 1;
}

export function nextTo(box: Mailbox, receiver: string): number {
  return (box.posted[receiver] ?? 0) + 1;
}

export function accept(box: Mailbox, sender: string, n: number, letter: Letter | undefined): Mailbox {
  const accepted = { ...box.accepted, [sender]: n };
  return letter ? { ...box, accepted, waiting: [...box.waiting, letter] } : { ...box, accepted };
}

export function take(box: Mailbox, ids: readonly string[]): Mailbox {
  if (ids.length === 0) return box;
  const wanted = new Set(ids);
  return {
    ...box,
    waiting: box.waiting.filter((letter) => !wanted.has(letter.id)),
    taken: [...box.taken, ...box.waiting.filter((letter) => wanted.has(letter.id))],
  };
}

export function settle(box: Mailbox, id: string): Mailbox {
  return {
    ...box,
    waiting: box.waiting.some((letter) => letter.id === id)
      ? box.waiting.filter((letter) => letter.id !== id)
      : box.waiting,
    taken: box.taken.some((letter) => letter.id === id)
      ? box.taken.filter((letter) => letter.id !== id)
      : box.taken,
  };
}

export function post(box: Mailbox, mail: PostedMail): Mailbox {
  return {
    ...box,
    posted: { ...box.posted, [mail.to]: mail.n },
    undelivered: [...box.undelivered, mail],
  };
}

export function delivered(box: Mailbox, to: string, upTo: number): Mailbox {
  return { ...box, undelivered: box.undelivered.filter((mail) => mail.to !== to || mail.n > upTo) };
}

/** Unsettled letters, in the order of their acceptance. */
export function unsettled(box: Mailbox): readonly Letter[] {
  return box.taken.length === 0 ? box.waiting : [...box.taken, ...box.waiting];
}

export function letterId(sender: string, n: number): string {
  return mailId(sender, n);
}
