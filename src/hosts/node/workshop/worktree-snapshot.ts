/**
 * Owns a look at a worktree as one git tree, uncommitted and untracked files among it. Never writes to its index,
 * its files or its repository: what git must write for it goes into a folder that is gone afterwards.
 */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Git } from './git.ts';
import type { WorktreeRecord } from './record.ts';
import { commitOf } from './repository.ts';
import { stageAll } from './stage-all.ts';
import { inWorktree } from './worktree-facts.ts';

export interface Snapshot {
  readonly tree: string;
  /** What the worktree stands on. */
  readonly head: string | undefined;
  /** Names that git could not read: they are not in the tree. */
  readonly refused: readonly string[];
  /** Speaks to the repository, and sees what the look has written. */
  readonly git: Git;
}

/** Hands a snapshot of a worktree that is there to `look`. Throws if none can be made. */
export async function withSnapshot<T>(
  setting: { readonly git: Git; readonly partial: string },
  record: WorktreeRecord,
  look: (snapshot: Snapshot) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(setting.partial, 'look-'));
  try {
    const objects = join(folder, 'objects');
    const index = join(folder, 'index');
    await mkdir(objects);
    const aside: Git = (args, options) =>
      setting.git(args, {
        ...options,
        env: {
          ...options.env,
          GIT_OBJECT_DIRECTORY: objects,
          GIT_ALTERNATE_OBJECT_DIRECTORIES: JSON.stringify(join(record.common, 'objects')),
        },
      });
    const here = inWorktree(aside, record);
    const inTree: Git = (args, options) =>
      here(args, { ...options, env: { ...options.env, GIT_INDEX_FILE: index } });
    const cwd = record.folder;
    const head = await commitOf(here, cwd, 'HEAD');
    // Its own index knows which files have not changed; one that is broken is of no use.
    const own = join(record.gitFolder, 'index');
    if (existsSync(own)) await copyFile(own, index);
    if ((await inTree(['ls-files', '--stage', '-z'], { cwd })).code !== 0) {
      await rm(index, { force: true });
      if (head !== undefined) await inTree(['read-tree', head], { cwd });
    }
    const { refused, git } = await stageAll(inTree, setting.git, cwd, head);
    const tree = await git(['write-tree'], { cwd });
    if (tree.code !== 0) throw new Error(tree.error);
    return await look({ tree: tree.text, head, refused, git: aside });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
