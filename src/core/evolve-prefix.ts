/**
 * The part of the fold that new prefixes and summaries make. Called by `evolve.ts` only.
 */

import { compactCall } from './budget.ts';
import { tryAgainFrom } from './compaction.ts';
import type { SessionEvent } from './events.ts';
import * as money from './evolve-money.ts';
import { digestOf } from './ids.ts';
import type { Remedy, Session } from './session.ts';

type Of<Type extends SessionEvent['type']> = Extract<SessionEvent, { type: Type }>;

export function prefixStarted(state: Session, event: Of<'prefix.started'>): Session {
  const { because, params, carried = [] } = event;
  const { renewal: _, compaction, chosenModel, ...rest } = state;
  // A summary that is still being made is of the same conversation, and goes on.
  const ongoing = compaction && because !== 'compaction' ? { compaction } : {};
  // The second one puts back what the first one left out, since that was not it.
  const restores = state.quarantined.length > 0;
  const remedies: Record<typeof because, Remedy> = {
    created: 'none',
    settings: state.remedy,
    compaction: state.unheard.length > 0 ? 'shortened' : state.remedy,
    quarantine: restores ? 'none' : 'quarantined',
  };
  return {
    ...rest,
    ...ongoing,
    model: params.model,
    chosen: state.chosen || chosenModel !== undefined,
    prefixSeq: state.seq,
    prefixDigest: digestOf(params),
    prefixes: state.prefixes + 1,
    remedy: remedies[because],
    ...(because === 'quarantine' ? { quarantined: restores ? [] : state.unheard } : {}),
    paused: false,
    // The API's own tools stay behind with the old prefix.
    serverCalls: [],
    unanswered: state.unanswered || state.paused,
    ...money.prefixStarted(params, carried),
    ...(because === 'compaction' ? { summarisedTo: 'unknown' as const, compactionFailures: 0 } : {}),
  };
}

export function compacting(
  state: Session,
  event: Of<'compaction.started'> | Of<'compaction.made'> | Of<'compaction.failed'>,
): Session {
  switch (event.type) {
    case 'compaction.started':
      return money.holding(
        { ...state, compactions: event.n, compaction: { n: event.n, forced: event.forced } },
        compactCall(event.n),
        event.reserved,
      );
    case 'compaction.made':
      return withMade(state, {
        summary: event.summary,
        ...(event.from ? { from: event.from } : {}),
      });
    case 'compaction.failed': {
      const failures = state.compactionFailures + 1;
      // The request doesn't fit as it is: then it goes on without a summary.
      if (state.compaction?.forced) return withMade({ ...state, compactionFailures: failures }, {});
      const { compaction: _, ...rest } = state;
      return {
        ...rest,
        compactionFailures: failures,
        compactFrom: tryAgainFrom(state.steps, failures),
      };
    }
  }
}

function withMade(
  state: Session,
  made: { summary?: string; from?: { step: number; adds: boolean } },
): Session {
  return state.compaction ? { ...state, compaction: { ...state.compaction, made } } : state;
}
