/**
 * Owns a folder in which others write, too, while it is held open: what is looked at and put there lies in this very
 * folder, whatever takes its place on the way meanwhile. Never follows a link and never writes over what lies there.
 */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from './places.ts';

export interface HeldFolder {
  /** Whether nothing lies there under this name, not even a link to nothing. */
  isFree(name: string): Promise<boolean>;
  /** Whether what lies there is an ordinary file of these bytes. */
  holds(name: string, bytes: Uint8Array): Promise<boolean>;
  /** Puts a file there, whole or not at all; on the disk when it resolves. The name must be free. */
  put(name: string, bytes: Uint8Array): Promise<void>;
  /** A new file, to be written as it comes; whoever asks closes it. The name must be free. */
  begin(name: string): Promise<FileHandle>;
  /** Removes the ordinary files among these names that were last written before; wall clock, in milliseconds. */
  drop(names: RegExp, before: number): Promise<number>;
}

/**
 * Makes the folder if there is none, and holds it as long as `work` takes. What its parent is must be sure.
 * @param partial where a file is written before it takes its place; on the same file system
 * @throws what the disk says: `ENOTDIR` or `ELOOP` if a file or a link lies in the folder's place
 */
export async function holding<T>(
  folder: string,
  partial: string,
  work: (held: HeldFolder) => Promise<T>,
): Promise<T> {
  await mkdir(folder).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
  });
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const handle = await open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  // On Linux alone commands are walled in; where they are not, a link leads nowhere that they could not write themselves.
  const way = process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : folder;
  try {
    return await work({
      isFree: (name) =>
        lstat(join(way, name)).then(
          () => false,
          (error: unknown) => {
            if (codeOf(error) === 'ENOENT') return true;
            throw error;
          },
        ),
      async holds(name, bytes) {
        // Neither a link is followed nor a pipe waited for; what can't be opened is something else.
        const file = await open(join(way, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(() => undefined);
        try {
          const stats = await file?.stat();
          if (!file || !stats?.isFile() || stats.size !== bytes.length) return false;
          return (await file.readFile()).equals(bytes);
        } finally {
          await file?.close();
        }
      },
      async put(name, bytes) {
        const aside = join(partial, `file-${randomUUID()}`);
        try {
          await writeFile(aside, bytes, { flag: 'wx', mode: 0o600, flush: true });
          await rename(aside, join(way, name));
        } finally {
          await rm(aside, { force: true });
        }
      },
      begin: (name) => open(join(way, name), 'wx', 0o600),
      async drop(names, before) {
        let dropped = 0;
        for (const name of await readdir(way)) {
          if (!names.test(name)) continue;
          const stats = await lstat(join(way, name)).catch(() => undefined);
          if (!stats?.isFile() || stats.mtimeMs >= before) continue;
          await rm(join(way, name), { force: true });
          dropped += 1;
        }
        return dropped;
      },
    });
  } finally {
    await handle.close();
  }
}

/** Why something could not be put in a folder, for a model. @param shown what it calls the folder */
export function whyNot(error: unknown, shown: string): string {
  switch (codeOf(error)) {
    case 'ENOTDIR':
    case 'ELOOP':
      return `what lies at ${shown} is no folder`;
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full';
    default:
      return 'it could not be written there';
  }
}
