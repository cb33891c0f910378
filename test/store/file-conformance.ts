/** What every store must do with files: kept as they are, found by their ids, gone with their chat. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type KeptFile, LOOSE_MS } from '../../src/core/files.ts';
import type { Store } from '../../src/core/ports.ts';
import type { OpenedStore } from './opened-store.ts';

const NOW = 1_800_000_000_000;

function file(id: string, bytes: number): KeptFile {
  return { id, name: `${id} é.bin`, mediaType: 'image/png', bytes, width: 1, height: 2 };
}

/** Registers the suite under `name`; `open` brings an empty store each time. */
export function fileConformance(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name}: files`, () => {
    let opened: OpenedStore;
    let store: Store;

    beforeEach(async () => {
      opened = await open();
      store = opened.store;
      for (const id of ['a', 'b']) {
        store.commit([
          {
            session: id,
            create: { chat: id, parent: null, kind: 'main', owner: 'ann', createdAt: 1 },
            events: [{ seq: 1, at: 1, event: '{}' }],
            wants: false,
          },
        ]);
      }
    });
    afterEach(async () => {
      await opened.close();
    });

    test('are given back byte for byte, after reopening, too', async () => {
      for (const [n, size] of [1, 2, 3, 24_001, 2_100_000].entries()) {
        const bytes = Uint8Array.from(randomBytes(size));
        expect(store.files.put('a', file(`f${n}`, size), bytes, NOW)).toBe(true);
        opened = await opened.reopen();
        store = opened.store;
        expect(store.files.facts('a', `f${n}`)).toEqual(file(`f${n}`, size));
        expect(Buffer.from(store.files.bytes('a', `f${n}`) ?? []).equals(Buffer.from(bytes))).toBe(true);
        expect(store.files.base64('a', `f${n}`)).toBe(Buffer.from(bytes).toString('base64'));
      }
    });

    test('that are put again keep their bytes, and stay if a message named them', () => {
      store.files.put('a', file('f', 3), Uint8Array.of(1, 2, 3), NOW);
      store.files.keep('a', ['f']);
      expect(store.files.put('a', file('f', 3), Uint8Array.of(9, 9, 9), NOW + 1)).toBe(true);
      expect([...(store.files.bytes('a', 'f') ?? [])]).toEqual([1, 2, 3]);
      expect(store.files.loose('a')).toBe(0);
    });

    test('are found by the request that brought them', () => {
      store.files.put('a', file('f', 1), Uint8Array.of(1), NOW, 'r');
      store.files.put('a', file('g', 1), Uint8Array.of(2), NOW);
      expect(store.files.brought('a', 'r')).toBe('f');
      expect(store.files.brought('b', 'r')).toBeUndefined();
      store.files.put('a', file('g', 1), Uint8Array.of(2), NOW, 's');
      expect(store.files.brought('a', 's')).toBe('g');
    });

    test('are of one chat, and there are none of a chat that is not', () => {
      store.files.put('a', file('f', 1), Uint8Array.of(1), NOW);
      expect(store.files.facts('b', 'f')).toBeUndefined();
      expect(store.files.bytes('b', 'f')).toBeUndefined();
      expect(store.files.base64('nobody', 'f')).toBeUndefined();
      expect(store.files.put('nobody', file('f', 1), Uint8Array.of(1), NOW)).toBe(false);
      expect(store.files.loose('nobody')).toBe(0);
      store.files.keep('nobody', ['f']);
      expect(store.session('nobody')).toBeUndefined();
    });

    test('go with their chat, and are not there for one that is made again under its name', () => {
      store.files.put('a', file('f', 1), Uint8Array.of(1), NOW);
      store.files.put('b', file('f', 1), Uint8Array.of(2), NOW);
      store.remove(['a']);
      expect(store.files.facts('a', 'f')).toBeUndefined();
      store.commit([
        {
          session: 'a',
          create: { chat: 'a', parent: null, kind: 'main', owner: 'ann', createdAt: 1 },
          events: [{ seq: 1, at: 1, event: '{}' }],
          wants: false,
        },
      ]);
      expect(store.files.bytes('a', 'f')).toBeUndefined();
      expect([...(store.files.bytes('b', 'f') ?? [])]).toEqual([2]);
    });

    test('that no message named go after a day, when the next one comes; those that one named stay', () => {
      store.files.put('a', file('named', 1), Uint8Array.of(1), NOW);
      store.files.put('a', file('loose', 1), Uint8Array.of(2), NOW);
      store.files.put('a', file('young', 1), Uint8Array.of(3), NOW + 1);
      expect(store.files.loose('a')).toBe(3);
      store.files.keep('a', ['named', 'no such one']);
      expect(store.files.loose('a')).toBe(2);
      store.files.put('a', file('next', 1), Uint8Array.of(4), NOW + LOOSE_MS + 1);
      const there = ['named', 'loose', 'young', 'next'].filter((id) => store.files.bytes('a', id));
      expect(there).toEqual(['named', 'young', 'next']);
      expect(store.files.loose('a')).toBe(2);
    });

    test('that are put again are as new: they wait another day for a message', () => {
      store.files.put('a', file('f', 1), Uint8Array.of(1), NOW);
      store.files.put('a', file('f', 1), Uint8Array.of(1), NOW + LOOSE_MS);
      store.files.put('a', file('next', 1), Uint8Array.of(2), NOW + LOOSE_MS + 1);
      expect([...(store.files.bytes('a', 'f') ?? [])]).toEqual([1]);
    });
  });
}
