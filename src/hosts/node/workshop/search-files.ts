/**
 * Owns which files a search sees: those that git lists, or those that a walk finds, and never one that a symbolic
 * link leads to. Runs in the thread of the search, so it may wait for the disk.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  type Stats,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { SearchJob } from './search-job.ts';

export interface Seen {
  /** Below the search's root. */
  readonly name: string;
  readonly path: string;
  readonly stats: Stats;
}

/** Files and folders looked at before a search gives up. */
const mostEntries = 1_000_000;

export interface Walk {
  /** All ordinary files, each once. */
  files(): Generator<Seen>;
  /** Why it ended before the last one. */
  readonly unfinished: 'time' | 'files' | undefined;
}

export function walk(job: SearchJob): Walk {
  const until = performance.now() + job.patienceMs;
  let entries = 0;
  let unfinished: 'time' | 'files' | undefined;

  function isOver(): boolean {
    entries += 1;
    if (entries > mostEntries) unfinished = 'files';
    else if (performance.now() > until) unfinished = 'time';
    return unfinished !== undefined;
  }

  const isClosed = (path: string): boolean => job.closed.includes(path);

  function* below(folder: string): Generator<Seen> {
    const waiting = [folder];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for (const entry of entriesOf(next)) {
        if (isOver()) return;
        const path = join(next, entry.name);
        if (entry.isDirectory()) {
          const skipped = entry.name === '.git' || (entry.name === 'node_modules' && !job.ignored);
          if (!skipped && !isClosed(path)) waiting.push(path);
        } else if (entry.isFile() && !isClosed(path)) {
          const stats = statsOf(path);
          if (stats?.isFile()) yield { name: relative(job.root, path), path, stats };
        }
      }
    }
  }

  function* listed(listing: Uint8Array): Generator<Seen> {
    for (const name of new TextDecoder().decode(listing).split('\0')) {
      // A setting of the repository may have moved git's idea of where it is.
      if (name === '' || name.startsWith('/') || name.split('/').includes('..')) continue;
      if (isOver()) return;
      const path = join(job.root, name);
      if (job.closed.some((folder) => path === folder || path.startsWith(`${folder}/`))) continue;
      const stats = statsOf(path);
      if (stats?.isFile()) yield { name, path, stats };
      // A repository inside this one, which git names as a folder.
      else if (stats?.isDirectory()) yield* below(path);
    }
  }

  return {
    *files() {
      if (job.file !== undefined) {
        const stats = statsOf(job.file);
        if (stats?.isFile()) yield { name: relative(job.root, job.file), path: job.file, stats };
      } else if (job.listing !== undefined) yield* listed(job.listing);
      else yield* below(job.root);
    },
    get unfinished() {
      return unfinished;
    },
  };
}

/** Makes a reader that gives a file's bytes if it is still the ordinary file, at that place, that was seen. */
export function makeReader(): (seen: Seen) => Buffer | undefined {
  const real = new Map<string, boolean>();
  return ({ path, stats }) => {
    const folder = dirname(path);
    let straight = real.get(folder);
    if (straight === undefined) {
      straight = realOf(folder) === folder;
      real.set(folder, straight);
    }
    if (!straight) return undefined;
    let handle: number | undefined;
    try {
      // Neither a link nor a pipe that took its place meanwhile may be opened or waited for.
      handle = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      const now = fstatSync(handle);
      if (!now.isFile() || now.ino !== stats.ino || now.dev !== stats.dev) return undefined;
      return readFileSync(handle);
    } catch {
      return undefined;
    } finally {
      if (handle !== undefined) closeSync(handle);
    }
  };
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // Gone meanwhile, or not for us to read.
    return [];
  }
}

function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
