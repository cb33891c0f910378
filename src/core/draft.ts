/**
 * A decision in the making: the events so far, and the state they lead to. Every later part of a decision
 * sees what the earlier parts did.
 */
import type { Context } from './commands.ts';
import { type AcceptedBody, type MailBody, senders } from './correspondence.ts';
import type { Recorded, SessionEvent } from './events.ts';
import { evolve } from './evolve.ts';
import * as mailbox from './mailbox.ts';
import type { Block } from './ports.ts';
import type { Session } from './session.ts';

export interface Draft {
  readonly context: Context;
  readonly events: readonly Recorded[];
  /** The state after the events so far. */
  readonly state: Session;
  add(event: SessionEvent): void;
  /** Posts mail under the receiver's next number. */
  post(to: string, body: MailBody): void;
  /** Accepts the gateway's own note to this session. */
  note(text: string, about: Extract<AcceptedBody, { kind: 'note' }>['about'], block: Block): void;
}

/** @throws when `state` is read before the first event of a new session. */
export function draft(before: Session | undefined, context: Context): Draft {
  const events: Recorded[] = [];
  let state = before;
  const current = (): Session => {
    if (!state) throw new Error('a session is created by its first event');
    return state;
  };
  const add = (event: SessionEvent): void => {
    const recorded: Recorded = {
      seq: (state?.seq ?? 0) + 1,
      at: context.at,
      worked: events.length === 0 ? context.worked : 0,
      event,
    };
    state = evolve(state, recorded);
    events.push(recorded);
  };
  return {
    context,
    events,
    get state() {
      return current();
    },
    add,
    post(to, body) {
      add({ type: 'mail.posted', mail: { to, n: mailbox.nextTo(current().mail, to), body } });
    },
    note(text, about, block) {
      const n = mailbox.nextFrom(current().mail, senders.gateway);
      add({ type: 'mail.accepted', sender: senders.gateway, n, body: { kind: 'note', text, about }, block });
    },
  };
}
