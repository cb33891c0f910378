/**
 * A terminal's screen as a model: takes what is sent to it and says what is seen. Understands what the command may send,
 * and fails on anything else. When its width changes it breaks and joins rows as terminals do today, or, where it is told
 * so, only cuts them, as older ones do.
 */
import { charactersOf, widthOf } from '../../src/cli/terminal/measure.ts';

export interface ScreenModel {
  write(text: string): void;
  resize(columns: number, rows: number): void;
  /** All rows, those that went out at the top first. */
  readonly lines: readonly string[];
  /** What stands in the cursor's row before it. */
  readonly beforeCursor: string;
}

export interface ScreenModelOptions {
  readonly columns: number;
  readonly rows: number;
  /** Whether rows are broken anew for another width. */
  readonly rewraps?: boolean;
}

interface Row {
  cells: string[];
  /** It was full, and the next goes on with it. */
  goesOn: boolean;
}

const ESCAPE = '\u001b';
const sequence = new RegExp(`^${ESCAPE}\\[(\\??)([\\d;]*)([A-Za-z])`);
const unfinished = new RegExp(`^${ESCAPE}(\\[\\??[\\d;]*)?$`);

export function makeScreenModel(options: ScreenModelOptions): ScreenModel {
  const { rewraps = true } = options;
  let { columns, rows: height } = options;
  let all: Row[] = Array.from({ length: height }, blank);
  let top = 0;
  let x = 0;
  let y = 0;
  /** What may be the beginning of a sequence. */
  let rest = '';

  function row(at: number): Row {
    const one = all[top + at];
    if (!one) throw new Error(`the screen has no row ${at}`);
    return one;
  }

  function down(): void {
    if (y < height - 1) y += 1;
    else {
      all.push(blank());
      top += 1;
    }
  }

  function put(character: string): void {
    const width = widthOf(character);
    if (x + width > columns) {
      row(y).goesOn = true;
      x = 0;
      down();
    }
    const { cells } = row(y);
    while (cells.length < x) cells.push(' ');
    cells.splice(x, width, character, ...(width === 2 ? [''] : []));
    x += width;
  }

  function clearBelow(): void {
    row(y).cells.splice(x);
    row(y).goesOn = false;
    for (let at = y + 1; at < height; at += 1) Object.assign(row(at), blank());
  }

  function obey(kind: string, numbers: string): void {
    const [n = 1, m = 1] = numbers.split(';').map((one) => Number(one || 1));
    switch (kind) {
      case 'A':
        y = Math.max(0, y - n);
        return;
      case 'B':
        y = Math.min(height - 1, y + n);
        return;
      case 'C':
        x = Math.min(columns - 1, x + n);
        return;
      case 'D':
        x = Math.max(0, x - n);
        return;
      case 'G':
        x = n - 1;
        return;
      case 'H':
        y = n - 1;
        x = m - 1;
        return;
      case 'J':
        if (numbers === '2') for (let at = 0; at < height; at += 1) Object.assign(row(at), blank());
        else clearBelow();
        return;
      case 'm':
        return;
      default:
        throw new Error(`a sequence that is not known: ${numbers}${kind}`);
    }
  }

  /** Rows as they are for another width, with the cursor where it was in its text. */
  function rewrap(): void {
    const next: Row[] = [];
    const cursor = top + y;
    let at: Row[] = [];
    for (const [index, one] of all.entries()) {
      at.push(one);
      if (one.goesOn && index < all.length - 1) continue;
      const before = at.slice(0, Math.max(0, cursor - (index - at.length + 1)));
      const offset = before.reduce((sum, { cells }) => sum + cells.length, 0) + x;
      const holdsCursor = index >= cursor && index - at.length < cursor;
      const broken = breakUp(
        at.flatMap(({ cells }) => cells),
        columns,
      );
      if (holdsCursor) {
        const place = placeOf(broken, offset, columns);
        y = next.length + place.row;
        x = place.column;
        while (broken.length <= place.row) broken.push(blank());
      }
      next.push(...broken);
      at = [];
    }
    all = next;
  }

  return {
    write(text) {
      let left = rest + text;
      rest = '';
      while (left !== '') {
        if (left.startsWith(ESCAPE)) {
          const [whole, mode, numbers = '', kind = ''] = sequence.exec(left) ?? [];
          if (whole === undefined) {
            if (!unfinished.test(left)) throw new Error(`not known: ${JSON.stringify(left)}`);
            rest = left;
            return;
          }
          if (mode === '') obey(kind, numbers);
          else if (numbers !== '2004') throw new Error(`a mode that is not known: ${numbers}`);
          left = left.slice(whole.length);
          continue;
        }
        const end = left.indexOf(ESCAPE);
        for (const one of charactersOf(end < 0 ? left : left.slice(0, end))) {
          if (one === '\r\n') {
            x = 0;
            down();
          } else if (one === '\r') x = 0;
          else if (one === '\n') down();
          else if (one !== '\x07') put(one);
        }
        left = end < 0 ? '' : left.slice(end);
      }
    },
    resize(newColumns, newRows) {
      columns = newColumns;
      height = newRows;
      const bottom = all.findLastIndex(({ cells }) => cells.join('').trim() !== '');
      all.splice(Math.max(bottom, top + y) + 1);
      if (rewraps) rewrap();
      else {
        for (const one of all) one.cells.splice(columns);
        y += top;
        x = Math.min(x, columns - 1);
      }
      top = Math.max(0, all.length - height);
      while (all.length < top + height) all.push(blank());
      y -= top;
    },
    get lines() {
      return all.map(({ cells }) => cells.join('').trimEnd());
    },
    get beforeCursor() {
      const { cells } = row(y);
      return [...cells.slice(0, x), ...Array.from({ length: Math.max(0, x - cells.length) }, () => ' ')].join(
        '',
      );
    },
  };
}

function blank(): Row {
  return { cells: [], goesOn: false };
}

function breakUp(cells: readonly string[], columns: number): Row[] {
  const kept = cells.slice(0, cells.findLastIndex((cell) => cell !== ' ') + 1);
  const broken: Row[] = [blank()];
  for (const [at, cell] of kept.entries()) {
    const last = broken.at(-1);
    if (!last) continue;
    const width = kept[at + 1] === '' ? 2 : 1;
    if (cell !== '' && last.cells.length + width > columns) {
      last.goesOn = true;
      broken.push({ cells: [cell], goesOn: false });
    } else last.cells.push(cell);
  }
  return broken;
}

/** Where a cell of a line stands; one behind its end as if the line went on in blanks. */
function placeOf(broken: readonly Row[], offset: number, columns: number): { row: number; column: number } {
  let before = 0;
  for (const [row, { cells, goesOn }] of broken.entries()) {
    if (offset < before + cells.length || !goesOn) {
      const column = offset - before;
      return { row: row + Math.floor(column / columns), column: column % columns };
    }
    before += cells.length;
  }
  return { row: 0, column: 0 };
}
