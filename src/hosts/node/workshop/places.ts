/**
 * Owns where the file tools may read and write, and proves for a path that it lies there once every symbolic
 * link is followed. Never opens a file.
 */
import type { Stats } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

/** All absolute and free of symbolic links. */
export interface Places {
  readonly workspace: string;
  /** The chat's folder, which stands for /tmp. */
  readonly tmp: string;
  /** Folders that may be read besides: the configured repositories. */
  readonly readable: readonly string[];
  /** The data folder: closed but for the workspace and the chat's folder, even inside a readable one. */
  readonly closed: string;
  /** What the sandbox hides from commands, files and folders: closed to reading here, too. */
  readonly hidden: readonly string[];
}

export type Located =
  | {
      readonly ok: true;
      /** Absolute; nothing on the way to it, nor itself, is a symbolic link. */
      readonly path: string;
      /** What is there; undefined if nothing is. */
      readonly stats: Stats | undefined;
    }
  | { readonly ok: false; readonly message: string };

/** Finds the file that a model's path means, or says why it may not have it. */
export async function locate(places: Places, path: string, purpose: 'read' | 'write'): Promise<Located> {
  const absolute = absolutePath(places, path);
  const real = await follow(absolute);
  if (!real.ok) return { ok: false, message: `${path}: ${real.message}` };
  const own = [places.workspace, places.tmp].find((root) => isInside(root, real.path));
  const isHidden = places.hidden.some((place) => isInside(place, real.path));
  const reads = purpose === 'read' && !isInside(places.closed, real.path) && !isHidden;
  const root = own ?? places.readable.find((folder) => reads && isInside(folder, real.path));
  if (root === undefined) return { ok: false, message: outside(places, path, purpose) };
  if (purpose === 'write') {
    const link = join(await realpathOr(dirname(absolute)), basename(absolute));
    if (link !== real.path) {
      return {
        ok: false,
        message: `${path} is a symbolic link to ${real.path}; nothing is written through a link. Name the file itself.`,
      };
    }
    if (
      relative(root, real.path)
        .split(sep)
        .some((part) => part.toLowerCase() === '.git')
    ) {
      return { ok: false, message: `${path} belongs to git itself; change it with git commands in bash.` };
    }
  }
  return { ok: true, path: real.path, stats: real.stats };
}

/** Whether `path` is `root` or lies below it; both absolute and free of links. */
export function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

function absolutePath(places: Places, path: string): string {
  const absolute = resolve(places.workspace, path);
  const known = [places.closed, places.workspace, places.tmp, ...places.readable].some((root) =>
    isInside(root, absolute),
  );
  // A model writes /tmp and means the chat's folder, unless the data folder or a repository itself lies there.
  if (!known && isInside('/tmp', absolute)) return join(places.tmp, relative('/tmp', absolute));
  return absolute;
}

type Followed =
  | { readonly ok: true; readonly path: string; readonly stats: Stats | undefined }
  | { readonly ok: false; readonly message: string };

/** The path with all links followed; parts that don't exist yet are taken as they are. */
async function follow(path: string): Promise<Followed> {
  try {
    const real = await realpath(path);
    return { ok: true, path: real, stats: await lstat(real) };
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOTDIR') return { ok: false, message: 'a part of this path is a file, not a folder.' };
    if (code === 'ELOOP') return { ok: false, message: 'its symbolic links go in a circle.' };
    if (code === 'ENAMETOOLONG') return { ok: false, message: 'the name is too long for the file system.' };
    if (code !== 'ENOENT') return { ok: false, message: `it cannot be reached (${code}).` };
  }
  const dangling = await lstat(path).then(
    () => true,
    () => false,
  );
  if (dangling)
    return {
      ok: false,
      message: 'it is, or passes through, a symbolic link to something that does not exist.',
    };
  const parent = await follow(dirname(path));
  return parent.ok ? { ok: true, path: join(parent.path, basename(path)), stats: undefined } : parent;
}

/** The path with its links followed; undefined if there is nothing. */
export function realOrUndefined(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}

async function realpathOr(path: string): Promise<string> {
  const followed = await follow(path);
  return followed.ok ? followed.path : path;
}

function outside(places: Places, path: string, purpose: 'read' | 'write'): string {
  const others =
    purpose === 'read' && places.readable.length > 0 ? `, and in ${places.readable.join(', ')}` : '';
  return `${path} lies outside of what you may ${purpose}: files in your workspace ${places.workspace} and in /tmp${others}.`;
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
