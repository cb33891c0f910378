/**
 * Owns one call of `web_fetch`: every address on the way is checked before it is connected to, redirects are
 * followed by hand, and whatever the other side does comes back as words in bounded time and size.
 */
import { isIP } from 'node:net';
import { z } from 'zod';
import { head } from '../../../core/fence.ts';
import type { ToolOutcome } from '../../../core/ports.ts';
import type { FetchPolicy } from '../../../tools/fetch-policy.ts';
import { kindOfPage, type PageKind, pageSize, pageWords } from '../../../tools/page.ts';
import { inThread, moduleBeside } from '../thread.ts';
import { harmless } from '../workshop/shown-text.ts';
import { type Body, readBody, unpackerOf } from './body.ts';
import { type HostAddress, type Lookup, resolve } from './names.ts';
import { type Answer, get } from './request.ts';

export interface FetchLimits {
  /** Bytes of a body after unpacking. */
  readonly bytes: number;
  /** Milliseconds until an answer's headers are there, for each request. */
  readonly headersMs: number;
  /** Milliseconds in all. */
  readonly totalMs: number;
}

export const usualLimits: FetchLimits = { bytes: 5_000_000, headersMs: 15_000, totalMs: 60_000 };

export interface FetchSetting {
  readonly policy: FetchPolicy;
  readonly lookup: Lookup;
  readonly limits: FetchLimits;
  /** Keeps a page that is too long to show, and gives the name by which it can be read. */
  readonly keep: (text: string) => Promise<string>;
}

const mostRedirects = 5;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const pageSchema = z.object({ title: z.string(), text: z.string() });

/** Rejects with the signal's reason when that aborts, and for nothing else that a server can do. */
export async function fetchPage(
  setting: FetchSetting,
  input: { readonly url: string },
  call: { readonly signal: AbortSignal; readonly limitMs?: number },
): Promise<ToolOutcome> {
  const totalMs = Math.min(setting.limits.totalMs, call.limitMs ?? Number.POSITIVE_INFINITY);
  const time = AbortSignal.timeout(totalMs);
  const signal = AbortSignal.any([call.signal, time]);
  const outcome = await follow(setting, input.url, { signal, wanted: call.signal }).catch(
    (error: unknown): ToolOutcome => {
      if (call.signal.aborted) throw call.signal.reason;
      if (time.aborted) return failed(`there was no answer within ${seconds(totalMs)}`);
      return failed(error instanceof Error ? error.message : String(error));
    },
  );
  if (call.signal.aborted) throw call.signal.reason;
  return outcome;
}

interface Until {
  /** Aborts when the time is over, or the page is no longer wanted. */
  readonly signal: AbortSignal;
  /** Aborts when it is no longer wanted. */
  readonly wanted: AbortSignal;
}

async function follow(setting: FetchSetting, first: string, until: Until): Promise<ToolOutcome> {
  const { signal } = until;
  let location = first;
  let from: URL | undefined;
  for (let hop = 0; hop <= mostRedirects; hop += 1) {
    const by = from === undefined ? '' : `${from.host} redirects: `;
    const checked = setting.policy.url(location, from);
    if (!checked.ok) return failed(by + checked.message);
    const { url, host } = checked;
    const found =
      isIP(host) === 0
        ? await unless(signal, resolve(setting.policy, host, setting.lookup))
        : { ok: true as const, addresses: [{ address: host, family: isIP(host) }] };
    if (!found.ok) return failed(by + found.message);
    const answer = await answered(setting, url, found.addresses, signal);
    if (typeof answer === 'string') return failed(by + answer);
    const { statusCode = 0, headers } = answer.response;
    if (!redirects.has(statusCode) || headers.location === undefined) {
      return read(setting, url, answer, until);
    }
    answer.close();
    location = headers.location;
    from = url;
  }
  return failed(`it redirects more than ${mostRedirects} times`);
}

/** The answer once its headers are there, or why there is none. */
async function answered(
  setting: FetchSetting,
  url: URL,
  addresses: readonly HostAddress[],
  signal: AbortSignal,
): Promise<Answer | string> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), setting.limits.headersMs);
  try {
    return await get(url, addresses, AbortSignal.any([signal, limit.signal]));
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (limit.signal.aborted) return `${url.host} sent no answer within ${seconds(setting.limits.headersMs)}`;
    return `${url.host} could not be reached: ${error instanceof Error ? error.message || String(Reflect.get(error, 'code')) : String(error)}`;
  } finally {
    clearTimeout(timer);
  }
}

async function read(setting: FetchSetting, url: URL, answer: Answer, until: Until): Promise<ToolOutcome> {
  const { response } = answer;
  const status = response.statusCode ?? 0;
  const type = response.headers['content-type'] ?? '';
  const kind = kindOfPage(type);
  const unpacker = unpackerOf(response);
  if (kind === undefined || unpacker === 'unknown') {
    answer.close();
    const size = response.headers['content-length'];
    const what =
      kind === undefined
        ? `it is no text but ${head(oneLine(type), 100)}${size === undefined ? '' : `, ${size} bytes`}`
        : `it is packed as ${head(oneLine(response.headers['content-encoding'] ?? ''), 50)}, which can't be unpacked`;
    return failed(`${url.href} (status ${status}) was not read: ${what}`);
  }
  const body = await readBody(response, unpacker, setting.limits.bytes, until.signal);
  answer.close();
  if (body.bytes.subarray(0, 8192).includes(0) && !/charset=["']?utf-16/i.test(type)) {
    return failed(
      `${url.href} (status ${status}) was not read: it is no text, whatever its type says (${head(oneLine(type), 100)})`,
    );
  }
  const { title, text, remarks } = await textOf(kind, url.href, type, body, until.wanted);
  const shown = harmless(text);
  const kept = shown.length > pageSize ? await setting.keep(shown) : undefined;
  return {
    ok: status < 400,
    text: pageWords({
      url: url.href,
      status,
      type: head(oneLine(type), 100),
      title: harmless(title),
      text: shown,
      remarks: [...cutWords(body, setting.limits), ...remarks],
      ...(kept === undefined ? {} : { kept }),
    }),
  };
}

/** What a page may take to be turned into text, beyond the time of its coming. */
const turnMs = 10_000;

async function textOf(
  kind: PageKind,
  url: string,
  type: string,
  body: Body,
  wanted: AbortSignal,
): Promise<{ title: string; text: string; remarks: string[] }> {
  const contents = decoded(body.bytes, kind, type);
  if (kind === 'text') return { title: '', text: contents, remarks: [] };
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
  return page === undefined
    ? {
        title: '',
        text: contents,
        remarks: ['It could not be turned into readable text, so this is its source.'],
      }
    : { ...page, remarks: [] };
}

function decoded(bytes: Buffer, kind: PageKind, type: string): string {
  const declared = /charset\s*=\s*["']?([^\s"';]+)/i;
  const inside = kind === 'html' ? declared.exec(bytes.subarray(0, 2048).toString('latin1'))?.[1] : undefined;
  for (const charset of [declared.exec(type)?.[1], inside, 'utf-8']) {
    if (charset === undefined) continue;
    try {
      return new TextDecoder(charset).decode(bytes);
    } catch {
      // A charset that nobody knows: the next guess.
    }
  }
  return '';
}

function cutWords({ cut }: Body, limits: FetchLimits): string[] {
  if (cut === undefined) return [];
  const words = {
    size: `The page is longer than ${limits.bytes} bytes; this is its beginning.`,
    time: 'The page did not end in time; this is what had come.',
    broken: 'The page broke off; this is what had come.',
  };
  return [words[cut]];
}

/** Rejects as soon as the signal aborts, whatever the work does then. */
function unless<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}

function oneLine(text: string): string {
  return harmless(text).replace(/\s+/g, ' ').trim();
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}

function failed(why: string): ToolOutcome {
  return { ok: false, text: harmless(`Not fetched: ${why}.`) };
}
