/**
 * What went wrong in the engine, told as the stores' own errors. Reads the platform's words, which end with
 * SQLite's name of the error; writes nothing.
 */
import { StoreError, type StoreErrorKind } from '../../runtime/store-rules.ts';
import type { Sql } from './sql.ts';

/** The same database, whose failures are `StoreError`s. What isn't the engine's goes through as it is. */
export function withStoreErrors(sql: Sql): Sql {
  return {
    all: (query, ...values) => told(() => sql.all(query, ...values), 'Nothing was read'),
    run: (query, ...values) => told(() => sql.run(query, ...values), 'Nothing was written'),
    transaction: (job) => told(() => sql.transaction(job), 'Nothing was written'),
    rows: () => sql.rows(),
  };
}

function told<T>(act: () => T, outcome: string): T {
  try {
    return act();
  } catch (error) {
    const kind = kindOf(error);
    if (kind === undefined || !(error instanceof Error)) throw error;
    throw new StoreError(kind, `${outcome}: ${error.message}.`, error);
  }
}

/** Such as `database or disk is full: SQLITE_FULL`. Undefined for an error that isn't the engine's. */
function kindOf(error: unknown): StoreErrorKind | undefined {
  if (!(error instanceof Error) || error instanceof StoreError) return undefined;
  switch (/: SQLITE_([A-Z]+)/.exec(error.message)?.[1]) {
    case undefined:
      return undefined;
    case 'FULL':
      return 'full';
    case 'BUSY':
    case 'LOCKED':
      return 'busy';
    case 'CORRUPT':
    case 'NOTADB':
      return 'corrupt';
    case 'CONSTRAINT':
    case 'MISMATCH':
    case 'TOOBIG':
      return 'conflict';
    default:
      return 'io';
  }
}
