/**
 * Attempts that the gateway itself begins anew: a subagent for which that was asked is resumed when it failed, in the
 * commit that accepts its ending, so that nobody who waits for it hears of a failure that may still be mended. Owns
 * which endings are tried again and what is said of them.
 */
import type { Card } from './card.ts';
import type { MailBody } from './correspondence.ts';
import * as delegation from './delegation.ts';
import type { Draft } from './draft.ts';
import { settle } from './ending.ts';
import { head } from './fence.ts';
import type { Child } from './subagents.ts';

/** Times that one may be tried again. */
export const MAX_RETRIES = 5;
/** Characters of a result that are said again. */
const SAID_AGAIN = 1_000;

/** Whether an ending is not the last word: more money or another's failure is nothing that it could mend. */
function isTriedAgain(child: Child | undefined, { status, reason }: Card): boolean {
  if ((child?.retries ?? 0) < 1) return false;
  return status === 'timed_out' || (status === 'failed' && reason !== 'dependency' && reason !== 'refused');
}

/** @param letter the mail that the ending came with: its reader is to hear of the last attempt only */
export function tryAgain(
  d: Draft,
  { card, result }: Extract<MailBody, { kind: 'announcement' }>,
  letter: string,
): void {
  const child = d.state.tree.children[card.id];
  if (!child || !isTriedAgain(child, card)) return;
  const how = card.reason === undefined ? card.status : `${card.status} (${card.reason})`;
  const said = head(result.trim(), SAID_AGAIN);
  const steer = delegation.steer(d, card, {
    text: [
      `Attempt ${card.attempt} ended as ${how}. Try again: find out why first, and go about it differently where that was the cause.`,
      ...(said === '' ? [] : [`What came of it:\n${said}`]),
    ].join('\n\n'),
    interrupt: false,
    by: 'parent',
    retry: true,
  });
  const news = typeof steer === 'string' && d.state.mail.waiting.find(({ id }) => id === letter);
  if (news) settle(d, news, 'withdrawn');
}
