/** Owns how refs are added to the text of git's file `packed-refs`. Reads and writes no file. */

const header = '# pack-refs with: peeled fully-peeled sorted \n';

/**
 * The text with these refs in it, at their place in the order, which git relies on; an entry of the same name gives
 * way. One character is one byte.
 * @param refs of commits: name to id
 */
export function packedWith(text: string, refs: ReadonlyMap<string, string>): string {
  const added = [...refs]
    .sort(([a], [b]) => order(a, b))
    .map(([name, id]) => ({ name, entry: `${id} ${name}\n` }));
  const old = (text === '' ? header : text).match(/[^\n]*\n/g) ?? [];
  const lines: string[] = [];
  let dropping = false;
  for (const line of old) {
    // What an annotated tag points to stands below it.
    if (line.startsWith('#') || line.startsWith('^')) {
      if (!dropping) lines.push(line);
      continue;
    }
    const name = line.slice(line.indexOf(' ') + 1, -1);
    while (added[0] !== undefined && order(added[0].name, name) < 0) lines.push(added.shift()?.entry ?? '');
    dropping = refs.has(name);
    if (!dropping) lines.push(line);
  }
  return [...lines, ...added.map(({ entry }) => entry)].join('');
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
