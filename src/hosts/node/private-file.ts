/** Files that only their user may read, written whole or not at all. Knows nothing of what they hold. */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { syncFolder } from './store/data-folder.ts';

/**
 * Written aside, then renamed: a crash leaves what was there or what is there now, and nothing between. Two that
 * write one file at once must be kept apart by who calls.
 */
export function writePrivateFile(path: string, text: string): void {
  const aside = `${path}.new`;
  // What a crash left here, or somebody put here to be written through.
  rmSync(aside, { force: true });
  makePrivateFile(aside, text);
  renameSync(aside, path);
  syncFolder(dirname(path));
}

/** An empty one, if there is nothing of its name. */
export function ensurePrivateFile(path: string): void {
  try {
    makePrivateFile(path, '');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/** @throws EEXIST if there is anything of its name, a link to elsewhere among it */
function makePrivateFile(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    // Whatever the umask says.
    fchmodSync(file, 0o600);
    leaveTo(dirname(path), file);
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** What root makes in another user's folder becomes that user's, whose gateway must read it. */
function leaveTo(folder: string, file: number): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(folder);
  if (uid !== 0) fchownSync(file, uid, gid);
}
