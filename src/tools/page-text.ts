/**
 * Owns how a page's contents become text: HTML as Markdown, JSON laid out. Needs no host; since a page may be made
 * to take long, whoever calls it does so where it holds nobody up.
 */
import { htmlToMarkdown } from '@mdream/js';
import type { PageKind } from './page.ts';

const titles = /<title[^>]{0,200}>([^<]{0,1000})(?:<\/title>)?/i;

/** The text of a page's contents. Never throws for what a page holds. */
export function textOfPage(kind: PageKind, contents: string, url: string): { title: string; text: string } {
  switch (kind) {
    case 'html': {
      const title = titles.exec(contents.slice(0, 200_000))?.[1] ?? '';
      const text = htmlToMarkdown(shallow(contents.replace(titles, '')), { origin: new URL(url).origin });
      // A title is plain text, so what is escaped in Markdown isn't in it.
      return { title: oneLine(htmlToMarkdown(title)).replace(/\\(?=[^\w\s])/g, ''), text: text.trim() };
    }
    case 'json':
      return { title: '', text: laidOut(contents) };
    case 'text':
      return { title: '', text: contents };
  }
}

/** Elements that mean something within one another, but not this often. */
const nesting =
  /<(\/?)(b|blockquote|cite|code|del|dfn|em|figcaption|i|ins|kbd|mark|q|s|samp|small|span|strike|strong|sub|sup|tt|u|var)(?=[\s>/])/gi;
const deepest = 16;

/** Makes further elements of a kind that stands open `deepest` times into ones of no meaning: each costs its depth. */
function shallow(html: string): string {
  const open = new Map<string, number>();
  return html.replace(nesting, (tag: string, close: string, written: string) => {
    const name = written.toLowerCase();
    const depth = (open.get(name) ?? 0) + (close === '' ? 1 : -1);
    open.set(name, Math.max(depth, 0));
    return depth > deepest || (close !== '' && depth >= deepest) ? `<${close}x-deep` : tag;
  });
}

/** Characters that JSON may take when it is laid out. */
const widest = 10_000_000;

/** JSON that stands on one long line can't be read in parts. */
function laidOut(contents: string): string {
  if (contents.trimEnd().includes('\n') || isWide(contents)) return contents;
  try {
    return JSON.stringify(JSON.parse(contents), null, 2);
  } catch {
    return contents;
  }
}

/** Whether the indents would take too much. What stands in strings is counted as well: rather one too many. */
function isWide(json: string): boolean {
  let depth = 0;
  let size = json.length;
  for (const [char] of json.matchAll(/[[\]{},]/g)) {
    if (char === '[' || char === '{') depth += 1;
    else if (char !== ',') depth = Math.max(0, depth - 1);
    size += 1 + 2 * depth;
    if (size > widest) return true;
  }
  return false;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
