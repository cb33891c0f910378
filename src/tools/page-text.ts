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
      const text = htmlToMarkdown(contents.replace(titles, ''), { origin: new URL(url).origin });
      // A title is plain text, so what is escaped in Markdown isn't in it.
      return { title: oneLine(htmlToMarkdown(title)).replace(/\\(?=[^\w\s])/g, ''), text: text.trim() };
    }
    case 'json':
      return { title: '', text: laidOut(contents) };
    case 'text':
      return { title: '', text: contents };
  }
}

/** JSON that stands on one long line can't be read in parts. */
function laidOut(contents: string): string {
  if (contents.trimEnd().includes('\n')) return contents;
  try {
    return JSON.stringify(JSON.parse(contents), null, 2);
  } catch {
    return contents;
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
