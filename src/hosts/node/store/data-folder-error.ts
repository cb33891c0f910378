/**
 * Why a data folder can't be used, as kinds for programs and words for people.
 * Translates errors of the file system and of SQLite; touches neither.
 */
import { sqliteFailure } from './sqlite-failure.ts';

/**
 * - `locked`: another process owns it.
 * - `read_only`: this process may not write to it.
 * - `newer`: a newer version of the gateway has written it.
 * - `not_a_folder`: the path leads to something else.
 * - `foreign`: its database was made by another program, or by a differing build of this one.
 * - `corrupt`: what is in it is damaged.
 * - `full`: no room on the disk.
 * - `io`: anything else the system wouldn't do.
 */
export type DataFolderErrorKind =
  | 'locked'
  | 'read_only'
  | 'newer'
  | 'not_a_folder'
  | 'foreign'
  | 'corrupt'
  | 'full'
  | 'io';

/** The gateway can't start on this folder; `message` says why and what to do. */
export class DataFolderError extends Error {
  override readonly name = 'DataFolderError';
  readonly kind: DataFolderErrorKind;

  constructor(kind: DataFolderErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }
}

/** `what` names the damage; the words around it say what can be done. */
export function damaged(folder: string, what: string, cause?: unknown): DataFolderError {
  return new DataFolderError(
    'corrupt',
    `The data folder ${folder} is damaged: ${what}. Move it away and restore a backup (tidings restore), or set ` +
      'TIDINGS_DATA to another folder to begin anew.',
    cause,
  );
}

/** Turns whatever opening `folder` threw into one clear error. An error that is one already stays as it is. */
export function dataFolderError(folder: string, error: unknown): DataFolderError {
  if (error instanceof DataFolderError) return error;
  const words = error instanceof Error ? error.message : String(error);
  const failure = sqliteFailure(error);
  if (failure !== undefined) {
    switch (failure.kind) {
      case 'busy':
        return new DataFolderError(
          'locked',
          `The database in the data folder ${folder} is held by another program: ${failure.words}. Close that program and start again.`,
          error,
        );
      case 'read_only':
        return readOnly(folder, failure.words, error);
      case 'full':
        return full(folder, failure.words, error);
      case 'corrupt':
        return damaged(folder, failure.words, error);
      case 'io':
      case 'conflict':
      case 'cannot_open':
      case 'other':
        return unusable(folder, failure.words, error);
      default:
        return failure.kind satisfies never;
    }
  }
  switch (error instanceof Error && 'code' in error ? error.code : undefined) {
    case 'ENOTDIR':
    case 'EEXIST':
      return new DataFolderError(
        'not_a_folder',
        `The data folder ${folder} can't be made, because it or a part of its path is a file. Remove that file, or set TIDINGS_DATA to a folder.`,
        error,
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return readOnly(folder, words, error);
    case 'ENOSPC':
    case 'EDQUOT':
      return full(folder, words, error);
    default:
      return unusable(folder, words, error);
  }
}

function readOnly(folder: string, words: string, cause: unknown): DataFolderError {
  return new DataFolderError(
    'read_only',
    `The data folder ${folder} can't be written to: ${words}. Make it writable for the user that runs the gateway, or set TIDINGS_DATA to another folder.`,
    cause,
  );
}

function full(folder: string, words: string, cause: unknown): DataFolderError {
  return new DataFolderError(
    'full',
    `There is no room for the data folder ${folder}: ${words}. Make room on its disk, or set TIDINGS_DATA to a folder on another.`,
    cause,
  );
}

function unusable(folder: string, words: string, cause: unknown): DataFolderError {
  return new DataFolderError(
    'io',
    `The data folder ${folder} can't be used: ${words}. Mend that, or set TIDINGS_DATA to another folder.`,
    cause,
  );
}
