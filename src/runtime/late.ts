/**
 * What people are told of a model call that is late: once, until when if the API said so, and anew only when that
 * moves far. Owns these words and when they are said, never when the call is tried again.
 */
import type { Clock, TransientKind } from '../core/ports.ts';
import type { Failure, Hold } from './gate.ts';

export interface Lateness {
  /** The call waits because no call starts. */
  held(hold: Hold): void;
  /** The call failed for the `times`th time and is tried again after `pauseMs`, or when all calls are. */
  failed(failure: Failure, times: number, pauseMs: number): void;
}

/** What is said of a late call. */
export interface LateWords {
  /** For the people of a chat. */
  readonly text: string;
  /** What a subagent does meanwhile. */
  readonly activity: string;
}

/** People are told of a call that is late after this many failures, or by a wait this long. */
const TELL_AFTER = 3;
const TELL_WAIT_MS = 20_000;
/** A time that moved is told anew when it moved this much. */
const TELL_AGAIN_MS = 900_000;

export function makeLateness(clock: Clock, tell: (words: LateWords) => void): Lateness {
  const began = clock.monotonic();
  let told = false;
  /** The time that was told, if one was. */
  let toldUntil: number | undefined;

  function say(why: TransientKind, until: number | undefined): void {
    told = true;
    toldUntil = until ?? toldUntil;
    tell(lateWords(why, clock.now(), until));
  }

  return {
    held({ why, notBefore }) {
      if (notBefore !== undefined && notBefore - clock.now() >= TELL_WAIT_MS) {
        if (toldUntil === undefined || notBefore - toldUntil >= TELL_AGAIN_MS) say(why, notBefore);
      } else if (!told && clock.monotonic() - began >= TELL_WAIT_MS) say(why, undefined);
    },
    failed({ why }, times, pauseMs) {
      if (told || (times < TELL_AFTER && pauseMs < TELL_WAIT_MS)) return;
      say(why, pauseMs >= TELL_WAIT_MS ? clock.now() + pauseMs : undefined);
    },
  };
}

function lateWords(why: TransientKind, now: number, until: number | undefined): LateWords {
  const cause = {
    rate_limited: 'The model API says that the limit of requests is reached',
    overloaded: 'The model API is overloaded',
    server: 'The model API has an error of its own',
    connection: 'The model API cannot be reached',
    cut: 'The model API broke off its answer',
    stalled: 'The model API stopped in the middle of its answer',
  }[why];
  return until === undefined
    ? { text: `${cause}; trying again by itself. Nothing is lost.`, activity: 'waits for the model API' }
    : {
        text: `${cause}; trying again at ${minuteOf(until, now)} UTC. Nothing is lost.`,
        activity: `waits for the model API until ${minuteOf(until, now)} UTC`,
      };
}

/** The minute by which `at` has come, with the date if that isn't today's. */
function minuteOf(at: number, now: number): string {
  const [date, minute] = isoMinute(Math.ceil(at / 60_000) * 60_000);
  return date === isoMinute(now)[0] ? minute : `${date} ${minute}`;
}

function isoMinute(at: number): [date: string, minute: string] {
  const iso = new Date(at).toISOString();
  return [iso.slice(0, 10), iso.slice(11, 16)];
}
