/** Rules about documents: PDFs and texts that stand in messages. */
import { pagesOf } from '../file-tokens.ts';
import { type Fields, isFields } from '../request.ts';
import { first, type Rule, rulesOf } from './rule.ts';
import { place, type View } from './view.ts';

interface Document {
  readonly at: string;
  readonly source: Fields;
  readonly data: string;
}

function documents(view: View, kind: string): Document[] {
  return view.blocks('document').flatMap((block) => {
    const { source } = block.fields;
    if (!isFields(source) || source.type !== kind || typeof source.data !== 'string') return [];
    return [{ at: `${place(block)}.document.source`, source, data: source.data }];
  });
}

export const documentRules: readonly Rule[] = rulesOf('limits', [
  {
    id: 'documents.pdf-invalid',
    source: 'D',
    check: (view) =>
      first(documents(view, 'base64'), ({ at, data }) =>
        // The base64 of `%PDF-`.
        data.startsWith('JVBERi') ? undefined : `${at}.base64.data: The PDF specified was not valid`,
      ),
  },
  {
    id: 'documents.too-many-pages',
    source: 'D',
    check(view) {
      const most = view.model !== undefined && view.model.window <= 200_000 ? 100 : 600;
      const pages = documents(view, 'base64').reduce((sum, { data }) => sum + pagesOf(data), 0);
      return pages > most
        ? `messages: a maximum of ${most} PDF pages may be provided, not ${pages}`
        : undefined;
    },
  },
  {
    id: 'documents.text-empty',
    source: 'U',
    check: (view) =>
      first(documents(view, 'text'), ({ at, data }) =>
        data.trim() === '' ? `${at}.text.data: text must contain non-whitespace text` : undefined,
      ),
  },
]);
