/**
 * The part of the fold that new prefixes and summaries make. Called by `evolve.ts` only.
 */
import { tryAgainFrom } from './compaction.ts';
import type { SessionEvent } from './events.ts';
import { digestOf } from './ids.ts';
import type { Usage } from './ports.ts';
import type { Remedy, Session } from './session.ts';

type Of<Type extends SessionEvent['type']> = Extract<SessionEvent, { type: Type }>;

export function prefixStarted(state: Session, { because, params }: Of<'prefix.started'>): Session {
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
    ...(because === 'compaction' ? { context: 0, compactionFailures: 0 } : {}),
  };
}

export function compacting(
  state: Session,
  event: Of<'compaction.started'> | Of<'compaction.made'> | Of<'compaction.failed'>,
): Session {
  switch (event.type) {
    case 'compaction.started':
      return {
        ...state,
        compactions: event.n,
        compaction: { n: event.n, forced: event.forced },
      };
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

/** All tokens that a request and its answer were. */
export function contextOf(usage: Usage): number {
  return usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens + usage.outputTokens;
}
