/**
 * Owns one call of `web_fetch` on whatever host: every address on the way is checked before it is asked, redirects
 * are followed by hand, and whatever the other side does comes back as words in bounded time and size. Opens no
 * connection itself: that is the host's.
 */
import { head } from '../core/fence.ts';
import type { ToolOutcome } from '../core/ports.ts';
import type { FetchPolicy } from './fetch-policy.ts';
import { harmless } from './harmless.ts';
import { kindOfPage, type PageKind, pageSize, pageWords } from './page.ts';

export interface FetchLimits {
  /** Bytes of a body after unpacking. */
  readonly bytes: number;
  /** Milliseconds until an answer's headers are there, for each request. */
  readonly headersMs: number;
  /** Milliseconds in all. */
  readonly totalMs: number;
}

export const usualLimits: FetchLimits = { bytes: 5_000_000, headersMs: 15_000, totalMs: 60_000 };

/** What every request carries, and besides how its body may be packed nothing else. */
export const pageHeaders = {
  'user-agent': 'Tidings-web-fetch/1',
  accept: 'text/markdown, text/html;q=0.9, application/json;q=0.9, text/*;q=0.8, */*;q=0.1',
  'accept-language': 'en, *;q=0.5',
} as const;

export interface PageBody {
  readonly bytes: Uint8Array;
  /** Why there may be more: it was too long, took too long, or broke off. */
  readonly cut?: 'size' | 'time' | 'broken';
}

/** An answer whose headers are there. */
export interface PageAnswer {
  readonly status: number;
  /** By its name in small letters. */
  header(name: string): string | undefined;
  /** Whether the body is packed in a way that this host can't undo. */
  readonly isPacked: boolean;
  /** Reads at most `most` bytes, counted after unpacking; stops when `signal` aborts. Never rejects. */
  read(most: number, signal: AbortSignal): Promise<PageBody>;
  /** Gives the connection up. */
  close(): void;
}

/**
 * One GET, without following a redirect. Rejects with what the connection died of.
 * @param onTurn called when it begins to connect: from then on it must be quick
 */
export type PageRequest = (signal: AbortSignal, onTurn: () => void) => Promise<PageAnswer>;

export interface PageHost {
  readonly policy: FetchPolicy;
  readonly limits: FetchLimits;
  /** Whether the host of a checked URL leads where one may ask, and if so, how it is asked. */
  reach(
    url: URL,
    host: string,
  ): Promise<
    { readonly ok: true; readonly get: PageRequest } | { readonly ok: false; readonly message: string }
  >;
  /** Makes text of a page's contents; undefined where that isn't possible. `remark`: what the reader must know of it. */
  turn(
    kind: 'html' | 'json',
    contents: string,
    url: string,
    wanted: AbortSignal,
  ): Promise<{ readonly title: string; readonly text: string; readonly remark?: string } | undefined>;
  /**
   * Keeps a page that is too long to show, and gives the name by which it can be read; undefined: it could not be kept.
   * Absent: none is.
   */
  readonly keep?: (text: string) => Promise<string | undefined>;
}

const mostRedirects = 5;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Rejects with the signal's reason when that aborts, and for nothing else that a server can do. */
export async function fetchPageBy(
  host: PageHost,
  input: { readonly url: string },
  call: { readonly signal: AbortSignal; readonly limitMs?: number },
): Promise<ToolOutcome> {
  const totalMs = Math.min(host.limits.totalMs, call.limitMs ?? Number.POSITIVE_INFINITY);
  const time = AbortSignal.timeout(totalMs);
  const signal = AbortSignal.any([call.signal, time]);
  const outcome = await follow(host, input.url, { signal, wanted: call.signal }).catch(
    (error: unknown): ToolOutcome => {
      if (call.signal.aborted) throw call.signal.reason;
      if (time.aborted) return failed(`there was no answer within ${seconds(totalMs)}`);
      return failed(error instanceof Error ? error.message : String(error));
    },
  );
  if (call.signal.aborted) throw call.signal.reason;
  return outcome;
}

/** The addresses of a name that may be connected to. One that may not is enough to refuse the name. */
export async function checkedAddresses<Found extends { readonly address: string }>(
  policy: FetchPolicy,
  host: string,
  look: (host: string) => Promise<readonly Found[]>,
): Promise<
  | { readonly ok: true; readonly addresses: readonly Found[] }
  | { readonly ok: false; readonly message: string }
> {
  let addresses: readonly Found[];
  try {
    addresses = await look(host);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    return { ok: false, message: `the name ${host} leads nowhere${code}` };
  }
  if (addresses.length === 0) return { ok: false, message: `the name ${host} leads nowhere` };
  for (const { address } of addresses) {
    const verdict = policy.address(host, address);
    if (!verdict.ok) return verdict;
  }
  return { ok: true, addresses };
}

/** Rejects as soon as the signal aborts, whatever the work does then. */
export function unless<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}

interface Until {
  /** Aborts when the time is over, or the page is no longer wanted. */
  readonly signal: AbortSignal;
  /** Aborts when it is no longer wanted. */
  readonly wanted: AbortSignal;
}

async function follow(host: PageHost, first: string, until: Until): Promise<ToolOutcome> {
  const { signal } = until;
  let location = first;
  let from: URL | undefined;
  for (let hop = 0; hop <= mostRedirects; hop += 1) {
    const by = from === undefined ? '' : `${from.host} redirects: `;
    const checked = host.policy.url(location, from);
    if (!checked.ok) return failed(by + checked.message);
    const { url } = checked;
    const reached = await unless(signal, host.reach(url, checked.host));
    if (!reached.ok) return failed(by + reached.message);
    const answer = await answered(reached.get, url, host.limits, signal);
    if (typeof answer === 'string') return failed(by + answer);
    const next = answer.header('location');
    if (!redirects.has(answer.status) || next === undefined) return read(host, url, answer, until);
    answer.close();
    location = next;
    from = url;
  }
  return failed(`it redirects more than ${mostRedirects} times`);
}

/** The answer once its headers are there, or why there is none. */
async function answered(
  get: PageRequest,
  url: URL,
  limits: FetchLimits,
  signal: AbortSignal,
): Promise<PageAnswer | string> {
  const limit = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onTurn = (): void => {
    timer ??= setTimeout(() => limit.abort(), limits.headersMs);
  };
  try {
    return await get(AbortSignal.any([signal, limit.signal]), onTurn);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (limit.signal.aborted) return `${url.host} sent no answer within ${seconds(limits.headersMs)}`;
    return `${url.host} could not be reached: ${reasonOf(error)}`;
  } finally {
    clearTimeout(timer);
  }
}

async function read(host: PageHost, url: URL, answer: PageAnswer, until: Until): Promise<ToolOutcome> {
  const { status } = answer;
  const type = answer.header('content-type') ?? '';
  const kind = kindOfPage(type);
  if (kind === undefined || answer.isPacked) {
    answer.close();
    const size = answer.header('content-length');
    const what =
      kind === undefined
        ? `it is no text but ${head(oneLine(type), 100)}${size === undefined ? '' : `, ${size} bytes`}`
        : `it is packed as ${head(oneLine(answer.header('content-encoding') ?? ''), 50)}, which can't be unpacked`;
    return failed(`${url.href} (status ${status}) was not read: ${what}`);
  }
  const body = await answer.read(host.limits.bytes, until.signal);
  answer.close();
  if (body.bytes.subarray(0, 8192).includes(0) && !/charset=["']?utf-16/i.test(type)) {
    return failed(
      `${url.href} (status ${status}) was not read: it is no text, whatever its type says (${head(oneLine(type), 100)})`,
    );
  }
  const contents = decoded(body.bytes, kind, type);
  const page = await textOf(host, kind, contents, url.href, until.wanted);
  const shown = harmless(page.text);
  const kept = shown.length > pageSize ? await host.keep?.(shown) : undefined;
  return {
    ok: status < 400,
    text: pageWords({
      url: url.href,
      status,
      type: head(oneLine(type), 100),
      title: harmless(page.title),
      text: shown,
      remarks: [...cutWords(body, host.limits), ...(page.remark === undefined ? [] : [page.remark])],
      ...(kept === undefined ? {} : { kept }),
    }),
  };
}

async function textOf(
  host: PageHost,
  kind: PageKind,
  contents: string,
  url: string,
  wanted: AbortSignal,
): Promise<{ title: string; text: string; remark?: string }> {
  if (kind === 'text') return { title: '', text: contents };
  return (
    (await host.turn(kind, contents, url, wanted)) ?? {
      title: '',
      text: contents,
      remark: 'It could not be turned into readable text, so this is its source.',
    }
  );
}

function decoded(bytes: Uint8Array, kind: PageKind, type: string): string {
  const declared = /charset\s*=\s*["']?([^\s"';]+)/i;
  const beginning = (): string => new TextDecoder('latin1').decode(bytes.subarray(0, 2048));
  const inside = kind === 'html' ? declared.exec(beginning())?.[1] : undefined;
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

function cutWords({ cut }: PageBody, limits: FetchLimits): string[] {
  if (cut === undefined) return [];
  const words = {
    size: `The page is longer than ${limits.bytes} bytes; this is its beginning.`,
    time: 'The page did not end in time; this is what had come.',
    broken: 'The page broke off; this is what had come.',
  };
  return [words[cut]];
}

/** The innermost thing that is known of an error in a connection. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  let inner = error;
  for (let depth = 0; depth < 5 && inner.cause instanceof Error; depth += 1) inner = inner.cause;
  return inner.message.replace(/\.$/, '') || String(Reflect.get(inner, 'code'));
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
