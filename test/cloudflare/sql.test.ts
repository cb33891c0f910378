import { describe, expect, test } from 'vitest';
import { meteredSql, type Sql } from '../../src/hosts/cloudflare/sql.ts';
import { withStoreErrors } from '../../src/hosts/cloudflare/sql-failure.ts';
import { kindOfFailure } from '../store/opened-store.ts';
import { nodeSql } from './node-sql.ts';

function table(): Sql {
  const sql = nodeSql();
  sql.run('CREATE TABLE t (a TEXT, b INTEGER)');
  return sql;
}

describe('the meter', () => {
  test('counts statements, rows, parameters and the bytes of values and rows', () => {
    const sql = meteredSql(table());
    sql.run('INSERT INTO t VALUES (?, ?)', '≠≠', 7);
    sql.run('INSERT INTO t VALUES (?, ?)', 'a', null);
    expect(sql.all('SELECT a, b FROM t ORDER BY a')).toEqual([
      { a: 'a', b: null },
      { a: '≠≠', b: 7 },
    ]);
    expect(sql.figures()).toEqual({
      statements: 3,
      rowsRead: 2,
      rowsWritten: 2,
      mostParameters: 2,
      largestValue: 8,
      largestRow: 14,
    });
    sql.run('INSERT INTO t VALUES (?, ?)', '≠'.repeat(100), 1);
    sql.run('INSERT INTO t VALUES (?, ?)', 'a'.repeat(290), 1);
    expect(sql.figures()).toMatchObject({ largestValue: 300, largestRow: 308 });
  });

  test('refuses more parameters than the platform binds', () => {
    const sql = meteredSql(table());
    const many = Array.from({ length: 101 }, () => 1);
    expect(() => sql.all(`SELECT ${many.map(() => '?').join()}`, ...many)).toThrow(RangeError);
    sql.all(
      `SELECT ${many
        .slice(1)
        .map(() => '?')
        .join()}`,
      ...many.slice(1),
    );
    expect(sql.figures()).toMatchObject({ mostParameters: 100 });
  });

  test('refuses a value and a row that are larger than the platform stores, and nothing is written', () => {
    const sql = meteredSql(table());
    const largest = 'a'.repeat(1_999_992);
    sql.run('INSERT INTO t VALUES (?, ?)', largest, 1);
    for (const values of [
      [`${largest}aaaaaaaaa`],
      [`${largest}a`, 1],
      ['≠'.repeat(700_000), null],
      [largest, largest],
    ]) {
      expect(() => sql.run('INSERT INTO t VALUES (?, ?)', ...values)).toThrow(/the platform takes 2000000/);
    }
    expect(sql.figures()).toMatchObject({ rowsWritten: 1, largestRow: 2_000_000 });
  });
});

describe('a failure of the engine', () => {
  test('is the kind of failure that the stores tell of, in its own words', () => {
    const failing = (message: string): Sql =>
      withStoreErrors({
        ...table(),
        run() {
          throw new Error(message);
        },
      });
    const kind = (message: string): string => kindOfFailure(() => failing(message).run('…'));
    expect(kind('database or disk is full: SQLITE_FULL')).toBe('full');
    expect(
      kind('UNIQUE constraint failed: t.a: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)'),
    ).toBe('conflict');
    expect(kind('database disk image is malformed: SQLITE_CORRUPT')).toBe('corrupt');
    expect(kind('disk I/O error: SQLITE_IOERR')).toBe('io');
    expect(() => failing('database or disk is full: SQLITE_FULL').run('…')).toThrow(
      'Nothing was written: database or disk is full: SQLITE_FULL.',
    );
    expect(() => failing('no such thing').run('…')).toThrow(new Error('no such thing'));
  });
});
