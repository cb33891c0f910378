/**
 * What is known of the cost of one call while it is under way, and so how it stands should it be cut. Owns nothing
 * but that: what is charged for it is decided by the session.
 */
import type { CutCall } from '../core/commands.ts';
import type { CallOutcome, Usage } from '../core/ports.ts';

export interface Bill {
  /** How it stands, should it be cut now. */
  readonly cut: CutCall;
  sent(): void;
  told(usage?: Usage): void;
  ended(outcome: CallOutcome): void;
  /** Nothing more is to be told of what was. */
  settled(): void;
}

export function makeBill(): Bill {
  let cut: CutCall = { how: 'unsent' };
  let begun = false;
  return {
    get cut() {
      return cut;
    },
    // From here on nobody knows how far it got, until the API says so.
    sent() {
      begun = false;
      cut = { how: 'open' };
    },
    told(usage) {
      begun = true;
      if (usage) cut = { how: 'open', usage };
    },
    ended(outcome) {
      if (outcome.kind === 'answered') cut = { how: 'over', usage: outcome.usage };
      else if (!begun && !(outcome.kind === 'again' && outcome.why === 'stalled')) cut = { how: 'unsent' };
    },
    settled() {
      cut = { how: 'unsent' };
    },
  };
}
