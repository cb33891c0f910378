/**
 * Owns how a Worker runs `web_fetch`: by the platform's `fetch`, and with all the work in the object itself. What a
 * call does step by step is `tools/page-fetch.ts`.
 *
 * What rests on the platform's word: a Worker can't choose the address that a name leads to. Addresses in URLs and
 * names of private networks are refused here; that a public name which leads to a private address reaches nothing is
 * so because Cloudflare's network routes no Worker's request to private networks. The flag
 * `global_fetch_strictly_public` belongs to it: without it, hosts of the Worker's own zone are asked behind what
 * protects them. Its network also tells every server which zone asks (`CF-Worker`). Under `wrangler dev` none of
 * this holds, and a name is as good as its DNS, unless `resolve` is given.
 */
import ipaddr from 'ipaddr.js';
import type { ToolOutcome } from '../../core/ports.ts';
import type { FetchPolicy } from '../../tools/fetch-policy.ts';
import {
  checkedAddresses,
  type FetchLimits,
  fetchPageBy,
  type PageAnswer,
  type PageBody,
  type PageHost,
  pageHeaders,
  unless,
  usualLimits,
} from '../../tools/page-fetch.ts';
import { textOfPage } from '../../tools/page-text.ts';
import type { QueuedFetch } from './connections.ts';

export interface FetchSetting {
  readonly policy: FetchPolicy;
  /** Must say when a request begins, or the time for its headers is not limited by itself. */
  readonly fetch: QueuedFetch;
  readonly limits?: Partial<FetchLimits>;
  /** All addresses of a name, to be checked before it is asked. Absent: names are not looked up. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

/** Packed so, the platform unpacks a body; packed otherwise, it hands it over as it is. */
const unpacked: ReadonlySet<string> = new Set(['', 'identity', 'gzip', 'br']);

/** Rejects with the signal's reason when that aborts, and for nothing else that a server can do. */
export function fetchPage(
  setting: FetchSetting,
  input: { readonly url: string },
  call: { readonly signal: AbortSignal; readonly limitMs?: number },
): Promise<ToolOutcome> {
  const { policy, fetch, resolve } = setting;
  const host: PageHost = {
    policy,
    limits: { ...usualLimits, ...setting.limits },
    turn,
    async reach(url, name) {
      if (resolve !== undefined && !ipaddr.isValid(name)) {
        const look = async (asked: string) => (await resolve(asked)).map((address) => ({ address }));
        const found = await checkedAddresses(policy, name, look);
        if (!found.ok) return found;
      }
      return {
        ok: true,
        get: async (signal, onTurn) =>
          pageAnswer(
            await fetch(
              url,
              {
                headers: { ...pageHeaders, 'accept-encoding': 'gzip, br' },
                redirect: 'manual',
                signal,
              },
              onTurn,
            ),
          ),
      };
    },
  };
  return fetchPageBy(host, input, call);
}

function pageAnswer(response: Response): PageAnswer {
  const coding = (response.headers.get('content-encoding') ?? '').trim().toLowerCase();
  return {
    status: response.status,
    header: (name) => response.headers.get(name) ?? undefined,
    isPacked: !unpacked.has(coding),
    read: (most, signal) => readBody(response, most, signal),
    // One that was read, or is being read, is closed by its reader.
    close: () => void response.body?.cancel().catch(() => undefined),
  };
}

async function readBody(response: Response, most: number, signal: AbortSignal): Promise<PageBody> {
  const reader = response.body?.getReader();
  if (reader === undefined) return { bytes: new Uint8Array() };
  // One room that grows: a server that sends bytes one by one must not cost an object for each.
  let room = new Uint8Array(65_536);
  let size = 0;
  let cut: PageBody['cut'];
  try {
    while (cut === undefined) {
      const { done, value } = await unless(signal, reader.read());
      if (done) break;
      const taken = value.subarray(0, most - size);
      if (size + taken.length > room.length) {
        const larger = new Uint8Array(Math.min(most, Math.max(2 * room.length, size + taken.length)));
        larger.set(room.subarray(0, size));
        room = larger;
      }
      room.set(taken, size);
      size += taken.length;
      if (taken.length < value.length) cut = 'size';
    }
  } catch {
    cut = signal.aborted ? 'time' : 'broken';
  }
  if (cut !== undefined) void reader.cancel().catch(() => undefined);
  return { bytes: room.subarray(0, size), ...(cut === undefined ? {} : { cut }) };
}

/**
 * Characters of contents that are turned into text. There is no other thread for it here, and no clock: the
 * platform's stands still while a Worker computes. So the work is limited by its size.
 */
const turnable = 1_000_000;

async function turn(
  kind: 'html' | 'json',
  contents: string,
  url: string,
): Promise<{ title: string; text: string; remark?: string } | undefined> {
  if (contents.length <= turnable) return textOfPage(kind, contents, url);
  if (kind === 'json') return undefined;
  return {
    ...textOfPage(kind, contents.slice(0, turnable), url),
    remark: `Only the first ${turnable} characters of the page's source were turned into text.`,
  };
}
