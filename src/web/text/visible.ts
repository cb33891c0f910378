/**
 * Finds in a text what an eye would not see, or would see somewhere else than it stands: controls, marks that turn the
 * direction, characters without width, spaces that are none. Whoever allows a command must read what will run. Pure.
 */

export interface Piece {
  readonly text: string;
  /** What stands there instead of being shown, such as `U+202E`; absent: the text shows itself. */
  readonly mark?: string;
}

/** The braille blank and Hangul's filled halfwidth jamo draw nothing, and are letters. */
const unseen = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\uffa0]|(?![ ])\p{Zs}/u;

/** Line feed and tab do what they look like. */
const harmless: ReadonlySet<string> = new Set(['\n', '\t']);

/** The text in pieces; put together again they are the text. */
export function pieces(text: string): readonly Piece[] {
  if (!unseen.test(text)) return text === '' ? [] : [{ text }];
  const all: Piece[] = [];
  let plain = '';
  for (const character of text) {
    if (harmless.has(character) || !unseen.test(character)) {
      plain += character;
      continue;
    }
    if (plain !== '') all.push({ text: plain });
    plain = '';
    all.push({ text: character, mark: nameOf(character) });
  }
  if (plain !== '') all.push({ text: plain });
  return all;
}

/** Whether something in it would not be seen. */
export function hasUnseen(text: string): boolean {
  return pieces(text).some(({ mark }) => mark !== undefined);
}

function nameOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}
