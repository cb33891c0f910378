/**
 * What a program that leads a chat has not read yet, and that it has: the mailbox's waiting letters are its news, and
 * reading settles them as a step of a model would. Words nothing and wakes nobody.
 */
import type { Answer, Command, Refusal } from './commands.ts';
import type { Draft } from './draft.ts';
import { settle } from './ending.ts';
import type { Letter } from './mailbox.ts';
import type { Session } from './session.ts';
import { readable } from './together.ts';

/** What waits to be read, in the order in which it came; a chat that a model leads has none. */
export function newsOf(state: Session): readonly Letter[] {
  return state.lead === 'program' ? readable(state) : [];
}

/**
 * Settles all that came up to an event as read. What was read before stays so: to say it twice is to say it once. What was
 * read of an earlier chat that had this one's id says nothing about this one, and is refused.
 */
export function readNews(
  d: Draft,
  { upTo, createdAt }: Pick<Extract<Command, { type: 'read' }>, 'upTo' | 'createdAt'>,
): Answer | Refusal {
  if (d.state.lead !== 'program') {
    return {
      kind: 'not_allowed',
      message: 'the assistant reads the news of this chat itself; only those led by a program have it read',
    };
  }
  if (createdAt !== undefined && createdAt !== d.state.createdAt) {
    return {
      kind: 'conflict',
      message:
        'this news is of an earlier chat, which was deleted; nothing was acknowledged here. Ask for the news of the present one',
    };
  }
  if (upTo > d.state.seq) {
    return {
      kind: 'invalid',
      path: 'upTo',
      message: `"upTo" lies in the future: the latest event is ${d.state.seq}`,
    };
  }
  const read = newsOf(d.state).filter((letter) => letter.seq <= upTo);
  for (const letter of read) settle(d, letter, 'read');
  return { kind: 'done', outcome: { read: read.length } };
}
