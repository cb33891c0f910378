/** What somebody sent, as the words that say what is wrong with it show it. */

/** The value that lies at `path` within what was given; undefined where the path leads nowhere. */
export function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  let here = given;
  for (const key of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined;
    here = Reflect.get(here, key);
  }
  return here;
}

/** The kind of a value in words, such as "a list" or "a number". */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
