/**
 * The page as a build left it: its index for browsers at /, its assets below /assets. Owns what a browser may do with
 * them; a host brings the files.
 */
import { getMimeType } from 'hono/utils/mime';
import { z } from 'zod';
import type { AppPorts } from './ports.ts';
import { problem } from './problem.ts';
import { get, type Route } from './route.ts';

/** The files of the page. A host may read them anew each time. */
export interface PageFiles {
  /** Undefined: it was not built. */
  index(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** An asset by a name that `assetName` takes; undefined: there is none. */
  asset(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/** No separator and no dot in front: a name leads nowhere else. */
const assetName = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;
/** A build names a file by a hash of what it holds, so it never changes. */
const hashed = /-[A-Za-z0-9_-]{8}\.[a-z0-9]+$/;

/** All of the page is from this origin, nothing of it stands in its text, and no text ever becomes script. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "font-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** The page for a browser, never kept by it; undefined: there is none. */
export async function pageIndex(page: PageFiles | undefined): Promise<Response | undefined> {
  const bytes = await page?.index();
  return (
    bytes &&
    new Response(bytes, {
      headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy },
    })
  );
}

export function pageRoutes({ page }: Pick<AppPorts, 'page'>): Route[] {
  if (!page) return [];
  return [
    get({
      name: 'asset',
      path: '/assets/{file}',
      summary: 'A file that the page needs.',
      scope: 'open',
      query: z.object({}),
      answers: { 200: { description: 'The file.', media: 'application/octet-stream' } },
      problems: ['not-found'],
      async handle({ c }) {
        const name = c.req.param('file') ?? '';
        const bytes = assetName.test(name) ? await page.asset(name) : undefined;
        if (!bytes) {
          return problem('not-found', `The page has no file ${name.slice(0, 80).toWellFormed()}.`);
        }
        return new Response(bytes, {
          headers: {
            'content-type': getMimeType(name) ?? 'application/octet-stream',
            ...(hashed.test(name) ? { 'cache-control': 'public, max-age=31536000, immutable' } : {}),
          },
        });
      },
    }),
  ];
}
