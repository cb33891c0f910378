/** What stands on the disk where a setting names a folder. Only looks, runs nothing, and never says what follows from it. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/**
 * Whether a folder is the top of a git repository, as far as can be told without git: a working tree, one that belongs
 * to a repository elsewhere, or a bare one. What is wrong inside of it is for git to say.
 */
export function isRepository(folder: string): boolean {
  const git = join(folder, '.git');
  return isGitFolder(isFolder(git) ? git : folder) || pointsElsewhere(git);
}

function isGitFolder(path: string): boolean {
  return existsSync(join(path, 'HEAD')) && isFolder(join(path, 'objects')) && isFolder(join(path, 'refs'));
}

/** The `.git` of a linked worktree or a submodule is a file with a path. */
function pointsElsewhere(git: string): boolean {
  try {
    return readFileSync(git, 'utf8').startsWith('gitdir:');
  } catch {
    return false;
  }
}
