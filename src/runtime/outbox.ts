/**
 * Mail on its way to another session: delivered in order, again after a failure, until it is acknowledged. A
 * refusal acknowledges too: mail that its receiver will never take is given up aloud.
 */
import type { Refusal } from '../core/commands.ts';
import type { PostedMail } from '../core/correspondence.ts';
import type { Clock } from '../core/ports.ts';
import type { Effect } from '../core/wants.ts';
import type { Actor } from './actor.ts';
import { sleep } from './effects.ts';
import type { MailCommand, Sent } from './elsewhere.ts';

export interface OutboxPorts {
  readonly clock: Clock;
  /** Hands mail to another session, wherever it lives. May fail; then it is tried again. */
  readonly reach: (session: string, mail: MailCommand) => Promise<Sent>;
  readonly gaveUp: (actor: Actor, to: string, refusal: Refusal) => void;
  /** The receiver failed over the mail or could not be reached; it is tried again. */
  readonly unreached: (actor: Actor, to: string, error: unknown) => void;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;

export async function deliver(
  actor: Actor,
  { to }: Extract<Effect, { kind: 'mail' }>,
  ports: OutboxPorts,
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const mails = undelivered(actor, to);
    const [first] = mails;
    if (!first) return;
    const sent = await ports
      .reach(to, { type: 'mail', sender: actor.id, mails })
      .catch((error: unknown): undefined => {
        if (!signal.aborted) ports.unreached(actor, to, error);
      });
    if (sent) {
      const { outcome, last } = sent;
      if (!outcome.ok) {
        ports.gaveUp(actor, to, outcome.refusal);
        await actor.send({ type: 'delivered', to, upTo: last });
        return;
      }
      if (outcome.answer.kind === 'accepted' && outcome.answer.upTo >= first.n) {
        await actor.send({ type: 'delivered', to, upTo: Math.min(last, outcome.answer.upTo) });
        return;
      }
    }
    await sleep(ports.clock, Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt), signal);
  }
}

/** As it stands at each try: what is posted while an earlier try waits goes along, above all what ends something. */
function undelivered(actor: Actor, to: string): readonly PostedMail[] {
  return (actor.state?.mail.undelivered ?? []).filter((mail) => mail.to === to);
}
