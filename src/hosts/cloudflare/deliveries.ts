/**
 * Mail that arrives at a session's object from another: what is no mail, not for it, or of a session that can't have
 * sent it is refused; what comes of a later release, or finds no room, is to be sent again. Accepts nothing by itself:
 * that is the session's own loop.
 */
import type { PostedMail } from '../../core/correspondence.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { envelopeSchema, MAIL_VERSION, type MailAnswer, type MailMessage, mailSchema } from './messages.ts';
import type { Room } from './room.ts';

export async function takeMail(
  own: string,
  message: unknown,
  {
    runtime,
    room,
    removed,
  }: {
    readonly runtime: Pick<Runtime, 'state' | 'send'>;
    readonly room: Room;
    /** Secrets of the sessions of this name that were removed: their tasks may still be on their way. */
    readonly removed: ReadonlySet<string>;
  },
): Promise<MailAnswer> {
  const envelope = envelopeSchema.safeParse(message);
  if (!envelope.success) return refused('it has no version, so it is no mail');
  const parsed = mailSchema.safeParse(message);
  if (!parsed.success) {
    const { version } = envelope.data;
    // What another release wrote may be all right: it is kept where it is until both are of one release.
    return version === MAIL_VERSION
      ? refused('it is no mail as sessions write it')
      : later(`it is of version ${version}, and this object reads version ${MAIL_VERSION}`);
  }
  const mail = parsed.data;
  if (mail.version > MAIL_VERSION) {
    return later(`it is of version ${mail.version}, and this object reads up to ${MAIL_VERSION}`);
  }
  const wrong = misaddressed(own, mail, runtime.state(own) !== undefined);
  if (wrong !== undefined) return refused(wrong);
  const { sender, mails } = mail;
  const [first] = mails;
  if (first?.body.kind === 'task' && removed.has(first.body.spec.secret)) {
    return refused('the session that it begins was removed');
  }
  const full = mails.every(bringsWork) ? room.full() : undefined;
  if (full !== undefined) return later(full);
  const outcome = await runtime.send(own, { type: 'mail', sender, mails });
  if (!outcome.ok) return { kind: 'refused', refusal: outcome.refusal };
  if (outcome.answer.kind !== 'accepted') throw new Error(`mail was answered with ${outcome.answer.kind}`);
  return outcome.answer;
}

/**
 * Whether it begins or adds to something: that can wait until there is room. What ends something, or tells of what is
 * under way, is taken in, with what was sent before it: there is room kept for that.
 */
function bringsWork({ body }: PostedMail): boolean {
  switch (body.kind) {
    case 'task':
    case 'go':
    case 'steer':
    case 'result':
      return true;
    case 'kill':
    case 'unmet':
    case 'answer':
    case 'status':
    case 'announcement':
      return false;
  }
}

/** Why this can't be mail for this session, whoever sent it. */
function misaddressed(own: string, { sender, mails }: MailMessage, exists: boolean): string | undefined {
  if (mails.some(({ to }) => to !== own)) return `it is not for ${own}`;
  if (exists) return undefined;
  const [first] = mails;
  if (first?.body.kind !== 'task' || first.n !== 1) return undefined;
  const { spec } = first.body;
  // A session begins with the task that its parent gives it, and with no other's.
  if (spec.id !== own) return `the task is that of ${spec.id}`;
  if (spec.parent !== sender) return `the task is one of ${spec.parent}, and ${sender} sent it`;
  return undefined;
}

function refused(message: string): MailAnswer {
  return { kind: 'refused', refusal: { kind: 'not_allowed', message } };
}

function later(why: string): MailAnswer {
  return { kind: 'later', why };
}
