/**
 * Data folders for tests: temporary ones, gone with the test, and what is said of one that can't be used.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { DataFolderError, type DataFolderErrorKind } from '../../src/hosts/node/store/data-folder-error.ts';
import { openStore, type StoreOptions } from '../../src/hosts/node/store/sqlite-store.ts';

/** A new empty folder, removed when the running test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Why the folder can't be opened; an error of another type goes through, and so does success, as one. */
export function refusal(
  folder: string,
  options: StoreOptions = {},
): { kind: DataFolderErrorKind; message: string } {
  try {
    openStore(folder, { lockWaitMs: 50, busyWaitMs: 50, ...options }).close();
  } catch (error) {
    if (error instanceof DataFolderError) return { kind: error.kind, message: error.message };
    throw error;
  }
  throw new Error('the folder was taken');
}
