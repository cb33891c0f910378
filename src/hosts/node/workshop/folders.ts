/**
 * Owns where things of a workshop lie in the data folder, that none but its user looks into them, and how ids
 * become file names. Makes no folder of a chat.
 */
import { chmodSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

export interface Folders {
  /** Absolute, with no symbolic link in it, like all the others. */
  readonly data: string;
  /** What all sessions of a chat share, and see as /tmp. */
  tmp(chat: string): string;
  /** Where those lie. */
  readonly tmps: string;
  /** Output of a chat's tools that was too long to show. */
  output(chat: string): string;
  /** The workspace of a session without a repository. */
  scratch(session: string): string;
  /** The worktrees of a chat's subagents. */
  worktrees(chat: string): string;
  /** What is known of a session's worktree. */
  record(session: string): string;
  /** Half-written files and pipes; nothing in it outlives a start of the gateway. */
  readonly partial: string;
}

const shut = ['tmp', 'scratch', 'worktrees', 'workspaces', 'partial'] as const;

export function makeFolders(dataFolder: string): Folders {
  mkdirSync(dataFolder, { recursive: true });
  const data = realpathSync(dataFolder);
  // A data folder that was there keeps its mode, so what lies in it is shut by itself.
  for (const name of shut) {
    const folder = join(data, name);
    if (mkdirSync(folder, { recursive: true, mode: 0o700 }) === undefined) chmodSync(folder, 0o700);
  }
  return {
    data,
    tmp: (chat) => join(data, 'tmp', fileName(chat)),
    tmps: join(data, 'tmp'),
    output: (chat) => join(data, 'tmp', fileName(chat), outputFolder),
    scratch: (session) => join(data, 'scratch', fileName(session)),
    worktrees: (chat) => join(data, 'worktrees', fileName(chat)),
    record: (session) => join(data, 'workspaces', `${fileName(session)}.json`),
    partial: join(data, 'partial'),
  };
}

/** In a chat's folder. */
export const outputFolder = 'output';

/** The id that a file name was made of. */
export function idOf(name: string): string {
  return Buffer.from(
    name.replace(/%([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))),
    'latin1',
  ).toString('utf8');
}

/** A name that is safe as one component of a path and as one part of a marker; different ids stay different. */
export function fileName(id: string): string {
  if (id === '') throw new Error('An empty id has no folder.');
  return [...Buffer.from(id, 'utf8')]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return /[A-Za-z0-9_-]/.test(char) ? char : `%${byte.toString(16).padStart(2, '0')}`;
    })
    .join('');
}
