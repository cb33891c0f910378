/** SQL over `node:sqlite` that behaves as a Durable Object's does: its verbs, the way it words its errors. */
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import type { Sql, SqlRow, SqlValue } from '../../src/hosts/cloudflare/sql.ts';

export interface NodeSql extends Sql {
  /** The database itself, for what the stores must not do. */
  readonly db: DatabaseSync;
}

const names: Record<number, string> = {
  5: 'BUSY',
  11: 'CORRUPT',
  13: 'FULL',
  18: 'TOOBIG',
  19: 'CONSTRAINT',
};

export function nodeSql(db: DatabaseSync = new DatabaseSync(':memory:')): NodeSql {
  let read = 0;
  let depth = 0;

  function worded<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
        throw error;
      throw new Error(`${error.message}: SQLITE_${names[error.errcode & 0xff] ?? 'ERROR'}`, { cause: error });
    }
  }

  return {
    db,
    all: (query, ...values) =>
      worded(() => {
        const rows = db
          .prepare(query)
          .all(...values)
          .map(plain);
        read += rows.length;
        return rows;
      }),
    run: (query, ...values) =>
      worded(() => (values.length === 0 ? db.exec(query) : void db.prepare(query).run(...values))),
    transaction(job) {
      depth += 1;
      const name = `level${depth}`;
      try {
        worded(() => db.exec(`SAVEPOINT ${name}`));
        job();
        worded(() => db.exec(`RELEASE ${name}`));
      } catch (error) {
        // SQLite has already undone it after some errors, such as a full disk.
        if (db.isTransaction) db.exec(`ROLLBACK TO ${name}; RELEASE ${name}`);
        throw error;
      } finally {
        depth -= 1;
      }
    },
    rows() {
      const written = db.prepare('SELECT total_changes() AS n').get()?.n;
      return { read, written: typeof written === 'number' ? written : Number.NaN };
    },
  };
}

function plain(row: Record<string, SQLOutputValue>): SqlRow {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, scalar(value)]));
}

function scalar(value: SQLOutputValue): SqlValue {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  throw new Error(`a value of the type ${typeof value} was stored`);
}
