/**
 * Owns the durable note of which worktree and branch belong to a session: written before they are made, so
 * that a crash at any point leaves no doubt whose they are. Never touches a repository.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';

const landingShape = z.object({
  /** Of the session's branch, at that time. */
  tip: z.string(),
  /** What holds its work on the base. */
  commit: z.string(),
});

export type Landing = z.infer<typeof landingShape>;

const shape = z.object({
  version: z.literal(1),
  session: z.string(),
  /** `making`: the worktree may be there, in part or not at all, and nobody has worked in it. */
  state: z.enum(['making', 'made']),
  repository: z.string(),
  top: z.string(),
  /** The git folder that all worktrees of the repository share. */
  common: z.string(),
  /** The worktree. */
  folder: z.string(),
  /** The worktree's own git folder; empty until it is made. */
  gitFolder: z.string(),
  branch: z.string(),
  base: z.string(),
  baseCommit: z.string(),
  /** The subagent's path, once its workspace was closed. */
  path: z.string().optional(),
  /**
   * Oldest first. Each was written before the base moved, so that none is done twice: it has landed if the base
   * holds its commit.
   */
  landings: z.array(landingShape).optional(),
});

export type WorktreeRecord = z.infer<typeof shape>;

/** The record, or undefined if there is none. One that can't be understood throws: it must not be overwritten. */
export async function loadRecord(file: string): Promise<WorktreeRecord | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return shape.parse(JSON.parse(text));
}

/** Replaces the record in one step; it is on the disk when this resolves. */
export async function saveRecord(file: string, record: WorktreeRecord): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const partial = `${file}.${randomUUID()}.new`;
  try {
    const handle = await open(partial, 'wx', 0o600);
    try {
      await handle.writeFile(JSON.stringify(record, null, 2));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** Notes whose worktree it is, if that isn't noted yet. */
export async function notePath(file: string, path: string): Promise<void> {
  const record = await loadRecord(file);
  if (record && record.path !== path) await saveRecord(file, { ...record, path });
}

export async function dropRecord(file: string): Promise<void> {
  await rm(file, { force: true });
}
