/**
 * The line that is typed, as the rows that it takes below each other, and where the cursor stands in them. Works on what
 * a reader takes for one character. Edits nothing.
 */
import { stripVTControlCharacters } from 'node:util';
import { clean } from './clean.ts';
import { charactersOf, widthOf } from './measure.ts';

export interface TypedLine {
  /** As it is shown before the first row, with its style. */
  readonly prompt: string;
  readonly text: string;
  /** Where the cursor stands in the text, in code units. */
  readonly cursor: number;
}

/** Rows to be drawn, and where the cursor stands in them, from 0. */
export interface Picture {
  readonly rows: readonly string[];
  readonly row: number;
  readonly column: number;
}

/**
 * No row is wider than `width`, and there are at most `most`: of a longer line, those around the cursor. Later rows stand
 * below the text of the first.
 */
export function layOut({ prompt, text, cursor }: TypedLine, width: number, most: number): Picture {
  const indent = widthOf(stripVTControlCharacters(prompt));
  const rows: string[] = [];
  let row = prompt;
  let used = indent;
  let at = { row: 0, column: indent };
  let read = 0;
  function put(shown: string): void {
    const columns = widthOf(shown);
    if (used + columns > width && used > indent) {
      rows.push(row);
      row = ' '.repeat(indent);
      used = indent;
    }
    row += shown;
    used += columns;
  }
  for (const character of charactersOf(text)) {
    // What can't be shown, such as a control that was pasted, is shown as it is elsewhere, and may be long then.
    const [first = '', ...rest] = charactersOf(clean(character));
    put(first);
    if (read <= cursor) at = { row: rows.length, column: used - widthOf(first) };
    for (const one of rest) put(one);
    read += character.length;
  }
  if (read <= cursor) at = { row: rows.length, column: used };
  rows.push(row);
  const first = Math.max(0, Math.min(at.row - most + 1, rows.length - most));
  return { rows: rows.slice(first, first + most), row: at.row - first, column: at.column };
}
