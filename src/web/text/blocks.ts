/**
 * Markdown read into tokens, within bounds: what somebody wrote to make its reading slow (a hundred thousand nested
 * quotes, emphasis that is never closed) is left as it was written, so that no text can stop the page. Draws nothing.
 */
import { Lexer, type Token } from 'marked';

/** Quotes and lists that begin within each other on one line: each level is read anew, down to the last. */
const nested = /^(?:[ \t]*(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t]))){30}/m;
/** Looked at from each of its characters to its end. */
const blank = /[^\S\n]{1000}/;
/** Each mark of emphasis looks for its end in all that follows: marks times characters, of all paragraphs together. */
const MOST_LOOKS = 20_000_000;

/** The blocks of a text, with what is in them; undefined: it is to be shown as it was written. */
export function blocksOf(text: string): readonly Token[] | undefined {
  if (nested.test(text) || blank.test(text)) return undefined;
  const lexer = new Lexer({ gfm: true, breaks: true });
  try {
    const blocks = lexer.blockTokens(text.replaceAll(/\r\n?/g, '\n'));
    // The queue grows while it is worked off: what is in a block may hold more.
    let looked = 0;
    for (const { src, tokens } of lexer.inlineQueue) {
      const looks = looksIn(src);
      looked += looks;
      if (looked > MOST_LOOKS && looks > 0) tokens.push({ type: 'text', raw: src, text: src });
      else lexer.inlineTokens(src, tokens);
    }
    return inOrder(blocks);
  } catch {
    return undefined;
  }
}

/**
 * Headings that begin at the first level and never leave one out, however they were written: below the page's own they
 * are an outline.
 */
function inOrder(blocks: readonly Token[]): readonly Token[] {
  const headings = blocks.flatMap((one) => (one.type === 'heading' ? [Number(one.depth)] : []));
  const top = Math.min(...headings);
  let level = 0;
  return blocks.map((one) => {
    if (one.type !== 'heading') return one;
    level = Math.min(Number(one.depth) - top, level) + 1;
    return { ...one, depth: level };
  });
}

function looksIn(text: string): number {
  let marks = 0;
  for (const character of text) if (character === '*' || character === '_') marks += 1;
  return marks * text.length;
}
