/**
 * The part of the fold that mail makes: what accepting, settling and posting it changes in a state. Called by
 * `evolve.ts` only.
 */

import { loadOf } from './attachments.ts';
import { beginningOf } from './beginning.ts';
import { weightOf } from './budget.ts';
import type { PostedMail } from './correspondence.ts';
import type { SessionEvent } from './events.ts';
import { admitted, childEnded, childTold } from './evolve-money.ts';
import * as mailbox from './mailbox.ts';
import { type Session, standing } from './session.ts';
import * as subagents from './subagents.ts';

export function mailPosted(
  state: Session,
  { mail }: Extract<SessionEvent, { type: 'mail.posted' }>,
): Session {
  return {
    ...state,
    mail: mailbox.post(state.mail, mail),
    ...(tellsOfItself(state, mail) ? { told: toldWith(state, mail) } : {}),
    tree: told(answered(steered(state.tree, mail), mail), mail),
  };
}

function tellsOfItself(state: Session, { body }: PostedMail): boolean {
  return (body.kind === 'status' || body.kind === 'announcement') && body.card.id === state.id;
}

/** Only an update or an ending tells people how it stands; other news of itself leaves that to be told. */
function toldWith(state: Session, { body }: PostedMail): Session['told'] {
  const now = standing(state);
  return body.kind === 'status' && body.change !== 'updated' ? { ...now, shown: state.told.shown } : now;
}

function answered(tree: subagents.Tree, { body }: PostedMail): subagents.Tree {
  return body.kind === 'answer' ? subagents.withAnswer(tree, body.target, body.request) : tree;
}

function steered(tree: subagents.Tree, mail: PostedMail): subagents.Tree {
  const child = tree.children[mail.to];
  if (mail.body.kind !== 'steer' || !child) return tree;
  const { retries = 0 } = child;
  return subagents.withChild(tree, mail.to, {
    ...child,
    steered: mail.n,
    ...(mail.body.retry ? { retries: retries - 1 } : {}),
  });
}

/** One is told once that what it waits for won't come; and whoever was killed is not tried again. */
function told(tree: subagents.Tree, { to, body }: PostedMail): subagents.Tree {
  const child = tree.children[to];
  if (!child) return tree;
  if (body.kind === 'unmet') return subagents.withChild(tree, to, { ...child, unmet: true });
  if (body.kind !== 'kill' || body.target !== to || !child.retries) return tree;
  return subagents.withChild(tree, to, { ...child, retries: 0 });
}

export function mailAccepted(
  state: Session,
  event: Extract<SessionEvent, { type: 'mail.accepted' }>,
  at: number,
): Session {
  const { body, sender, n } = event;
  const id = mailbox.letterId(sender, n);
  const { attached = [] } = event;
  const files = attached.reduce((sum, block) => sum + weightOf(block), 0);
  const weight = files + (event.block ? weightOf(event.block) : 0);
  const shortWeight = event.short ? weightOf(event.short) : weight;
  const base = { id, seq: state.seq, wakes: true, interrupt: false, weight, shortWeight };
  const beginning = beginningOf(body);
  const said = beginning === undefined ? {} : { said: beginning };
  const load = attached.length > 0 ? { load: loadOf(attached) } : {};
  const withLetter = (letter: mailbox.Letter | undefined): Session => ({
    ...state,
    mail: mailbox.accept(state.mail, sender, n, letter),
  });
  switch (body.kind) {
    case 'task':
      return withLetter({ ...base, kind: 'task' });
    case 'message':
      return withLetter({ ...base, ...said, ...load, kind: 'message', interrupt: body.interrupt });
    case 'note':
      return {
        ...withLetter({ ...base, kind: 'note' }),
        ...(body.about === 'empty' ? { askedForResult: true } : {}),
      };
    case 'steer':
      return withLetter(
        body.target === state.id
          ? { ...base, ...said, kind: 'steer', interrupt: body.interrupt, steerId: body.steerId }
          : undefined,
      );
    case 'go':
      return {
        ...withLetter(undefined),
        ...(body.attempt === state.attempt && state.status === 'queued'
          ? {
              status: 'running',
              attemptStartedAt: at,
              told: standing({ ...state, status: 'running' }),
              account: admitted(state.account, body.share),
              quota: { day: body.day, used: 0, given: body.spawns },
              // What was lent out of an earlier attempt's allowance doesn't come back into this one's.
              tree: subagents.withNothingLent(state.tree),
            }
          : {}),
      };
    case 'question':
      return withLetter({
        ...base,
        kind: 'question',
        wakes: body.wakes ?? true,
        request: body.request,
      });
    case 'denial':
      return withLetter({ ...base, kind: 'denial', wakes: false });
    case 'result':
      return withLetter({ ...base, kind: 'announcement' });
    case 'kill':
    case 'unmet':
    case 'answer':
      return withLetter(undefined);
    case 'status':
      return childTold(
        { ...withLetter(undefined), tree: subagents.withNews(state.tree, body.card) },
        body.card,
      );
    case 'announcement': {
      const child = state.tree.children[body.card.id];
      const next = withLetter({
        ...base,
        kind: 'announcement',
        wakes: body.wakes && child?.spec.announce !== 'quiet',
        subagent: { id: body.card.id, attempt: body.attempt },
        shown: Math.min(body.result.length, body.resultChars),
      });
      const paid = childEnded({ ...next, tree: subagents.withEnding(state.tree, body.card) }, body.card);
      const kept = paid.tree.children[body.card.id];
      const unused = Math.max(0, (child?.spawns ?? 0) - body.spawns);
      return {
        ...paid,
        tree: kept
          ? subagents.withChild(paid.tree, body.card.id, {
              ...kept,
              spawns: 0,
              endedSeq: state.seq,
              endings: subagents.endingsWith(kept, body.card),
            })
          : paid.tree,
        quota:
          body.day === state.quota.day
            ? { ...state.quota, used: Math.max(0, state.quota.used - unused) }
            : state.quota,
      };
    }
  }
}

export function mailSettled(state: Session, event: Extract<SessionEvent, { type: 'mail.settled' }>): Session {
  const letter = mailbox.unsettled(state.mail).find((one) => one.id === event.mail);
  const isOwed = letter?.kind === 'task' || (letter?.kind === 'announcement' && !letter.subagent);
  const unheard = isOwed && state.mail.waiting.includes(letter);
  const next = {
    ...state,
    mail: mailbox.settle(state.mail, event.mail),
    // It ended before it ever heard its task, and what it waited for: should it be resumed, it must know of them.
    ...(unheard
      ? { owed: [...state.owed, { seq: letter.seq }], owedWeight: state.owedWeight + letter.weight }
      : {}),
  };
  const card = letter?.subagent && state.tree.cards[letter.subagent.id];
  // A card speaks of its latest attempt: an earlier one's announcement no longer shows on it.
  if (!card || card.attempt !== letter?.subagent?.attempt) return next;
  return { ...next, tree: subagents.withCard(state.tree, { ...card, announcement: event.how }) };
}
