/**
 * What every store refuses, whatever it keeps its logs in: the rules of a commit, and the one error type.
 * Never touches storage itself.
 */
import type { Commit } from '../core/ports.ts';

/**
 * - `full`: no room; the same commit may succeed once there is.
 * - `io`: the medium failed to read or write.
 * - `corrupt`: what is stored is not what was committed.
 * - `busy`: somebody else is writing to the storage.
 * - `conflict`: the commit contradicts what is stored; repeating it can't help.
 */
export type StoreErrorKind = 'full' | 'io' | 'corrupt' | 'busy' | 'conflict';

/** A commit that wrote nothing, or a read that would have served something wrong. `kind` decides, not the text. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly kind: StoreErrorKind;

  constructor(kind: StoreErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }
}

/**
 * Checks one session's share of a batch against its log as it stands, earlier shares of the batch included.
 *
 * @param last the last sequence number of the log, or undefined if the session doesn't exist
 * @returns the last sequence number after the commit
 * @throws StoreError `conflict`
 */
export function checkCommit(commit: Commit, last: number | undefined): number {
  const { session } = commit;
  if (commit.create !== undefined && last !== undefined) {
    throw new StoreError(
      'conflict',
      `Session ${session} exists already; only its first commit may create it.`,
    );
  }
  if (commit.create === undefined && last === undefined) {
    throw new StoreError('conflict', `Session ${session} does not exist; its first commit must create it.`);
  }
  let seq = last ?? 0;
  for (const event of commit.events) {
    if (event.seq !== seq + 1) {
      throw new StoreError(
        'conflict',
        `Session ${session}: event ${event.seq} does not continue the log, which ends at ${seq}; it must be ${seq + 1}.`,
      );
    }
    seq = event.seq;
  }
  const snapshot = commit.snapshot;
  if (
    snapshot !== undefined &&
    !(Number.isSafeInteger(snapshot.seq) && snapshot.seq >= 0 && snapshot.seq <= seq)
  ) {
    throw new StoreError(
      'conflict',
      `Session ${session}: a snapshot of event ${snapshot.seq} can't be of a log that ends at ${seq}.`,
    );
  }
  return seq;
}

/** The error for a request id that is taken; look it up with `key` before committing it. */
export function repeatedKey(session: string, id: string): StoreError {
  return new StoreError('conflict', `Session ${session} has already answered a request with the id ${id}.`);
}

/**
 * A position or a number of rows, as the stores count them. `Infinity` stands for all.
 *
 * @throws RangeError for what can't be one: a programmer's error
 */
export function wholeNumber(value: number, name: string): number {
  if (value === Number.POSITIVE_INFINITY) return Number.MAX_SAFE_INTEGER;
  if (!Number.isSafeInteger(value)) throw new RangeError(`${name} must be a whole number, not ${value}`);
  return Math.max(0, value);
}
