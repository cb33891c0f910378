/**
 * Owns where a worker's commands may write and what they may not read. Never makes a sandbox and never starts one.
 */
import { mkdir, realpath, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Worker } from '../../../core/ports.ts';
import type { Folders } from './folders.ts';
import { isInside } from './places.ts';
import { loadRecord } from './record.ts';
import { closedPlaces } from './sandbox-closed.ts';
import { gitMounts } from './sandbox-git.ts';
import type { Bounds, Mount } from './sandbox-job.ts';

export interface PlacesSetting {
  readonly folders: Folders;
  /** Whether commands see the chat's folder as /tmp. */
  readonly privateTmp: boolean;
  readonly source: Readonly<Record<string, string | undefined>>;
  /** Folders that workers may write in besides. */
  readonly write: readonly string[];
  /** Files and folders that they may not read besides: the configuration's among them. */
  readonly hide: readonly string[];
}

/** The temporary folder of a reviewer: in memory, and gone with each command. */
export const reviewerTmp = '/dev/shm';

/**
 * What a command of this worker may reach. A reviewer writes nothing, neither in its workspace nor in what the chat
 * shares; it has `reviewerTmp`.
 */
export async function boundsOf(
  setting: PlacesSetting,
  worker: Worker,
  where: { readonly workspace: string; readonly tmp: string },
): Promise<Bounds> {
  const { folders, privateTmp, source } = setting;
  // What the chat shares lies on /tmp, or where it is kept.
  const tmp = privateTmp ? '/tmp' : where.tmp;
  const closed = [...(await closedPlaces(source.HOME ?? homedir())), ...setting.hide, folders.data];
  const there = (await Promise.all(closed.map(lookAt)))
    .filter((place) => place !== undefined)
    // Of what lies below the machine's /tmp nothing is seen then, and a mount would leave its mark in the chat's.
    .filter(({ path }) => !(privateTmp && isInside('/tmp', path)));
  const hide = there.filter(({ isFolder }) => isFolder).map(({ path }) => path);
  const covers = await coversOf(
    there.filter(({ isFolder }) => !isFolder).map(({ path }) => path),
    join(folders.partial, 'nothing'),
  );
  if (worker.reviewer === true) {
    return { write: [], hide, show: [where.workspace, ...(privateTmp ? [] : [tmp])], mounts: covers };
  }
  const record = worker.repo === undefined ? undefined : await loadRecord(folders.record(worker.session));
  const git =
    record === undefined ? [] : await gitMounts(record, join(folders.scratch(worker.session), 'git'));
  return {
    write: [where.workspace, tmp, ...setting.write],
    hide,
    show: [],
    mounts: [...git, ...covers],
  };
}

interface Place {
  readonly path: string;
  readonly isFolder: boolean;
}

/** Where a path leads, and to what; undefined if to nothing. */
async function lookAt(path: string): Promise<Place | undefined> {
  try {
    const real = await realpath(path);
    return { path: real, isFolder: (await stat(real)).isDirectory() };
  } catch {
    return undefined;
  }
}

/** An empty file over each of these: programs take that for nothing set, and stop at one that they may not open. */
async function coversOf(files: readonly string[], empty: string): Promise<Mount[]> {
  await mkdir(dirname(empty), { recursive: true });
  await writeFile(empty, '', { mode: 0o600, flag: 'a' });
  return files.map((file) => ({ kind: 'read', from: empty, to: file }));
}
