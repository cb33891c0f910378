/**
 * Rows of a session's database as the values they stand for. A column of a wrong type, or a text of which a part is
 * missing, is an error and never a value.
 */
import type { LogRow, SessionRow } from '../../core/ports.ts';
import { StoreError } from '../../runtime/store-rules.ts';
import type { SqlRow } from './sql.ts';

export function corrupt(what: string): StoreError {
  return new StoreError(
    'corrupt',
    `${what}. The object's storage is damaged: bring it back to a point in time at which it was whole.`,
  );
}

export function text(row: SqlRow, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw corrupt(`Column ${column} holds no text`);
  return value;
}

export function integer(row: SqlRow, column: string): number {
  const value = row[column];
  if (typeof value !== 'number') throw corrupt(`Column ${column} holds no number`);
  return value;
}

/** Columns of the table `session`. */
export function sessionRow(row: SqlRow): SessionRow {
  const kind = row.kind;
  if (kind !== 'main' && kind !== 'subagent') throw corrupt(`A session is of the kind ${String(kind)}`);
  return {
    id: text(row, 'id'),
    chat: text(row, 'chat'),
    parent: row.parent === null ? null : text(row, 'parent'),
    kind,
    owner: text(row, 'owner'),
    createdAt: integer(row, 'created_at'),
    seq: integer(row, 'seq'),
    wants: integer(row, 'wants') === 1,
    archived: integer(row, 'archived') === 1,
    endedAt: row.ended_at === null ? null : integer(row, 'ended_at'),
  };
}

/** Columns `part, parts, text`: the text whose first part stands at `from`, all of whose parts follow each other. */
export function wholeText(rows: readonly SqlRow[], from: number, what: string): string {
  const parts = rows[from]?.parts;
  if (typeof parts !== 'number' || parts < 1) throw corrupt(`${what} is missing`);
  let whole = '';
  for (let part = 0; part < parts; part++) {
    const row = rows[from + part];
    if (row?.part !== part || row.parts !== parts) throw corrupt(`${what} is not whole`);
    whole += text(row, 'text');
  }
  return whole;
}

/** Columns `seq, at, part, parts, text`: the events `first` to `last`, and no other. */
export function logRows(rows: readonly SqlRow[], first: number, last: number): LogRow[] {
  const log: LogRow[] = [];
  let from = 0;
  for (let seq = first; seq <= last; seq++) {
    const row = rows[from];
    if (row?.seq !== seq) throw corrupt(`Event ${seq} is missing`);
    const event = wholeText(rows, from, `Event ${seq}`);
    log.push({ seq, at: integer(row, 'at'), event });
    from += integer(row, 'parts');
    if (rows[from - 1]?.seq !== seq) throw corrupt(`Event ${seq} is not whole`);
  }
  return log;
}
