/**
 * Finds the known name that a misspelt one most likely meant. Owns what counts as near; never decides what a
 * misspelling leads to.
 */

/** Spelling without case, separators and the environment's prefix, so that `MAX_CHILDREN` is `maxChildren`. */
function plain(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .replace(/^tidings/, '');
}

/**
 * The one of `known` that `name` is a slip of: all but a few letters are the same.
 * @param share how much of the longer name may differ
 */
export function misspelt(name: string, known: readonly string[], share: number): string | undefined {
  const wanted = plain(name);
  let best: { name: string; distance: number } | undefined;
  for (const candidate of known) {
    const spelling = plain(candidate);
    const distance = edits(wanted, spelling);
    const allowed = Math.max(1, Math.floor(Math.max(wanted.length, spelling.length) * share));
    if (distance <= allowed && distance < (best?.distance ?? Infinity)) best = { name: candidate, distance };
  }
  return best?.name;
}

/** What to propose in place of `name`: what it is a slip of, or the only known name that it is a part of. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const slip = misspelt(name, known, 1 / 3);
  if (slip !== undefined) return slip;
  const part = plain(name);
  const holding = known.filter((candidate) => part.length >= 4 && plain(candidate).includes(part));
  return holding.length === 1 ? holding[0] : undefined;
}

/** Letters to insert, drop, change or swap with their neighbour to make one text of the other. */
function edits(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) {
        cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}
