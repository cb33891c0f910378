/** The files of the page, from the folder that a build makes. Reads them each time, so that a new build is seen. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PageFiles } from '../../http/page.ts';

/** @param folder what a build made; it need not be there */
export function pageFiles(folder: string): PageFiles {
  return {
    index: () => read(join(folder, 'index.html')),
    asset: (name) => read(join(folder, 'assets', name)),
  };
}

async function read(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw error;
  }
}
