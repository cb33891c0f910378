/** Rows of cells as lines that fit the terminal. Owns how the room is shared; the cells' words are not its business. */
import { cut, pad, widthOf, wrap } from './measure.ts';

/** Below this a table is no help: each cell gets a line of its own. */
const NARROW = 40;

/**
 * @param rows clean cells, the same number in each
 * @param grows the column that gets what room is left, and gives way first
 */
export function tableOf(rows: readonly (readonly string[])[], width: number, grows: number): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  if (width < NARROW) return rows.flatMap((row) => stacked(row, width));
  const widths = Array.from({ length: columns }, (_, at) =>
    Math.max(...rows.map((row) => widthOf(row[at] ?? ''))),
  );
  const gaps = (columns - 1) * 2;
  const others = widths.reduce((sum, one, at) => sum + (at === grows ? 0 : one), 0);
  const most = Math.max(Math.floor(width / 3), width - gaps - others);
  widths[grows] = Math.min(widths[grows] ?? 0, most);
  return rows.map((row) => {
    const line = row.map((cell, at) => pad(cut(cell, widths[at] ?? 0), widths[at] ?? 0)).join('  ');
    return cut(line.trimEnd(), width);
  });
}

function stacked(row: readonly string[], width: number): string[] {
  const [first = '', ...rest] = row.filter((cell) => cell.trim() !== '');
  return [...wrap(first, width), ...rest.flatMap((cell) => wrap(cell, width - 2).map((line) => `  ${line}`))];
}
