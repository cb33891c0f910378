/**
 * Runs schedules with one bug planted, in a process of its own, until one of them finds it: first the one that is
 * remembered to, if any, then all in their order. Prints as JSON which schedule did and what it found. The sources are
 * changed while they are loaded; no file is touched.
 */
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PlantedBug } from './planted-bug.ts';
import { plantedBugs } from './planted-bugs.ts';

const [name = '', most = '0', remembered = '0'] = process.argv.slice(2);
const bug: PlantedBug | undefined = name.startsWith('nothing')
  ? { name, edits: [], ...(name.endsWith('apart') ? { apart: true } : {}) }
  : plantedBugs.find((one) => one.name === name);
if (!bug) throw new Error(`no bug is called ${name}`);
const source = join(import.meta.dirname, '..', '..', 'src');
const planted = new Set<string>();

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    const file = url.startsWith('file:') ? fileURLToPath(url) : '';
    const edits = bug.edits.filter((edit) => file === join(source, edit.file));
    if (edits.length === 0 || loaded.source === null || loaded.source === undefined) return loaded;
    let text = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source);
    for (const { find, put } of edits) {
      const times = text.split(find).length - 1;
      if (times !== 1) throw new Error(`what is to be changed stands ${times} times in ${file}:\n${find}`);
      text = text.replace(find, () => put);
      planted.add(find);
    }
    return { ...loaded, source: text };
  },
});

const { trySeed } = await import('./try-out.ts');
if (planted.size !== bug.edits.length) throw new Error(`${bug.name} was not planted`);

const unhandled: string[] = [];
process.on('unhandledRejection', (error) => unhandled.push(`unhandled: ${String(error)}`));

function* seeds(): Generator<number> {
  if (Number(remembered) > 0) yield Number(remembered);
  for (let seed = 1; seed <= Number(most); seed++) yield seed;
}

let found: { seed: number; breach: string } | undefined;
for (const seed of seeds()) {
  if (found) break;
  const breaches = [...(await trySeed(seed, bug.apart ?? false)), ...unhandled];
  if (breaches[0]) found = { seed, breach: breaches[0] };
}
process.stdout.write(JSON.stringify({ found: found ?? null }));
process.exit(0);
