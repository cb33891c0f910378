/**
 * Mail on its way to another session: delivered in order, again after a failure, until it is acknowledged. A
 * refusal acknowledges too: mail that its receiver will never take is given up aloud.
 */
import type { Command, Refusal } from '../core/commands.ts';
import type { Clock } from '../core/ports.ts';
import type { Effect } from '../core/wants.ts';
import type { Actor, Outcome } from './actor.ts';
import { sleep } from './effects.ts';

export interface OutboxPorts {
  readonly clock: Clock;
  /** Hands mail to another session, wherever it lives. May fail; then it is tried again. */
  readonly reach: (session: string, mail: Extract<Command, { type: 'mail' }>) => Promise<Outcome>;
  readonly gaveUp: (actor: Actor, to: string, refusal: Refusal) => void;
  /** The receiver failed over the mail or could not be reached; it is tried again. */
  readonly unreached: (actor: Actor, to: string, error: unknown) => void;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;

export async function deliver(
  actor: Actor,
  { to, mails }: Extract<Effect, { kind: 'mail' }>,
  ports: OutboxPorts,
  signal: AbortSignal,
): Promise<void> {
  const last = mails[mails.length - 1];
  if (!last) return;
  for (let attempt = 0; ; attempt++) {
    const outcome = await ports
      .reach(to, { type: 'mail', sender: actor.id, mails })
      .catch((error: unknown): undefined => {
        if (!signal.aborted) ports.unreached(actor, to, error);
      });
    if (outcome?.ok && outcome.answer.kind === 'accepted') {
      if (outcome.answer.upTo >= (mails[0]?.n ?? 0)) {
        await actor.send({ type: 'delivered', to, upTo: Math.min(last.n, outcome.answer.upTo) });
        return;
      }
    } else if (outcome && !outcome.ok) {
      ports.gaveUp(actor, to, outcome.refusal);
      await actor.send({ type: 'delivered', to, upTo: last.n });
      return;
    }
    await sleep(ports.clock, Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt), signal);
  }
}
