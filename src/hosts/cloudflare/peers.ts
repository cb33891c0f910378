/**
 * Other sessions as the object of one reaches them: calls on their objects. Checks what they answer, and sends no more
 * mail in one call than a call can carry; whatever is left is sent by the next.
 */
import type { PostedMail } from '../../core/correspondence.ts';
import { glanceSchema } from '../../core/glance.ts';
import type { LogRow } from '../../core/ports.ts';
import { Unreachable } from '../../http/problem.ts';
import type { Elsewhere, Peer } from '../../runtime/elsewhere.ts';
import { again } from './again.ts';
import type { Objects, SessionMethods } from './bindings.ts';
import { eventsSchema, MAIL_VERSION, mailAnswerSchema, rowSchema } from './messages.ts';

/** Characters of mail in one call: a call may carry 32 MiB, and a character is at most two bytes there. */
const MAIL_CHARS = 12_000_000;
/** How long nobody is asked again whether somebody listens. */
const UNHEARD_MS = 10_000;

/** @param own the session whose object this is */
export function makePeers(
  own: string,
  { sessions, now }: { readonly sessions: Objects<SessionMethods>; readonly now: () => number },
): Elsewhere {
  const deaf = new Map<string, number>();

  return (session) => {
    if (session === own) return undefined;
    const stub = (): ReturnType<typeof sessions.getByName> => sessions.getByName(session);
    const read = (ask: (there: SessionMethods) => Promise<unknown>): Promise<unknown> =>
      again(() => ask(stub())).catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        throw new Unreachable(
          `The object of ${session} can't be asked for now: ${why.replace(/[.!]?$/, '.')}`,
        );
      });
    const peer: Peer = {
      async send({ sender, mails }) {
        const part = upTo(mails, MAIL_CHARS);
        const last = part.at(-1)?.n ?? 0;
        const message = { version: MAIL_VERSION, sender, mails: part };
        const answer = mailAnswerSchema.parse(await stub().mail(message));
        switch (answer.kind) {
          case 'accepted':
            return { outcome: { ok: true, answer, repeated: false }, last };
          case 'refused':
            return { outcome: { ok: false, refusal: answer.refusal }, last };
          case 'later':
            throw new Error(`${session} takes no mail now: ${answer.why}`);
        }
      },
      row: async () => rowSchema.nullable().parse(await read((there) => there.row())) ?? undefined,
      async events(after, limit) {
        // A call brings as much as it can carry.
        const all: LogRow[] = [];
        for (let more = true; more && all.length < limit; ) {
          const from = all.at(-1)?.seq ?? after;
          const page = eventsSchema.parse(await read((there) => there.events(from, limit - all.length)));
          all.push(...page.rows);
          more = page.more;
        }
        return all;
      },
      glance: async () => glanceSchema.nullable().parse(await read((there) => there.glance())) ?? undefined,
      tell(event) {
        if ((deaf.get(session) ?? 0) > now()) return;
        void stub()
          .tell(event)
          .then((heard) => {
            if (!heard) deaf.set(session, now() + UNHEARD_MS);
          })
          .catch(() => {});
      },
      remove: () => stub().remove(),
    };
    return peer;
  };
}

/** The first of them that fit, one at least: in order, so that what is left follows. */
function upTo(mails: readonly PostedMail[], chars: number): readonly PostedMail[] {
  let size = 0;
  const end = mails.findIndex((mail, at) => {
    size += JSON.stringify(mail).length;
    return at > 0 && size > chars;
  });
  return end < 0 ? mails : mails.slice(0, end);
}
