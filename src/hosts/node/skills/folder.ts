/**
 * One skill's folder on a disk: lists and reads its files, and proves of each that it lies in the folder once
 * every link is followed. Never writes, and knows nothing of the format.
 */
import { constants } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type FileListing, type FileReading, type SkillFolder, skillFile } from '../../../skills/skill.ts';
import { codeOf, isInside } from '../workshop/places.ts';

/** How many files are listed, and how deep they are looked for. */
const LISTED = 300;
const DEPTH = 6;

/** @param path absolute; what it leads to is looked at with every call */
export function nodeSkillFolder(path: string): SkillFolder {
  return {
    name: basename(path),
    place: path,
    path,
    read: (file, maxBytes) => readInside(path, file, maxBytes).catch((error) => failure(error)),
    list: () => listAll(path),
  };
}

async function readInside(folder: string, file: string, maxBytes: number): Promise<FileReading> {
  const real = await realpath(join(folder, file));
  if (!isInside(await realpath(folder), real)) {
    return { kind: 'refused', why: "it is a link that leads out of the skill's folder" };
  }
  // Neither a link nor a pipe that took the file's place meanwhile may be opened or waited for.
  const handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat();
    if (stats.isDirectory()) return { kind: 'refused', why: 'it is a folder' };
    if (!stats.isFile()) return { kind: 'refused', why: 'it is not an ordinary file' };
    if (stats.size > maxBytes) return { kind: 'too_large', size: stats.size };
    // No more than that is taken in, even of a file that says it is empty and never ends.
    const bytes = new Uint8Array(maxBytes + 1);
    let size = 0;
    while (size < bytes.length) {
      const { bytesRead } = await handle.read(bytes, size, bytes.length - size, size);
      if (bytesRead === 0) return { kind: 'bytes', bytes: bytes.slice(0, size) };
      size += bytesRead;
    }
    return { kind: 'too_large', size };
  } finally {
    await handle.close();
  }
}

async function listAll(folder: string): Promise<FileListing> {
  const files: string[] = [];
  const outside: string[] = [];
  let more = false;
  const root = await realpath(folder).catch(() => folder);
  async function walk(below: string, depth: number): Promise<void> {
    const entries = await readdir(join(folder, below), { withFileTypes: true }).catch(() => []);
    for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
      const name = below === '' ? entry.name : `${below}/${entry.name}`;
      // What is hidden belongs to git, an editor or a desktop.
      if (name === skillFile || entry.name.startsWith('.') || entry.name === 'node_modules') continue;
      if (files.length + outside.length >= LISTED) {
        more = true;
        return;
      }
      if (entry.isSymbolicLink()) {
        const real = await realpath(join(folder, name)).catch(() => undefined);
        if (real === undefined || !isInside(root, real)) outside.push(name);
        else if ((await stat(real)).isFile()) files.push(name);
      } else if (entry.isDirectory()) {
        if (depth < DEPTH) await walk(name, depth + 1);
        else more = true;
      } else if (entry.isFile()) {
        files.push(name);
      }
    }
  }
  await walk('', 1);
  return { files, outside, more };
}

function failure(error: unknown): FileReading {
  const code = codeOf(error);
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return { kind: 'missing' };
    case 'EACCES':
    case 'EPERM':
      return { kind: 'refused', why: 'this user may not read it' };
    case 'ELOOP':
      return { kind: 'refused', why: 'its symbolic links go in a circle' };
    case 'ENAMETOOLONG':
      return { kind: 'refused', why: 'its name is too long for the file system' };
    default:
      return { kind: 'refused', why: `the disk said ${code}` };
  }
}
