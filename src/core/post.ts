/**
 * Mail from other sessions: accepted in order, acted on in the same commit. Owns what each kind of mail does
 * to its receiver; that it comes once is the mailbox's business.
 */
import { announcementBlocks } from './announcement.ts';
import type { Answer, Refusal } from './commands.ts';
import type { MailBody, PostedMail } from './correspondence.ts';
import * as delegation from './delegation.ts';
import { unmetText } from './dependencies.ts';
import type { Draft } from './draft.ts';
import { abandonStep, endAttempt, revive, settleAll } from './ending.ts';
import { tellPeople } from './input.ts';
import { giveWay, hearOfInput, passOrTake } from './input-answers.ts';
import * as mailbox from './mailbox.ts';
import { isRefusal } from './policy.ts';
import { tryAgain } from './second-tries.ts';
import { hasEnded } from './session.ts';
import { partialWork, steerBlock } from './steps.ts';
import * as subagents from './subagents.ts';
import { taskText } from './task.ts';
import { warnOfUnread } from './unread.ts';

/** Orders come down from the parent, news comes up from children, and never the other way. */
const fromParent: Record<MailBody['kind'], boolean> = {
  task: true,
  go: true,
  steer: true,
  kill: true,
  answer: true,
  result: true,
  unmet: true,
  status: false,
  announcement: false,
};

/** Accepts what is new of `mails`, in order, and acknowledges the rest. A gap accepts nothing behind it. */
export function acceptMail(d: Draft, sender: string, mails: readonly PostedMail[]): Answer | Refusal {
  const { state } = d;
  const isParent = sender === state.spec?.parent;
  if (!isParent && !state.tree.children[sender]) {
    return { kind: 'not_allowed', message: `"${sender}" is neither the parent nor a child of ${state.id}` };
  }
  const wrong = mails.find(({ body }) => fromParent[body.kind] !== isParent);
  if (wrong) {
    const who = isParent ? 'a parent' : 'a child';
    return { kind: 'not_allowed', message: `${who} may not send ${wrong.body.kind}` };
  }
  for (const mail of mails) {
    const where = mailbox.place(d.state.mail, sender, mail.n);
    if (where === 'gap') break;
    if (where === 'next') acceptOne(d, sender, mail);
  }
  return { kind: 'accepted', upTo: d.state.mail.accepted[sender] ?? 0 };
}

function acceptOne(d: Draft, sender: string, { n, body }: PostedMail): void {
  switch (body.kind) {
    case 'task':
      d.add({
        type: 'mail.accepted',
        sender,
        n,
        body,
        block: { type: 'text', text: taskText(body.spec) },
      });
      return;
    case 'go':
      d.add({ type: 'mail.accepted', sender, n, body });
      return;
    case 'steer':
      return acceptSteer(d, sender, n, body);
    case 'kill':
      d.add({ type: 'mail.accepted', sender, n, body });
      return acceptKill(d, body);
    case 'result': {
      // It can't look at a sibling: what stands here is all that it gets of it, however many there are.
      const { block } = announcementBlocks(d.state.secret, body.of);
      d.add({ type: 'mail.accepted', sender, n, body, block });
      return;
    }
    case 'unmet':
      d.add({ type: 'mail.accepted', sender, n, body });
      if (d.state.status !== 'queued') return;
      endAttempt(d, { status: 'failed', reason: 'dependency', result: unmetText(body) });
      return;
    case 'answer':
      d.add({ type: 'mail.accepted', sender, n, body });
      return passOrTake(d, body);
    case 'status':
      d.add({ type: 'mail.accepted', sender, n, body });
      if (body.input && body.card.id === sender) hearOfInput(d, body.card, body.input);
      if (d.state.kind === 'main') tellPeopleOf(d, body);
      for (const { steerId, step } of body.read ?? []) {
        d.add({ type: 'steer.read', steerId, subagentId: body.card.id, step });
      }
      delegation.tellParent(d, body.change, d.state.tree.cards[body.card.id] ?? body.card, {
        ...(body.read ? { read: body.read } : {}),
        ...(body.result === undefined ? {} : { result: body.result }),
        ...(body.input ? { input: body.input } : {}),
        ...(body.refused === undefined ? {} : { refused: body.refused }),
        ...(body.unread ? { unread: body.unread } : {}),
      });
      return;
    case 'announcement': {
      const { block, short } = announcementBlocks(d.state.secret, body);
      d.add({
        type: 'mail.accepted',
        sender,
        n,
        body,
        block,
        ...(short === block ? {} : { short }),
      });
      delegation.tellParent(d, 'ended', d.state.tree.cards[body.card.id] ?? body.card, {
        result: body.result,
      });
      if (!d.state.deleting && !d.state.closing && !hasEnded(d.state))
        tryAgain(d, body, mailbox.letterId(sender, n));
      return;
    }
  }
}

/** What people are to read at once, whoever of the tree it is about. */
function tellPeopleOf(
  d: Draft,
  { card, input, refused, unread }: Extract<MailBody, { kind: 'status' }>,
): void {
  if (input && input.outcome === undefined) tellPeople(d, card.path, input.request);
  if (refused !== undefined) {
    const text = `${card.path} tried what the rules don't allow: ${refused}`;
    d.add({ type: 'notice', level: 'warning', text });
  }
  if (unread) warnOfUnread(d, card.path, unread);
}

/** A steer for this session is read by its next step; one for a descendant goes on towards it. */
function acceptSteer(d: Draft, sender: string, n: number, body: Extract<MailBody, { kind: 'steer' }>): void {
  const { state } = d;
  const forSelf = body.target === state.id;
  // Only a live parent can give a resumed child its place and read its news. So one that has ended takes
  // the steer itself, is resumed by it, and sees to its child. One that is closing has as good as ended.
  if (forSelf || state.closing || hasEnded(state)) {
    const card = state.tree.cards[body.target];
    const text = forSelf
      ? body.text
      : `For your subagent ${card?.path ?? body.target}, which has ended. You are resumed to see to it:\n${body.text}`;
    d.add({
      type: 'mail.accepted',
      sender,
      n,
      body: { ...body, target: state.id, text },
      block: steerBlock(text, body.by),
    });
    if (body.interrupt) abandonStep(d, 'interrupt');
    else giveWay(d);
    return;
  }
  d.add({ type: 'mail.accepted', sender, n, body });
  const next = subagents.childTowards(state.tree, body.target);
  if (next) d.post(next, body);
}

function acceptKill(d: Draft, body: Extract<MailBody, { kind: 'kill' }>): void {
  const { state } = d;
  if (body.target === state.id) {
    // A steer before it may resume what has ended, or is about to: that, too, is what the kill is for.
    if (hasEnded(state)) revive(d);
    else if (state.closing) settleAll(d, 'undeliverable');
    endAttempt(d, {
      status: 'killed',
      result: partialWork(d.state, killedWords[body.by]),
      // Its parent's own kill is not news to the parent.
      wakes: body.by !== 'parent',
    });
    return;
  }
  const card = state.tree.cards[body.target];
  if (card && !isRefusal(card)) delegation.kill(d, [card], body.by === 'parent' ? 'ancestor' : body.by);
}

const killedWords = {
  parent: 'Killed by the assistant it worked for.',
  ancestor: 'Killed by the assistant above.',
  person: 'Killed by a person.',
} as const;
