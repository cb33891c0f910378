/**
 * What an assistant writes, line by line as it comes, with a little of Markdown made visible: headings, bold, code.
 * Takes clean text. Everything else stays as it was written; without ink all of it does.
 */
import { type Ink, isPlain, type Look } from './ink.ts';
import { type Piece, wrapPieces } from './measure.ts';

export interface Markdown {
  /** A whole line, as the lines that it takes in the terminal. Remembers whether code has begun. */
  line(text: string, width: number): string[];
  /** What of a line is there so far, looked at without remembering. */
  partial(text: string, width: number): string[];
}

const fence = /^\s*(```|~~~)/;

export function makeMarkdown(ink: Ink): Markdown {
  let inCode = false;

  function render(text: string, width: number): string[] {
    const pieces = isPlain(ink) ? [{ text, look: 'plain' as const }] : piecesOf(text, inCode);
    return wrapPieces(pieces, width).map((line) => line.map((one) => ink(one.look, one.text)).join(''));
  }

  return {
    line(text, width) {
      const lines = render(text, width);
      if (fence.test(text)) inCode = !inCode;
      return lines;
    },
    partial: render,
  };
}

function piecesOf(text: string, inCode: boolean): Piece<Look>[] {
  if (fence.test(text)) return [{ text, look: 'dim' }];
  if (inCode) return [{ text, look: 'code' }];
  const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(text)?.[1];
  if (heading !== undefined && heading !== '') return [{ text: heading, look: 'heading' }];
  const pieces: Piece<Look>[] = [];
  let at = 0;
  for (const found of text.matchAll(/`([^`]+)`|\*\*(?=\S)(.+?)(?<=\S)\*\*/g)) {
    const [whole, code, bold = ''] = found;
    pieces.push({ text: text.slice(at, found.index), look: 'plain' });
    pieces.push(code === undefined ? { text: bold, look: 'bold' } : { text: code, look: 'code' });
    at = found.index + whole.length;
  }
  return [...pieces, { text: text.slice(at), look: 'plain' }];
}
