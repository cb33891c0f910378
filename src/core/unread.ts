/**
 * People's words that nobody reads any more, since the session they were for was stopped or ended first: which these
 * are, and how the people of the chat are told, who may send them again. Settles nothing itself.
 */
import { cardOf, tellParent } from './delegation.ts';
import type { Draft } from './draft.ts';
import type { Session } from './session.ts';

/** Messages that one notice names; of more it tells how many. */
const MOST_NAMED = 3;

/** The beginnings of people's words that are in no request yet. What is in one stays in the conversation. */
export function unreadOf({ mail }: Pick<Session, 'mail'>): string[] {
  return mail.waiting.flatMap(({ said }) => said ?? []);
}

/** Tells people of a session's words that are read no more: in the chat itself, or by way of all above. */
export function tellUnread(d: Draft, unread: readonly string[]): void {
  if (unread.length === 0 || d.state.deleting) return;
  if (d.state.spec) return tellParent(d, 'told', cardOf(d.state), { unread: [...unread] });
  warn(d, `Not read, since it was stopped: ${named(unread)}. ${sendAgain(unread)}.`);
}

/** Tells the people of a chat what one of its subagents did not come to read. */
export function warnOfUnread(d: Draft, path: string, unread: readonly string[]): void {
  if (d.state.deleting) return;
  const text = `${path} ended without having read ${named(unread)}. ${sendAgain(unread)}; one that has ended is resumed by it.`;
  warn(d, text);
}

function sendAgain({ length }: readonly string[]): string {
  return length === 1 ? 'Send it again if it still holds' : 'Send them again if they still hold';
}

function warn(d: Draft, text: string): void {
  d.add({ type: 'notice', level: 'warning', text });
}

/** `"a"`, `"a" and "b"`, `"a", "b", "c" and 4 more`. */
function named(unread: readonly string[]): string {
  const names = unread.slice(0, MOST_NAMED).map((one) => `"${one}"`);
  const more = unread.length - names.length;
  const last = more > 0 ? `${more} more` : names.pop();
  return names.length === 0 ? `${last}` : `${names.join(', ')} and ${last}`;
}
