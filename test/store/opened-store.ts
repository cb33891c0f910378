/**
 * A store under test, and what kind of failure a call of it ended in.
 */
import type { Store } from '../../src/core/ports.ts';
import { StoreError, type StoreErrorKind } from '../../src/runtime/store-rules.ts';

export interface OpenedStore {
  readonly store: Store;
  /** Ends this store as its host would and opens what it left behind. */
  reopen(): Promise<OpenedStore>;
  close(): Promise<void>;
}

/** Runs `act`; anything it throws that is no `StoreError` goes through. */
export function kindOfFailure(act: () => unknown): StoreErrorKind | 'none' {
  try {
    act();
    return 'none';
  } catch (error) {
    if (error instanceof StoreError) return error.kind;
    throw error;
  }
}
