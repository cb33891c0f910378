/** Every step of the schema, from every release's data: cut anywhere it leaves the old schema or the new one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { DataFolderError } from '../../src/hosts/node/store/data-folder-error.ts';
import { prepareDatabase } from '../../src/hosts/node/store/database-file.ts';
import { migrate, migrations } from '../../src/hosts/node/store/migrations.ts';
import { openStore } from '../../src/hosts/node/store/sqlite-store.ts';
import { amount } from '../amounts.ts';
import { temporaryFolder } from '../store/folders.ts';
import { keptReleases } from './kept.ts';
import { contents, statementsOf, stepsToCome } from './steps.ts';

const program = join(import.meta.dirname, 'migration-process.ts');

interface Start {
  readonly name: string;
  unpack(folder: string): void;
}
const starts: readonly Start[] = [
  { name: 'nothing', unpack: (folder) => void mkdirSync(folder, { recursive: true }) },
  ...keptReleases,
];

function open(folder: string, ...at: number[]): ChildProcess {
  return spawn(process.execPath, [program, folder, ...at.map(String)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function exitOf(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.signalCode ?? child.exitCode;
}

/**
 * The folder after each number of steps, from the first that it can be at: as it is when nothing goes wrong. By the
 * steps alone, since the store of today works on no other schema than today's.
 */
function stations(start: Start): Map<number, { folder: string; held: ReturnType<typeof contents> }> {
  const found = new Map<number, { folder: string; held: ReturnType<typeof contents> }>();
  for (let steps = 0; steps <= stepsToCome.length; steps += 1) {
    const folder = join(temporaryFolder(), 'data');
    start.unpack(folder);
    const db = new DatabaseSync(prepareDatabase(folder, 0));
    try {
      db.exec('PRAGMA journal_mode = WAL');
      migrate(db, stepsToCome.slice(0, steps), folder, () => 0);
    } catch (error) {
      // The release's own schema has more steps than these.
      if (error instanceof DataFolderError && error.kind === 'newer') continue;
      throw error;
    } finally {
      db.close();
    }
    found.set(steps, { folder, held: contents(join(folder, 'tidings.db')) });
  }
  return found;
}

function copyOf(folder: string): string {
  const copy = join(temporaryFolder(), 'data');
  cpSync(folder, copy, { recursive: true });
  return copy;
}

/** The places behind statements of a step at which one start is killed: those of all starts are all there are. */
function placesIn(sql: string, start: Start): number[] {
  const share = amount(3, 1);
  const all = Array.from({ length: statementsOf(sql).length + 1 }, (_, statement) => statement);
  return all.filter((statement) => (statement + starts.indexOf(start)) % share === 0);
}

describe.each(starts)('the schema, from $name', (start) => {
  test('killed behind any statement of any step, is the one before that step, and the next start goes on', {
    timeout: 180_000,
  }, async () => {
    const all = stations(start);
    const first = Math.min(...all.keys());
    expect([...all.keys()]).toEqual(
      Array.from({ length: stepsToCome.length + 1 - first }, (_, at) => first + at),
    );
    const last = all.get(stepsToCome.length)?.held;
    const kills: string[] = [];
    for (const [steps, { folder, held }] of all) {
      const step = stepsToCome[steps];
      if (!step) continue;
      for (const statement of placesIn(step.sql, start)) {
        const copy = copyOf(folder);
        const place = `step ${step.number}, behind statement ${statement}`;
        expect([place, await exitOf(open(copy, step.number, statement))]).toEqual([place, 'SIGKILL']);
        expect([place, contents(join(copy, 'tidings.db'))]).toEqual([place, held]);
        openStore(copy, { migrations: stepsToCome }).close();
        expect([place, contents(join(copy, 'tidings.db'))]).toEqual([place, last]);
        kills.push(place);
      }
    }
    expect(kills).toHaveLength(stepsToCome.slice(first).flatMap(({ sql }) => placesIn(sql, start)).length);
    expect(kills.length).toBeGreaterThan(stepsToCome.length - first);
  });

  test('with a step that fails behind any of its statements, is the one before that step', () => {
    for (const [steps, { folder, held }] of stations(start)) {
      const step = stepsToCome[steps];
      if (!step) continue;
      const statements = statementsOf(step.sql);
      for (let good = 0; good <= statements.length; good += 1) {
        const copy = copyOf(folder);
        const failing = {
          ...step,
          sql: [...statements.slice(0, good), 'SELECT no_such_function();'].join(''),
        };
        expect(() => openStore(copy, { migrations: [...stepsToCome.slice(0, steps), failing] })).toThrow(
          /no such function/,
        );
        expect(contents(join(copy, 'tidings.db'))).toEqual(held);
      }
    }
  });
});

describe.each(keptReleases)('the data of release $name', (kept) => {
  test('killed at any moment of its first start under a later release, is of one schema and loses nothing', {
    timeout: 180_000,
  }, async () => {
    const all = stations(kept);
    const last = all.get(stepsToCome.length)?.held;
    const waits = amount(6, 200);
    for (let n = 0; n < waits; n += 1) {
      const folder = join(temporaryFolder(), 'data');
      kept.unpack(folder);
      const child = open(folder);
      await sleep(80 + (n * 120) / waits);
      child.kill('SIGKILL');
      await exitOf(child);
      const held = contents(join(folder, 'tidings.db'));
      expect(held).toEqual(all.get(held.steps)?.held);
      openStore(folder, { migrations: stepsToCome }).close();
      expect(contents(join(folder, 'tidings.db'))).toEqual(last);
    }
  });

  test('started by four processes at once, gets each step once', async () => {
    const folder = join(temporaryFolder(), 'data');
    kept.unpack(folder);
    const children = Array.from({ length: 4 }, () => open(folder));
    expect(await Promise.all(children.map(exitOf))).toEqual([0, 0, 0, 0]);
    const held = contents(join(folder, 'tidings.db'));
    expect(held).toEqual(stations(kept).get(stepsToCome.length)?.held);
    expect(held.steps).toBe(stepsToCome.length);
    expect(stepsToCome.length).toBeGreaterThan(migrations.length);
  });
});
