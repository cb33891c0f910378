/**
 * Which calls of a session are under way, so that nothing is settled for a call that has not yet said what it came to.
 * One that is made again under its name counts beside the one before it, which may still be ending.
 */
export interface CallsUnderWay {
  /** The call is under way until the returned function is called. */
  begin(call: string): () => void;
  /** Resolves when none of this name is under way. */
  over(call: string): Promise<void>;
}

export function makeCallsUnderWay(): CallsUnderWay {
  const counts = new Map<string, number>();
  const waiting = new Map<string, (() => void)[]>();
  return {
    begin(call) {
      counts.set(call, (counts.get(call) ?? 0) + 1);
      return () => {
        const left = (counts.get(call) ?? 1) - 1;
        if (left > 0) return void counts.set(call, left);
        counts.delete(call);
        for (const tell of waiting.get(call) ?? []) tell();
        waiting.delete(call);
      };
    },
    over(call) {
      if (!counts.has(call)) return Promise.resolve();
      return new Promise((resolve) => {
        waiting.set(call, [...(waiting.get(call) ?? []), resolve]);
      });
    },
  };
}
