/**
 * Calls of objects that may have been reset or deployed over: such a one is back at once, so what changes nothing, or
 * changes the same, is simply asked again. Waits for nothing, and judges no error.
 */

const TRIES = 3;

/** Does it again if it fails, a few times; the last failure is the caller's. */
export async function again<Value>(call: () => Promise<Value>): Promise<Value> {
  for (let left = TRIES - 1; left > 0; left--) {
    try {
      return await call();
    } catch {
      // The last one tells.
    }
  }
  return call();
}
