/**
 * Files that are to go along with the next words: sent to the gateway at once, named in the message later. Owns what
 * became of each.
 */
import { type ReadonlySignal, signal } from '@preact/signals';
import type { Client, FileFacts } from '../../client/index.ts';
import { wordsOf } from '../state/app.ts';
import { shrunk } from './shrink.ts';

/** What the gateway takes at most, in bytes. */
const MAX_BYTES = 10 * 1024 * 1024;

export interface Attachment {
  readonly key: number;
  readonly name: string;
  readonly state:
    | { readonly is: 'sending' }
    | { readonly is: 'kept'; readonly file: FileFacts }
    | { readonly is: 'refused'; readonly because: string };
}

export interface Attachments {
  readonly all: ReadonlySignal<readonly Attachment[]>;
  add(files: Iterable<File>): void;
  remove(key: number): void;
  clear(): void;
}

export function makeAttachments(client: Pick<Client, 'upload'>, chat: string): Attachments {
  const all = signal<readonly Attachment[]>([]);
  let last = 0;

  function set(key: number, state: Attachment['state']): void {
    all.value = all.value.map((one) => (one.key === key ? { ...one, state } : one));
  }

  async function send(key: number, chosen: File): Promise<void> {
    const file = await shrunk(chosen);
    if (file.size > MAX_BYTES) {
      set(key, {
        is: 'refused',
        because: `It has ${file.size.toLocaleString('en')} bytes; at most 10 MiB (${MAX_BYTES.toLocaleString('en')}) can be sent.`,
      });
      return;
    }
    try {
      const kept = await client.upload(chat, { name: file.name, data: file, type: file.type });
      set(key, { is: 'kept', file: kept });
    } catch (error) {
      set(key, { is: 'refused', because: wordsOf(error) });
    }
  }

  return {
    all,
    add(files) {
      for (const file of files) {
        last += 1;
        all.value = [...all.value, { key: last, name: file.name, state: { is: 'sending' } }];
        void send(last, file);
      }
    },
    remove(key) {
      all.value = all.value.filter((one) => one.key !== key);
    },
    clear() {
      all.value = [];
    },
  };
}
