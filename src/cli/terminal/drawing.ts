/**
 * What is drawn at the bottom of a terminal and drawn anew in its place, while what is printed above it stays. Owns where
 * the cursor is in it, and what becomes of it when the terminal gets another width. Knows nothing of keys.
 */
import type { WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import { rowsOf } from './measure.ts';
import type { Picture } from './typed-line.ts';

export interface Drawing {
  /** Adds whole lines above, to stay, and puts the picture below them in place of the one before. */
  draw(lines: readonly string[], picture: Picture): void;
  /** Takes the picture away, and leaves such lines in its place. */
  erase(lines?: readonly string[]): void;
  /** The terminal may not show it as it was drawn: it is drawn anew in its place, be it the same. */
  doubt(): void;
  /** What was drawn is not where the cursor is any more: the next picture is drawn from there. */
  forget(): void;
}

const ESCAPE = '\x1b[';
const CLEAR_BELOW = `${ESCAPE}J`;
const nothing: Picture = { rows: [], row: 0, column: 0 };

export function makeDrawing(output: Pick<WriteStream, 'write' | 'columns'>): Drawing {
  let shown = nothing;
  let doubted = true;

  /** Back to where the picture begins, with nothing left of it. */
  function back(): string {
    return `${up(rowsAbove(shown, output.columns || 80))}\r${CLEAR_BELOW}`;
  }

  return {
    draw(lines, picture) {
      if (!doubted && lines.length === 0 && isSame(shown, picture)) return;
      const { rows, row, column } = picture;
      const right = column > 0 ? `${ESCAPE}${column}C` : '';
      output.write(`${back()}${whole(lines)}${rows.join('\n')}${up(rows.length - 1 - row)}\r${right}`);
      shown = picture;
      doubted = false;
    },
    erase(lines = []) {
      output.write(`${back()}${whole(lines)}`);
      shown = nothing;
    },
    doubt() {
      doubted = true;
    },
    forget() {
      shown = nothing;
    },
  };
}

/**
 * How far the cursor is below the beginning. A terminal that has become narrower has broken each row that no longer
 * fits, and the cursor has moved with its own; one that has become wider has joined nothing, since each row was ended.
 */
function rowsAbove({ rows, row, column }: Picture, columns: number): number {
  const above = rows.slice(0, row).map((one) => rowsOf(stripVTControlCharacters(one), columns));
  return above.reduce((sum, one) => sum + one, Math.floor(column / columns));
}

function isSame(one: Picture, other: Picture): boolean {
  return (
    one.row === other.row &&
    one.column === other.column &&
    one.rows.length === other.rows.length &&
    one.rows.every((text, at) => text === other.rows[at])
  );
}

function up(rows: number): string {
  return rows > 0 ? `${ESCAPE}${rows}A` : '';
}

function whole(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
