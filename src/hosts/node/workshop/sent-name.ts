/**
 * Owns what a file that came with a message is called on the disk: a name that stays what it is in a shell, in a
 * sentence and in any file system. Never looks whether there is one of that name.
 */

/** Bytes of a name in UTF-8 without its ending: room is left for that and for a number. */
const MOST_BYTES = 100;

/** Letters of any script, digits, `.`, `_` and `-`; it begins with none of these marks, and is never empty. */
export function safeName(name: string): string {
  const plain = name
    .normalize('NFC')
    // Nobody sees these, some of them count as letters, and some turn the direction of what follows.
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .replace(/[^\p{L}\p{M}\p{N}._-]+/gu, '-');
  const { stem, ending } = parted(plain);
  const whole = stem.replace(/^[.\-_\p{M}]+|[.-]+$/gu, '');
  return `${shortened(whole) || 'file'}${ending}`;
}

/** The same name for another file: `report.csv`, `report-2.csv`, `report-3.csv`. */
export function numbered(name: string, n: number): string {
  if (n === 1) return name;
  const { stem, ending } = parted(name);
  return `${stem}-${n}${ending}`;
}

function parted(name: string): { stem: string; ending: string } {
  const ending = /\.[A-Za-z0-9]{1,16}$/.exec(name)?.[0] ?? '';
  return { stem: name.slice(0, name.length - ending.length), ending };
}

function shortened(stem: string): string {
  let kept = '';
  let bytes = 0;
  for (const character of stem) {
    bytes += Buffer.byteLength(character);
    if (bytes > MOST_BYTES) break;
    kept += character;
  }
  return kept.replace(/[.-]+$/, '');
}
