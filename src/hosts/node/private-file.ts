/** Files that only their user may read, written whole or not at all. Knows nothing of what they hold. */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
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
  makePrivateFile(aside, 'w', text);
  renameSync(aside, path);
  syncFolder(dirname(path));
}

/** An empty one, if there is nothing of its name. */
export function ensurePrivateFile(path: string): void {
  try {
    makePrivateFile(path, 'wx', '');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

function makePrivateFile(path: string, flag: 'w' | 'wx', text: string): void {
  const file = openSync(path, flag, 0o600);
  try {
    // Whatever the umask says, and whatever a crash left here.
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
