/**
 * Opens a data folder with the steps of a release to come, and may be killed in the middle of one. Started as
 * `migration-process.ts <folder> [<step> <statement>]`: dies by SIGKILL behind that statement of that step.
 */
import { DatabaseSync } from 'node:sqlite';
import { openStore } from '../../src/hosts/node/store/sqlite-store.ts';
import { statementsOf, stepsToCome } from './steps.ts';

const [folder, step, statement] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: migration-process.ts <folder> [<step> <statement>]');

if (step !== undefined) {
  const fatal = stepsToCome.find(({ number }) => number === Number(step));
  const exec = DatabaseSync.prototype.exec;
  DatabaseSync.prototype.exec = function (sql) {
    if (sql !== fatal?.sql) return exec.call(this, sql);
    for (const one of statementsOf(sql).slice(0, Number(statement))) exec.call(this, one);
    process.kill(process.pid, 'SIGKILL');
  };
}
openStore(folder, { migrations: stepsToCome, lockWaitMs: 30_000 }).close();
