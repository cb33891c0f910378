/**
 * A process with a store of its own, for tests that kill it, starve it or let it compete. Started as
 * `store-process.ts <part> <folder>`; says what happens as lines of JSON, each written before it goes on.
 */
import { rmSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { DataFolderError } from '../../src/hosts/node/store/data-folder-error.ts';
import { openStore, type SqliteStore, type StoreOptions } from '../../src/hosts/node/store/sqlite-store.ts';
import { batch, batchesIn } from './chronicle.ts';
import { kindOfFailure } from './opened-store.ts';

const [part, folder] = process.argv.slice(2);
if (part === undefined || folder === undefined) throw new Error('usage: store-process.ts <part> <folder>');

switch (part) {
  case 'own':
    await own(folder);
    break;
  case 'open':
    open(folder)?.close();
    break;
  case 'write':
    write(folder);
    break;
  case 'fill-pages':
    fill(folder, { maxPages: 60 }, (store) => {
      store.close();
      return openStore(folder);
    });
    break;
  case 'fill-disk': {
    const filler = join(dirname(folder), 'filler');
    writeFileSync(filler, Buffer.alloc(400_000));
    fill(folder, {}, (store) => {
      rmSync(filler);
      return store;
    });
    break;
  }
  case 'fill-file':
    fill(folder, {}, (store) => {
      // Moves the write-ahead log, which met the limit, into the database, which is far from it.
      store.close();
      return openStore(folder);
    });
    break;
  default:
    throw new Error(`no such part: ${part}`);
}

function say(what: object): void {
  writeSync(1, `${JSON.stringify(what)}\n`);
}

function open(path: string): SqliteStore | undefined {
  try {
    const store = openStore(path);
    say({ opened: process.pid });
    return store;
  } catch (error) {
    if (!(error instanceof DataFolderError)) throw error;
    say({ refused: error.kind, message: error.message });
    return undefined;
  }
}

/** Opens at the first line of its input, so that many can do it at once, and keeps it until it is killed. */
async function own(path: string): Promise<void> {
  say({ ready: process.pid });
  // Held on to: a store that nobody has any more is closed by the garbage collector.
  const held: SqliteStore[] = [];
  for await (const _line of createInterface({ input: process.stdin })) {
    const store = open(path);
    if (store === undefined) return;
    held.push(store);
  }
}

/** Goes on with the history until it is killed. */
function write(path: string): void {
  const store = openStore(path);
  for (let n = (store.session('a')?.seq ?? 0) + 1; ; n += 1) {
    store.commit(batch(n));
    say({ committed: n });
  }
}

/** Goes on with the history until a commit fails, lets `makeRoom`, and repeats the commit that failed. */
function fill(path: string, options: StoreOptions, makeRoom: (store: SqliteStore) => SqliteStore): void {
  let store = openStore(path, options);
  let n = 1;
  let failed = kindOfFailure(() => store.commit(batch(n)));
  while (failed === 'none' && n < 5_000) {
    n += 1;
    failed = kindOfFailure(() => store.commit(batch(n)));
  }
  const heldAfterFailure = batchesIn(store);
  const failedAgain = kindOfFailure(() => store.commit(batch(n)));
  store = makeRoom(store);
  const repeated = kindOfFailure(() => store.commit(batch(n)));
  store.close();
  store = openStore(path);
  say({ batch: n, failed, failedAgain, heldAfterFailure, repeated, heldInTheEnd: batchesIn(store) });
  store.close();
}
