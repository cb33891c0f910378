/**
 * SQL as the stores of this host speak it: synchronous, three verbs, over a Durable Object's own database or over
 * whatever else answers like it. Owns the platform's limits and counts what is used of them. Knows no table.
 */
import type { DurableObjectStorage } from '@cloudflare/workers-types';

export type SqlValue = string | number | null;
export type SqlRow = Readonly<Record<string, SqlValue>>;

export interface Sql {
  /** Runs one statement and reads all of its rows. */
  all(query: string, ...values: readonly SqlValue[]): SqlRow[];
  /** Runs one statement; without values also several. */
  run(query: string, ...values: readonly SqlValue[]): void;
  /** All that `job` writes, or, if it throws, nothing. May be nested. `job` never waits for anything. */
  transaction(job: () => void): void;
  /** Rows so far, as the engine counts them: on the platform, as they are billed. */
  rows(): { readonly read: number; readonly written: number };
}

/** A Durable Object refuses BEGIN and SAVEPOINT; its own transactions take an alarm that was set back, too. */
export function durableSql(storage: DurableObjectStorage): Sql {
  let read = 0;
  let written = 0;

  function exec(query: string, values: readonly SqlValue[]): SqlRow[] {
    const cursor = storage.sql.exec<Record<string, SqlValue>>(query, ...values);
    const rows = cursor.toArray();
    read += cursor.rowsRead;
    written += cursor.rowsWritten;
    return rows;
  }

  return {
    all: (query, ...values) => exec(query, values),
    run: (query, ...values) => void exec(query, values),
    transaction: (job) => storage.transactionSync(job),
    rows: () => ({ read, written }),
  };
}

export interface SqlLimits {
  /** Bound parameters of one statement. */
  readonly parameters: number;
  /** UTF-8 bytes of a value, and of a row. */
  readonly bytes: number;
}

/** What a Durable Object's database takes. The local runtime would take larger rows than the deployed one. */
export const platformLimits: SqlLimits = { parameters: 100, bytes: 2_000_000 };

export interface SqlFigures {
  readonly statements: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
  /** The most parameters that were bound to one statement. */
  readonly mostParameters: number;
  /** UTF-8 bytes of the largest value that was bound. */
  readonly largestValue: number;
  /** UTF-8 bytes of the largest sum of one statement's values: no row that it wrote was larger. */
  readonly largestRow: number;
}

export interface MeteredSql extends Sql {
  figures(): SqlFigures;
}

/** Counts, and throws a `RangeError` for what is beyond the limits before the engine sees it. */
export function meteredSql(sql: Sql, limits: SqlLimits = platformLimits): MeteredSql {
  const encoder = new TextEncoder();
  let statements = 0;
  let mostParameters = 0;
  let largestValue = 0;
  let largestRow = 0;

  function count(values: readonly SqlValue[]): void {
    statements += 1;
    if (values.length > limits.parameters) {
      throw new RangeError(
        `A statement has ${values.length} bound parameters; the platform takes ${limits.parameters}.`,
      );
    }
    mostParameters = Math.max(mostParameters, values.length);
    let atMost = 0;
    // A unit of UTF-16 is three bytes at most. What can't be a new record isn't measured.
    for (const value of values) atMost += typeof value === 'string' ? value.length * 3 : 8;
    if (atMost <= largestValue) return;
    let row = 0;
    for (const value of values) {
      const bytes = typeof value === 'string' ? encoder.encode(value).length : 8;
      row += bytes;
      largestValue = Math.max(largestValue, within(bytes, 'A value'));
    }
    largestRow = Math.max(largestRow, within(row, 'A row'));
  }

  function within(bytes: number, what: string): number {
    if (bytes <= limits.bytes) return bytes;
    throw new RangeError(`${what} has ${bytes} bytes; the platform takes ${limits.bytes}.`);
  }

  return {
    all(query, ...values) {
      count(values);
      return sql.all(query, ...values);
    },
    run(query, ...values) {
      count(values);
      sql.run(query, ...values);
    },
    transaction: (job) => sql.transaction(job),
    rows: () => sql.rows(),
    figures() {
      const { read, written } = sql.rows();
      return {
        statements,
        rowsRead: read,
        rowsWritten: written,
        mostParameters,
        largestValue,
        largestRow,
      };
    },
  };
}
