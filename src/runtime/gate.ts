/**
 * How wide the way to the model API stands open for all calls of the process: shut while the API says "not
 * before" or fails several calls in a row, then open for one call that finds out, then wider with each call that
 * the API takes up. Knows neither queues nor sessions, and never gives up.
 */
import type { CallOutcome, Clock, TransientKind } from '../core/ports.ts';

export type Failure = Extract<CallOutcome, { kind: 'again' }>;

/** Why no call starts now. */
export interface Hold {
  readonly why: TransientKind;
  /** When the API said that it may be asked again, by the wall clock; absent: we wait of our own accord. */
  readonly notBefore?: number;
}

/** One call's way through the gate, from its start to its end. */
export interface Pass {
  /** Something arrived. The API has taken the call up when things go on arriving, or when words do. */
  alive(): void;
  /** The API has taken the call up, whatever becomes of it. */
  accepted(): void;
  /**
   * The call failed; `pauseMs` is what it would wait if it were alone.
   * @returns whether the gate waits for all: then the call needs no pause of its own
   */
  failed(failure: Failure, pauseMs: number): boolean;
  /** The call is over. */
  left(): void;
}

export interface Gate {
  readonly hold: Hold | undefined;
  /** Whether one more call may start. */
  readonly room: boolean;
  /** Whether no call was taken up since the gate was last shut: the next one finds out. */
  readonly probing: boolean;
  /** Whether it stands wide open, and no failure is counted that might shut it. */
  readonly wide: boolean;
  /** @param who asks: failures count once for each, so that one who fails alone holds up nobody else. */
  enter(who: object): Pass;
  /** Nothing more is waited for: no timer is left behind. */
  close(): void;
}

/** So many callers must fail, with none taken up between, before all wait. */
const SEVERAL = 3;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** A call that finds out and hears nothing for so long lets one more start. */
const PATIENCE_MS = 10_000;
/** An answer that has lasted so long is no error that came as an answer. */
const TAKEN_UP_MS = 1_000;
/** The longest between two looks at the clocks: after a machine's sleep the wall clock is the one that is right. */
const LOOK_MS = 60_000;

/** What a session's own stream does says nothing about others'. */
const own: ReadonlySet<TransientKind> = new Set<TransientKind>(['cut', 'stalled']);

/** Notices by what arrives of an answer that the API has taken the call up, and says so once. */
export function takenUp(clock: Clock, yes: () => void): { alive(): void; accepted(): void } {
  let heard: number | undefined;
  let said = false;
  const accepted = (): void => {
    if (said) return;
    said = true;
    yes();
  };
  return {
    accepted,
    alive() {
      if (said) return;
      const now = clock.monotonic();
      heard ??= now;
      if (now - heard >= TAKEN_UP_MS) accepted();
    },
  };
}

/**
 * @param changed called when a call may start that might not before
 * @param shut called whenever the gate was shut, or shut for longer
 * @param random in [0, 1): spreads the tries of several gateways
 */
export function makeGate(
  ceiling: number,
  clock: Clock,
  on: { changed: () => void; shut: (hold: Hold) => void; random: () => number },
): Gate {
  let hold: Hold | undefined;
  let until = 0;
  /** Counts the times it was shut: what a call of an earlier opening meets says nothing about this one. */
  let era = 0;
  /** Calls of this opening that are under way, and how many may be. */
  let under = 0;
  let width = ceiling;
  /** How often it was shut with nothing taken up since. */
  let failures = 0;
  const failing = new Set<object>();
  let cancelLook = (): void => {};

  function shutUntil(why: TransientKind, ms: number, notBefore: number | undefined): void {
    if (hold && clock.monotonic() + ms <= until) return;
    until = clock.monotonic() + ms;
    hold = { why, ...(notBefore === undefined ? {} : { notBefore }) };
    era += 1;
    under = 0;
    width = 1;
    failures += 1;
    failing.clear();
    arm();
    on.shut(hold);
  }

  function arm(): void {
    cancelLook();
    cancelLook = clock.after(Math.min(LOOK_MS, Math.max(0, until - clock.monotonic())), look);
  }

  function look(): void {
    if (!hold) return;
    const early = hold.notBefore === undefined || clock.now() < hold.notBefore;
    if (clock.monotonic() < until && early) return arm();
    hold = undefined;
    on.changed();
  }

  function widen(): void {
    if (width >= ceiling) return;
    width += 1;
    on.changed();
  }

  return {
    close: () => cancelLook(),
    get hold() {
      return hold;
    },
    get room() {
      return !hold && under < width;
    },
    get probing() {
      return failures > 0;
    },
    get wide() {
      return !hold && failures === 0 && width >= ceiling && failing.size === 0;
    },
    enter(who) {
      const mine = era;
      let state: 'out' | 'accepted' | 'left' = 'out';
      under += 1;
      const cancelPatience =
        failures > 0
          ? clock.after(PATIENCE_MS, () => {
              if (mine === era && state === 'out') widen();
            })
          : undefined;
      const isTakenUp = (): void => {
        if (state !== 'out') return;
        state = 'accepted';
        cancelPatience?.();
        if (mine !== era) return;
        failures = 0;
        failing.clear();
        widen();
      };
      return {
        ...takenUp(clock, isTakenUp),
        failed(failure, pauseMs) {
          if (failure.retryAfterMs !== undefined) {
            shutUntil(failure.why, pauseMs, clock.now() + pauseMs);
            return true;
          }
          if (own.has(failure.why)) return false;
          if (mine !== era) return hold !== undefined;
          failing.add(who);
          if (failures === 0 && failing.size < SEVERAL) return false;
          const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 10));
          shutUntil(failure.why, (longest * (1 + on.random())) / 2, undefined);
          return true;
        },
        left() {
          if (state === 'left') return;
          state = 'left';
          cancelPatience?.();
          if (mine === era) under -= 1;
        },
      };
    },
  };
}
