/**
 * Owns the files that came with a chat's messages as its tools find them: in a folder of what its sessions share. Puts
 * them there, and back when they are missing. Never changes what lies there, and never holds up a message for it.
 */
import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeptFile } from '../../../core/files.ts';
import type { PlacedFiles } from '../store/file-rows.ts';
import type { Folders } from './folders.ts';
import { type HeldFolder, holding, whyNot } from './held-folder.ts';
import { numbered, safeName } from './sent-name.ts';

export interface SentFilePorts {
  readonly files: Pick<PlacedFiles, 'bytes' | 'placed' | 'place'>;
  /** Whether there is such a chat, and nobody deletes it. */
  readonly stays: (chat: string) => boolean;
  readonly trouble: (error: unknown) => void;
}

export interface SentFiles {
  /**
   * Puts a file that a message names where the chat's tools find it: what the model is told of where that is, or why
   * not. Undefined: there is nothing to tell, since the file or its chat is gone. Never rejects.
   */
  place(chat: string, file: Pick<KeptFile, 'id' | 'name'>): Promise<string | undefined>;
  /** Puts back what was put there and is not there any more. Never rejects. */
  again(chat: string): Promise<void>;
}

/** In a chat's folder. */
const folderName = 'files';
/** Files of one name that are looked for a place. */
const MOST_ALIKE = 1_000;

export function makeSentFiles({
  folders,
  serially,
  isTmp,
  files,
  stays,
  trouble,
}: SentFilePorts & {
  readonly folders: Pick<Folders, 'tmp' | 'partial'>;
  readonly serially: <T>(key: string, job: () => Promise<T>) => Promise<T>;
  /** Whether commands see the chat's folder as /tmp. */
  readonly isTmp: () => Promise<boolean>;
}): SentFiles {
  async function within<T>(chat: string, work: (held: HeldFolder) => Promise<T>): Promise<T> {
    const tmp = folders.tmp(chat);
    await mkdir(tmp, { recursive: true });
    return holding(join(tmp, folderName), folders.partial, work);
  }

  /** The name under which it lies there as it was sent: the one that it has, or the next that is free. */
  async function settle(
    held: HeldFolder,
    chat: string,
    { id, name }: Pick<KeptFile, 'id' | 'name'>,
    bytes: Uint8Array,
  ): Promise<string> {
    const placed = files.placed(chat);
    const mine = placed.find((one) => one.id === id)?.place;
    // Some file systems take names for the same that differ in their letters' case.
    const others = new Set(placed.filter((one) => one.id !== id).map(({ place }) => place.toLowerCase()));
    const safe = safeName(name);
    for (let n = mine === undefined ? 1 : 0; n <= MOST_ALIKE; n += 1) {
      const place = n === 0 && mine !== undefined ? mine : numbered(safe, n);
      if (others.has(place.toLowerCase())) continue;
      if (await held.isFree(place)) await held.put(place, bytes);
      // It was changed since, or is the chat's own: that stays as it is.
      else if (!(await held.holds(place, bytes))) continue;
      if (place !== mine) files.place(chat, id, place);
      return place;
    }
    throw new Error(
      `${MOST_ALIKE} files lie in ${join(folders.tmp(chat), folderName)} that are called ${safe}`,
    );
  }

  return {
    async place(chat, file) {
      const tmp = folders.tmp(chat);
      try {
        return await serially(tmp, async () => {
          const bytes = stays(chat) ? files.bytes(chat, file.id) : undefined;
          if (!bytes) return undefined;
          const place = await within(chat, (held) => settle(held, chat, file, bytes));
          return `at ${join((await isTmp()) ? '/tmp' : tmp, folderName, place)}`;
        });
      } catch (error) {
        trouble(error);
        return `not in /tmp: ${whyNot(error, `/tmp/${folderName}`)}`;
      }
    },

    async again(chat) {
      const tmp = folders.tmp(chat);
      const isThere = ({ place }: { readonly place: string }): Promise<boolean> =>
        lstat(join(tmp, folderName, place)).then(
          () => true,
          () => false,
        );
      try {
        if ((await Promise.all(files.placed(chat).map(isThere))).every(Boolean)) return;
        await serially(tmp, async () => {
          if (!stays(chat)) return;
          await within(chat, async (held) => {
            for (const { id, place } of files.placed(chat)) {
              const bytes = (await held.isFree(place)) ? files.bytes(chat, id) : undefined;
              if (bytes) await held.put(place, bytes);
            }
          });
        });
      } catch (error) {
        trouble(error);
      }
    },
  };
}
