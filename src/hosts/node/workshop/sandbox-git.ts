/**
 * Owns how much of a repository's git folder a command in one of its worktrees finds writable: what work on the
 * worktree's own branch needs, and nothing by which it could reach other branches, other worktrees, or the git that
 * runs outside of the sandbox. Never runs git.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packedWith } from './packed-refs.ts';
import { codeOf } from './places.ts';
import type { WorktreeRecord } from './record.ts';
import type { Mount } from './sandbox-job.ts';

/** The branches of subagents, below `refs`. */
const ours = join('heads', 'subagent');

/**
 * What is put in place for a worker in the worktree of this record. The common git folder becomes one of the command's
 * own: git makes a lock there whenever it deletes a ref, its own notes of a rebase among them. All that lies in it is
 * there, read-only but for
 * - `objects`, without its packs: new objects are loose ones;
 * - the branches of subagents, with their logs;
 * - the worktree's own git folder, without the files that say where git finds its settings;
 * - what lies directly in `refs`: the stash. So each session has one of its own; it is kept in `own`.
 */
export async function gitMounts(record: WorktreeRecord, own: string): Promise<Mount[]> {
  const { common, gitFolder, folder } = record;
  const fixed = [
    read(join(folder, '.git')),
    ...['commondir', 'gitdir', 'config.worktree'].map((name) => read(join(gitFolder, name))),
  ];
  // All branches in one place can't be told apart: nothing is committed until the gateway does.
  if (existsSync(join(common, 'reftable'))) {
    await makeMissing(record, []);
    return [write(gitFolder), ...fixed];
  }
  const [refs, logs, packed] = [join(own, 'refs'), join(own, 'logs'), join(own, 'packed-refs')];
  await makeMissing(record, [
    join(common, 'objects', 'info'),
    join(common, 'objects', 'pack'),
    join(common, 'refs', ours),
    join(common, 'logs', 'refs', ours),
    refs,
    logs,
  ]);
  await packRefs(common, packed);
  const others = (await readdir(common)).filter(
    (name) => !name.endsWith('.lock') && !['objects', 'refs', 'logs', 'packed-refs'].includes(name),
  );
  return [
    { kind: 'empty', to: common },
    ...others.map((name) => readIfThere(join(common, name))),
    read(join(common, 'packed-refs'), packed),
    write(join(common, 'objects')),
    read(join(common, 'objects', 'info')),
    read(join(common, 'objects', 'pack')),
    ...(await branches(join(common, 'refs'), refs)),
    readIfThere(join(common, 'logs', 'HEAD')),
    ...(await branches(join(common, 'logs', 'refs'), logs)),
    write(gitFolder),
    ...fixed,
  ];
}

/** `folder` with `own` in its place: the folders in it read-only, but for the branches of subagents. */
async function branches(folder: string, own: string): Promise<Mount[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory());
  return [
    write(folder, own),
    ...folders.map(({ name }) => readIfThere(join(folder, name))),
    write(join(folder, ours)),
  ];
}

/**
 * The packed refs as the command is to find them. They are a copy: a file that git replaces can't be shown as it
 * becomes. Should somebody outside pack the branches meanwhile, which takes the loose ones away, those of subagents
 * are still found in it, where the command would else begin its branch from nothing.
 */
async function packRefs(common: string, to: string): Promise<void> {
  const packed = await readFile(join(common, 'packed-refs'), 'latin1').catch(() => '');
  const loose = new Map<string, string>();
  for (const name of await readdir(join(common, 'refs', ours))) {
    const text = await readFile(join(common, 'refs', ours, name), 'latin1').catch(() => '');
    if (/^[0-9a-f]{40,64}\n$/.test(text)) loose.set(`refs/${ours}/${name}`, text.trim());
  }
  const partial = `${to}.${randomUUID()}`;
  await writeFile(partial, packedWith(packed, loose), 'latin1');
  await rename(partial, to);
}

/** A mount needs something to be put on, and git makes some of it only when it needs it. */
async function makeMissing({ gitFolder, folder }: WorktreeRecord, folders: readonly string[]): Promise<void> {
  for (const path of folders) await mkdir(path, { recursive: true });
  // Read by git only where the repository's settings ask for it; then it must not be the worker's to write.
  await writeIfMissing(join(gitFolder, 'config.worktree'), '');
  await writeIfMissing(join(folder, '.git'), `gitdir: ${gitFolder}\n`);
}

async function writeIfMissing(file: string, text: string): Promise<void> {
  if (existsSync(file)) return;
  await writeFile(file, text, { flag: 'wx' }).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
  });
}

function read(to: string, from = to): Mount {
  return { kind: 'read', from, to };
}

function readIfThere(to: string): Mount {
  return { kind: 'read', from: to, to, ifThere: true };
}

function write(to: string, from = to): Mount {
  return { kind: 'write', from, to };
}
