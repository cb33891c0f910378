/**
 * Owns how bytes that a command or a file holds become text that a model may read and the API accepts. Never
 * decides how much is shown.
 */
import { stripVTControlCharacters } from 'node:util';

/** UTF-8 with a replacement character for what isn't, and nothing left that a terminal or a parser would act on. */
export function shownText(bytes: Uint8Array): string {
  return harmless(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
}

/** Line ends become `\n`, escape sequences go, other control characters become visible ones. */
export function harmless(text: string): string {
  // Colours, cursor moves, window titles: meant for a terminal, noise for a reader.
  return stripVTControlCharacters(text)
    .replace(/\r+\n/g, '\n')
    .replace(/\p{Cc}/gu, (char) => {
      const code = char.charCodeAt(0);
      if (char === '\n' || char === '\t') return char;
      if (code < 0x20) return String.fromCharCode(0x2400 + code);
      return code === 0x7f ? '\u2421' : '\ufffd';
    })
    .toWellFormed();
}
