/** The signals that end a command in order, and the exit codes that they stand for. Ends nothing itself. */

export const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Ending = keyof typeof codes;

export interface Signals {
  /** Resolves with the exit code that the first of them asks for. */
  readonly code: Promise<number>;
  /** They mean again what they mean by themselves. */
  ignore(): void;
}

/** Listens from now on. @param names those that end it; others are left alone */
export function listenForSignals(names: readonly Ending[] = ['SIGINT', 'SIGTERM', 'SIGHUP']): Signals {
  let came: (code: number) => void = () => {};
  const code = new Promise<number>((resolve) => {
    came = resolve;
  });
  const listening = names.map((name) => {
    const listener = (): void => came(codes[name]);
    process.on(name, listener);
    return () => process.off(name, listener);
  });
  return {
    code,
    ignore() {
      for (const stop of listening) stop();
    },
  };
}
