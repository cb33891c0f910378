/**
 * What people search in: the words of people and of the assistant in main sessions, and chats' titles. Owns which
 * events these are, and what a store must be able to find among them.
 */
import type { Recorded, SessionEvent } from './events.ts';
import type { SessionId } from './ports.ts';
import { saidOf } from './session.ts';
import type { Query } from './words.ts';

/** A message of a chat, or its title. */
export interface Saying {
  /** The event that is the message; 0 for the title, which takes the place of the one before. */
  readonly seq: number;
  /** When it was said, or given. */
  readonly at: number;
  /** Blank for a title that was taken away. */
  readonly text: string;
}

/** Where a saying is. */
export interface Place {
  readonly session: SessionId;
  readonly seq: number;
}
export type Found = Place & Pick<Saying, 'at'>;

/** What a store can do besides keeping logs, if it is told with each commit what was said in it. */
export interface Finder {
  /**
   * Sayings that hold what is asked for, the latest first: of chats of `owner` if given, behind the saying `before`
   * (exclusive). Nothing is behind one that isn't there.
   */
  search(query: {
    readonly query: Query;
    readonly owner?: string;
    readonly before?: Place;
    readonly limit: number;
  }): Found[];
}

/** What these events of a main session say. */
export function sayingsOf(events: readonly Recorded[]): Saying[] {
  return events.flatMap(({ seq, at, event }) => {
    const said = saidIn(event);
    const title = titleIn(event);
    return [
      ...(said === undefined ? [] : [{ seq, at, text: said }]),
      ...(title === undefined ? [] : [{ seq: 0, at, text: title }]),
    ];
  });
}

/** A person's or the assistant's words, as its message shows them; undefined for any other event. */
export function saidIn(event: SessionEvent): string | undefined {
  if (event.type === 'mail.accepted') return event.body.kind === 'message' ? event.body.text : undefined;
  if (event.type !== 'step.answered') return undefined;
  const text = saidOf(event);
  return text.trim() === '' ? undefined : text;
}

/** What a chat is called from this event on; undefined: as before. */
export function titleIn(event: SessionEvent): string | undefined {
  return event.type === 'session.created' || event.type === 'chat.changed' ? event.title : undefined;
}

/**
 * Whether an event, given as it is stored, may be a message: told from a glance at its text, since most of a long log
 * is none.
 */
export function mayBeMessage(stored: string): boolean {
  return /^\{"v":\d+,(?:"worked":[\d.]+,)?"type":"(?:mail\.accepted|step\.answered|notice|verification\.failed)"/.test(
    stored,
  );
}
