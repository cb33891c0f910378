/**
 * Owns how the Node host runs `web_fetch`: names are resolved once and their addresses pinned, bodies are unpacked
 * by streams, and contents become text in a thread. What a call does step by step is `tools/page-fetch.ts`.
 */
import { isIP } from 'node:net';
import { z } from 'zod';
import type { ToolOutcome } from '../../../core/ports.ts';
import type { FetchPolicy } from '../../../tools/fetch-policy.ts';
import {
  checkedAddresses,
  type FetchLimits,
  fetchPageBy,
  type PageAnswer,
  type PageHost,
} from '../../../tools/page-fetch.ts';
import { inThread, moduleBeside } from '../thread.ts';
import { readBody, unpackerOf } from './body.ts';
import type { Lookup } from './names.ts';
import { type Answer, get } from './request.ts';

export interface FetchSetting {
  readonly policy: FetchPolicy;
  readonly lookup: Lookup;
  readonly limits: FetchLimits;
  /** Keeps a page that is too long to show, and gives the name by which it can be read. */
  readonly keep: (text: string) => Promise<string | undefined>;
}

/** What a page may take to be turned into text, beyond the time of its coming. */
const turnMs = 10_000;
const pageSchema = z.object({ title: z.string(), text: z.string() });

/** Rejects with the signal's reason when that aborts, and for nothing else that a server can do. */
export function fetchPage(
  setting: FetchSetting,
  input: { readonly url: string },
  call: { readonly signal: AbortSignal; readonly limitMs?: number },
): Promise<ToolOutcome> {
  const { policy, limits, keep } = setting;
  const host: PageHost = {
    policy,
    limits,
    keep,
    turn,
    async reach(url, name) {
      const found =
        isIP(name) === 0
          ? await checkedAddresses(policy, name, setting.lookup)
          : { ok: true as const, addresses: [{ address: name, family: isIP(name) }] };
      if (!found.ok) return found;
      return {
        ok: true,
        async get(signal, onTurn) {
          onTurn();
          return pageAnswer(await get(url, found.addresses, signal));
        },
      };
    },
  };
  return fetchPageBy(host, input, call);
}

function pageAnswer({ response, close }: Answer): PageAnswer {
  const unpacker = unpackerOf(response);
  return {
    status: response.statusCode ?? 0,
    header(name) {
      const value = response.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    isPacked: unpacker === 'unknown',
    read: (most, signal) => readBody(response, unpacker === 'unknown' ? undefined : unpacker, most, signal),
    close,
  };
}

async function turn(
  kind: 'html' | 'json',
  contents: string,
  url: string,
  wanted: AbortSignal,
): Promise<{ title: string; text: string } | undefined> {
  let page: { title: string; text: string } | undefined;
  await inThread(
    moduleBeside(import.meta.url, 'page-thread'),
    { kind, contents, url },
    {
      signal: wanted,
      limitMs: turnMs,
      onMessage: (message) => {
        page = pageSchema.parse(message);
      },
    },
  );
  return page;
}
