/**
 * How wide text is in a terminal, in columns, and where it breaks. Works on what a reader takes for one character, so
 * that none is torn. Expects text without controls, and styled text as pieces with their style beside them.
 */

const characters = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Han, kana, Hangul and what is as wide as these; not the halfwidth forms. */
const wide =
  /^[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18aff}\u{1b000}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]/u;
const pictured = /^\p{Emoji_Presentation}|^\p{Extended_Pictographic}.*\ufe0f|^\p{Regional_Indicator}{2}/u;
/** What stands on the character before it. */
const none = /^[\p{Mn}\p{Me}\p{Cf}]/u;

/** Columns of one character as a reader sees it. */
function columnsOf(character: string): number {
  if (/^[\x20-\x7e]$/.test(character)) return 1;
  if (wide.test(character) || pictured.test(character)) return 2;
  return none.test(character) ? 0 : 1;
}

export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of characters.segment(text)) width += columnsOf(segment);
  return width;
}

/** What a reader takes for one character, one by one. */
export function charactersOf(text: string): string[] {
  return Array.from(characters.segment(text), ({ segment }) => segment);
}

/** How many rows a line takes where it is broken only when it reaches the edge, as terminals do it. At least one. */
export function rowsOf(text: string, columns: number): number {
  let rows = 1;
  let used = 0;
  for (const character of charactersOf(text)) {
    const width = columnsOf(character);
    if (used + width > columns) {
      rows += 1;
      used = 0;
    }
    used += width;
  }
  return rows;
}

/** As much of it as fits, with … where something is left out. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width < 1) return '';
  let kept = '';
  let used = 0;
  for (const { segment } of characters.segment(text)) {
    const columns = columnsOf(segment);
    if (used + columns > width - 1) break;
    kept += segment;
    used += columns;
  }
  return `${kept.trimEnd()}…`;
}

/** At least so wide, by blanks behind it. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** A piece of text that looks one way. */
export interface Piece<Look> {
  readonly text: string;
  readonly look: Look;
}

/**
 * One line of text as lines of at most `width` columns, broken at blanks; a word that is longer is broken where it must
 * be. At least one line.
 */
export function wrapPieces<Look>(pieces: readonly Piece<Look>[], width: number): Piece<Look>[][] {
  const room = Math.max(1, width);
  const lines: Piece<Look>[][] = [];
  let line: Piece<Look>[] = [];
  let used = 0;
  /** A blank, or part of a word, that waits until the word behind it is known to fit. */
  let word: Piece<Look>[] = [];
  let wordWidth = 0;

  function breakLine(): void {
    lines.push(line);
    line = [];
    used = 0;
  }
  function put(): void {
    line.push(...word);
    used += wordWidth;
    word = [];
    wordWidth = 0;
  }

  for (const { text, look } of pieces) {
    for (const { segment } of characters.segment(text)) {
      const columns = columnsOf(segment);
      if (segment === ' ') {
        put();
        // A blank at the edge is where the line breaks; it is not carried over.
        if (used + 1 > room) breakLine();
        else {
          line.push({ text: segment, look });
          used += 1;
        }
        continue;
      }
      if (used + wordWidth + columns > room) {
        if (used > 0) breakLine();
        if (wordWidth + columns > room) {
          put();
          breakLine();
        }
      }
      word.push({ text: segment, look });
      wordWidth += columns;
    }
  }
  put();
  lines.push(line);
  return lines.map(joined);
}

/** The same for text that looks one way. */
export function wrap(text: string, width: number): string[] {
  return wrapPieces([{ text, look: undefined }], width).map((line) =>
    line.map((piece) => piece.text).join(''),
  );
}

/** Neighbours of one look as one piece. */
function joined<Look>(pieces: readonly Piece<Look>[]): Piece<Look>[] {
  const whole: Piece<Look>[] = [];
  for (const piece of pieces) {
    const last = whole.at(-1);
    if (last && last.look === piece.look) whole[whole.length - 1] = { ...last, text: last.text + piece.text };
    else whole.push(piece);
  }
  return whole;
}
