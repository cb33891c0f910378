/** Named gates at which replies are held until a test opens them. Knows nothing of what is held. */

export interface Gates {
  /** Resolves when the gate lets it pass, or when `onLeave` says that whoever waits has left. */
  pass(name: string, onLeave: (leave: () => void) => void): Promise<void>;
  open(name: string): void;
  release(name: string, count: number): number;
  waiting(name: string): number;
  /** Names of gates at which somebody waits, with how many. */
  held(): string[];
}

/** `changed` is called whenever somebody comes to a gate or leaves it. */
export function createGates(changed: () => void): Gates {
  const opened = new Set<string>();
  const queues = new Map<string, Set<() => void>>();

  function letPass(name: string, count: number): number {
    const queue = queues.get(name) ?? new Set();
    const passing = [...queue].slice(0, count);
    for (const go of passing) go();
    return passing.length;
  }

  return {
    pass(name, onLeave) {
      if (opened.has(name)) return Promise.resolve();
      return new Promise((resolve) => {
        const queue = queues.get(name) ?? new Set();
        queues.set(name, queue);
        const go = () => {
          if (!queue.delete(go)) return;
          resolve();
          changed();
        };
        queue.add(go);
        onLeave(go);
        changed();
      });
    },
    open(name) {
      opened.add(name);
      letPass(name, Number.POSITIVE_INFINITY);
    },
    release: letPass,
    waiting: (name) => queues.get(name)?.size ?? 0,
    held: () =>
      [...queues].filter(([, queue]) => queue.size > 0).map(([name, { size }]) => `${name}: ${size}`),
  };
}
