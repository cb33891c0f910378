/**
 * Owns one call of `glob` or `grep`: where it may look, the thread that looks, and the words for what it found and
 * for what it left out. Never reads a file itself.
 */
import { dirname, join, relative } from 'node:path';
import picomatch from 'picomatch';
import type { ToolOutcome, Worker } from '../../../core/ports.ts';
import { harmless } from '../../../tools/harmless.ts';
import { inThread, moduleBeside, type ThreadEnd } from '../thread.ts';
import type { Git } from './git.ts';
import { isInside, locate, type Places } from './places.ts';
import type { ProcessQueue } from './process-queue.ts';
import { type SearchJob, type SearchNews, searchNewsSchema } from './search-job.ts';

export interface SearchSetting {
  readonly places: Places;
  readonly git: Git;
  readonly queue: ProcessQueue;
}

export interface SearchCall {
  readonly worker: Worker;
  readonly signal: AbortSignal;
  /** The time limit of a main session's tools. */
  readonly limitMs?: number;
}

interface Where {
  readonly path?: string | undefined;
  readonly ignored?: boolean | undefined;
  readonly limit?: number | undefined;
}
export interface GlobInput extends Where {
  readonly pattern: string;
}
export interface GrepInput extends Where {
  readonly pattern: string;
  readonly glob?: string | undefined;
  readonly ignore_case?: boolean | undefined;
  readonly context?: number | undefined;
  readonly output?: 'lines' | 'files' | 'counts' | undefined;
}

/** Milliseconds that a search may take where nothing narrower is set. */
const usualLimitMs = 60_000;
/** Characters of an answer. */
const answerSize = 30_000;
const usualShown = 200;

export async function findFiles(
  setting: SearchSetting,
  input: GlobInput,
  call: SearchCall,
): Promise<ToolOutcome> {
  const wrong = globFault(input.pattern);
  if (wrong !== undefined) return failed(`\`pattern\` ${wrong}`);
  return search(setting, input, call, (places) => ({ ...places, kind: 'glob', glob: input.pattern }));
}

export async function findLines(
  setting: SearchSetting,
  input: GrepInput,
  call: SearchCall,
): Promise<ToolOutcome> {
  const wrong = input.glob === undefined ? undefined : globFault(input.glob);
  if (wrong !== undefined) return failed(`\`glob\` ${wrong}`);
  try {
    new RegExp(input.pattern);
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : '';
    return failed(
      `\`pattern\` is not a regular expression of JavaScript: ${why}. Put a backslash before ( [ { . * + ? to mean the character itself.`,
    );
  }
  const { pattern, glob, ignore_case = false, context = 0, output = 'lines' } = input;
  return search(setting, input, call, (places) => ({
    ...places,
    kind: 'grep',
    pattern,
    ...(glob === undefined ? {} : { glob }),
    ignoreCase: ignore_case,
    context,
    output,
    size: answerSize,
  }));
}

function globFault(pattern: string): string | undefined {
  try {
    picomatch.makeRe(pattern);
    return undefined;
  } catch (error) {
    return `is not a pattern for names: ${error instanceof Error ? error.message : String(error)}`;
  }
}

type PlacesOfJob = Omit<Extract<SearchJob, { kind: 'glob' }>, 'kind' | 'glob'>;

async function search(
  setting: SearchSetting,
  input: Where,
  call: SearchCall,
  jobOf: (places: PlacesOfJob) => SearchJob,
): Promise<ToolOutcome> {
  const { places } = setting;
  const asked = input.path ?? '.';
  const target = await locate(places, asked, 'read');
  if (!target.ok) return failed(target.message);
  if (target.stats === undefined) return failed(`${asked} does not exist.`);
  const isFolder = target.stats.isDirectory();
  if (!isFolder && !target.stats.isFile())
    return failed(`${asked} is neither a folder nor an ordinary file.`);
  const root = isFolder ? target.path : dirname(target.path);
  const limitMs = call.limitMs ?? usualLimitMs;
  const limit = AbortSignal.timeout(limitMs);
  const signal = AbortSignal.any([call.signal, limit]);
  const ignored = input.ignored ?? false;
  const began = performance.now();
  const found: { file: string; rest: string }[] = [];
  let end: Extract<SearchNews, { kind: 'end' }> | undefined;
  let how: ThreadEnd = { kind: 'timed_out' };
  try {
    const leave = await setting.queue.enter(
      { chat: call.worker.chat, first: call.worker.path === '' },
      signal,
    );
    try {
      const listing = isFolder && !ignored ? await listOf(setting.git, places, root, signal) : undefined;
      const left = Math.max(1, limitMs - (performance.now() - began));
      const job = jobOf({
        root,
        ...(isFolder ? {} : { file: target.path }),
        ...(listing === undefined ? {} : { listing }),
        closed: closedIn(places, root),
        ignored,
        limit: input.limit ?? usualShown,
        patienceMs: left * 0.9,
      });
      how = await inThread(moduleBeside(import.meta.url, 'search-thread'), job, {
        signal,
        limitMs: left,
        onMessage(message) {
          const news = searchNewsSchema.parse(message);
          if (news.kind === 'end') end = news;
          else found.push(...news.lines);
        },
      });
    } finally {
      leave();
    }
  } catch (error) {
    if (call.signal.aborted) throw call.signal.reason;
    if (!limit.aborted) throw error;
  }
  if (how.kind === 'failed') return failed(`The search failed: ${how.message}`);
  return inWords(places, root, found, end, { ignored, limitMs, main: call.limitMs !== undefined });
}

/** What git knows and doesn't ignore below a folder; undefined where there is no repository. */
async function listOf(
  git: Git,
  places: Places,
  root: string,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const listed = await git(
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'],
    {
      cwd: root,
      signal,
      // A repository around the data folder is not the worker's.
      env: { GIT_CEILING_DIRECTORIES: places.closed },
    },
  );
  signal.throwIfAborted();
  return listed.code === 0 ? new Uint8Array(listed.out) : undefined;
}

/** The data folder stays closed, unless the search begins inside what is the worker's own there. */
function closedIn(places: Places, root: string): string[] {
  return [...(isInside(places.closed, root) ? [] : [places.closed]), ...places.hidden];
}

function inWords(
  places: Places,
  root: string,
  found: readonly { file: string; rest: string }[],
  end: Extract<SearchNews, { kind: 'end' }> | undefined,
  asked: { readonly ignored: boolean; readonly limitMs: number; readonly main: boolean },
): ToolOutcome {
  const lines: string[] = [];
  let size = 0;
  for (const { file, rest } of found) {
    const line = harmless(`${file === '' ? '' : nameOf(places, join(root, file))}${rest}`).replaceAll(
      '\n',
      '␊',
    );
    if (size + line.length + 1 > answerSize) break;
    size += line.length + 1;
    lines.push(line);
  }
  const notes: string[] = [];
  if (end === undefined || end.unfinished === 'time') {
    const advice = asked.main
      ? "the time limit of the main session's tools. Narrow it, or hand it to a subagent with sessions_spawn"
      : 'its time limit. Narrow it with `path`, `glob` or a simpler pattern';
    notes.push(
      `[ended after ${Math.round(asked.limitMs / 100) / 10} s, ${advice}; above is what it had found]`,
    );
  } else if (end.unfinished === 'files') {
    notes.push(
      '[ended after a million files and folders; above is what it had found. Narrow it with `path`]',
    );
  }
  if (end !== undefined) {
    const hidden = found.length - lines.length;
    if (end.total > found.length && end.unfinished === undefined && found.every(({ rest }) => rest === '')) {
      notes.push(`[${lines.length} of ${end.total}; the rest is older]`);
    } else if (hidden > 0 || (end.more && end.unfinished === undefined)) {
      notes.push('[there is more; narrow it with `path`, `glob` or the pattern, or raise `limit`]');
    }
    if (end.binary > 0) notes.push(`[${counted(end.binary, 'binary file')} left out]`);
    if (end.large.length > 0) {
      notes.push(
        harmless(
          `[over 20 MB and left out: ${end.large.map((name) => nameOf(places, join(root, name))).join(', ')}; use bash: grep]`,
        ),
      );
    }
  }
  if (lines.length > 0) return { ok: true, text: [...lines, ...notes].join('\n') };
  const unseen = asked.ignored
    ? ''
    : ' What git ignores and node_modules were left out; set `ignored` to see them.';
  const nothing =
    end === undefined
      ? 'Nothing was found so far.'
      : `Nothing found in ${counted(end.looked, 'file')}.${unseen}`;
  return { ok: end !== undefined, text: [nothing, ...notes].join('\n') };
}

/** A path as the other file tools take it. */
function nameOf(places: Places, path: string): string {
  if (isInside(places.workspace, path)) return relative(places.workspace, path);
  if (isInside(places.tmp, path)) return join('/tmp', relative(places.tmp, path));
  return path;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function failed(text: string): ToolOutcome {
  return { ok: false, text: harmless(text) };
}
