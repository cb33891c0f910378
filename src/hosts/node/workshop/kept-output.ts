/**
 * Owns the files in which tools keep what is too long to show, for the chat's sessions to read: in a folder of what they
 * share, and which any of their commands may replace by something else. Decides neither what is too long nor how long it
 * is kept.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { fileName, outputFolder } from './folders.ts';
import { holding, whyNot } from './held-folder.ts';
import { codeOf } from './places.ts';

/** Where the files of a chat's tools lie. */
export interface OutputPlace {
  /** The folder that the chat's sessions share, which is there. */
  readonly tmp: string;
  /** Whether its commands see that as /tmp. */
  readonly isTmp: boolean;
  /** For half-written files. */
  readonly partial: string;
}

export interface OutputFile {
  /** What models call it. */
  readonly shown: string;
  /** Makes it: not before there is something to keep. @throws in words for a model */
  begin(): Promise<FileHandle>;
}

/** A file for what a call of a tool prints or brings. */
export function outputFile(
  { tmp, isTmp, partial }: OutputPlace,
  of: { readonly callId: string; readonly kind: 'bash' | 'page' },
): OutputFile {
  const ending = of.kind === 'bash' ? 'txt' : 'md';
  const name = `${of.kind}-${fileName(of.callId)}-${randomUUID().slice(0, 8)}.${ending}`;
  return {
    shown: join(isTmp ? '/tmp' : tmp, outputFolder, name),
    begin: () =>
      holding(join(tmp, outputFolder), partial, (held) => held.begin(name)).catch((error: unknown) => {
        throw new Error(whyNot(error, `/tmp/${outputFolder}`), { cause: error });
      }),
  };
}

/**
 * Keeps a whole page where `read` and `grep` find it.
 * @returns the name that models call it by; undefined if it could not be kept: the page itself is worth more than that
 */
export async function keepPage(
  place: OutputPlace,
  callId: string,
  text: string,
): Promise<string | undefined> {
  const file = outputFile(place, { callId, kind: 'page' });
  try {
    const handle = await file.begin();
    await handle.writeFile(text).finally(() => handle.close());
    return file.shown;
  } catch {
    return undefined;
  }
}

/** Removes what commands printed and was last written before; what a model put there of its own stays. @returns how many */
export async function dropOutput(folder: string, partial: string, before: number): Promise<number> {
  if (!existsSync(folder)) return 0;
  return holding(folder, partial, (held) => held.drop(/^bash-.*\.txt$/, before)).catch((error: unknown) => {
    // A session has put something else in its place.
    if (codeOf(error) === 'ENOTDIR' || codeOf(error) === 'ELOOP') return 0;
    throw error;
  });
}
