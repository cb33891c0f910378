/** The schema's steps as migration tests take them: today's, and two that stand for those of releases to come. */
import { DatabaseSync } from 'node:sqlite';
import { type Migration, migrations } from '../../src/hosts/node/store/migrations.ts';

/** Two steps that make much of what steps may do: columns, filled; a table made anew from an old one. */
const later: readonly Omit<Migration, 'number'>[] = [
  {
    name: 'a column more, and what it says of old rows',
    sql: `
ALTER TABLE sessions ADD COLUMN kept_until INTEGER;
UPDATE sessions SET kept_until = created_at + 1;
CREATE INDEX sessions_kept ON sessions (kept_until);`,
  },
  {
    name: 'the requests in another table',
    sql: `
CREATE TABLE asked (session INTEGER NOT NULL, id TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (session, id)) STRICT;
INSERT INTO asked SELECT session, id, hash FROM requests;
CREATE TABLE sizes AS SELECT key, length(event) AS bytes FROM events;`,
  },
];

/** All steps that a release to come might know. */
export const stepsToCome: readonly Migration[] = [
  ...migrations,
  ...later.map((step, at) => ({ ...step, number: migrations.length + at + 1 })),
];

/** The statements of a step, one by one; a trigger is one of them. */
export function statementsOf(sql: string): string[] {
  const statements: string[] = [];
  let open = '';
  for (const piece of sql.split(';')) {
    open += `${piece};`;
    if (/\bCREATE\s+(TEMP\w*\s+)?TRIGGER\b/i.test(open) && !/\bEND\s*;$/i.test(open)) continue;
    if (open.replace(/;/g, '').trim() !== '') statements.push(open);
    open = '';
  }
  return statements;
}

/** All that a database holds: its schema, and of each table a checksum of its rows. */
export function contents(file: string): { schema: string; rows: Record<string, string>; steps: number } {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const objects = db.prepare('SELECT name, type, sql FROM sqlite_schema ORDER BY name').all();
    const rows: Record<string, string> = {};
    for (const { name, type } of objects) {
      if (type !== 'table' || name === 'migrations') continue;
      const all = db.prepare(`SELECT * FROM "${String(name)}"`).all();
      rows[String(name)] = `${all.length} rows, ${JSON.stringify(all)}`;
    }
    const has = objects.some(({ name }) => name === 'migrations');
    const steps = has ? Number(db.prepare('SELECT count(*) AS n FROM migrations').get()?.n) : 0;
    return { schema: JSON.stringify(objects), rows, steps };
  } finally {
    db.close();
  }
}
