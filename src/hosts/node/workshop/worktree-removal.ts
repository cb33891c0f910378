/** Owns how a worktree and its branch are taken away, of which nothing would be lost. Never judges whether it would. */
import { existsSync } from 'node:fs';
import { chmod, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkoutsOf } from './checkout.ts';
import type { Git } from './git.ts';
import type { WorktreeRecord } from './record.ts';
import { ownRef } from './worktree-facts.ts';
import { forget } from './worktrees.ts';

/**
 * Removes a worktree, what git knows of it, and its branch if that still is at `tip`, where it was looked at, and
 * nobody else works on it. Repeatable: what a crash or a stubborn file left is removed the next time.
 */
export async function takeDown(git: Git, record: WorktreeRecord, tip: string | undefined): Promise<void> {
  // Out of the way first, so that no half of it is ever taken for what was left of the work. No label holds a dot.
  const aside = `${record.folder}.removed`;
  await removeFolder(aside);
  if (existsSync(record.folder)) await rename(record.folder, aside);
  await forget(record);
  if (tip !== undefined && existsSync(record.common)) {
    const others = await checkoutsOf(git, record.common, ownRef(record));
    if (others.length === 0)
      await git(['update-ref', '--no-deref', '-d', ownRef(record), tip], { cwd: record.common });
  }
  await removeFolder(aside);
}

/** Removes a folder with all that is in it, if it is there. */
export async function removeFolder(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch {
    // Folders that were made read-only, as some package caches are, let nothing go.
    await openUp(folder);
    await rm(folder, { recursive: true, force: true });
  }
}

async function openUp(folder: string): Promise<void> {
  await chmod(folder, 0o700).catch(() => undefined);
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory()) await openUp(join(folder, entry.name));
  }
}
