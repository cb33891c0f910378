/**
 * Schemas of this host's databases as numbered, append-only lists of steps, and what brings a database up to date.
 * A step that was deployed is never edited: a change is a new step at the end. Knows no table but its own record.
 */
import type { Sql } from './sql.ts';

export interface SchemaStep {
  /** From 1, without a gap. */
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

/** A database that this release can't read. Nothing in it was changed. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

/**
 * Applies the steps that are missing in a database that has some; an empty one stays empty.
 *
 * @returns whether there is a schema
 * @throws SchemaError when the database was written by a later release
 */
export function bringUpToDate(sql: Sql, steps: readonly SchemaStep[]): boolean {
  const [table] = sql.all("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'schema'");
  if (table === undefined) return false;
  const last = sql.all('SELECT max(number) AS number FROM schema')[0]?.number;
  if (typeof last !== 'number' || last > steps.length) {
    throw new SchemaError(
      `This object's storage was written by a later release (its schema is number ${last}, this release knows ${steps.length}): deploy that release again.`,
    );
  }
  if (last < steps.length) sql.transaction(() => applySteps(sql, steps.slice(last)));
  return true;
}

/** Applies these steps with their records; to be called within a transaction. */
export function applySteps(sql: Sql, steps: readonly SchemaStep[]): void {
  sql.run('CREATE TABLE IF NOT EXISTS schema (number INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT');
  for (const { number, name, sql: text } of steps) {
    sql.run(text);
    sql.run('INSERT INTO schema (number, name) VALUES (?, ?)', number, name);
  }
}
