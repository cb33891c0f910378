/** Owns that jobs of one key run one after another. Never knows what they do. */

/** Runs the jobs of one key one after another; a failed one doesn't hold up the next. */
export function makeLine(): <T>(key: string, job: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return (key, job) => {
    const mine = (last.get(key) ?? Promise.resolve()).then(job, job);
    const settled = mine.catch(() => undefined);
    last.set(key, settled);
    void settled.then(() => {
      if (last.get(key) === settled) last.delete(key);
    });
    return mine;
  };
}
