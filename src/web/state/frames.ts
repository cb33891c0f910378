/**
 * Collects what comes in and hands it on once a frame, so that fifty subagents that report at once cost one drawing.
 * A page in the background draws no frames: there it goes on by a timer.
 */
const HIDDEN_MS = 250;

export interface Frames<Thing> {
  add(things: readonly Thing[]): void;
  /** Hands on what waits, now. */
  flush(): void;
  stop(): void;
}

export function makeFrames<Thing>(take: (things: readonly Thing[]) => void): Frames<Thing> {
  let waiting: Thing[] = [];
  let cancel: (() => void) | undefined;

  function flush(): void {
    cancel?.();
    cancel = undefined;
    const things = waiting;
    waiting = [];
    if (things.length > 0) take(things);
  }

  return {
    add(things) {
      waiting.push(...things);
      if (cancel) return;
      if (document.visibilityState === 'hidden') {
        const timer = setTimeout(flush, HIDDEN_MS);
        cancel = () => clearTimeout(timer);
      } else {
        const frame = requestAnimationFrame(flush);
        // A page that goes to the background meanwhile gets no frame.
        const timer = setTimeout(flush, HIDDEN_MS);
        cancel = () => {
          cancelAnimationFrame(frame);
          clearTimeout(timer);
        };
      }
    },
    flush,
    stop() {
      cancel?.();
      cancel = undefined;
      waiting = [];
    },
  };
}
