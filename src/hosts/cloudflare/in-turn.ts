/** One thing after the other: calls of one object to another may overtake each other, and some must not. */

/** A function that begins each job when the one before it is over, whatever became of that. */
export function makeTurns(): <Value>(job: () => Promise<Value>) => Promise<Value> {
  let last: Promise<unknown> = Promise.resolve();
  return (job) => {
    const done = last.then(job);
    last = done.catch(() => {});
    return done;
  };
}
