/**
 * The thread that looks through files for `glob` and `grep`: finds, matches, and says what it found as it goes, so
 * that whoever ends it has what came so far. Decides nothing about what may be looked at.
 */
import { parentPort, workerData } from 'node:worker_threads';
import picomatch from 'picomatch';
import { makeReader, type Seen, walk } from './search-files.ts';
import { type SearchJob, type SearchNews, searchJobSchema } from './search-job.ts';

type Grep = Extract<SearchJob, { kind: 'grep' }>;

/** Bytes of the largest file that is looked into. */
const largest = 20_000_000;
/** Characters shown of a line. */
const lineSize = 500;

const tell = (news: SearchNews): void => parentPort?.postMessage(news);

function namesThatFit(job: SearchJob): (name: string) => boolean {
  if (job.glob === undefined || job.glob === '') return () => true;
  const pattern = job.glob.replace(/^\.\//, '');
  const fits = picomatch(pattern, { dot: true, basename: !pattern.includes('/') });
  return (name) => fits(name);
}

function glob(job: SearchJob): void {
  const fits = namesThatFit(job);
  const walked = walk(job);
  const found: { name: string; at: number }[] = [];
  let looked = 0;
  for (const { name, stats } of walked.files()) {
    looked += 1;
    if (fits(name)) found.push({ name, at: stats.mtimeMs });
  }
  found.sort((a, b) => b.at - a.at || (a.name < b.name ? -1 : 1));
  tell({ kind: 'found', lines: found.slice(0, job.limit).map(({ name }) => ({ file: name, rest: '' })) });
  const { unfinished } = walked;
  tell({
    kind: 'end',
    total: found.length,
    more: unfinished !== undefined,
    ...(unfinished === undefined ? {} : { unfinished }),
    looked,
    binary: 0,
    large: [],
  });
}

function grep(job: Grep): void {
  const pattern = new RegExp(job.pattern, job.ignoreCase ? 'i' : '');
  const fits = namesThatFit(job);
  const read = makeReader();
  const walked = walk(job);
  const large: string[] = [];
  let [looked, binary, total, size] = [0, 0, 0, 0];
  let more = false;

  for (const seen of walked.files()) {
    if (job.file === undefined && !fits(seen.name)) continue;
    if (seen.stats.size > largest) {
      large.push(seen.name);
      continue;
    }
    const bytes = read(seen);
    if (bytes === undefined) continue;
    looked += 1;
    if (bytes.subarray(0, 8192).includes(0)) {
      binary += 1;
      continue;
    }
    const lines = new TextDecoder().decode(bytes).split('\n');
    if (lines.at(-1) === '') lines.pop();
    const matches = matching(lines, pattern, job.output === 'files' ? 1 : Number.POSITIVE_INFINITY);
    if (matches.length === 0) continue;
    const room = job.limit - total;
    const shown = job.output === 'lines' ? matches.slice(0, room) : matches;
    const news = wordsOf(job, seen, lines, shown);
    size += news.reduce((sum, line) => sum + line.file.length + line.rest.length + 1, 0);
    tell({ kind: 'found', lines: news });
    total += job.output === 'lines' ? shown.length : 1;
    if (shown.length < matches.length || total >= job.limit || size >= job.size) {
      more = true;
      break;
    }
  }
  const { unfinished } = walked;
  tell({
    kind: 'end',
    total,
    more: more || unfinished !== undefined,
    ...(unfinished === undefined ? {} : { unfinished }),
    looked,
    binary,
    large: large.slice(0, 20),
  });
}

/** Indexes of the lines that match. */
function matching(lines: readonly string[], pattern: RegExp, most: number): number[] {
  const found: number[] = [];
  for (const [index, line] of lines.entries()) {
    if (!pattern.test(line)) continue;
    found.push(index);
    if (found.length >= most) break;
  }
  return found;
}

function wordsOf(
  job: Grep,
  { name }: Seen,
  lines: readonly string[],
  matches: readonly number[],
): { file: string; rest: string }[] {
  if (job.output === 'files') return [{ file: name, rest: '' }];
  if (job.output === 'counts') return [{ file: name, rest: `:${matches.length}` }];
  const hits = new Set(matches);
  const words: { file: string; rest: string }[] = [];
  let last = -1;
  for (const match of matches) {
    const from = Math.max(last + 1, match - job.context);
    if (job.context > 0 && last >= 0 && from > last + 1) words.push({ file: '', rest: '--' });
    for (let at = from; at <= Math.min(lines.length - 1, match + job.context); at += 1) {
      const mark = hits.has(at) ? ':' : '-';
      words.push({ file: name, rest: `${mark}${at + 1}${mark}${shortened(lines[at] ?? '')}` });
      last = at;
    }
  }
  return words;
}

function shortened(line: string): string {
  const text = line.replace(/\r$/, '');
  return text.length <= lineSize
    ? text
    : `${text.slice(0, lineSize).toWellFormed()} [… ${text.length - lineSize} characters more]`;
}

const job = searchJobSchema.parse(workerData);
if (job.kind === 'glob') glob(job);
else grep(job);
