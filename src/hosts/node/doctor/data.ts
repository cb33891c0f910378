/**
 * Looks at the data folder and its disk: who may read and write it, whether its store can be read by this version,
 * room and speed. Never takes the folder and leaves nothing in it.
 */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { migrations } from '../store/migrations.ts';
import { sqliteFailure } from '../store/sqlite-failure.ts';
import { checkHeader, UnfitError } from '../store/survey.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

const MB = 1_000_000;
const leastRoom = 100 * MB;
const comfortableRoom = 1_000 * MB;
/** A commit waits for one fsync, and a turn has some ten commits. */
const slowSyncMs = 50;

/** The process that has the folder, as its owner file tells; undefined when none has. */
export function ownerOf(data: string): string | undefined {
  const lock = join(data, 'lock.db');
  if (!existsSync(lock)) return undefined;
  let db: DatabaseSync | undefined;
  try {
    // Reading is refused as long as the owner lives, and disturbs nobody.
    db = new DatabaseSync(lock, { readOnly: true });
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    return undefined;
  } catch (error) {
    if (sqliteFailure(error)?.kind !== 'busy') return undefined;
    try {
      return `process ${/"pid":(\d+)/.exec(readFileSync(join(data, 'owner.json'), 'utf8'))?.[1]}`;
    } catch {
      return 'a process';
    }
  } finally {
    db?.close();
  }
}

/** The folder itself, or what of its path is there. */
function standing(data: string): string {
  let path = data;
  while (!existsSync(path) && dirname(path) !== path) path = dirname(path);
  return path;
}

export function folderFindings(data: string, owner: string | undefined): Finding[] {
  const check = 'data folder';
  const place = standing(data);
  const elsewhere = 'or set TIDINGS_DATA to another folder.';
  if (!statSync(place).isDirectory()) {
    return [
      problem(check, `${data} can't be made, because ${place} is a file`, `Remove that file, ${elsewhere}`),
    ];
  }
  try {
    accessSync(place, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    const words = place === data ? `${data} can't be written to` : `${data} can't be made in ${place}`;
    return [problem(check, words, `Make it writable for this user, ${elsewhere}`)];
  }
  if (place !== data) return [ok(check, `${data}, which the first start makes`)];
  const open = [
    data,
    ...readdirSync(data)
      .filter((name) => /token/.test(name))
      .map((name) => join(data, name)),
  ]
    .map((path) => ({ path, mode: statSync(path).mode & 0o777 }))
    .filter(({ mode }) => (mode & 0o077) !== 0);
  const shown = open.map(({ path, mode }) => `${path} (${mode.toString(8).padStart(4, '0')})`).join(', ');
  return [
    open.length === 0
      ? ok(check, `${data}, ${owner === undefined ? 'not in use' : `in use by ${owner}`}`)
      : warning(
          check,
          `open to other users of this machine: ${shown}`,
          `chmod go= ${open.map(({ path }) => path).join(' ')}`,
        ),
    ...storeFinding(data),
  ];
}

function storeFinding(data: string): Finding[] {
  const file = join(data, 'tidings.db');
  if (!existsSync(file)) return [];
  const away =
    'Move the folder away and restore a backup (tidings restore), or set TIDINGS_DATA to another folder.';
  let db: DatabaseSync | undefined;
  try {
    checkHeader(file);
    // Of a store that was closed in order, so that SQLite makes no files beside it.
    const atRest = !existsSync(`${file}-wal`);
    db = new DatabaseSync(atRest ? new URL('?immutable=1', pathToFileURL(file)) : file, { readOnly: true });
    const known = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'").get();
    const steps = known ? Number(db.prepare('SELECT max(number) AS n FROM migrations').get()?.n) : 0;
    if (steps > migrations.length) {
      return [
        problem(
          'store',
          `written by a newer version (its schema is number ${steps}, this version knows ${migrations.length})`,
          'Run that version or a later one, or set TIDINGS_DATA to another folder.',
        ),
      ];
    }
    const bytes = statSync(file).size;
    const size = bytes < MB ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / MB).toFixed(1)} MB`;
    const older =
      steps < migrations.length ? ', of an earlier version: the next start brings it up to date' : '';
    return [ok('store', `${size}${older}`)];
  } catch (error) {
    if (error instanceof UnfitError) return [problem('store', `${file} ${error.message}`, away)];
    const failure = sqliteFailure(error);
    if (!failure) throw error;
    return [problem('store', `${file} can't be read: ${failure.words}`, away)];
  } finally {
    db?.close();
  }
}

/** A configuration file that holds a secret is its owner's alone. */
export function configFileFinding(path: string, hasSecret: boolean): Finding[] {
  if (!hasSecret) return [];
  const mode = statSync(path).mode & 0o777;
  return (mode & 0o044) === 0
    ? []
    : [
        problem(
          'config file',
          `${path} holds a token and can be read by other users of this machine (${mode.toString(8).padStart(4, '0')})`,
          `chmod go= ${path}; if somebody may have read it, take another token.`,
        ),
      ];
}

/** Room and speed of the disk that the data folder is on; tried with a file that is gone again at once. */
export function diskFindings(data: string): Finding[] {
  const place = standing(data);
  let room: number;
  let ms: number | undefined;
  try {
    const { bavail, bsize } = statfsSync(place);
    room = bavail * bsize;
    ms = syncTime(place);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return [
      problem(
        'disk',
        `a file can't be written in ${place}: ${words}`,
        'Mend that, or set TIDINGS_DATA to a folder on another disk.',
      ),
    ];
  }
  return [roomFinding(place, room), speedFinding(ms)];
}

export function roomFinding(place: string, bytes: number): Finding {
  const free = bytes < 10_000 * MB ? `${Math.floor(bytes / MB)} MB` : `${Math.floor(bytes / MB / 1_000)} GB`;
  const todo = 'Make room, or set TIDINGS_DATA to a folder on another disk.';
  if (bytes < leastRoom) return problem('disk', `only ${free} free for ${place}`, todo);
  if (bytes < comfortableRoom) return warning('disk', `only ${free} free for ${place}`, todo);
  return ok('disk', `${free} free`);
}

/** @param ms what one fsync takes */
export function speedFinding(ms: number): Finding {
  const found = `one fsync takes ${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  return ms <= slowSyncMs
    ? ok('fsync', found)
    : warning(
        'fsync',
        `${found}, and every message waits for some`,
        'Set TIDINGS_DATA to a folder on a local SSD: network and virtual disks are often slow.',
      );
}

/** The median of nine. */
function syncTime(folder: string): number {
  const file = join(folder, `.tidings-doctor-${process.pid}`);
  const handle = openSync(file, 'wx', 0o600);
  try {
    const block = Buffer.alloc(4_096, 1);
    const times = Array.from({ length: 9 }, () => {
      const begun = performance.now();
      writeSync(handle, block);
      fsyncSync(handle);
      return performance.now() - begun;
    });
    return times.sort((a, b) => a - b)[4] ?? 0;
  } finally {
    closeSync(handle);
    rmSync(file, { force: true });
  }
}
