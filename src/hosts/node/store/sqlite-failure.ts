/**
 * What SQLite's result codes mean to a store. Reads errors; opens and writes nothing.
 */
import type { StoreErrorKind } from '../../../runtime/store-rules.ts';

/** SQLite's own words and what kind of trouble they mean. */
interface SqliteFailure {
  readonly kind: StoreErrorKind | 'read_only' | 'cannot_open' | 'other';
  /** Such as `database or disk is full (SQLite 13)`. */
  readonly words: string;
}

/** Undefined for an error that didn't come from SQLite. */
export function sqliteFailure(error: unknown): SqliteFailure | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return undefined;
  // The extension that keeps the index of words has no code of its own for tables of it that are damaged.
  const damaged = /^(?:invalid fts5 file format|vtable constructor failed)/.test(error.message);
  return {
    kind: damaged ? 'corrupt' : kindOf(error.errcode),
    words: `${error.message} (SQLite ${error.errcode})`,
  };
}

function kindOf(code: number): SqliteFailure['kind'] {
  // The low byte is the primary result code, the rest says where it arose.
  switch (code & 0xff) {
    case 3: // PERM
    case 8: // READONLY
      return 'read_only';
    case 5: // BUSY
    case 6: // LOCKED
      return 'busy';
    case 10: // IOERR
      return 'io';
    case 11: // CORRUPT
    case 26: // NOTADB
      return 'corrupt';
    case 13: // FULL
      return 'full';
    case 14: // CANTOPEN
      return 'cannot_open';
    case 19: // CONSTRAINT
    case 20: // MISMATCH
      return 'conflict';
    default:
      return 'other';
  }
}
