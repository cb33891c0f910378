/**
 * The route by which whoever has a token makes a link that signs a browser in with it, once. Owns what such a link
 * looks like; a host that can keep them brings them.
 */
import { z } from 'zod';
import { linkAnswer } from './answers.ts';
import { noQuery } from './fields.ts';
import type { AppPorts } from './ports.ts';
import { json, post, type Route } from './route.ts';
import { digestOf } from './tokens.ts';

/** Links that sign a browser in once, wherever they are kept. */
export interface SignInLinks {
  /** A code that stands for the token of this digest, once, until `expiresAt` (wall clock). */
  make(digest: string): { readonly code: string; readonly expiresAt: number };
  /** The digest that it was made for, and it is used up; undefined: it is none, was used, or is too old. */
  take(code: string): string | undefined;
}

/** Where the page finds the code: behind the #, which no browser sends and no server sees or logs. */
export function linkPath(code: string): string {
  return `/#code=${code}`;
}

export function linkRoutes({ links, token }: Pick<AppPorts, 'links' | 'token'>): Route[] {
  if (!links) return [];
  return [
    post({
      name: 'createLink',
      path: '/v1/links',
      scope: 'read',
      summary: 'Makes a link that signs a browser in with the token that asks, once, within the hour.',
      details:
        'Add `path` to the address of the gateway. To open it uses nothing up: the page takes the `code` and sends it as `POST /session`.',
      query: noQuery,
      body: z.strictObject({}),
      answers: { 201: { description: 'The link.', schema: linkAnswer } },
      problems: [],
      handle({ caller }) {
        const { code, expiresAt } = links.make(caller.digest ?? digestOf(token()));
        return json(linkAnswer, 201, { link: { code, expiresAt, path: linkPath(code) } });
      },
    }),
  ];
}
