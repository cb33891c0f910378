/**
 * A backup or a restore that is killed just before its n-th change of the file system: `cut-process.ts
 * <backup|restore> <data folder> <file> <n>`. Ends with 0 when it makes fewer changes than that.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const [part, folder, file, n] = process.argv.slice(2);
if (part === undefined || folder === undefined || file === undefined) throw new Error('which part, where?');

let left = Number.POSITIVE_INFINITY;
const counted = [
  'openSync',
  'writeFileSync',
  'copyFileSync',
  'fsyncSync',
  'linkSync',
  'renameSync',
  'rmSync',
  'chmodSync',
  'mkdirSync',
] as const;
for (const name of counted) {
  const real: unknown = Reflect.get(fs, name);
  if (typeof real !== 'function') throw new Error(`node:fs has no ${name}`);
  Reflect.set(fs, name, (...args: unknown[]) => {
    left -= 1;
    if (left < 0) process.kill(process.pid, 'SIGKILL');
    return Reflect.apply(real, fs, args);
  });
}
syncBuiltinESMExports();
// Counted from here on: to load the code is no change of the data.
if (part === 'backup') {
  const { backUp } = await import('../../src/hosts/node/store/backup.ts');
  left = Number(n);
  await backUp(folder, file);
} else {
  const { restore } = await import('../../src/hosts/node/store/restore.ts');
  left = Number(n);
  restore(file, folder);
}
