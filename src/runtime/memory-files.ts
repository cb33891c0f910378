/** The files of a store in plain memory, for simulations and tests. Keeps nothing beyond the process. */
import { type Files, type KeptFile, LOOSE_MS } from '../core/files.ts';
import { toBase64 } from './base64.ts';

interface Held {
  readonly file: KeptFile;
  readonly data: Uint8Array<ArrayBuffer>;
  readonly at: number;
  loose: boolean;
  request?: string;
}

export interface MemoryFiles extends Files {
  /** The chat is gone, and its files with it. */
  drop(chat: string): void;
}

/** @param there whether there is such a chat */
export function memoryFiles(there: (chat: string) => boolean): MemoryFiles {
  const chats = new Map<string, Map<string, Held>>();

  return {
    put(chat, file, bytes, at, request) {
      if (!there(chat)) return false;
      const held = chats.get(chat) ?? new Map<string, Held>();
      chats.set(chat, held);
      for (const [id, one] of held) if (one.loose && one.at < at - LOOSE_MS) held.delete(id);
      const known = held.get(file.id) ?? { file, data: Uint8Array.from(bytes), at, loose: true };
      held.set(file.id, { ...(request === undefined ? {} : { request }), ...known, at });
      return true;
    },
    brought: (chat, request) =>
      [...(chats.get(chat)?.values() ?? [])].find((one) => one.request === request)?.file.id,
    facts: (chat, id) => chats.get(chat)?.get(id)?.file,
    bytes: (chat, id) => chats.get(chat)?.get(id)?.data,
    base64(chat, id) {
      const data = chats.get(chat)?.get(id)?.data;
      return data && toBase64(data);
    },
    keep(chat, ids) {
      for (const id of ids) {
        const held = chats.get(chat)?.get(id);
        if (held) held.loose = false;
      }
    },
    loose: (chat) => [...(chats.get(chat)?.values() ?? [])].filter((one) => one.loose).length,
    drop: (chat) => void chats.delete(chat),
  };
}
