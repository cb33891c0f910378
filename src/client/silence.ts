/**
 * The watch for a connection that has died without a word. Owns how long silence is borne, and when the other end is
 * asked whether it is there; knows nothing of what is said.
 */
import { onReturn } from './waiting.ts';

/** The gateway is heard from every 15 seconds, or asked as often; whoever is silent for so long then is gone. */
const SILENCE_MS = 40_000;
const ASK_MS = 15_000;
/** When somebody comes back to the page, so much silence is enough to look anew: at once, or by asking. */
const DOUBT_MS = 20_000;
const ANSWER_MS = 5_000;

export interface Watch {
  heard(): void;
  /** From now on the other end says nothing by itself, and answers this. */
  asks(ask: () => void): void;
  /** Whether it was silent for too long. */
  silent(): boolean;
  stop(): void;
}

/** Calls once nothing was heard for too long; sooner when somebody comes back and finds it silent. */
export function watchSilence(cut: () => void): Watch {
  let last = globalThis.Date.now();
  let silent = false;
  let question: (() => void) | undefined;
  let open = false;
  let next: ReturnType<typeof setTimeout> | undefined;
  let timer = globalThis.setTimeout(give, SILENCE_MS);

  function give(): void {
    silent = true;
    cut();
  }

  function within(ms: number): void {
    globalThis.clearTimeout(timer);
    timer = globalThis.setTimeout(give, ms);
  }

  /** Timers of a page that nobody looks at come late, so the silence is counted from the question. */
  function put(): void {
    if (!open) within(SILENCE_MS);
    open = true;
    question?.();
    globalThis.clearTimeout(next);
    next = globalThis.setTimeout(put, ASK_MS);
  }

  const unreturn = onReturn(() => {
    if (globalThis.Date.now() - last <= DOUBT_MS) return;
    if (!question) return give();
    put();
    within(ANSWER_MS);
  });

  function heard(): void {
    last = globalThis.Date.now();
    open = false;
    if (question) globalThis.clearTimeout(timer);
    else within(SILENCE_MS);
  }

  return {
    heard,
    asks(ask) {
      question = ask;
      heard();
      next = globalThis.setTimeout(put, ASK_MS);
    },
    silent: () => silent,
    stop() {
      globalThis.clearTimeout(timer);
      globalThis.clearTimeout(next);
      unreturn();
    },
  };
}
