/**
 * Markdown as elements. Nothing of it ever becomes HTML by being parsed as HTML: tags that somebody wrote are shown as
 * the text that they are, links lead only where a link may, and pictures are links, since one that loads by itself
 * tells others who reads. Owns what of Markdown is drawn, and how.
 */
import type { MarkedToken, Token, Tokens } from 'marked';
import { type ComponentChildren, Fragment } from 'preact';
import { useMemo } from 'preact/hooks';
import { blocksOf } from './blocks.ts';
import { CodeBlock } from './code-block.tsx';
import { decoded } from './entities.ts';
import { safeHref } from './links.ts';
import { drawnOnce } from './unchanged.ts';

/** Lists in lists and quotes in quotes: beyond this they are shown as they were written. */
const MAX_DEPTH = 24;

/** Words that are not finished yet are drawn as far as they go. */
export function Markdown({ text }: { readonly text: string }) {
  const blocks = useMemo(() => blocksOf(text), [text]);
  return (
    <div class="prose">
      {blocks ? blocks.map((token, at) => <Block key={at} token={token} />) : <p class="plain">{text}</p>}
    </div>
  );
}

/** While words stream in only the last block changes: the others have the same source and are left as they are. */
const Block = drawnOnce(
  ({ token }: { readonly token: Token }) => <>{drawn(token, 0)}</>,
  (before, after) => before.token.raw === after.token.raw && before.token.type === after.token.type,
);

function each(tokens: readonly Token[] | undefined, depth: number): ComponentChildren {
  return (tokens ?? []).map((token, at) => <Fragment key={at}>{drawn(token, depth + 1)}</Fragment>);
}

const known: ReadonlySet<string> = new Set<MarkedToken['type']>([
  'blockquote',
  'br',
  'checkbox',
  'code',
  'codespan',
  'def',
  'del',
  'em',
  'escape',
  'heading',
  'hr',
  'html',
  'image',
  'link',
  'list',
  'list_item',
  'paragraph',
  'space',
  'strong',
  'table',
  'text',
]);

function isKnown(token: Token): token is MarkedToken {
  return known.has(token.type);
}

function drawn(token: Token, depth: number): ComponentChildren {
  if (!isKnown(token) || depth > MAX_DEPTH) return token.raw;
  switch (token.type) {
    case 'space':
    case 'def':
      return null;
    case 'paragraph':
      return <p>{each(token.tokens, depth)}</p>;
    case 'heading':
      return <Heading depth={token.depth}>{each(token.tokens, depth)}</Heading>;
    case 'code':
      return <CodeBlock code={token.text} language={token.lang ?? ''} />;
    case 'blockquote':
      return <blockquote>{each(token.tokens, depth)}</blockquote>;
    case 'list':
      return <List list={token}>{token.items.map((item) => drawn(item, depth + 1))}</List>;
    case 'list_item':
      return <li>{each(token.tokens, depth)}</li>;
    case 'checkbox':
      return (
        <input
          type="checkbox"
          checked={token.checked}
          disabled
          aria-label={token.checked ? 'done' : 'to do'}
        />
      );
    case 'table':
      return <Table table={token} depth={depth} />;
    case 'hr':
      return <hr />;
    case 'br':
      return <br />;
    case 'strong':
      return <strong>{each(token.tokens, depth)}</strong>;
    case 'em':
      return <em>{each(token.tokens, depth)}</em>;
    case 'del':
      return <del>{each(token.tokens, depth)}</del>;
    case 'codespan':
      return <code>{token.text}</code>;
    case 'link':
      return (
        <Link href={token.autolink ? token.href : decoded(token.href)}>{each(token.tokens, depth)}</Link>
      );
    case 'image':
      return (
        <Link href={decoded(token.href)}>
          <span aria-hidden="true">🖼 </span>
          {token.text === '' ? 'picture' : decoded(token.text)}
        </Link>
      );
    case 'escape':
      return decoded(token.text);
    case 'html':
      return token.raw;
    case 'text':
      return token.tokens ? each(token.tokens, depth) : decoded(token.text);
  }
}

/** The page's own headings come first: those of a text begin below them. */
function Heading({ depth, children }: { readonly depth: number; readonly children: ComponentChildren }) {
  switch (depth) {
    case 1:
      return <h3>{children}</h3>;
    case 2:
      return <h4>{children}</h4>;
    case 3:
      return <h5>{children}</h5>;
    default:
      return <h6>{children}</h6>;
  }
}

function List({ list, children }: { readonly list: Tokens.List; readonly children: ComponentChildren }) {
  if (!list.ordered) return <ul>{children}</ul>;
  return <ol {...(typeof list.start === 'number' ? { start: list.start } : {})}>{children}</ol>;
}

function Link({ href, children }: { readonly href: string; readonly children: ComponentChildren }) {
  const safe = safeHref(href);
  if (safe === undefined) return <span class="no-link">{children}</span>;
  return (
    <a href={safe} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}

function Table({ table, depth }: { readonly table: Tokens.Table; readonly depth: number }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    // biome-ignore lint/a11y/useSemanticElements: a section would be a landmark for each table
    <div class="table" role="group" tabIndex={0} aria-label="Table">
      <table>
        <thead>
          <tr>
            {table.header.map((cell, at) => (
              <th key={at} class={cell.align ?? ''} scope="col">
                {each(cell.tokens, depth)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, y) => (
            <tr key={y}>
              {row.map((cell, x) => (
                <td key={x} class={cell.align ?? ''}>
                  {each(cell.tokens, depth)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
