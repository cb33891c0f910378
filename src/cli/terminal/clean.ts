/**
 * Text that somebody else wrote, made fit for a terminal: no escape sequence, no control and no mark that reorders a
 * line gets through. What is taken away is shown in its place, so that nothing hides in a command. Knows no layout.
 */

const TAB = '    ';

/**
 * C0, DEL and C1; the marks of direction, which let text read otherwise than it is; separators of lines; what is
 * invisible and means nothing here: tags, the byte order mark, fillers.
 */
const unfit =
  /[^\P{Cc}\n]|[\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;

/** Any text with line breaks as its only control characters. */
export function clean(text: string): string {
  return text.toWellFormed().replaceAll('\r\n', '\n').replaceAll('\t', TAB).replace(unfit, shown);
}

/** The same on one line. */
export function cleanLine(text: string): string {
  return clean(text)
    .replace(/\s*\n\s*/g, ' ')
    .trim();
}

function shown(found: string): string {
  const code = found.codePointAt(0) ?? 0;
  // Unicode has a picture for each of the old ones: ESC is ␛.
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  if (code === 0x2028 || code === 0x2029) return '\n';
  return `‹${code.toString(16).toUpperCase().padStart(4, '0')}›`;
}
